//! `/cgi-bin/token`, `/cgi-bin/stable_token`, `/cgi-bin/ticket/getticket` (docs/wechat.md#app-tokens).

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{ConnectInfo, State},
    http::Method,
    response::Response,
};
use serde::{Deserialize, Serialize};

use super::checks::{answer, check_method, posted, require};
use crate::{
    AppKind,
    parameters::Parameters,
    routes::request::Peer,
    state::SimState,
    wire::{Family, api_error::ApiError},
    world::{IssuedAppToken, World},
};

#[derive(Serialize)]
struct TokenBody {
    access_token: String,
    expires_in: u64,
}

impl From<IssuedAppToken> for TokenBody {
    fn from(issued: IssuedAppToken) -> Self {
        Self {
            access_token: issued.value,
            expires_in: issued.expires_in.as_secs(),
        }
    }
}

#[derive(Serialize)]
struct TicketBody {
    errcode: i64,
    errmsg: &'static str,
    ticket: String,
    expires_in: u64,
}

/// Credentials of a request for an app access token.
struct Credentials<'a> {
    app: &'a str,
    secret: &'a str,
    grant_type: &'a str,
}

impl Credentials<'_> {
    /// Checks the app ID first, even if `grant_type` is missing (docs/wechat.md#order-of-checks). The position of the IP whitelist
    /// is not documented: after the secret.
    fn check(&self, world: &World, peer: Peer) -> Result<(), ApiError> {
        let given = |value: &str, missing| {
            if value.is_empty() {
                Err(missing)
            } else {
                Ok(())
            }
        };
        given(self.app, ApiError::APPID_MISSING)?;
        let app = world.app(self.app)?;
        if app.kind == AppKind::Website {
            return Err(ApiError::INVALID_APPID);
        }
        if self.grant_type != "client_credential" {
            return Err(ApiError::INVALID_GRANT_TYPE);
        }
        given(self.secret, ApiError::APPSECRET_MISSING)?;
        if app.secret != self.secret {
            return Err(ApiError::INVALID_APPSECRET);
        }
        if !app.allows_ip(peer.address.ip()) {
            return Err(ApiError::ip_not_in_whitelist(peer.address.ip()));
        }
        if app.is_frozen {
            return Err(ApiError::API_FORBIDDEN);
        }
        Ok(())
    }
}

pub(super) async fn token(
    State(sim): State<Arc<SimState>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    method: Method,
    parameters: Parameters,
) -> Response {
    let now = sim.now();
    let issued = check_method(&method).and_then(|()| {
        let credentials = Credentials {
            app: parameters.get("appid"),
            secret: parameters.get("secret"),
            grant_type: parameters.get("grant_type"),
        };
        let mut world = sim.world();
        credentials.check(&world, peer)?;
        Ok(world.app_token(credentials.app, now))
    });
    answer(&sim, Family::Cgi, issued.map(TokenBody::from))
}

/// Body of a request for a stable token; query parameters are ignored.
#[derive(Default, Deserialize)]
struct StableRequest {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    appid: String,
    #[serde(default)]
    secret: String,
    #[serde(default)]
    force_refresh: bool,
}

pub(super) async fn stable_token(
    State(sim): State<Arc<SimState>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    method: Method,
    body: Bytes,
) -> Response {
    let now = sim.now();
    let issued = posted::<StableRequest>(&method, &body).and_then(|request| {
        let (app, secret) = (request.appid.as_str(), request.secret.as_str());
        let credentials = Credentials {
            app,
            secret,
            grant_type: &request.grant_type,
        };
        let mut world = sim.world();
        credentials.check(&world, peer)?;
        Ok(world.stable_token(app, request.force_refresh, now))
    });
    answer(&sim, Family::Cgi, issued.map(TokenBody::from))
}

pub(super) async fn ticket(
    State(sim): State<Arc<SimState>>,
    method: Method,
    parameters: Parameters,
) -> Response {
    let now = sim.now();
    let issued = check_method(&method).and_then(|()| {
        let token = require(&parameters, "access_token", ApiError::ACCESS_TOKEN_MISSING)?;
        sim.world().ticket(token, parameters.get("type"), now)
    });
    let body = issued.map(|issued| TicketBody {
        errcode: 0,
        errmsg: "ok",
        ticket: issued.value,
        expires_in: issued.expires_in.as_secs(),
    });
    answer(&sim, Family::Cgi, body)
}
