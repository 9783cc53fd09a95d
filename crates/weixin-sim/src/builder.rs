//! Options of a simulator.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::SystemTime,
};

use axum::http::HeaderValue;

use crate::{
    App, DesktopAnswer, Explanation, Lifetimes, Rule, User, Variants,
    settings::Settings,
    world::{Desktop, Setup, app, user},
};

/// Options of a [`Sim`](crate::Sim).
#[derive(Debug)]
#[must_use = "call `start`"]
pub struct SimBuilder {
    listen: SocketAddr,
    setup: Setup,
    settings: Settings,
}

impl SimBuilder {
    pub(crate) fn new() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            setup: Setup::default(),
            settings: Settings::default(),
        }
    }

    /// Sets the listen address (default: a free port of 127.0.0.1).
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Registers an app. Without any, the four default apps of the crate documentation are registered.
    pub fn app(mut self, app: App) -> Self {
        self.setup.apps.push(app);
        self
    }

    /// Adds a test user before the default users, or replaces the one with the same ID; the first user is the
    /// default.
    pub fn user(mut self, user: User) -> Self {
        let mut users = self.setup.users.iter_mut();
        match users.find(|known| known.id == user.id) {
            Some(known) => *known = user,
            None => self.setup.users.push(user),
        }
        self
    }

    /// Seeds the randomness: codes, tokens and IDs are the same at every start.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = Some(seed);
        self
    }

    /// Freezes the clock at this time; only [`Sim::advance`](crate::Sim::advance) moves it.
    pub fn frozen_at(mut self, time: SystemTime) -> Self {
        self.settings.frozen_at = Some(time);
        self
    }

    /// Sets how long codes, tokens and QR codes are valid, and how long a poll is held: at most 100 years each.
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.setup.lifetimes = lifetimes.bounded();
        self
    }

    /// Redirects (302) a browser that opens the login page straight to the callback, logged in as the first
    /// user.
    pub fn auto_allow(mut self) -> Self {
        self.settings.auto_allow = true;
        self
    }

    /// Rejects an official account's login URL whose parameters are not in the documented order, or whose state has
    /// other characters than letters and digits.
    ///
    /// WeChat documents both, but clients that ignore them are in use, so the default is to report a finding.
    pub fn strict_order(mut self) -> Self {
        self.settings.strict_order = true;
        self
    }

    /// Rejects calls that exceed WeChat's quotas (45011, 45009). Without this option they are only reported as
    /// findings.
    pub fn quotas(mut self) -> Self {
        self.setup.enforces_quotas = true;
        self
    }

    /// Makes WeChat behave as at other times, or as in other reports.
    pub fn variants(mut self, variants: Variants) -> Self {
        self.setup.variants = variants;
        self
    }

    /// Accepts a rule: its findings are reported, but fail no test run.
    ///
    /// ```
    /// # fn main() -> Result<(), weixin_sim::UnknownRule> {
    /// let sim = weixin_sim::Sim::builder().accept("state-short".parse()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn accept(mut self, rule: Rule) -> Self {
        self.setup.accepted.push(rule);
        self
    }

    /// Runs WeChat for PC from the start, logged in as the user with this ID: the login page offers quick
    /// login.
    pub fn desktop(mut self, user: impl Into<String>, answer: DesktopAnswer) -> Self {
        let user = user.into();
        self.setup.desktop = Some(Desktop { user, answer });
        self
    }

    /// Accepts requests for this host name or public IP address. Without this option, only local addresses, names
    /// without dots and WeChat's own hosts are accepted: a site could make any other name resolve to this machine, and so
    /// read and control the simulator (DNS rebinding).
    pub fn allow_host(mut self, host: impl Into<String>) -> Self {
        self.settings.allowed_hosts.push(host.into());
        self
    }

    /// Overrides the content type of `/sns/oauth2/access_token`, for clients that reject WeChat's `text/plain`.
    pub fn token_content_type(mut self, content_type: HeaderValue) -> Self {
        self.settings.token_content_type = Some(content_type);
        self
    }

    /// Explains error codes on the simulator's pages.
    pub fn explanations(mut self, explanations: impl IntoIterator<Item = Explanation>) -> Self {
        let by_code = explanations.into_iter().map(|one| (one.errcode, one));
        self.settings.explanations.extend(by_code);
        self
    }

    /// Looks up the ID of a user by ID or nickname, default users included.
    pub(crate) fn user_id(&self, name: &str) -> Option<String> {
        let mut users = self.setup.users.iter().cloned().chain(user::defaults());
        let user = users.find(|user| user.matches(name))?;
        Some(user.id)
    }

    /// Returns the listen address, the world and the settings, defaults filled in.
    pub(crate) fn finish(mut self) -> (SocketAddr, Setup, Settings) {
        if self.setup.apps.is_empty() {
            self.setup.apps = app::defaults();
        }
        let is_new = |user: &User| self.setup.users.iter().all(|known| known.id != user.id);
        let defaults: Vec<_> = user::defaults().into_iter().filter(is_new).collect();
        self.setup.users.extend(defaults);
        (self.listen, self.setup, self.settings)
    }
}
