//! Options of a simulator.

use std::{
    net::{Ipv4Addr, SocketAddr},
    ops::RangeInclusive,
    time::SystemTime,
};

use axum::http::HeaderValue;
use url::{Host, Url};

use crate::{
    App, DesktopAnswer, Explanation, Lifetimes, Rule, User, Variants,
    settings::Settings,
    world::{Desktop, Setup, app, auto_allow::Answering, user},
};

/// Options of a [`Sim`](crate::Sim).
#[derive(Debug)]
#[must_use = "call `start`"]
pub struct SimBuilder {
    listen: SocketAddr,
    poll_listen: Option<SocketAddr>,
    world_ports: Option<RangeInclusive<u16>>,
    setup: Setup,
    settings: Settings,
}

/// The options with which a simulator starts.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) listen: SocketAddr,
    pub(crate) poll_listen: Option<SocketAddr>,
    pub(crate) world_ports: Option<RangeInclusive<u16>>,
    pub(crate) setup: Setup,
    pub(crate) settings: Settings,
}

impl SimBuilder {
    pub(crate) fn new() -> Self {
        Self {
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            poll_listen: None,
            world_ports: None,
            setup: Setup::default(),
            settings: Settings::default(),
        }
    }

    /// Sets the listen address (default: a free port of 127.0.0.1).
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Listens on another address for the long polls of QR pages only, as WeChat has a host for them.
    ///
    /// A browser opens six connections to one host and port, and each QR page holds a poll. Without this option, the
    /// page's polls return within a second, so that a seventh page does not have to wait.
    pub fn poll_listen(mut self, address: SocketAddr) -> Self {
        self.poll_listen = Some(address);
        self
    }

    /// Limits the ports of [further worlds](crate::Sim::world); by default, any free port is used.
    pub fn world_ports(mut self, ports: RangeInclusive<u16>) -> Self {
        self.world_ports = Some(ports);
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
    /// user, until [`Sim::auto_allow`](crate::Sim::auto_allow) changes it.
    pub fn auto_allow(mut self) -> Self {
        self.setup.auto_allow = Answering::allow();
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

    /// Runs WeChat for PC from the start, logged in as the user with this ID or nickname: the login page offers quick
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

    /// Sets the URL under which browsers and phones reach the simulator, such as `http://localhost:19300` for a container
    /// whose port is published there, or that of a proxy. The simulator writes it into avatars and other links when the
    /// request itself does not tell, and accepts requests for its host. Only scheme, host and port of an `http` or
    /// `https` URL are used; other URLs are ignored.
    pub fn public_url(mut self, url: Url) -> Self {
        if matches!(url.scheme(), "http" | "https") {
            self.settings
                .allowed_hosts
                .extend(url.host().as_ref().map(bare));
            self.settings.public_url = Some(url);
        }
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

    /// Returns the options, defaults filled in.
    pub(crate) fn finish(mut self) -> Options {
        if self.setup.apps.is_empty() {
            self.setup.apps = app::defaults();
        }
        let is_new = |user: &User| self.setup.users.iter().all(|known| known.id != user.id);
        let defaults: Vec<_> = user::defaults().into_iter().filter(is_new).collect();
        if let Some(desktop) = &mut self.setup.desktop {
            let mut users = self.setup.users.iter().chain(&defaults);
            if let Some(user) = users.find(|user| user.matches(&desktop.user)) {
                desktop.user.clone_from(&user.id);
            }
        }
        self.setup.users.extend(defaults);
        Options {
            listen: self.listen,
            poll_listen: self.poll_listen,
            world_ports: self.world_ports,
            setup: self.setup,
            settings: self.settings,
        }
    }
}

/// The host, without the brackets of IPv6.
fn bare(host: &Host<&str>) -> String {
    match host {
        Host::Domain(name) => (*name).to_owned(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    }
}
