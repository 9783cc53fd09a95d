//! The options of a simulator.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::SystemTime,
};

use axum::http::HeaderValue;

use crate::{
    App, DesktopAnswer, Lifetimes, User,
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

    /// Listens at this address; without it, at a free port of 127.0.0.1.
    pub fn listen(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Registers an app; without any, the four of the crate's documentation are there.
    pub fn app(mut self, app: App) -> Self {
        self.setup.apps.push(app);
        self
    }

    /// Adds somebody in front of the users who are there from the start.
    pub fn user(mut self, user: User) -> Self {
        self.setup.users.push(user);
        self
    }

    /// Makes the same codes, tokens and ids in the same order at every start.
    pub fn seed(mut self, seed: u64) -> Self {
        self.setup.seed = Some(seed);
        self
    }

    /// Stops the clock; it moves by [`Sim::advance`](crate::Sim::advance) only.
    pub fn frozen_at(mut self, time: SystemTime) -> Self {
        self.settings.frozen_at = Some(time);
        self
    }

    /// Sets how long codes, tokens, QR codes and polls live.
    pub fn lifetimes(mut self, lifetimes: Lifetimes) -> Self {
        self.setup.lifetimes = lifetimes;
        self
    }

    /// Sends a browser that opens the login page straight back to the callback (302), as the
    /// first user.
    pub fn auto_allow(mut self) -> Self {
        self.settings.auto_allow = true;
        self
    }

    /// Takes an official account's login address only with its parameters in the documented order.
    ///
    /// WeChat demands it; clients that do otherwise are in use, so it is an option.
    pub fn strict_order(mut self) -> Self {
        self.settings.strict_order = true;
        self
    }

    /// Refuses what is more often than WeChat's quotas allow (45011, 45009); without it, that is only
    /// reported as a finding.
    pub fn quotas(mut self) -> Self {
        self.setup.enforces_quotas = true;
        self
    }

    /// Lets WeChat for PC run from the start, with the user of this id in front of it: the login page
    /// offers to log in without scanning.
    pub fn desktop(mut self, user: impl Into<String>, answer: DesktopAnswer) -> Self {
        let user = user.into();
        self.setup.desktop = Some(Desktop { user, answer });
        self
    }

    /// Dresses the tokens of `/sns/oauth2/access_token` in this content type, for clients that refuse
    /// `text/plain` and so cannot log in with WeChat.
    pub fn token_content_type(mut self, content_type: HeaderValue) -> Self {
        self.settings.token_content_type = Some(content_type);
        self
    }

    /// The id of somebody who will be there.
    pub(crate) fn user_id(&self, name: &str) -> Option<String> {
        let mut users = self.setup.users.iter().cloned().chain(user::defaults());
        let user = users.find(|user| user.matches(name))?;
        Some(user.id)
    }

    /// Where to listen, and what is there: the defaults are added to it.
    pub(crate) fn finish(mut self) -> (SocketAddr, Setup, Settings) {
        if self.setup.apps.is_empty() {
            self.setup.apps = app::defaults();
        }
        self.setup.users.extend(user::defaults());
        (self.listen, self.setup, self.settings)
    }
}
