//! The pages of a login on a computer and of an official account, and the pages that show what happened.

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

/// WeChat's own pages, without the polls.
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

/// WeChat for PC, the desk and the findings.
pub(super) fn simulator() -> Router<Arc<SimState>> {
    Router::new()
        .route("/", get(dashboard::show))
        .route("/_sim/", get(dashboard::show))
        .route("/_sim/dashboard", get(dashboard::follow))
        .route("/_sim/findings", get(findings::show))
        .route("/api/check-login", post(desktop::check_login))
        .route("/api/authorize", post(desktop::authorize))
}
