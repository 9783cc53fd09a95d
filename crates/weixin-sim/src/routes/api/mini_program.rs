//! `/sns/jscode2session`, `/wxa/business/getuserphonenumber` and `/wxa/checksession` (docs/wechat.md#the-session, #phone-numbers).

use std::sync::Arc;

use axum::{body::Bytes, extract::State, http::Method, response::Response};
use serde::{Deserialize, Serialize};

use super::checks::{
    OK, answer, check_method, check_posted, json_body, require, require_app, require_grant_type,
};
use crate::{
    parameters::Parameters,
    state::SimState,
    wire::{
        Family,
        api_error::ApiError,
        encrypted::{PhoneInfo, Watermark},
    },
};

#[derive(Serialize)]
struct SessionBody {
    session_key: String,
    openid: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    unionid: Option<String>,
}

pub(super) async fn session(
    State(sim): State<Arc<SimState>>,
    method: Method,
    parameters: Parameters,
) -> Response {
    let session = check_method(&method).and_then(|()| {
        let app = require_app(&sim, &parameters)?;
        require_grant_type(&parameters, "authorization_code")?;
        let secret = require(&parameters, "secret", ApiError::APPSECRET_MISSING)?;
        let js_code = require(&parameters, "js_code", ApiError::MISSING_CODE)?;
        let now = sim.now();
        sim.world().session(app, secret, js_code, now)
    });
    let body = session.map(|session| SessionBody {
        session_key: session.key,
        openid: session.openid,
        unionid: session.unionid,
    });
    answer(&sim, Family::Sns, body)
}

/// Body with the code; a code in the query is ignored.
#[derive(Default, Deserialize)]
struct PhoneRequest {
    #[serde(default)]
    code: String,
}

#[derive(Serialize)]
struct PhoneBody {
    errcode: i64,
    errmsg: &'static str,
    phone_info: PhoneInfo,
}

pub(super) async fn phone_number(
    State(sim): State<Arc<SimState>>,
    method: Method,
    parameters: Parameters,
    body: Bytes,
) -> Response {
    let now = sim.now();
    let phone = check_posted(&method).and_then(|()| {
        let token = require(&parameters, "access_token", ApiError::ACCESS_TOKEN_MISSING)?;
        let mut world = sim.world();
        // The token comes before the body, as for every call with an app access token.
        let app = world.app_of_token(token, now)?.to_owned();
        let request: PhoneRequest = json_body(&body)?;
        let user = world.phone_of_code(&app, &request.code, now)?;
        Ok(PhoneInfo::new(user.phone(), Watermark::new(&app, now)))
    });
    let body = phone.map(|phone_info| PhoneBody {
        errcode: 0,
        errmsg: "ok",
        phone_info,
    });
    answer(&sim, Family::Wxa, body)
}

/// `/wxa/checksession`: the signature is the HMAC-SHA256 of an empty text by the session key, in hexadecimal.
///
/// It is not in the facts: request format and error code follow the clients in use, and the order of the checks
/// is a guess.
pub(super) async fn check_session(
    State(sim): State<Arc<SimState>>,
    method: Method,
    parameters: Parameters,
) -> Response {
    let now = sim.now();
    let checked = check_method(&method).and_then(|()| {
        let token = require(&parameters, "access_token", ApiError::ACCESS_TOKEN_MISSING)?;
        let openid = require(&parameters, "openid", ApiError::MISSING_OPENID)?;
        let world = sim.world();
        let app = world.app_of_token(token, now)?;
        if parameters.get("sig_method") != "hmac_sha256" {
            return Err(ApiError::INVALID_SIGNATURE);
        }
        world.check_session(app, openid, parameters.get("signature"))
    });
    answer(&sim, Family::Wxa, checked.map(|()| OK))
}
