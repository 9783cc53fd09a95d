//! Pages: QR login, official account login, WeChat for PC, dashboard and findings.

mod assets;
mod dashboard;
mod desktop;
mod error_page;
mod findings;
mod frame;
mod official_account;
mod poll;
mod qr_options;
mod qr_polls;
mod qrconnect;

use std::sync::Arc;

use axum::{
    Router,
    response::Response,
    routing::{get, post},
};

use self::error_page::ErrorPage;
pub(super) use self::poll::poll;
use crate::{bilingual::Language, state::SimState};

/// Page for a path that WeChat's login pages do not have.
pub(super) fn unknown_path(language: Language) -> Response {
    ErrorPage::UNKNOWN_PATH.show(language)
}

/// WeChat's pages, without the long poll.
pub(super) fn wechat() -> Router<Arc<SimState>> {
    Router::new()
        .route("/connect/qrconnect", get(qrconnect::page))
        .route("/connect/qrcode/{uuid}", get(qrconnect::picture))
        .route(
            "/connect/zh_CN/htmledition/js/wxLogin.js",
            get(qrconnect::wx_login_script),
        )
        .route("/connect/oauth2/authorize", get(official_account::page))
}

/// Dashboard, findings and WeChat for PC.
pub(super) fn simulator() -> Router<Arc<SimState>> {
    Router::new()
        .route("/", get(dashboard::show))
        .route("/_sim/", get(dashboard::show))
        .route("/_sim/dashboard", get(dashboard::update))
        .route("/_sim/findings", get(findings::show))
        .route("/_sim/sim.css", get(assets::style))
        .route("/_sim/sim.js", get(assets::script))
        .route("/api/check-login", post(desktop::check_login))
        .route("/api/authorize", post(desktop::authorize))
}
