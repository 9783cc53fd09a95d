//! The access token of an app itself (接口调用凭据), which a few calls need, such as phone numbers.

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{
    AppToken, SingleFlight,
    app_token::{Fields, may_force},
    stored::{Stored, lease_for},
};
use crate::{
    api::{Call, Idempotency, json},
    app::{MobileApp, OfficialAccount},
    client::Client,
    error::Error,
    identity::AppId,
    secret::{AccessToken, AppSecret},
    store::{Store, time::unix_seconds},
};

/// The access token of an app itself (接口调用凭据): fetched once for all servers that share the [`Store`], renewed in
/// time, and renewed when WeChat rejects it.
///
/// It is not a user's token, and the two types cannot be swapped. WeChat requires the caller's IP address on the app's
/// whitelist (40164 otherwise: [`ApiError::caller_ip`](crate::error::ApiError::caller_ip)). Needs a tokio runtime with its
/// timer. See docs/wechat.md#app-tokens.
#[derive(Clone, Debug)]
pub struct AppTokens {
    client: Client,
    flight: SingleFlight<Stored<AppToken>>,
    endpoint: Endpoint,
}

/// WeChat's two endpoints, which do not share their tokens (docs/wechat.md#app-tokens).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Endpoint {
    Stable,
    Legacy,
}

impl OfficialAccount {
    /// The access token of this account itself, by WeChat's stable endpoint (`/cgi-bin/stable_token`).
    pub fn app_tokens(&self, store: impl Store + 'static) -> AppTokens {
        AppTokens::new(self.client().clone(), store)
    }
}

impl MobileApp {
    /// The access token of this app itself, by WeChat's stable endpoint (`/cgi-bin/stable_token`).
    pub fn app_tokens(&self, store: impl Store + 'static) -> AppTokens {
        AppTokens::new(self.client().clone(), store)
    }
}

impl AppTokens {
    pub(crate) fn new(client: Client, store: impl Store + 'static) -> Self {
        let clock = Arc::clone(&client.0.hosts.clock);
        let flight = SingleFlight::new(store, clock);
        Self {
            flight: flight.lease(lease_for(&client)),
            client,
            endpoint: Endpoint::Stable,
        }
    }

    /// Uses the older endpoint (`/cgi-bin/token`), where each call issues a new token and invalidates the previous one
    /// after five minutes. Only one program may use it.
    ///
    /// See docs/wechat.md#app-tokens.
    #[must_use]
    pub fn legacy_endpoint(mut self) -> Self {
        self.endpoint = Endpoint::Legacy;
        self
    }

    /// A token that is valid for at least minutes, unless WeChat cannot be reached.
    ///
    /// # Errors
    ///
    /// [`Error::is_configuration`] if app ID, secret or IP whitelist is wrong; [`Error::is_retryable`] if WeChat, the store
    /// or another server was too slow.
    ///
    /// See docs/wechat.md#app-tokens.
    pub async fn get(&self) -> Result<Arc<AppToken>, Error> {
        self.find(None).await
    }

    /// Renews a token that WeChat has rejected (40001, 42001) before it expired. A stable token can be renewed 20 times a
    /// day and every 30 seconds; beyond that it stays the same.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn renew(&self, rejected: &AppToken) -> Result<Arc<AppToken>, Error> {
        // Only the access tokens are compared.
        let rejected = Fields {
            access_token: rejected.0.access_token.duplicate(),
            expires_at: rejected.0.expires_at,
            forced: Vec::new(),
        };
        self.find(Some(Stored::new(rejected))).await
    }

    async fn find(&self, rejected: Option<Stored<AppToken>>) -> Result<Arc<AppToken>, Error> {
        let key = ["app/", self.client.app_id().as_str()].concat();
        let (tokens, is_rejected) = (self.clone(), rejected.clone());
        let init = move |previous: Option<Stored<AppToken>>| async move {
            // Another server may have renewed it already: a forced refresh would use up the day's quota.
            let must_change = previous.is_some() && previous == is_rejected;
            tokens.renewed(previous, must_change).await
        };
        let found = self
            .flight
            .try_get_with(&key, rejected.as_ref(), init)
            .await?;
        Ok(Arc::clone(&found.0))
    }

    async fn renewed(
        &self,
        previous: Option<Stored<AppToken>>,
        must_change: bool,
    ) -> Result<Stored<AppToken>, Error> {
        let now = unix_seconds(self.flight.now());
        let forced = previous.map(|previous| previous.0.0.forced.clone());
        let mut forced = forced.unwrap_or_default();
        let force = must_change && may_force(&mut forced, now);
        let fetched = self.fetch(force).await?;
        Ok(Stored::new(Fields {
            access_token: fetched.access_token,
            expires_at: now.saturating_add(fetched.expires_in.as_secs()),
            forced,
        }))
    }

    async fn fetch(&self, force_refresh: bool) -> Result<Fetched, Error> {
        let (app, secret) = (self.client.app_id(), &self.client.0.secret);
        match self.endpoint {
            Endpoint::Legacy => self.client.call(&LegacyToken { app, secret }).await,
            Endpoint::Stable => {
                let call = StableToken {
                    app,
                    secret,
                    force_refresh,
                };
                self.client.call(&call).await
            }
        }
    }
}

#[derive(Deserialize)]
struct Fetched {
    access_token: AccessToken,
    #[serde(default, deserialize_with = "json::lifetime")]
    expires_in: Duration,
}

/// `/cgi-bin/token`
struct LegacyToken<'a> {
    app: &'a AppId,
    secret: &'a AppSecret,
}

impl Call for LegacyToken<'_> {
    const PATH: &'static str = "/cgi-bin/token";
    type Output = Fetched;

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("grant_type", "client_credential"),
            ("appid", self.app.as_str()),
            ("secret", self.secret.expose()),
        ]
    }

    /// Each call invalidates the previous token.
    fn idempotency(&self) -> Idempotency {
        Idempotency::OnlyIfUnsent
    }
}

/// `/cgi-bin/stable_token`, which reads its parameters from the body only
struct StableToken<'a> {
    app: &'a AppId,
    secret: &'a AppSecret,
    force_refresh: bool,
}

impl Call for StableToken<'_> {
    const PATH: &'static str = "/cgi-bin/stable_token";
    type Output = Fetched;

    fn query(&self) -> Vec<(&'static str, &str)> {
        Vec::new()
    }

    fn body(&self) -> Option<Vec<(&'static str, Value)>> {
        Some(vec![
            ("grant_type", "client_credential".into()),
            ("appid", self.app.as_str().into()),
            ("secret", self.secret.expose().into()),
            ("force_refresh", self.force_refresh.into()),
        ])
    }

    /// It returns the same token, unless it is forced to issue a new one.
    fn idempotency(&self) -> Idempotency {
        if self.force_refresh {
            Idempotency::OnlyIfUnsent
        } else {
            Idempotency::Idempotent
        }
    }
}
