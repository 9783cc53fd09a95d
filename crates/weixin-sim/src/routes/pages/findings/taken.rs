//! What the findings page shows, taken at one time.

use std::sync::Arc;

use crate::{
    App, Finding, LoggedRequest, User,
    bilingual::Language,
    clock::time_of_day,
    routes::people,
    state::SimState,
    world::{LoginTrace, request_log::Entry},
};

/// A request that broke the rule.
pub(super) struct Place {
    pub(super) href: String,
    /// HTML.
    pub(super) avatar: String,
    pub(super) login: Option<u64>,
    pub(super) app: String,
    pub(super) test: Option<String>,
    pub(super) request: String,
    pub(super) time: String,
}

/// Findings, and where they occurred.
pub(super) struct Taken {
    pub(super) findings: Vec<Arc<Finding>>,
    pub(super) accepted: Vec<&'static str>,
    pub(super) requests: Vec<Entry>,
    pub(super) traces: Vec<Arc<LoginTrace>>,
    pub(super) apps: Vec<App>,
    pub(super) users: Vec<User>,
    language: Language,
}

impl Taken {
    pub(super) fn of(sim: &SimState, language: Language) -> Self {
        let world = sim.world();
        Self {
            findings: world.findings.all(),
            accepted: world
                .findings
                .accepted()
                .iter()
                .map(|rule| rule.id)
                .collect(),
            requests: world.requests.entries(),
            traces: world.timeline.newest_first().cloned().collect(),
            apps: world.apps.clone(),
            users: world.users.clone(),
            language,
        }
    }

    pub(super) fn place(&self, request: &LoggedRequest) -> Place {
        let trace = self
            .traces
            .iter()
            .find(|trace| Some(trace.number) == request.login);
        let user = trace.and_then(|trace| {
            let id = trace.user.as_deref()?;
            self.users.iter().find(|user| user.id == id)
        });
        let app = trace.and_then(|trace| self.apps.iter().find(|app| app.id == trace.app_id));
        let login = request
            .login
            .map_or_else(|| "none".to_owned(), |login| login.to_string());
        Place {
            href: format!("/_sim/?login={login}&step=r{}", request.number),
            avatar: user.map_or_else(
                || people::empty(26, "scan"),
                |user| people::avatar(user, 26),
            ),
            login: request.login,
            app: app.map_or_else(String::new, |app| app.shown_name(self.language).to_owned()),
            test: request.test.clone(),
            request: format!("{} {}", request.method, request.path),
            time: time_of_day(request.at_ms),
        }
    }
}
