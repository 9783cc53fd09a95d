//! Access tokens of the application itself, which a few calls need (phone numbers, for one).

use std::{sync::Arc, time::Duration};

use serde::Deserialize;
use serde_json::Value;

use super::{
    AppToken, SingleFlight, VaultError,
    app_token::{Fields, Stored, may_force},
    lease_for,
};
use crate::{
    AccessToken, AppId, AppKind, AppSecret, Client, Error, Store,
    api::{
        json,
        request::{Call, Repeat},
    },
    store::time::unix_seconds,
};

/// The kinds of application that have tokens of their own.
const WITH_APP_TOKENS: [AppKind; 3] = [
    AppKind::OfficialAccount,
    AppKind::MobileApp,
    AppKind::MiniProgram,
];

/// Keeps the access token of the application itself: fetched once for any number of callers and servers that share its
/// [`Store`], renewed in time, and renewed by force when WeChat refuses it.
///
/// It is not the token of a user, and the two cannot be swapped. WeChat asks for the caller's IP address to be on the
/// app's whitelist (40164 otherwise: [`ApiError::caller_ip`](crate::ApiError::caller_ip)). Needs a tokio runtime with its
/// timer.
#[derive(Clone, Debug)]
pub struct AppTokens {
    client: Client,
    flight: SingleFlight<Stored>,
    source: Source,
}

/// Which of WeChat's two endpoints is asked; they do not know of each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    Stable,
    Classic,
}

impl AppTokens {
    /// The token of this client's application, by WeChat's stable endpoint (`/cgi-bin/stable_token`).
    pub fn new(client: Client, store: impl Store + 'static) -> Self {
        let clock = Arc::clone(&client.0.network.clock);
        let flight = SingleFlight::new(store, clock);
        Self {
            flight: flight.lease(lease_for(&client)),
            client,
            source: Source::Stable,
        }
    }

    /// Asks the older endpoint (`/cgi-bin/token`), where each call makes a new token and takes the one before away
    /// after five minutes: whoever else asks there takes this one's away.
    #[must_use]
    pub fn classic(mut self) -> Self {
        self.source = Source::Classic;
        self
    }

    /// A token that is good for minutes at least, if WeChat can be asked in time.
    ///
    /// # Errors
    ///
    /// [`VaultError::is_configuration`] if app id, secret or IP whitelist is wrong; [`VaultError::is_retryable`] if
    /// WeChat, the store or another server was too slow.
    ///
    /// See `doc/service/api/base/api_getstableaccesstoken`.
    pub async fn get(&self) -> Result<Arc<AppToken>, VaultError> {
        self.token(None).await
    }

    /// Another token than this one, which WeChat has refused (40001, 42001) although its time was not over. A stable
    /// token is renewed by force 20 times a day and every 30 seconds at the most; beyond that it stays the same.
    ///
    /// # Errors
    ///
    /// As [`AppTokens::get`].
    pub async fn renew(&self, refused: &AppToken) -> Result<Arc<AppToken>, VaultError> {
        let rejected = Fields {
            access_token: refused.0.access_token.duplicate(),
            ends: refused.0.ends,
            forced: Vec::new(),
        };
        self.token(Some(rejected.into())).await
    }

    async fn token(&self, rejected: Option<Stored>) -> Result<Arc<AppToken>, VaultError> {
        let instead = "it has user tokens only";
        let kind = self.client.kind();
        kind.must_be(&WITH_APP_TOKENS, "app token", instead)?;
        let key = ["app/", self.client.app().as_str()].concat();
        let (tokens, is_rejected) = (self.clone(), rejected.clone());
        let init = move |old: Option<Stored>| async move {
            let must_change = old.is_some() && old == is_rejected;
            tokens.renewed(old, must_change).await
        };
        let found = self
            .flight
            .try_get_with(&key, rejected.as_ref(), init)
            .await;
        match found {
            Ok(token) => Ok(Arc::clone(&token.0)),
            // The store has lost the record, and there is no login to renew it by.
            Err(VaultError::Unknown) => Err(VaultError::Busy),
            Err(error) => Err(error),
        }
    }

    async fn renewed(&self, old: Option<Stored>, must_change: bool) -> Result<Stored, VaultError> {
        let now = unix_seconds(self.flight.now());
        let mut forced = old.map(|old| old.0.0.forced.clone()).unwrap_or_default();
        let force = must_change && may_force(&mut forced, now);
        let fetched = self.fetch(force).await?;
        Ok(Fields {
            access_token: fetched.access_token,
            ends: now.saturating_add(fetched.expires_in.as_secs()),
            forced,
        }
        .into())
    }

    async fn fetch(&self, force_refresh: bool) -> Result<Fetched, Error> {
        let (app, secret) = (&self.client.0.app, &self.client.0.secret);
        match self.source {
            Source::Classic => self.client.call(&Classic { app, secret }).await,
            Source::Stable => {
                let call = Stable {
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
struct Classic<'a> {
    app: &'a AppId,
    secret: &'a AppSecret,
}

impl Call for Classic<'_> {
    const PATH: &'static str = "/cgi-bin/token";
    type Output = Fetched;

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("grant_type", "client_credential"),
            ("appid", self.app.as_str()),
            ("secret", self.secret.expose()),
        ]
    }

    /// Each call takes a token away.
    fn repeat(&self) -> Repeat {
        Repeat::Costly
    }
}

/// `/cgi-bin/stable_token`, whose parameters are read from the body only
struct Stable<'a> {
    app: &'a AppId,
    secret: &'a AppSecret,
    force_refresh: bool,
}

impl Call for Stable<'_> {
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

    /// It brings the same token, unless it takes one away.
    fn repeat(&self) -> Repeat {
        if self.force_refresh {
            Repeat::Costly
        } else {
            Repeat::Harmless
        }
    }
}
