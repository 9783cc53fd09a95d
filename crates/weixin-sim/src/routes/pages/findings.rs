//! `/_sim/findings`: the findings as a page.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};

use crate::{lint::finding::Finding, routes::response::page, state::SimState};

/// All findings, with remedies.
#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage<'a> {
    findings: &'a [Arc<Finding>],
}

pub(super) async fn show(State(sim): State<Arc<SimState>>) -> Response {
    let findings = &sim.world().findings.all();
    page(&FindingsPage { findings })
}
