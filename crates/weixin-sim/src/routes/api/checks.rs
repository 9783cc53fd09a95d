//! Checks and responses that the API's endpoints share.

use axum::http::Method;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::{
    parameters::Parameters,
    state::SimState,
    wire::{self, Family, RequestIds, api_error::ApiError},
};

/// Body of a success without data.
#[derive(Clone, Copy, Serialize)]
pub(super) struct Success {
    errcode: i64,
    errmsg: &'static str,
}

pub(super) const OK: Success = Success {
    errcode: 0,
    errmsg: "ok",
};

/// Renders a result in the format of the API; an error gets the IDs of its request.
pub(crate) fn answer(
    sim: &SimState,
    family: Family,
    outcome: Result<impl Serialize, ApiError>,
) -> Response {
    match outcome {
        Ok(body) => wire::success(family, &body),
        Err(api_error) => {
            let now = sim.now();
            let mut world = sim.world();
            let ids = RequestIds {
                rid: world.random.rid(now),
                hint: world.random.hint(),
            };
            wire::error(family, &api_error, &ids)
        }
    }
}

/// Accepts GET, which is documented, and POST, which many clients send.
pub(super) fn check_method(method: &Method) -> Result<(), ApiError> {
    if matches!(*method, Method::GET | Method::HEAD | Method::POST) {
        Ok(())
    } else {
        Err(ApiError::REQUIRE_GET)
    }
}

pub(super) fn require_bearer(parameters: &Parameters) -> Result<(&str, &str), ApiError> {
    let access_token = require(parameters, "access_token", ApiError::ACCESS_TOKEN_MISSING)?;
    let openid = require(parameters, "openid", ApiError::MISSING_OPENID)?;
    Ok((access_token, openid))
}

/// Requires the ID of a registered app.
pub(super) fn require_app<'a>(
    sim: &SimState,
    parameters: &'a Parameters,
) -> Result<&'a str, ApiError> {
    let app = require(parameters, "appid", ApiError::APPID_MISSING)?;
    sim.world().app(app)?;
    Ok(app)
}

pub(super) fn require_grant_type(
    parameters: &Parameters,
    grant_type: &str,
) -> Result<(), ApiError> {
    if parameters.get("grant_type") == grant_type {
        Ok(())
    } else {
        Err(ApiError::INVALID_GRANT_TYPE)
    }
}

/// Requires a parameter that is not empty.
pub(super) fn require<'a>(
    parameters: &'a Parameters,
    name: &str,
    missing: ApiError,
) -> Result<&'a str, ApiError> {
    Some(parameters.get(name))
        .filter(|value| !value.is_empty())
        .ok_or(missing)
}

/// Parses the JSON body of a POST request.
pub(super) fn posted<T: for<'de> Deserialize<'de>>(
    method: &Method,
    body: &[u8],
) -> Result<T, ApiError> {
    check_posted(method)?;
    json_body(body)
}

/// Accepts POST only.
pub(super) fn check_posted(method: &Method) -> Result<(), ApiError> {
    if *method == Method::POST {
        Ok(())
    } else {
        Err(ApiError::REQUIRE_POST)
    }
}

/// Parses a JSON body.
pub(super) fn json_body<T: for<'de> Deserialize<'de>>(body: &[u8]) -> Result<T, ApiError> {
    if body.is_empty() {
        return Err(ApiError::EMPTY_POST_DATA);
    }
    serde_json::from_slice(body).map_err(|_| ApiError::DATA_FORMAT_ERROR)
}
