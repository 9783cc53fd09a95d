//! The options of a client.

use crate::{AppId, AppSecret, Client, Endpoints, Transport, client::Inner};

/// Options of a [`Client`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct ClientBuilder {
    app: AppId,
    secret: AppSecret,
    endpoints: Endpoints,
}

impl ClientBuilder {
    pub(crate) fn new(app: AppId, secret: AppSecret) -> Self {
        Self {
            app,
            secret,
            endpoints: Endpoints::default(),
        }
    }

    /// Talks to other addresses than WeChat's, such as a simulator.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Finishes with a transport of your own, or with a `Https` that has other time-outs.
    pub fn build_with(self, transport: impl Transport + 'static) -> Client {
        let Self {
            app,
            secret,
            endpoints,
        } = self;
        Inner {
            app,
            secret,
            endpoints,
            transport: Box::new(transport),
        }
        .into()
    }
}
