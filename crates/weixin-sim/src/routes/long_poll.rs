//! Parts of our pages that follow what happens: a script asks for them with the version that it has seen.

use std::time::Duration;

use axum::{
    http::Uri,
    response::{Html, IntoResponse, Response},
};
use tokio::time::timeout;

use crate::{parameters, state::SimState};

/// Longest time that a browser waits for news.
const MAX_WAIT: Duration = Duration::from_secs(25);

/// The part as it is now and its version, as soon as that is another than the address says (`after=VERSION`).
pub(super) async fn changed_part(
    sim: &SimState,
    address: &Uri,
    part: impl FnOnce(&SimState) -> String,
) -> Response {
    let parameters = parameters::form(address.query().unwrap_or_default());
    let seen = parameters.get("after");
    let changed = |sim: &SimState| (sim.version().to_string() != seen).then_some(());
    // Nothing new is an answer as well.
    let _ = timeout(MAX_WAIT, sim.until(changed)).await;
    let version = sim.version().to_string();
    ([("x-version", version)], Html(part(sim))).into_response()
}
