//! The part of the world that the dashboard shows, taken at one time.

use std::{sync::Arc, time::SystemTime};

use crate::{
    App, AppKind, Bilingual, LoggedRequest, User,
    bilingual::Language,
    clock::{time_of_day, unix_milliseconds},
    explanation::Explanations,
    routes::people,
    state::SimState,
    world::{LoginTrace, Outcome, auto_allow::AutoAllows, faults::AddedFault, request_log::Entry},
    worlds::FIRST,
};

/// State of the demo login, long enough for every rule.
const DEMO_STATE: &str = "9f2c41d08ab7e6f3demo";

/// What the dashboard shows. Rendering it does not lock the world.
#[derive(Debug)]
pub(super) struct Snapshot {
    /// Base URL of the simulator for the browser.
    pub(super) origin: String,
    /// ID of the world.
    pub(super) world: String,
    pub(super) now: SystemTime,
    pub(super) runs: bool,
    pub(super) apps: Vec<App>,
    pub(super) users: Vec<User>,
    /// The newest first.
    pub(super) traces: Vec<Arc<LoginTrace>>,
    /// The oldest first.
    pub(super) requests: Vec<Entry>,
    /// Faults that have not run out.
    pub(super) faults: Vec<AddedFault>,
    pub(super) auto_allow: AutoAllows,
    pub(super) explanations: Explanations,
}

impl Snapshot {
    pub(super) fn take(sim: &SimState, origin: String) -> Self {
        let now = sim.now();
        let world = sim.world();
        let (apps, users) = (world.apps.clone(), world.users.clone());
        let traces = world.timeline.newest_first().cloned().collect();
        let requests = world.requests.entries();
        let faults = world.faults.pending().cloned().collect();
        let auto_allow = world.auto_allow.clone();
        drop(world);
        Self {
            origin,
            now,
            runs: sim.clock.runs(),
            apps,
            users,
            traces,
            requests,
            faults,
            auto_allow,
            world: sim.id.clone().unwrap_or_else(|| FIRST.to_owned()),
            explanations: sim.settings.explanations.clone(),
        }
    }

    pub(super) fn trace(&self, number: u64) -> Option<&LoginTrace> {
        let mut traces = self.traces.iter();
        traces
            .find(|trace| trace.number == number)
            .map(AsRef::as_ref)
    }

    /// Requests of a login, or outside of all logins.
    pub(super) fn requests_of(&self, login: Option<u64>) -> impl Iterator<Item = &LoggedRequest> {
        let requests = self.requests.iter().map(Entry::get);
        requests.filter(move |request| request.login == login)
    }

    pub(super) fn user(&self, id: &str) -> Option<&User> {
        self.users.iter().find(|user| user.id == id)
    }

    pub(super) fn app(&self, id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.id == id)
    }

    pub(super) fn outcome(&self, trace: &LoginTrace) -> Outcome {
        trace.outcome(self.now)
    }

    /// Time until then on the clock, such as `4:51`.
    pub(super) fn left(&self, until_ms: u64) -> String {
        let seconds = until_ms.saturating_sub(unix_milliseconds(self.now)) / 1000;
        format!("{}:{:02}", seconds / 60, seconds % 60)
    }

    pub(super) fn now_ms(&self) -> u64 {
        unix_milliseconds(self.now)
    }

    pub(super) fn time(&self) -> String {
        time_of_day(self.now_ms())
    }

    /// Address of a login page of the first website app; its callback is the dashboard.
    pub(super) fn demo(&self) -> Option<String> {
        let app = self.apps.iter().find(|app| app.kind == AppKind::Website)?;
        let parameters = [
            ("appid", app.id.as_str()),
            ("redirect_uri", &format!("{}/_sim/", self.origin)),
            ("response_type", "code"),
            ("scope", "snsapi_login"),
            ("state", DEMO_STATE),
        ];
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        Some(format!("/connect/qrconnect?{}", query.finish()))
    }

    /// Number of the calls outside of all logins, and the last of their paths.
    pub(super) fn outside(&self) -> Option<(usize, String)> {
        let mut paths: Vec<&str> = self
            .requests_of(None)
            .map(|request| request.path.trim_start_matches('/'))
            .collect();
        let count = paths.len();
        paths.reverse();
        paths.dedup();
        paths.truncate(3);
        (count > 0).then(|| (count, paths.join(", ")))
    }

    /// Users, those with ordinary names first.
    pub(super) fn ordered_users(&self) -> Vec<&User> {
        let (ordinary, difficult) = people::split(&self.users);
        ordinary.into_iter().chain(difficult).collect()
    }

    /// What a reset loses, as a sentence.
    pub(super) fn lost(&self, language: Language) -> String {
        let count = self.traces.len();
        match language {
            Language::Chinese => format!(
                "将忘记 {count} 次登录、所有请求和故障；应用、用户和时钟恢复到初始状态。已有的问题仍计入 --fail-on-findings。"
            ),
            Language::English => format!(
                "Forgets {count} logins, all requests and faults. Apps, users and clock are as at the start. Findings still count for --fail-on-findings."
            ),
        }
    }

    /// Ways to lead a program here: title, sentence and command.
    pub(super) fn ways(&self, language: Language) -> [(&'static str, &'static str, String); 3] {
        let (origin, world) = (&self.origin, &self.world);
        [
            (
                language.pick("程序不改", "Unchanged program"),
                language.pick(
                    "只对这个程序，open.weixin.qq.com 和 api.weixin.qq.com 就是模拟器。",
                    "For this program alone, open.weixin.qq.com and api.weixin.qq.com are the simulator.",
                ),
                format!(
                    "weixin sim exec --sim {origin} --world {world} --browser http://localhost:8000 -- python app.py"
                ),
            ),
            (
                language.pick("设置地址", "Set the URLs"),
                language.pick(
                    "用这个地址代替 https://open.weixin.qq.com 和 https://api.weixin.qq.com。",
                    "Use this URL in place of https://open.weixin.qq.com and https://api.weixin.qq.com.",
                ),
                origin.clone(),
            ),
            (
                language.pick("测试中", "In tests"),
                language.pick(
                    "无需操作手机；如果微信会拒绝，构建就失败。",
                    "No phone is needed, and the build fails if WeChat would reject a request.",
                ),
                "weixin sim exec --auto-allow --fail-on-findings -- pytest".to_owned(),
            ),
        ]
    }
}

/// The state of a login as a chip: class, and word or error code.
pub(super) fn status(
    trace: &LoginTrace,
    outcome: Outcome,
    language: Language,
) -> (&'static str, String) {
    let (class, words) = match outcome {
        Outcome::Waiting => ("live", Bilingual::new("等待扫描", "Waiting")),
        Outcome::Scanned => ("live", Bilingual::new("已扫描", "Scanned")),
        Outcome::Canceled => ("", Bilingual::new("已取消", "Canceled")),
        Outcome::Expired => ("", Bilingual::new("已过期", "Expired")),
        Outcome::Allowed => ("live", Bilingual::new("已允许", "Allowed")),
        Outcome::LoggedIn => ("ok", Bilingual::new("已登录", "Logged in")),
        Outcome::Failed => ("bad", Bilingual::new("失败", "Failed")),
    };
    let words = language.of(words).to_owned();
    (
        class,
        trace.errcode.map_or(words, |errcode| errcode.to_string()),
    )
}
