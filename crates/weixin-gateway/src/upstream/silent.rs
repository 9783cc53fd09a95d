//! A login that WeChat confirms without asking the user: it finds a user, and creates or changes none.

use sqlx::AnyConnection;
use weixin::{UserIds, identity::LinkOutcome};

use super::{
    current_session::{self, CurrentSession},
    login_event::LoginEvent,
};
use crate::{
    oidc::{ClientId, UserId},
    store::{
        Durability, JobResult, Store, StoreError, Undo,
        identities::{LoginIdentities, UnionIds},
        logins,
        session_login::{self, BrowserSession, SessionLogin},
        users::{self, LockedUser},
    },
};

/// A login that WeChat has confirmed by itself.
#[derive(Debug)]
pub(crate) struct SilentLogin {
    /// The IDs of the user, from the exchange.
    pub(crate) ids: UserIds,
    /// The one that has asked.
    pub(crate) client: ClientId,
    /// The session that this browser has at this issuer, also an idle one.
    pub(crate) current: Option<CurrentSession>,
    /// The session that begins, or takes the place of the current one.
    pub(crate) session: SessionLogin,
    /// What is recorded.
    pub(crate) event: LoginEvent,
}

/// Begins or renews a session for a user whom this client has seen, and who has not logged out since the last login with a
/// dialog. `None` for all others, and for a repeated login whose session has ended.
///
/// # Errors
///
/// [`StoreError`] if the store fails.
pub(crate) async fn log_in(
    store: &Store,
    login: SilentLogin,
) -> Result<Option<BrowserSession>, StoreError> {
    let ids = &login.ids;
    let Some(identities) = LoginIdentities::new(ids.identities()) else {
        return Ok(None);
    };
    let accounts = store.accounts(ids, UnionIds::Keep).await?;
    let LinkOutcome::Unchanged(user) = ids.link(accounts) else {
        return Ok(None);
    };
    let durability = match login.current {
        Some(current) if current.ends_with_login_of(user) => Durability::Durable,
        // It changes nothing but a session, which a user can repeat.
        _ => Durability::Relaxed,
    };
    let work = store.write(durability, Undo::Nothing, move |connection| {
        Box::pin(async move { login.enter(connection, user, &identities).await })
    });
    work.await
}

impl SilentLogin {
    async fn enter(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
        identities: &LoginIdentities,
    ) -> JobResult<Option<BrowserSession>> {
        let login = &self.session;
        let locked = users::lock_owner(connection, user, identities, login.auth_time).await?;
        if locked != Some(LockedUser::Enabled)
            || !users::may_return(connection, user, &self.client).await?
        {
            return Ok(None);
        }
        if let Some(seed) = logins::begin(connection, login).await? {
            let begun = session_login::begun(connection, user, login, &seed).await?;
            if let (Some(_), Some(current)) = (&begun, self.current) {
                current.end_for(connection, user, login).await?;
            }
            return Ok(begun);
        }
        let begun = current_session::begin(connection, self.current, user, login).await?;
        self.event
            .insert_silent(connection, &begun.session, login)
            .await?;
        Ok(Some(begun))
    }
}
