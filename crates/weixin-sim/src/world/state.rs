//! The world: all state of the simulated WeChat.

use std::time::SystemTime;

use super::{
    app::App,
    app_tokens::AppTokens,
    auto_allow::AutoAllows,
    desktop::Desktop,
    faults::Faults,
    grants::Grants,
    logins::{Login, Logins},
    mini_programs::MiniPrograms,
    phone_error::PhoneError,
    quotas::Quotas,
    request_log::RequestLog,
    setup::Setup,
    timeline::Timeline,
    user::User,
};
use crate::{
    lifetimes::Lifetimes,
    lint::finding::{Cause, Findings},
    parameters::{Parameters, without},
    random::Random,
    variants::Variants,
    wire::api_error::ApiError,
};

#[derive(Debug)]
pub(crate) struct World {
    /// Initial state, for a reset.
    pub(super) setup: Setup,
    pub(crate) apps: Vec<App>,
    pub(crate) users: Vec<User>,
    pub(crate) random: Random,
    pub(crate) logins: Logins,
    pub(crate) grants: Grants,
    pub(crate) app_tokens: AppTokens,
    pub(crate) mini_programs: MiniPrograms,
    /// `None` while WeChat for PC is not running.
    pub(crate) desktop: Option<Desktop>,
    pub(super) quotas: Quotas,
    pub(crate) faults: Faults,
    pub(crate) auto_allow: AutoAllows,
    pub(crate) findings: Findings,
    /// Name of the user's test that runs.
    pub(crate) test: Option<String>,
    pub(crate) timeline: Timeline,
    pub(crate) requests: RequestLog,
}

impl World {
    pub(crate) fn new(setup: Setup) -> Self {
        Self {
            apps: setup.apps.clone(),
            users: setup.users.clone(),
            desktop: setup.desktop.clone(),
            random: Random::new(setup.seed),
            logins: Logins::default(),
            grants: Grants::default(),
            app_tokens: AppTokens::default(),
            mini_programs: MiniPrograms::default(),
            quotas: Quotas::default(),
            faults: Faults::default(),
            auto_allow: AutoAllows::new(setup.auto_allow.clone()),
            findings: Findings::new(setup.accepted.clone()),
            test: None,
            timeline: Timeline::default(),
            requests: RequestLog::default(),
            setup,
        }
    }

    /// Restores the initial state. What belongs to the test run stays: its findings so far, the name of the test, and how
    /// many requests there were.
    pub(crate) fn reset(&mut self) {
        let findings = self.findings.after_reset(self.setup.accepted.clone());
        let requests = self.requests.after_reset();
        let timeline = self.timeline.after_reset();
        let test = self.test.take();
        *self = Self::new(self.setup.clone());
        (self.findings, self.requests, self.test) = (findings, requests, test);
        self.timeline = timeline;
    }

    /// ID of this world; `None` for the simulator's first one.
    pub(crate) fn id(&self) -> Option<&str> {
        self.setup.world.as_deref()
    }

    pub(crate) fn lifetimes(&self) -> &Lifetimes {
        &self.setup.lifetimes
    }

    pub(crate) fn variants(&self) -> Variants {
        self.setup.variants
    }

    pub(crate) fn app(&self, id: &str) -> Result<&App, ApiError> {
        self.apps
            .iter()
            .find(|app| app.id == id)
            .ok_or(ApiError::INVALID_APPID)
    }

    /// Finds a user by ID or nickname; without a name, the first.
    pub(crate) fn user(&self, name: Option<&str>) -> Result<&User, PhoneError> {
        let mut users = self.users.iter();
        match name {
            None => users.next(),
            Some(name) => users.find(|user| user.matches(name)),
        }
        .ok_or_else(|| PhoneError::UnknownUser {
            known: self.users.iter().map(|user| user.id.clone()).collect(),
        })
    }

    /// Finds the app of a request, by its app ID or by a token.
    pub(crate) fn app_of(&self, parameters: &Parameters, body: &[u8]) -> Option<String> {
        #[derive(serde::Deserialize)]
        struct Body {
            appid: String,
        }
        let named = Some(parameters.get("appid")).filter(|app| !app.is_empty());
        let token = parameters.get("access_token");
        named
            .or_else(|| self.grants.app_of_token(token))
            .or_else(|| self.app_tokens.app_of(token))
            .map(str::to_owned)
            .or_else(|| {
                serde_json::from_slice(body)
                    .ok()
                    .map(|Body { appid }| appid)
            })
    }

    /// Number of the login that the code or the token of a request belongs to.
    pub(crate) fn login_of(&self, parameters: &Parameters) -> Option<u64> {
        let js_code = parameters.get("js_code");
        if !js_code.is_empty() {
            return self.mini_programs.login_of(js_code);
        }
        let names = ["code", "access_token", "refresh_token"];
        names
            .iter()
            .find_map(|name| self.grants.login_of(parameters.get(name)))
    }

    /// Hash of the state, and number of the login, of an issued code.
    pub(crate) fn state_of_code(&self, code: &str) -> Option<(u64, u64)> {
        let code = self.grants.codes.get(code)?;
        Some((code.state?, code.trace))
    }

    /// Secrets that may be those of real apps. They are shown on request only.
    pub(crate) fn private_secrets(&self) -> Vec<String> {
        let apps = self.apps.iter().filter(|app| app.has_private_secret);
        apps.map(|app| app.secret.clone()).collect()
    }

    /// Logins that wait for a phone, the newest last, as pages show them.
    pub(crate) fn pending(&self, now: SystemTime) -> Vec<Login> {
        let mut logins = self.logins.pending(now);
        let secrets = self.private_secrets();
        for login in &mut logins {
            if !secrets.is_empty() {
                login.redirect_uri = without(login.redirect_uri.to_string(), &secrets).into();
            }
        }
        logins
    }

    /// Sets the origin of the findings that are added next.
    pub(crate) fn set_cause(&mut self, cause: Cause) {
        self.findings.set_cause(cause, self.private_secrets());
    }

    /// Returns `true` if a text contains an app secret, a token, or a code that is not used yet.
    pub(crate) fn contains_secret(&self, text: &str) -> bool {
        let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '-')));
        words.into_iter().any(|word| {
            self.grants.app_of_token(word).is_some()
                || self.app_tokens.app_of(word).is_some()
                || self.grants.codes.get(word).is_some_and(|code| !code.used)
                || self.apps.iter().any(|app| app.secret == word)
        })
    }
}
