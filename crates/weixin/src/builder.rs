//! The options of a client.

use std::sync::Arc;

use crate::{
    AppId, AppKind, AppSecret, Client, Clock, Endpoints, Retries, SystemClock, Transport,
    api::failover::Network, client::Inner,
};

/// Options of a [`Client`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct ClientBuilder {
    app: AppId,
    secret: AppSecret,
    kind: AppKind,
    endpoints: Endpoints,
    retries: Retries,
    clock: Arc<dyn Clock>,
    is_test_account: bool,
    takes_snapshot_users: bool,
}

impl ClientBuilder {
    pub(crate) fn new(app: AppId, secret: AppSecret) -> Self {
        Self {
            app,
            secret,
            kind: AppKind::default(),
            endpoints: Endpoints::default(),
            retries: Retries::default(),
            clock: Arc::new(SystemClock),
            is_test_account: false,
            takes_snapshot_users: false,
        }
    }

    /// Says what the app id stands for; without it, a website app.
    pub fn kind(mut self, kind: AppKind) -> Self {
        self.kind = kind;
        self
    }

    /// Talks to other addresses than WeChat's, such as a simulator.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Says how often a call is sent where that can do no harm.
    pub fn retries(mut self, retries: Retries) -> Self {
        self.retries = retries;
        self
    }

    /// Takes the time from elsewhere than this machine's clock, in tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Says that the official account is one for tests (测试号), which may be called back at a port, an IP address or
    /// `localhost`. Other apps may not, and are not sent there.
    pub fn test_account(mut self) -> Self {
        self.is_test_account = true;
        self
    }

    /// Lets snapshot users in, who are [`Error::SnapshotUser`](crate::Error::SnapshotUser) otherwise;
    /// [`Token::is_snapshot_user`](crate::Token::is_snapshot_user) tells them apart.
    pub fn snapshot_users(mut self) -> Self {
        self.takes_snapshot_users = true;
        self
    }

    /// Finishes with a transport of your own, or with a `Https` that has other time-outs.
    pub fn build_with(self, transport: impl Transport + 'static) -> Client {
        Inner {
            takes_any_callback: self.is_test_account || !self.endpoints.is_wechats_own(),
            app: self.app,
            secret: self.secret,
            kind: self.kind,
            takes_snapshot_users: self.takes_snapshot_users,
            network: Network::new(
                self.endpoints,
                Box::new(transport),
                self.retries,
                self.clock,
            ),
        }
        .into()
    }
}
