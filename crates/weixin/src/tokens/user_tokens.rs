//! The access tokens of users.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{
    SingleFlight, UserToken,
    stored::{Stored, is_same, lease_for},
    user_token::Fields,
};
use crate::{
    api::{Token, User},
    client::Client,
    error::Error,
    identity::{AppId, OpenId},
    store::{
        Store,
        time::{from_unix_seconds, later, unix_seconds},
    },
};

/// The lifetime of a refresh token, documented for websites and official accounts.
const LOGIN_LIFETIME: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The access tokens of users, refreshed in time, once for all servers that share the [`Store`].
///
/// While one caller refreshes a token, the others use the one that is still valid, or wait. A server that stops in the
/// middle is replaced after the longest time of a call and five seconds (about 25 seconds by default). Servers keep a token in memory
/// for at most 10 seconds: that is how late they see a new login, or a removed one, of another server. Expired logins are
/// removed from the store once an hour. Needs a tokio runtime with its timer.
///
/// ```no_run
/// # async fn example(website: weixin::Website, token: weixin::Token) -> Result<(), weixin::Error> {
/// use weixin::{UserTokens, store::MemoryStore};
///
/// let tokens = UserTokens::new(&website, MemoryStore::new());
/// tokens.insert(&token).await?; // after the login
/// // Weeks later, refreshed if needed:
/// let user = tokens.user(website.id(), &token.openid).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct UserTokens {
    apps: BTreeMap<AppId, Client>,
    flight: SingleFlight<Stored<UserToken>>,
    login_lifetime: Duration,
}

impl UserTokens {
    /// The tokens of the users of one app. [`app`](Self::app) adds others.
    pub fn new(app: impl Into<Client>, store: impl Store + 'static) -> Self {
        let app = app.into();
        let clock = Arc::clone(&app.0.hosts.clock);
        let tokens = Self {
            apps: BTreeMap::new(),
            flight: SingleFlight::new(store, clock).renew_only(),
            login_lifetime: LOGIN_LIFETIME,
        };
        tokens.app(app)
    }

    /// Adds another app's users.
    #[must_use]
    pub fn app(mut self, app: impl Into<Client>) -> Self {
        let app = app.into();
        self.apps.insert(app.app_id().clone(), app);
        // One lease for all, so that it covers the slowest.
        let lease = self.apps.values().map(lease_for).max();
        self.flight = self.flight.lease(lease.unwrap_or_default());
        self
    }

    /// Sets how long a login is valid; by default 30 days, as documented for websites and official accounts. For mobile
    /// apps, WeChat's documentation has said 30 and 180 days.
    ///
    /// See docs/wechat.md#lifetimes.
    #[must_use]
    pub fn login_lifetime(mut self, lifetime: Duration) -> Self {
        self.login_lifetime = lifetime;
        self
    }

    /// Stores the token of a login, in place of the user's previous login.
    ///
    /// # Errors
    ///
    /// [`Error::UnknownApp`] if its app was not added; [`Error::Store`] if the store failed.
    pub async fn insert(&self, token: &Token) -> Result<(), Error> {
        self.client(&token.app)?;
        let now = self.flight.now();
        let fields = Fields {
            access_token: token.access_token.duplicate(),
            access_expires_at: unix_seconds(later(now, token.expires_in)),
            refresh_token: token.refresh_token.duplicate(),
            login_expires_at: unix_seconds(later(now, self.login_lifetime)),
            app: token.app.clone(),
            openid: token.openid.clone(),
            unionid: token.unionid.clone(),
            scopes: token.scopes.clone(),
        };
        let key = key(&token.app, &token.openid);
        self.flight.insert(&key, Stored::new(fields)).await
    }

    /// An access token of a user that is valid for at least minutes, unless WeChat cannot be reached.
    ///
    /// # Errors
    ///
    /// [`Error::needs_login`] if no login is stored, if it has expired, or if WeChat says so; [`Error::is_retryable`] if
    /// WeChat, the store or another server was too slow; [`Error::UnknownApp`] if the app was not added.
    pub async fn get(&self, app: &AppId, openid: &OpenId) -> Result<Arc<UserToken>, Error> {
        self.find(app, openid, None).await
    }

    /// Renews a token that WeChat has rejected before it expired. WeChat extends a valid token, so that the new one may be
    /// the same.
    ///
    /// See docs/wechat.md#the-refresh.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub async fn renew(&self, rejected: &UserToken) -> Result<Arc<UserToken>, Error> {
        let stored = Stored::new(rejected.0.duplicate());
        self.find(rejected.app(), rejected.openid(), Some(stored))
            .await
    }

    /// Reads the profile of a user. If WeChat rejects the access token, it is renewed, or the one of a newer login is used.
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get) and [`Client::user`].
    pub async fn user(&self, app: &AppId, openid: &OpenId) -> Result<User, Error> {
        let client = self.client(app)?;
        let token = self.get(app, openid).await?;
        let error = match client.user(&*token).await {
            Ok(user) => return Ok(user),
            Err(error) => error,
        };
        match self.instead_of(&token, &error).await? {
            Some(other) => client.user(&*other).await,
            None => Err(error),
        }
    }

    /// Removes a user's tokens. A renewal under way does not bring them back; another server returns the access token for
    /// at most 10 seconds more. WeChat does not revoke them.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the store failed.
    pub async fn remove(&self, app: &AppId, openid: &OpenId) -> Result<(), Error> {
        self.flight.remove(&key(app, openid)).await
    }

    /// Removes expired logins now, from stores that do not do so by themselves. It happens once an hour anyway.
    ///
    /// # Errors
    ///
    /// [`Error::Store`] if the store failed.
    pub async fn remove_expired(&self) -> Result<(), Error> {
        self.flight.remove_expired().await
    }

    /// The token to try after WeChat has rejected this one.
    async fn instead_of(
        &self,
        rejected: &UserToken,
        error: &Error,
    ) -> Result<Option<Arc<UserToken>>, Error> {
        if error.needs_refresh() {
            return self.renew(rejected).await.map(Some);
        }
        if !error.needs_login() {
            return Ok(None);
        }
        // The user may have logged in on another server since this one read the store.
        let (app, openid) = (rejected.app(), rejected.openid());
        self.flight.invalidate(&key(app, openid));
        match self.get(app, openid).await {
            Ok(token) => Ok(Some(token).filter(|token| !is_same(&**token, rejected))),
            Err(error) if error.needs_login() => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn find(
        &self,
        app: &AppId,
        openid: &OpenId,
        rejected: Option<Stored<UserToken>>,
    ) -> Result<Arc<UserToken>, Error> {
        let client = self.client(app)?.clone();
        let init = move |previous: Option<Stored<UserToken>>| async move {
            let previous = previous.ok_or(Error::LoginExpired)?;
            refreshed(&client, &previous.0.0).await
        };
        let found = self
            .flight
            .try_get_with(&key(app, openid), rejected.as_ref(), init)
            .await?;
        Ok(Arc::clone(&found.0))
    }

    fn client(&self, app: &AppId) -> Result<&Client, Error> {
        let client = self.apps.get(app);
        client.ok_or_else(|| Error::UnknownApp(app.clone()))
    }
}

/// No ID contains a slash.
fn key(app: &AppId, openid: &OpenId) -> String {
    ["user/", app.as_str(), "/", openid.as_str()].concat()
}

/// Refreshes a token. The login expires when it did before: a refresh does not extend it.
async fn refreshed(client: &Client, previous: &Fields) -> Result<Stored<UserToken>, Error> {
    let now = client.clock().now();
    if from_unix_seconds(previous.login_expires_at) <= now {
        return Err(Error::LoginExpired);
    }
    let new = client.refresh(&previous.refresh_token).await?;
    Ok(Stored::new(Fields {
        access_token: new.access_token,
        access_expires_at: unix_seconds(later(now, new.expires_in)),
        refresh_token: new.refresh_token,
        login_expires_at: previous.login_expires_at,
        app: previous.app.clone(),
        openid: previous.openid.clone(),
        // The response to a refresh has none.
        unionid: previous.unionid.clone(),
        scopes: new.scopes,
    }))
}
