//! WeChat's API: one file for each group of endpoints.

mod app_token;
mod checks;
mod mini_program;
mod token;
mod unknown_path;
mod userinfo;

use std::sync::Arc;

use axum::{
    Router,
    routing::{any, get},
};

pub(super) use self::checks::answer;
use crate::state::SimState;

pub(super) fn router() -> Router<Arc<SimState>> {
    Router::new()
        .route("/sns/oauth2/access_token", any(token::access_token))
        .route("/sns/oauth2/refresh_token", any(token::refresh_token))
        .route("/sns/auth", any(token::auth))
        .route("/sns/jscode2session", any(mini_program::session))
        .route("/sns/userinfo", any(userinfo::userinfo))
        .route("/cgi-bin/token", any(app_token::token))
        .route("/cgi-bin/stable_token", any(app_token::stable_token))
        .route("/cgi-bin/ticket/getticket", any(app_token::ticket))
        .route(
            "/wxa/business/getuserphonenumber",
            any(mini_program::phone_number),
        )
        .route("/wxa/checksession", any(mini_program::check_session))
        .route("/mmopen/vi_32/{id}/{size}", get(userinfo::avatar))
        .fallback(unknown_path::respond)
}
