//! The options of an app.

use std::{fmt, marker::PhantomData, sync::Arc};

use crate::{
    api::Hosts,
    app::AppKind,
    client::{Client, Inner},
    clock::{Clock, SystemClock},
    identity::AppId,
    secret::AppSecret,
    transport::{Endpoints, RetryPolicy, Transport},
};
#[cfg(feature = "reqwest")]
use crate::{error::Error, transport::Https};

pub(crate) mod sealed {
    use super::{AppKind, Client};

    /// An app of one kind.
    #[expect(unnameable_types, reason = "only this crate implements it")]
    pub trait Kind: Sized {
        const KIND: AppKind;
        fn new(client: Client) -> Self;
    }
}

/// The options of an app, such as a [`Website`](crate::Website): start with its `builder`.
#[must_use = "call `build`"]
pub struct AppBuilder<A> {
    id: AppId,
    secret: AppSecret,
    endpoints: Endpoints,
    retry_policy: RetryPolicy,
    clock: Arc<dyn Clock>,
    pub(crate) is_sandbox: bool,
    pub(crate) accepts_snapshot_users: bool,
    app: PhantomData<fn() -> A>,
}

impl<A: sealed::Kind> AppBuilder<A> {
    pub(crate) fn new(id: AppId, secret: AppSecret) -> Self {
        Self {
            id,
            secret,
            endpoints: Endpoints::default(),
            retry_policy: RetryPolicy::default(),
            clock: Arc::new(SystemClock),
            is_sandbox: false,
            accepts_snapshot_users: false,
            app: PhantomData,
        }
    }

    /// Calls other hosts than WeChat's, such as a simulator.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Sets how often a call is sent if that is harmless.
    pub fn retry_policy(mut self, policy: RetryPolicy) -> Self {
        self.retry_policy = policy;
        self
    }

    /// Takes the time from another clock than the system's, for tests.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Builds the app with the bundled HTTP client and its default time-outs.
    ///
    /// # Errors
    ///
    /// [`Error::Transport`] if TLS cannot be set up on this machine.
    #[cfg(feature = "reqwest")]
    pub fn build(self) -> Result<A, Error> {
        Ok(self.build_with(Https::new()?))
    }

    /// Builds the app with a transport of your own, or with an `Https` that several apps share.
    pub fn build_with(self, transport: impl Transport + 'static) -> A {
        #[cfg(feature = "metrics")]
        crate::metrics::describe();
        let accepts_any_host = self.is_sandbox || !self.endpoints.is_wechat();
        let hosts = Hosts::new(
            self.endpoints,
            Box::new(transport),
            self.retry_policy,
            self.clock,
        );
        A::new(Client(Arc::new(Inner {
            app: self.id,
            secret: self.secret,
            kind: A::KIND,
            accepts_any_host,
            accepts_snapshot_users: self.accepts_snapshot_users,
            hosts,
        })))
    }
}

impl<A> fmt::Debug for AppBuilder<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppBuilder")
            .field("id", &self.id)
            .field("endpoints", &self.endpoints)
            .field("retry_policy", &self.retry_policy)
            .finish_non_exhaustive()
    }
}
