//! What the API's paths have in common: their checks and the form of their answers.

use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::{
    parameters::Parameters,
    state::Shared,
    wire::{self, Family, RequestIds, api_error::Refusal},
};

/// A success with nothing else to say.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Good {
    errcode: i64,
    errmsg: &'static str,
}

pub(super) const OK: Good = Good {
    errcode: 0,
    errmsg: "ok",
};

/// Answers as the API does; a refusal gets the ids of its request.
pub(crate) fn answer(
    sim: &Shared,
    family: Family,
    outcome: Result<impl Serialize, Refusal>,
) -> Response {
    match outcome {
        Ok(body) => wire::success(family, &body),
        Err(refusal) => {
            let now = sim.now();
            let mut world = sim.world();
            let ids = RequestIds {
                rid: world.random.rid(now),
                hint: world.random.hint(),
            };
            wire::refused(family, &refusal, &ids)
        }
    }
}

/// GET is documented, POST is what many clients send.
pub(super) fn check_method(method: &Method) -> Result<(), Refusal> {
    if matches!(*method, Method::GET | Method::HEAD | Method::POST) {
        Ok(())
    } else {
        Err(Refusal::REQUIRE_GET)
    }
}

pub(super) fn require_bearer(parameters: &Parameters) -> Result<(&str, &str), Refusal> {
    let access_token = require(parameters, "access_token", Refusal::ACCESS_TOKEN_MISSING)?;
    let openid = require(parameters, "openid", Refusal::MISSING_OPENID)?;
    Ok((access_token, openid))
}

/// A known app id.
pub(super) fn require_app<'a>(
    sim: &Shared,
    parameters: &'a Parameters,
) -> Result<&'a str, Refusal> {
    let app = require(parameters, "appid", Refusal::APPID_MISSING)?;
    sim.world().app(app)?;
    Ok(app)
}

pub(super) fn require_grant_type(parameters: &Parameters, grant_type: &str) -> Result<(), Refusal> {
    if parameters.get("grant_type") == grant_type {
        Ok(())
    } else {
        Err(Refusal::INVALID_GRANT_TYPE)
    }
}

/// A parameter that is not empty.
pub(super) fn require<'a>(
    parameters: &'a Parameters,
    name: &str,
    missing: Refusal,
) -> Result<&'a str, Refusal> {
    Some(parameters.get(name))
        .filter(|value| !value.is_empty())
        .ok_or(missing)
}

/// The JSON of a POST.
pub(super) fn posted<T: for<'de> Deserialize<'de>>(
    method: &Method,
    body: &[u8],
) -> Result<T, Refusal> {
    if *method != Method::POST {
        return Err(Refusal::REQUIRE_POST);
    }
    if body.is_empty() {
        return Err(Refusal::EMPTY_POST_DATA);
    }
    serde_json::from_slice(body).map_err(|_| Refusal::DATA_FORMAT_ERROR)
}
