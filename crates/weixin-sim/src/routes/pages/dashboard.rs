//! `/_sim/`: the desk, which shows live what is going on.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::Uri, response::Response};

use crate::{
    App, AppKind, Finding, LoggedRequest, User,
    clock::unix_seconds,
    routes::{long_poll, response::page},
    state::SimState,
    world::{Event, Login, LoginTrace, Step},
};

/// How many requests are shown.
const MAX_REQUESTS: usize = 50;

/// The desk: what a browser finds at the root.
#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage<'a> {
    version: u64,
    /// What is on it, as HTML.
    now: &'a str,
}

/// What is on the desk now.
#[derive(Template)]
#[template(path = "dashboard_content.html")]
struct DashboardContent<'a> {
    origin: &'a str,
    /// The time of day.
    now: String,
    runs: bool,
    apps: &'a [App],
    users: &'a [User],
    pending: &'a [Login],
    traces: &'a [&'a LoginTrace],
    requests: &'a [LoggedRequest],
    findings: &'a [Finding],
    /// How many are still to strike.
    faults: usize,
}

/// The time of day (UTC) of Unix seconds.
fn time_of_day(seconds: u64) -> String {
    let (hours, minutes, seconds) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{hours:02}:{minutes:02}:{seconds:02}")
}

impl Step {
    fn time(&self) -> String {
        time_of_day(self.at)
    }
}

impl LoggedRequest {
    fn time(&self) -> String {
        time_of_day(self.at)
    }
}

impl Event {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Opened => ("打开", "opened"),
            Self::Scanned => ("扫描", "scanned"),
            Self::Canceled => ("取消", "canceled"),
            Self::Allowed => ("允许", "allowed"),
            Self::CodeGiven => ("交出 code", "code given"),
            Self::Exchanged => ("换取令牌", "code exchanged"),
            Self::CodeUsedAgain => ("code 重复使用", "code used again"),
            Self::Refreshed => ("刷新", "refreshed"),
            Self::Profile => ("读取资料", "profile"),
            Self::Expired => ("过期", "expired"),
        }
    }
}

impl AppKind {
    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Website => ("网站应用", "website app"),
            Self::OfficialAccount => ("公众号", "official account"),
            Self::MobileApp => ("移动应用", "mobile app"),
            Self::MiniProgram => ("小程序", "mini program"),
        }
    }
}

/// The whole page, which follows what happens from then on.
pub(super) async fn show(State(sim): State<Arc<SimState>>) -> Response {
    let version = sim.version();
    page(&DashboardPage {
        version,
        now: &now(&sim),
    })
}

/// `/_sim/dashboard?after=VERSION`: what is on the desk, as soon as that is another.
pub(super) async fn follow(State(sim): State<Arc<SimState>>, address: Uri) -> Response {
    long_poll::changed_part(&sim, &address, now).await
}

fn now(sim: &SimState) -> String {
    let world = sim.world();
    let mut requests = world.requests.masked();
    requests.reverse();
    requests.truncate(MAX_REQUESTS);
    let desk = DashboardContent {
        origin: &sim.origin,
        now: time_of_day(unix_seconds(sim.now())),
        runs: sim.clock.runs(),
        apps: &world.apps,
        users: &world.users,
        pending: &world.logins.pending(sim.now()),
        traces: &world.timeline.newest_first().take(30).collect::<Vec<_>>(),
        requests: &requests,
        findings: world.findings.all(),
        faults: world.faults.pending().len(),
    };
    desk.render().unwrap_or_default()
}
