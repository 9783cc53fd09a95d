//! Access tokens of the application itself, which a few calls need (phone numbers, for one).

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    VaultError,
    flight::{Flight, Kept, Renew, unix_seconds},
};
use crate::{
    AccessToken, AppId, AppKind, AppSecret, Client, Error, Store,
    call::{Call, Repeat},
    json,
    secret::exposed,
};

/// WeChat renews a stable token this long before its end, and the one before stays good as long.
const EARLY: Duration = Duration::from_mins(5);

/// A stable token is not renewed by force sooner after the last time, nor more often in a day.
const FORCE_PAUSE: u64 = 30;
const FORCES_A_DAY: usize = 20;
const DAY: u64 = 24 * 60 * 60;

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
/// app's whitelist (40164 otherwise: [`ApiError::caller_ip`](crate::ApiError::caller_ip)). Needs a tokio runtime.
#[derive(Debug)]
pub struct AppTokens {
    client: Client,
    flight: Flight<AppToken>,
    source: Source,
}

/// Which of WeChat's two endpoints is asked; they do not know of each other.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Source {
    Stable,
    Classic,
}

/// An access token of the application itself.
#[derive(Deserialize, Serialize)]
pub struct AppToken {
    #[serde(rename = "a", serialize_with = "exposed")]
    access_token: AccessToken,
    /// Unix seconds.
    #[serde(rename = "e")]
    ends: u64,
    /// When it was renewed by force, in Unix seconds.
    #[serde(rename = "f", default)]
    forced: Vec<u64>,
}

impl AppToken {
    /// The token itself.
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// When it ends.
    pub fn ends(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.ends)
    }
}

impl fmt::Debug for AppToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AppToken")
            .field("ends", &self.ends())
            .finish_non_exhaustive()
    }
}

impl Kept for AppToken {
    fn is_fresh(&self, now: SystemTime) -> bool {
        now + EARLY < self.ends()
    }

    fn is_good(&self, now: SystemTime) -> bool {
        now < self.ends()
    }

    fn expires(&self) -> SystemTime {
        self.ends() + Duration::from_secs(DAY)
    }
}

impl AppTokens {
    /// The token of this client's application, by WeChat's stable endpoint (`/cgi-bin/stable_token`).
    pub fn new(client: Client, store: impl Store + 'static) -> Self {
        let clock = Arc::clone(&client.0.network.clock);
        Self {
            client,
            flight: Flight::new(Box::new(store), clock),
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
        self.token(Some(refused)).await
    }

    async fn token(&self, refused: Option<&AppToken>) -> Result<Arc<AppToken>, VaultError> {
        let instead = "it has user tokens only";
        let kind = self.client.kind();
        kind.must_be(&WITH_APP_TOKENS, "app token", instead)?;
        let key = ["app/", self.client.app().as_str()].concat();
        self.flight.get(&key, refused, &Fetch(self)).await
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

struct Fetch<'a>(&'a AppTokens);

impl Renew for Fetch<'_> {
    type Kept = AppToken;

    async fn renew(&self, old: Option<&AppToken>, refused: bool) -> Result<AppToken, VaultError> {
        let now = self.0.flight.now();
        let mut forced: Vec<u64> = old.map(|old| old.forced.clone()).unwrap_or_default();
        let force = refused && may_force(&mut forced, unix_seconds(now));
        let fetched = self.0.fetch(force).await?;
        Ok(AppToken {
            access_token: fetched.access_token,
            ends: unix_seconds(now).saturating_add(fetched.expires_in.as_secs()),
            forced,
        })
    }

    fn is_over(&self, _: &VaultError) -> bool {
        false
    }
}

/// Whether the quota allows it; if so, it is counted.
fn may_force(forced: &mut Vec<u64>, now: u64) -> bool {
    forced.retain(|time| now < time + DAY);
    let rested = forced.last().is_none_or(|last| last + FORCE_PAUSE <= now);
    let may = rested && forced.len() < FORCES_A_DAY;
    if may {
        forced.push(now);
    }
    may
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn force_is_used_twenty_times_a_day_and_every_thirty_seconds() {
        let mut forced = Vec::new();
        assert!(may_force(&mut forced, 1000));
        assert!(!may_force(&mut forced, 1029));
        for n in 1..20 {
            assert!(may_force(&mut forced, 1000 + n * 30));
        }
        assert!(!may_force(&mut forced, 2000));
        assert!(may_force(&mut forced, 1000 + DAY));
        assert_eq!(forced.len(), 20);
    }
}
