//! `/worlds`: further worlds, each on a port of its own.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    body::Bytes,
    extract::Path,
    http::{HeaderMap, StatusCode},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::bad_request::{BadRequest, read};
use crate::{
    routes::request::world_url,
    worlds::{Listed, WorldError, Worlds},
};

/// Maximum length of an ID.
const MAX_ID: usize = 64;

/// Time without requests after which a world ends, in seconds: the default, and the maximum.
const IDLE_SECONDS: u64 = 10 * 60;
const MAX_IDLE_SECONDS: u64 = 24 * 60 * 60;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WorldParams {
    /// Lower-case letters, digits and hyphens; a new one by default.
    id: Option<String>,
    #[serde(default = "idle_seconds")]
    idle_seconds: u64,
}

fn idle_seconds() -> u64 {
    IDLE_SECONDS
}

fn to_json(world: &Listed, headers: &HeaderMap) -> Value {
    json!({
        "id": world.id,
        "url": world_url(&world.state, headers),
        "idle_seconds": world.idle.map(|idle| idle.as_secs()),
    })
}

fn is_id(id: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=MAX_ID).contains(&id.len()) && id.bytes().all(allowed)
}

/// `POST /worlds`: opens a world, which starts as the simulator did.
pub(super) async fn open(
    Extension(worlds): Extension<Arc<Worlds>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<(StatusCode, Json<Value>), BadRequest> {
    let WorldParams { id, idle_seconds } = read(&body)?;
    if id.as_ref().is_some_and(|id| !is_id(id)) {
        let rule = format!("expected 1 to {MAX_ID} characters of a-z, 0-9 and -");
        return Err(BadRequest::new("id", rule));
    }
    if !(1..=MAX_IDLE_SECONDS).contains(&idle_seconds) {
        let rule = format!("expected 1 to {MAX_IDLE_SECONDS}");
        return Err(BadRequest::new("idle_seconds", rule));
    }
    let world = worlds.open(id, Duration::from_secs(idle_seconds)).await?;
    Ok((StatusCode::CREATED, Json(to_json(&world, &headers))))
}

/// `GET /worlds`: all worlds besides the simulator's first one.
pub(super) async fn list(
    Extension(worlds): Extension<Arc<Worlds>>,
    headers: HeaderMap,
) -> Json<Value> {
    Json(
        worlds
            .list()
            .iter()
            .map(|world| to_json(world, &headers))
            .collect(),
    )
}

/// `GET /worlds/{world}`
pub(super) async fn show(
    Extension(worlds): Extension<Arc<Worlds>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, BadRequest> {
    let world = worlds.find(&id);
    let world = world.ok_or_else(|| {
        let rule = "no such world: it was deleted, ended after a time without requests, or was never opened";
        BadRequest::unknown("world", rule)
    })?;
    Ok(Json(to_json(&world, &headers)))
}

/// `DELETE /worlds/{world}`: succeeds even if there is no such world.
pub(super) async fn delete(
    Extension(worlds): Extension<Arc<Worlds>>,
    Path(id): Path<String>,
) -> Result<Json<Value>, BadRequest> {
    worlds.delete(&id)?;
    Ok(Json(json!({})))
}

impl From<WorldError> for BadRequest {
    fn from(error: WorldError) -> Self {
        let rule = error.to_string();
        match error {
            WorldError::IdInUse => Self::conflict("id", rule),
            WorldError::Held | WorldError::First => Self::conflict("world", rule),
            WorldError::TooMany | WorldError::NoPort(_) | WorldError::Listen(_) => {
                Self::conflict("body", rule)
            }
        }
    }
}
