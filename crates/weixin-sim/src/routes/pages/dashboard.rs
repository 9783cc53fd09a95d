//! `/_sim/`: the dashboard, which shows logins, requests and findings live.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::Uri,
    response::{IntoResponse, Redirect, Response},
};

use crate::{
    App, AppKind, Finding, LoggedRequest, User,
    bilingual::Bilingual,
    clock::unix_seconds,
    routes::{
        long_poll,
        response::{newest, page, text},
    },
    state::SimState,
    world::{Event, Login, LoginTrace, Step, request_log::Entry},
};

/// Number of requests on the dashboard.
const MAX_REQUESTS: usize = 50;

/// The whole dashboard.
#[derive(Template)]
#[template(path = "dashboard.html")]
struct DashboardPage<'a> {
    version: u64,
    /// Rendered [`DashboardContent`].
    now: &'a str,
}

/// The part of the dashboard that is replaced when something changes.
#[derive(Template)]
#[template(path = "dashboard_content.html")]
struct DashboardContent<'a> {
    origin: &'a str,
    /// Time of day (UTC).
    now: String,
    runs: bool,
    apps: &'a [App],
    users: &'a [User],
    pending: &'a [Login],
    traces: &'a [Arc<LoginTrace>],
    requests: &'a [&'a LoggedRequest],
    findings: &'a [Arc<Finding>],
    /// Number of faults that have not run out.
    faults: usize,
}

/// Formats Unix seconds as time of day (UTC).
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
    fn words(self) -> Bilingual {
        match self {
            Self::Opened => Bilingual::new("打开", "opened"),
            Self::Scanned => Bilingual::new("扫描", "scanned"),
            Self::Canceled => Bilingual::new("取消", "canceled"),
            Self::Allowed => Bilingual::new("允许", "allowed"),
            Self::CodeGiven => Bilingual::new("下发 code", "code issued"),
            Self::Exchanged => Bilingual::new("换取 access_token", "code exchanged"),
            Self::CodeUsedAgain => Bilingual::new("code 重复使用", "code used again"),
            Self::Refreshed => Bilingual::new("刷新", "refreshed"),
            Self::Profile => Bilingual::new("获取用户信息", "profile"),
            Self::Expired => Bilingual::new("过期", "expired"),
        }
    }
}

impl AppKind {
    fn words(self) -> Bilingual {
        match self {
            Self::Website => Bilingual::new("网站应用", "website app"),
            Self::OfficialAccount => Bilingual::new("公众号", "official account"),
            Self::MobileApp => Bilingual::new("移动应用", "mobile app"),
            Self::MiniProgram => Bilingual::new("小程序", "mini program"),
        }
    }
}

/// Serves the whole page; its script polls [`update`].
pub(super) async fn show(State(sim): State<Arc<SimState>>) -> Response {
    let version = sim.changes.get();
    page(&DashboardPage {
        version,
        now: &now(&sim),
    })
}

/// `/_sim/dashboard?after=VERSION`: the content, as soon as its version differs. Without a version it is a visitor who
/// looks for the dashboard.
pub(super) async fn update(State(sim): State<Arc<SimState>>, address: Uri) -> Response {
    if address.query().is_none() {
        return Redirect::to("/_sim/").into_response();
    }
    long_poll::changed_part(&sim.changes, &address, || now(&sim)).await
}

fn now(sim: &SimState) -> String {
    // Only what is shared is taken while the world is locked: rendering takes longer than a request.
    let world = sim.world();
    let (apps, users) = (world.apps.clone(), world.users.clone());
    let pending = world.pending(sim.now());
    let traces: Vec<_> = world.timeline.newest_first().take(30).cloned().collect();
    let requests = world.requests.newest(MAX_REQUESTS);
    let findings = world.findings.all();
    let faults = world.faults.pending().count();
    drop(world);
    text(&DashboardContent {
        origin: sim.own_url(),
        now: time_of_day(unix_seconds(sim.now())),
        runs: sim.clock.runs(),
        apps: &apps,
        users: &users,
        pending: &newest(pending),
        traces: &traces,
        requests: &requests.iter().map(Entry::get).collect::<Vec<_>>(),
        findings: &findings,
        faults,
    })
}
