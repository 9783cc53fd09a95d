//! A login that WeChat confirms without asking the user: it finds a user, and creates or changes none.

use weixin::{UserIds, identity::LinkOutcome};

use super::login_event::LoginEvent;
use crate::{
    oidc::{ClientId, Session},
    session_secret::SessionSecret,
    store::{
        Durability, JobError, Store, StoreError, Undo,
        identities::{LoginIdentities, UnionIds},
        logins,
        sessions::{self, SessionLogin},
        users::{self, LockedUser},
    },
};

/// Begins a session for a user whom this client has seen, and who has not logged out since the last login with a dialog.
/// `None` for all others, and for a repeated login whose session has ended.
///
/// # Errors
///
/// [`StoreError`] if the store fails.
pub(crate) async fn log_in(
    store: &Store,
    ids: &UserIds,
    client: ClientId,
    session: SessionLogin,
    event: LoginEvent,
) -> Result<Option<(Session, SessionSecret)>, StoreError> {
    let Some(identities) = LoginIdentities::new(ids.identities()) else {
        return Ok(None);
    };
    let accounts = store.accounts(ids, UnionIds::Keep).await?;
    let LinkOutcome::Unchanged(user) = ids.link(accounts) else {
        return Ok(None);
    };
    // It changes nothing but a session, which a user can repeat.
    let work = store.write(Durability::Relaxed, Undo::Nothing, move |connection| {
        Box::pin(async move {
            let now = session.auth_time;
            let locked = users::lock_owner(connection, user, &identities, now).await?;
            if locked != Some(LockedUser::Enabled)
                || !users::may_return(connection, user, &client).await?
            {
                return Ok(None);
            }
            if let Some(seed) = logins::begin(connection, &session).await? {
                return sessions::begun(connection, user, &session, &seed).await;
            }
            let inserted = sessions::insert(connection, user, &session).await;
            let begun = inserted.map_err(JobError::not_undone)?;
            event.insert_silent(connection, &begun, &session).await?;
            let cookie = session.cookies.of(&session.seed);
            Ok(Some((begun, cookie)))
        })
    });
    work.await
}
