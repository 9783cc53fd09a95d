//! Live updates of the simulator's own pages: a script polls for a part of the page, with the version that it
//! shows.

use std::time::Duration;

use axum::{
    http::{StatusCode, Uri},
    response::{Html, IntoResponse, Response},
};
use tokio::time::timeout;

use crate::{parameters, state::Version};

/// Maximum time that a request is held. A browser has six connections to a host: a seventh page waits no longer than this.
const MAX_WAIT: Duration = Duration::from_secs(1);

/// Returns the part of the page and its version as soon as the version differs from `after=VERSION`.
pub(super) async fn changed_part(
    version: &Version,
    address: &Uri,
    part: impl FnOnce() -> String,
) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let shown = parameters.get("after");
    let changed = || {
        let version = version.get().to_string();
        (version != shown).then_some(version)
    };
    // The script polls again, with the same version.
    let Ok(version) = timeout(MAX_WAIT, version.until(changed)).await else {
        return StatusCode::NO_CONTENT.into_response();
    };
    // The part may be newer than the version: then the next poll returns at once.
    ([("x-version", version)], Html(part())).into_response()
}
