//! Live updates of the simulator's own pages: a script polls for a part of the page, with the version that it
//! shows.

use std::time::Duration;

use axum::{
    http::Uri,
    response::{Html, IntoResponse, Response},
};
use tokio::time::timeout;

use crate::{parameters, state::Version};

/// Maximum time that a request is held.
const MAX_WAIT: Duration = Duration::from_secs(25);

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
    // After the timeout the unchanged part is returned, and the script polls again with the same version.
    let version = match timeout(MAX_WAIT, version.until(changed)).await {
        Ok(version) => version,
        Err(_) => shown.to_owned(),
    };
    // The part may be newer than the version: then the next poll returns at once.
    ([("x-version", version)], Html(part())).into_response()
}
