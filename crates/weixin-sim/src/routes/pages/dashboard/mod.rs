//! `/_sim/`: the dashboard, which shows logins as sequence diagrams, live, and the phone beside them.

mod address;
mod answer;
mod arrow;
mod builder;
mod call;
mod curl;
mod detail;
mod list;
mod snapshot;
mod story;

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};

use self::{
    address::{Address, Filter, Shown},
    detail::Detail,
    list::Row,
    snapshot::Snapshot,
    story::Story,
};
use super::frame::Frame;
use crate::{
    bilingual::Language,
    routes::{
        long_poll,
        response::{page, text},
    },
    state::SimState,
};

/// The whole dashboard.
#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage<'a> {
    language: Language,
    version: u64,
    /// Rendered [`Desk`].
    desk: &'a str,
}

/// The part of the dashboard that is exchanged when something changes.
#[derive(Template)]
#[template(path = "desk.html")]
struct Desk<'a> {
    frame: Frame,
    language: Language,
    sim: &'a Snapshot,
    address: Address,
    rows: Vec<Row>,
    /// Number of logins under each filter.
    filters: Vec<(Filter, usize, String)>,
    story: Option<Story>,
    detail: Option<Detail>,
    /// Address without the detail.
    shut: String,
}

/// Serves the whole page; its script polls [`update`].
pub(super) async fn show(
    State(sim): State<Arc<SimState>>,
    uri: Uri,
    language: Language,
) -> Response {
    let version = sim.changes.get();
    page(&DashboardPage {
        language,
        version,
        desk: &desk(&sim, &uri, language),
    })
}

/// `/_sim/dashboard?after=VERSION`: the live part, as soon as its version differs. Without a version it is a visitor who
/// looks for the dashboard.
pub(super) async fn update(
    State(sim): State<Arc<SimState>>,
    uri: Uri,
    language: Language,
) -> Response {
    if uri.query().is_none() {
        return Redirect::to("/_sim/").into_response();
    }
    long_poll::changed_part(&sim.changes, &uri, || desk(&sim, &uri, language)).await
}

fn desk(sim: &SimState, uri: &Uri, language: Language) -> String {
    // Only what is shared is taken while the world is locked: rendering takes longer than a request.
    let snapshot = Snapshot::take(sim);
    let mut address = Address::of(uri);
    let shown = list::matching(&snapshot, &address.text);
    let filters = Filter::ALL.map(|filter| {
        let count = shown
            .iter()
            .filter(|trace| filter.accepts(trace, &snapshot));
        (
            filter,
            count.count(),
            address.with(&[("filter", filter.parameter())]),
        )
    });
    if address.login.is_none() {
        address.login = snapshot
            .traces
            .first()
            .map(|trace| Shown::Login(trace.number));
    }
    let rows = list::rows(&snapshot, &shown, &address, language);
    let story = address
        .login
        .and_then(|login| Story::of(&snapshot, login, language));
    let detail = story
        .as_ref()
        .and_then(|story| Detail::of(&snapshot, story, &address.step, language));
    let shut = address.with(&[("step", "")]);
    text(&Desk {
        frame: Frame::new(sim, language, uri, "logins"),
        language,
        sim: &snapshot,
        address,
        rows,
        filters: filters.into(),
        story,
        detail,
        shut,
    })
}
