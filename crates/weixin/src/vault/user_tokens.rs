//! Access tokens of users.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};

use super::{
    VaultError,
    flight::{Flight, Kept, Renew, unix_seconds},
};
use crate::{
    AccessToken, Bearer, Client, Error, OpenId, RefreshToken, Scopes, Store, Token, UnionId, User,
    secret::exposed,
};

/// How long before its end an access token is refreshed.
const EARLY: Duration = Duration::from_mins(5);

/// How long a refresh token lives, documented for websites and official accounts.
const LOGIN: Duration = Duration::from_hours(30 * 24);

/// Keeps users' tokens and hands out access tokens that are good.
///
/// It refreshes in time, and once for any number of callers and servers that share its [`Store`]: the others use the
/// token that is still good, or wait. A server that dies in the middle is replaced after half a minute. Needs a tokio
/// runtime.
///
/// ```no_run
/// # async fn example(client: weixin::Client, token: weixin::Token) -> Result<(), weixin::VaultError> {
/// use weixin::{MemoryStore, Vault};
///
/// let vault = Vault::new(client, MemoryStore::new());
/// vault.keep(&token).await?; // after the login
/// // Weeks later:
/// let live = vault.token(&token.openid).await?;
/// let user = vault.user(&token.openid).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Vault {
    client: Client,
    flight: Flight<LiveToken>,
    login: Duration,
}

/// An access token that is good now, and what is known of its login.
#[derive(Deserialize, Serialize)]
pub struct LiveToken {
    #[serde(rename = "a", serialize_with = "exposed")]
    access_token: AccessToken,
    /// Unix seconds.
    #[serde(rename = "e")]
    access_ends: u64,
    #[serde(rename = "r", serialize_with = "exposed")]
    refresh_token: RefreshToken,
    #[serde(rename = "d")]
    login_ends: u64,
    #[serde(rename = "o")]
    openid: OpenId,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    unionid: Option<UnionId>,
    #[serde(rename = "s", default)]
    scope: Scopes,
}

impl LiveToken {
    /// The access token itself.
    pub fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    /// Whose it is, to this application.
    pub fn openid(&self) -> &OpenId {
        &self.openid
    }

    /// Whose it is, to all applications of the Open Platform account, as the login said.
    pub fn unionid(&self) -> Option<&UnionId> {
        self.unionid.as_ref()
    }

    /// What the user has granted.
    pub fn scope(&self) -> &Scopes {
        &self.scope
    }

    /// When the access token ends.
    pub fn ends(&self) -> SystemTime {
        at(self.access_ends)
    }

    /// When the user must log in again, whatever is refreshed until then.
    pub fn login_ends(&self) -> SystemTime {
        at(self.login_ends)
    }
}

impl fmt::Debug for LiveToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveToken")
            .field("openid", &self.openid)
            .field("ends", &self.ends())
            .finish_non_exhaustive()
    }
}

impl<'a> From<&'a LiveToken> for Bearer<'a> {
    fn from(token: &'a LiveToken) -> Self {
        (&token.access_token, &token.openid).into()
    }
}

impl Kept for LiveToken {
    fn is_fresh(&self, now: SystemTime) -> bool {
        now + EARLY < self.ends()
    }

    fn is_good(&self, now: SystemTime) -> bool {
        now < self.ends()
    }

    fn expires(&self) -> SystemTime {
        self.login_ends()
    }
}

impl Vault {
    /// A vault for the users of this client's application.
    pub fn new(client: Client, store: impl Store + 'static) -> Self {
        let clock = Arc::clone(&client.0.network.clock);
        Self {
            client,
            flight: Flight::new(Box::new(store), clock),
            login: LOGIN,
        }
    }

    /// Says how long a login lasts; without it, 30 days, as documented for websites and official accounts. WeChat's
    /// documentation of mobile apps has said 30 and 180 days.
    #[must_use]
    pub fn login_lasts(mut self, login: Duration) -> Self {
        self.login = login;
        self
    }

    /// Keeps the token of a login, in the place of an earlier login of the same user.
    ///
    /// # Errors
    ///
    /// [`VaultError::Store`] if it could not be written.
    pub async fn keep(&self, token: &Token) -> Result<(), VaultError> {
        let now = self.flight.now();
        let kept = LiveToken {
            access_token: token.access_token.duplicate(),
            access_ends: unix_seconds(now + token.expires_in),
            refresh_token: token.refresh_token.duplicate(),
            login_ends: unix_seconds(now + self.login),
            openid: token.openid.clone(),
            unionid: token.unionid.clone(),
            scope: token.scope.clone(),
        };
        self.flight.put(&self.key(&token.openid), kept).await
    }

    /// An access token of this user that is good for minutes at least, if WeChat can be asked in time.
    ///
    /// # Errors
    ///
    /// [`VaultError::needs_login`] if nothing is kept, if the login's 30 days are over, or if WeChat says so;
    /// [`VaultError::is_retryable`] if WeChat, the store or another server was too slow.
    pub async fn token(&self, openid: &OpenId) -> Result<Arc<LiveToken>, VaultError> {
        self.get(openid, None).await
    }

    /// Another access token than this one, which WeChat has refused although its time was not over. WeChat prolongs
    /// the same one while it is good, so that this may bring the same.
    ///
    /// # Errors
    ///
    /// As [`Vault::token`].
    pub async fn renew(&self, refused: &LiveToken) -> Result<Arc<LiveToken>, VaultError> {
        self.get(&refused.openid, Some(refused)).await
    }

    /// Reads the profile of this user, with a renewed token if the first one is refused.
    ///
    /// # Errors
    ///
    /// As [`Vault::token`] and [`Client::user`].
    pub async fn user(&self, openid: &OpenId) -> Result<User, VaultError> {
        let token = self.token(openid).await?;
        match self.client.user(&*token).await {
            Err(error) if error.needs_refresh() => {
                let token = self.renew(&token).await?;
                Ok(self.client.user(&*token).await?)
            }
            outcome => Ok(outcome?),
        }
    }

    /// When this user must log in again, whatever is refreshed until then; `None` if nothing is kept.
    ///
    /// # Errors
    ///
    /// [`VaultError::Store`] if the store could not be read.
    pub async fn login_ends(&self, openid: &OpenId) -> Result<Option<SystemTime>, VaultError> {
        let kept = self.flight.peek(&self.key(openid)).await?;
        Ok(kept.map(|kept| kept.login_ends()))
    }

    /// Forgets this user's tokens, which WeChat does not take back.
    ///
    /// # Errors
    ///
    /// [`VaultError::Store`] if the store could not be written.
    pub async fn forget(&self, openid: &OpenId) -> Result<(), VaultError> {
        self.flight.forget(&self.key(openid)).await
    }

    /// Removes logins that are over from stores that do not do so by themselves. Call it once a day or so.
    ///
    /// # Errors
    ///
    /// [`VaultError::Store`] if the store could not be written.
    pub async fn remove_expired(&self) -> Result<(), VaultError> {
        self.flight.remove_expired().await
    }

    async fn get(
        &self,
        openid: &OpenId,
        refused: Option<&LiveToken>,
    ) -> Result<Arc<LiveToken>, VaultError> {
        let how = Refresh(self);
        self.flight.get(&self.key(openid), refused, &how).await
    }

    /// Neither id has a slash in it.
    fn key(&self, openid: &OpenId) -> String {
        ["user/", self.client.app().as_str(), "/", openid.as_str()].concat()
    }
}

struct Refresh<'a>(&'a Vault);

impl Renew for Refresh<'_> {
    type Kept = LiveToken;

    async fn renew(&self, old: Option<&LiveToken>, _: bool) -> Result<LiveToken, VaultError> {
        let Self(vault) = self;
        let old = old.ok_or(VaultError::Unknown)?;
        let now = vault.flight.now();
        if old.login_ends() <= now {
            return Err(VaultError::LoginOver);
        }
        let new = vault.client.refresh(&old.refresh_token).await?;
        Ok(LiveToken {
            access_token: new.access_token,
            access_ends: unix_seconds(now + new.expires_in),
            refresh_token: new.refresh_token,
            login_ends: old.login_ends,
            openid: old.openid.clone(),
            unionid: old.unionid.clone(),
            scope: new.scope,
        })
    }

    fn is_over(&self, error: &VaultError) -> bool {
        match error {
            VaultError::LoginOver | VaultError::Unknown => true,
            VaultError::Weixin(Error::Api(error)) => error.code.needs_login(),
            _ => false,
        }
    }
}

fn at(unix_seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(unix_seconds)
}
