//! `/_sim/`: the desk, which shows live what is going on.

use std::sync::Arc;

use super::follow;
use crate::{
    clock::unix_seconds,
    pages::{DeskNow, DeskPage, page, time_of_day},
    sim::Shared,
};
use askama::Template;
use axum::{extract::State, http::Uri, response::Response};

/// How many requests are shown.
const MAX_REQUESTS: usize = 50;

/// The whole page, which follows what happens from then on.
pub(super) async fn show(State(sim): State<Arc<Shared>>) -> Response {
    let version = sim.version();
    page(&DeskPage {
        version,
        now: &now(&sim),
    })
}

/// `/_sim/desk?after=VERSION`: what is on the desk, as soon as that is another.
pub(super) async fn follow(State(sim): State<Arc<Shared>>, address: Uri) -> Response {
    follow::news(&sim, &address, now).await
}

fn now(sim: &Shared) -> String {
    let world = sim.world();
    let mut requests = world.requests();
    requests.reverse();
    requests.truncate(MAX_REQUESTS);
    let desk = DeskNow {
        origin: &sim.origin,
        now: time_of_day(unix_seconds(sim.now())),
        runs: sim.clock.runs(),
        apps: &world.apps,
        people: &world.people,
        pending: &world.logins.pending(sim.now()),
        stories: &world.timeline.newest_first().take(30).collect::<Vec<_>>(),
        requests: &requests,
        findings: world.findings.all(),
        faults: world.faults.pending().len(),
    };
    desk.render().unwrap_or_default()
}
