//! The session that a browser has when it logs in: the same user renews it, and another one ends it.

use sqlx::AnyConnection;

use crate::{
    oidc::{Session, SessionId, UserId},
    secret::SecretHash,
    store::{
        JobError, JobResult, logins,
        session_end::{self, EndReason},
        session_login::{self, BrowserSession, SessionLogin},
    },
};

/// The session of the browser that logs in. It may have been idle too long for a new request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentSession {
    pub(crate) sid: SessionId,
    pub(crate) user: UserId,
    /// Of the cookie that the browser has sent: the session's, or the one of before.
    pub(crate) cookie: SecretHash,
}

impl From<&Session> for CurrentSession {
    fn from(session: &Session) -> Self {
        Self {
            sid: session.sid,
            user: session.user,
            cookie: session.cookie,
        }
    }
}

impl CurrentSession {
    /// Whether a login of this user ends it.
    pub(super) fn ends_with_login_of(&self, user: UserId) -> bool {
        self.user != user
    }

    /// Ends it, if it is another user's.
    pub(super) async fn end_for(
        &self,
        connection: &mut AnyConnection,
        user: UserId,
        login: &SessionLogin,
    ) -> JobResult<()> {
        if self.ends_with_login_of(user) {
            let now = login.auth_time;
            session_end::end(connection, self.sid, EndReason::OtherUser, now).await?;
        }
        Ok(())
    }
}

/// Renews the session of the same user, merged or not; ends that of another one, and begins one.
pub(super) async fn begin(
    connection: &mut AnyConnection,
    current: Option<CurrentSession>,
    user: UserId,
    login: &SessionLogin,
) -> JobResult<BrowserSession> {
    let begun = begin_unmapped(connection, current, user, login).await;
    begun.map_err(JobError::not_undone)
}

async fn begin_unmapped(
    connection: &mut AnyConnection,
    current: Option<CurrentSession>,
    user: UserId,
    login: &SessionLogin,
) -> JobResult<BrowserSession> {
    if let Some(current) = current {
        let which = (current.sid, &current.cookie);
        let renewed = session_login::renew(connection, which, user, login).await?;
        if let Some((renewed, shared)) = renewed {
            if let Some(seed) = shared {
                logins::share(connection, login, &seed).await?;
            }
            return Ok(renewed);
        }
        current.end_for(connection, user, login).await?;
    }
    session_login::insert(connection, user, login).await
}
