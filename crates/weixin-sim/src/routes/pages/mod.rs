//! Pages: QR login, official account login, WeChat for PC, dashboard and findings.

mod dashboard;
mod desktop;
mod error_page;
mod findings;
mod official_account;
mod poll;
mod qrconnect;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

pub(super) use self::poll::poll;
use crate::state::SimState;

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
        .route("/api/check-login", post(desktop::check_login))
        .route("/api/authorize", post(desktop::authorize))
}
