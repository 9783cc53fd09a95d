//! `/_sim/`: the dashboard, which shows logins as sequence diagrams, live, and the phone beside them.

mod address;
mod answer;
mod arrow;
mod builder;
mod call;
mod curl;
mod detail;
mod fault_row;
mod list;
mod snapshot;
mod story;
mod world_links;

use std::sync::Arc;

use askama::Template;
use axum::{
    Extension,
    extract::State,
    http::{HeaderMap, Uri},
    response::{IntoResponse, Redirect, Response},
};

use self::{
    address::{Address, Filter, Shown},
    detail::Detail,
    fault_row::FaultRow,
    list::Row,
    snapshot::Snapshot,
    story::Story,
    world_links::WorldLink,
};
use super::frame::Frame;
use crate::{
    bilingual::Language,
    routes::{
        long_poll,
        request::page_origin,
        response::{page, text},
    },
    state::SimState,
    world::auto_allow::AutoAnswer,
    worlds::Worlds,
};

/// The whole dashboard.
#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage<'a> {
    language: Language,
    version: u64,
    /// Rendered [`Desk`].
    desk: &'a str,
    /// Dashboard of the first world, if this is another one, which may end.
    first: Option<String>,
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
    faults: Vec<FaultRow>,
    worlds: Vec<WorldLink>,
    /// Address without the detail.
    shut: String,
}

/// Serves the whole page; its script polls [`update`].
pub(super) async fn show(
    State(sim): State<Arc<SimState>>,
    Extension(worlds): Extension<Arc<Worlds>>,
    headers: HeaderMap,
    uri: Uri,
    language: Language,
) -> Response {
    let version = sim.changes.get();
    let links = world_links::list(&worlds, &sim, &headers);
    let first = links.first().filter(|first| !first.is_current);
    let first = first.map(|first| first.href.clone());
    page(&DashboardPage {
        language,
        version,
        desk: &desk(&sim, &headers, links, &uri, language),
        first,
    })
}

/// `/_sim/dashboard?after=VERSION`: the live part, as soon as its version differs. Without a version it is a visitor who
/// looks for the dashboard.
pub(super) async fn update(
    State(sim): State<Arc<SimState>>,
    Extension(worlds): Extension<Arc<Worlds>>,
    headers: HeaderMap,
    uri: Uri,
    language: Language,
) -> Response {
    if uri.query().is_none() {
        return Redirect::to("/_sim/").into_response();
    }
    long_poll::changed_part(&sim.changes, &uri, || {
        let links = world_links::list(&worlds, &sim, &headers);
        desk(&sim, &headers, links, &uri, language)
    })
    .await
}

fn desk(
    sim: &SimState,
    headers: &HeaderMap,
    worlds: Vec<WorldLink>,
    uri: &Uri,
    language: Language,
) -> String {
    // Only what is shared is taken while the world is locked: rendering takes longer than a request.
    let snapshot = Snapshot::take(sim, page_origin(sim, headers));
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
    let faults = snapshot.faults.iter();
    let faults = faults.map(|fault| FaultRow::new(fault, language)).collect();
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
        faults,
        worlds,
        shut,
    })
}
