//! Access tokens of users.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use super::{
    LiveToken, SingleFlight, VaultError, lease_for,
    user_token::{Fields, Stored},
};
use crate::{
    Client, Error, OpenId, Store, Token, User,
    store::time::{from_unix_seconds, later, unix_seconds},
};

/// How long a refresh token lives, documented for websites and official accounts.
const LOGIN: Duration = Duration::from_hours(30 * 24);

/// Keeps users' tokens and hands out access tokens that are good.
///
/// It refreshes in time, and once for any number of callers and servers that share its [`Store`]: the others use the
/// token that is still good, or wait. A server that dies in the middle is replaced after half a minute (a little more
/// than the longest time that the client takes for a call). Servers keep a token in memory for at most 10 seconds: that
/// is how late they see a new login, or that a user was forgotten, on another server. Logins that are over are removed
/// from the store once an hour. Needs a tokio runtime with its timer.
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
#[derive(Clone, Debug)]
pub struct Vault {
    client: Client,
    flight: SingleFlight<Stored>,
    login: Duration,
}

impl Vault {
    /// A vault for the users of this client's application.
    pub fn new(client: Client, store: impl Store + 'static) -> Self {
        let clock = Arc::clone(&client.0.network.clock);
        let flight = SingleFlight::new(store, clock);
        Self {
            flight: flight.lease(lease_for(&client)).renew_only(),
            client,
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
        let fields = Fields {
            access_token: token.access_token.duplicate(),
            access_ends: unix_seconds(later(now, token.expires_in)),
            refresh_token: token.refresh_token.duplicate(),
            login_ends: unix_seconds(later(now, self.login)),
            openid: token.openid.clone(),
            unionid: token.unionid.clone(),
            scope: token.scope.clone(),
        };
        self.flight
            .insert(&self.key(&token.openid), fields.into())
            .await
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
        let rejected = Stored::from(refused.0.duplicate());
        self.get(refused.openid(), Some(rejected)).await
    }

    /// Reads the profile of this user. If the first access token is refused, the token is renewed, or another one that
    /// a new login has stored in the meantime is used.
    ///
    /// # Errors
    ///
    /// As [`Vault::token`] and [`Client::user`].
    pub async fn user(&self, openid: &OpenId) -> Result<User, VaultError> {
        let token = self.token(openid).await?;
        let error = match self.client.user(&*token).await {
            Ok(user) => return Ok(user),
            Err(error) => error,
        };
        match self.instead_of(&token, &error).await? {
            Some(other) => Ok(self.client.user(&*other).await?),
            None => Err(error.into()),
        }
    }

    /// The token to try after WeChat has refused this one.
    async fn instead_of(
        &self,
        refused: &LiveToken,
        error: &Error,
    ) -> Result<Option<Arc<LiveToken>>, VaultError> {
        if error.needs_refresh() {
            return self.renew(refused).await.map(Some);
        }
        if !error.needs_login() {
            return Ok(None);
        }
        // The user may have logged in on another server since this one read the store.
        self.flight.invalidate(&self.key(refused.openid()));
        match self.token(refused.openid()).await {
            Ok(token) => Ok(Some(token).filter(|token| !token.is(refused))),
            Err(error) if error.needs_login() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// When this user must log in again, whatever is refreshed until then; `None` if nothing is kept.
    ///
    /// # Errors
    ///
    /// [`VaultError::Store`] if the store could not be read.
    pub async fn login_ends(&self, openid: &OpenId) -> Result<Option<SystemTime>, VaultError> {
        let kept = self.flight.peek(&self.key(openid)).await?;
        Ok(kept.map(|kept| kept.0.login_ends()))
    }

    /// Forgets this user's tokens, which WeChat does not take back. A renewal that is under way does not bring them
    /// back; another server hands out the access token for at most 10 seconds more.
    ///
    /// # Errors
    ///
    /// [`VaultError::Store`] if the store could not be written.
    pub async fn forget(&self, openid: &OpenId) -> Result<(), VaultError> {
        self.flight.remove(&self.key(openid)).await
    }

    /// Removes logins that are over from stores that do not do so by themselves, now. It happens once an hour anyway.
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
        rejected: Option<Stored>,
    ) -> Result<Arc<LiveToken>, VaultError> {
        let key = self.key(openid);
        let client = self.client.clone();
        let init = move |old: Option<Stored>| async move {
            let old = old.ok_or(VaultError::Unknown)?;
            refreshed(&client, &old.0.0).await
        };
        let found = self
            .flight
            .try_get_with(&key, rejected.as_ref(), init)
            .await?;
        Ok(Arc::clone(&found.0))
    }

    /// Neither id has a slash in it.
    fn key(&self, openid: &OpenId) -> String {
        ["user/", self.client.app().as_str(), "/", openid.as_str()].concat()
    }
}

/// What a refresh makes of a token. The login ends when it ended before: a refresh does not extend it.
async fn refreshed(client: &Client, old: &Fields) -> Result<Stored, VaultError> {
    let now = client.0.network.clock.now();
    if from_unix_seconds(old.login_ends) <= now {
        return Err(VaultError::LoginOver);
    }
    let new = client.refresh(&old.refresh_token).await?;
    Ok(Fields {
        access_token: new.access_token,
        access_ends: unix_seconds(later(now, new.expires_in)),
        refresh_token: new.refresh_token,
        login_ends: old.login_ends,
        openid: old.openid.clone(),
        unionid: old.unionid.clone(),
        scope: new.scope,
    }
    .into())
}
