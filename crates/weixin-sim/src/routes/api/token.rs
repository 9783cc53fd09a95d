//! `/sns/oauth2/access_token`, `/sns/oauth2/refresh_token`, `/sns/auth` (docs/wechat.md#requests-to-the-api).

use std::sync::Arc;

use axum::{
    extract::State,
    http::{Method, header::CONTENT_TYPE},
    response::Response,
};
use serde::Serialize;

use super::checks::{
    OK, answer, check_method, require, require_app, require_bearer, require_grant_type,
};
use crate::{
    parameters::Parameters,
    state::SimState,
    wire::{Family, api_error::ApiError},
    world::{Exchange, IssuedUserToken},
};

/// Successful response; a refresh has no `unionid` (docs/wechat.md#the-refresh).
#[derive(Serialize)]
struct TokenBody {
    access_token: String,
    expires_in: u64,
    refresh_token: String,
    openid: String,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
    /// 1 for a snapshot user, otherwise absent (docs/wechat.md#snapshot-users).
    #[serde(skip_serializing_if = "Option::is_none")]
    is_snapshotuser: Option<u8>,
}

impl TokenBody {
    fn refreshed(issued: IssuedUserToken) -> Self {
        Self {
            access_token: issued.access_token,
            expires_in: issued.expires_in.as_secs(),
            refresh_token: issued.refresh_token,
            openid: issued.openid,
            scope: issued.scope,
            unionid: None,
            is_snapshotuser: None,
        }
    }

    fn exchanged(issued: IssuedUserToken) -> Self {
        let unionid = issued.unionid.clone();
        let is_snapshotuser = issued.is_snapshot_user.then_some(1);
        Self {
            unionid,
            is_snapshotuser,
            ..Self::refreshed(issued)
        }
    }
}

pub(super) async fn access_token(
    State(sim): State<Arc<SimState>>,
    method: Method,
    parameters: Parameters,
) -> Response {
    let issued = check_method(&method).and_then(|()| exchange(&sim, &parameters));
    // Errors keep their type: the clients in question read those.
    let content_type = sim
        .settings
        .token_content_type
        .clone()
        .filter(|_| issued.is_ok());
    let mut response = answer(&sim, Family::Sns, issued.map(TokenBody::exchanged));
    if let Some(content_type) = content_type {
        response.headers_mut().insert(CONTENT_TYPE, content_type);
    }
    response
}

/// Checks in the order of docs/wechat.md#order-of-checks. The position of a missing `grant_type` is not documented: after the app
/// ID.
fn exchange(sim: &SimState, parameters: &Parameters) -> Result<IssuedUserToken, ApiError> {
    let app = require_app(sim, parameters)?;
    require_grant_type(parameters, "authorization_code")?;
    let secret = require(parameters, "secret", ApiError::APPSECRET_MISSING)?;
    let code = require(parameters, "code", ApiError::MISSING_CODE)?;
    let now = sim.now();
    sim.world().exchange(&Exchange { app, secret, code }, now)
}

pub(super) async fn refresh_token(
    State(sim): State<Arc<SimState>>,
    method: Method,
    parameters: Parameters,
) -> Response {
    let issued = check_method(&method).and_then(|()| refresh(&sim, &parameters));
    answer(&sim, Family::Sns, issued.map(TokenBody::refreshed))
}

fn refresh(sim: &SimState, parameters: &Parameters) -> Result<IssuedUserToken, ApiError> {
    let app = require_app(sim, parameters)?;
    require_grant_type(parameters, "refresh_token")?;
    let refresh_token = require(parameters, "refresh_token", ApiError::REFRESH_TOKEN_MISSING)?;
    let now = sim.now();
    sim.world().refresh(app, refresh_token, now)
}

pub(super) async fn auth(
    State(sim): State<Arc<SimState>>,
    method: Method,
    parameters: Parameters,
) -> Response {
    let checked = check_method(&method).and_then(|()| {
        let (access_token, openid) = require_bearer(&parameters)?;
        let now = sim.now();
        sim.world().check(access_token, openid, now)
    });
    answer(&sim, Family::Sns, checked.map(|_| OK))
}
