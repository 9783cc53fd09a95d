//! The simulated phone: its screens, its user and its browser.

mod browser;
mod confirm;
mod frame;
mod home;
mod user;
mod who;

use std::sync::Arc;

use axum::{
    Router,
    routing::{get, post},
};

pub(super) use self::{
    browser::{comes_from_conversation, is_wechat_browser, loses_cookies},
    confirm::ask,
    user::PhoneUser,
};
use crate::state::SimState;

/// The page that a QR code opens.
pub(super) fn wechat() -> Router<Arc<SimState>> {
    Router::new().route("/connect/confirm", get(confirm::confirm))
}

/// The phone's other screens.
pub(super) fn simulator() -> Router<Arc<SimState>> {
    Router::new()
        .route("/_sim/phone", get(home::show))
        .route("/_sim/phone/open", get(home::open))
        .route("/_sim/phone/waiting", get(home::update))
        .route("/_sim/phone/user", post(who::choose))
        .route("/_sim/phone/someone", post(who::someone))
        .route("/_sim/phone/mini-program", post(home::mini_program))
        .route("/_sim/phone/{uuid}", post(confirm::decide))
        .route("/_sim/inside", get(browser::inside))
        .route("/_sim/twice", get(confirm::twice))
}
