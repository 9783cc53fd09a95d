//! The session that a browser has when it logs in: the same user renews it, and another one ends it.

use sqlx::AnyConnection;

use crate::{
    oidc::{Session, SessionId, UserId},
    secret::SecretHash,
    store::{
        JobError, JobResult,
        session_end::{self, EndReason},
        sessions::{self, SessionLogin},
    },
};

/// The session of the browser that logs in. It may have been idle too long for a new request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CurrentSession {
    pub(crate) sid: SessionId,
    pub(crate) user: UserId,
    /// Of the cookie that the browser has sent.
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
) -> JobResult<Session> {
    if let Some(current) = current {
        let which = (current.sid, &current.cookie);
        let renewed = sessions::renew(connection, which, user, login).await;
        if let Some(session) = renewed.map_err(JobError::not_undone)? {
            return Ok(session);
        }
        current.end_for(connection, user, login).await?;
    }
    let inserted = sessions::insert(connection, user, login).await;
    inserted.map_err(JobError::not_undone)
}
