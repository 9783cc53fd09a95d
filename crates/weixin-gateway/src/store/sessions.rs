//! Sessions of browsers, each at one issuer.

use std::time::Duration;

use sqlx::any::AnyRow;

use super::{
    Durability, Store, StoreError, Undo,
    resolved_user::{join_user, subject_owner},
    row, users,
};
use crate::{
    oidc::{
        ClientId, IssuerId, LoginMethod, Profile, RequestId, Session, SessionId, Subject,
        Timestamp, UserId,
    },
    secret::SecretHash,
};

/// The columns that [`session`] reads.
macro_rules! session_columns {
    () => {
        "sessions.sid, sessions.secret, sessions.id_hash, sessions.issuer, sessions.request,
        sessions.auth_time, sessions.amr, sessions.app, sessions.last_seen_at,
        sessions.expires_at, sessions.ended_at"
    };
}
pub(super) use session_columns;

const SELECT: &str = concat!(
    "select ",
    session_columns!(),
    ", users.id as user_id from sessions ",
    join_user!("sessions.user_id"),
    " where sessions.id_hash = $1 and sessions.issuer = $2 and sessions.ended_at is null
    and sessions.expires_at > $3 and sessions.last_seen_at > $4 and users.disabled_at is null"
);
const SELECT_TO_END: &str = concat!(
    "select ",
    session_columns!(),
    ", users.id as user_id from sessions ",
    join_user!("sessions.user_id"),
    " where (sessions.id_hash = $1 or sessions.former_hash = $1) and sessions.issuer = $2
    and sessions.ended_at is null and sessions.expires_at > $3"
);
const SELECT_FOR: &str = concat!(
    "select ",
    session_columns!(),
    ", users.id as user_id from sessions ",
    join_user!("sessions.user_id"),
    " where sessions.id_hash = $1 and sessions.issuer = $2 and sessions.request = $3
    and sessions.ended_at is null and sessions.expires_at > $4 and users.disabled_at is null"
);
const SELECT_OF_CODE: &str = concat!(
    "select ",
    session_columns!(),
    ", users.id as user_id, users.nickname, users.picture, users.profile_at, subjects.sub
    from sessions ",
    join_user!("sessions.user_id"),
    " left join subjects on subjects.client = $1 and subjects.user_id = ",
    subject_owner!("$1"),
    " where sessions.sid = $2 and sessions.issuer = $3 and sessions.ended_at is null
    and sessions.expires_at > $4 and users.disabled_at is null"
);
const SEEN: &str = "update sessions set last_seen_at = $1 where sid = $2 and last_seen_at < $1";
/// What a token request needs of the session that its code names.
#[derive(Debug)]
pub(crate) struct SessionOfCode {
    pub(crate) session: Session,
    pub(crate) profile: Profile,
    /// What the client has received as `sub`; `None`: nothing yet.
    pub(crate) subject: Option<Subject>,
}

impl Store {
    /// The valid session of a cookie at this issuer, seen within the idle time.
    pub(crate) async fn session(
        &self,
        cookie: &SecretHash,
        issuer: IssuerId,
        now: Timestamp,
        idle: Duration,
    ) -> Result<Option<Session>, StoreError> {
        let query = sqlx::query(SELECT).bind(&cookie.as_bytes()[..]);
        let query = query.bind(issuer.to_string()).bind(now.millis());
        let query = query.bind(now.before(idle).millis());
        let row = self
            .measured("session", self.readers().fetch_optional(query))
            .await?;
        Ok(row.as_ref().map(session_of_user).transpose()?)
    }

    /// The session that a logout or a login in the browser with this cookie ends or renews, however long ago it was used. It
    /// is also found by the cookie of before: the response that renewed the session may be lost, or still be on its way. That
    /// of a user who is disabled ends too: the user may be enabled again.
    pub(crate) async fn session_to_end(
        &self,
        cookie: &SecretHash,
        issuer: IssuerId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let query = sqlx::query(SELECT_TO_END).bind(&cookie.as_bytes()[..]);
        let query = query.bind(issuer.to_string()).bind(now.millis());
        let row = self
            .measured("session_to_end", self.readers().fetch_optional(query))
            .await?;
        let session = row.as_ref().map(session_of_user).transpose()?;
        let cookie = *cookie;
        Ok(session.map(|session| Session { cookie, ..session }))
    }

    /// The session of a cookie at this issuer, if the latest login was for this request.
    pub(crate) async fn session_for(
        &self,
        cookie: &SecretHash,
        issuer: IssuerId,
        request: RequestId,
        now: Timestamp,
    ) -> Result<Option<Session>, StoreError> {
        let query = sqlx::query(SELECT_FOR).bind(&cookie.as_bytes()[..]);
        let query = query.bind(issuer.to_string()).bind(request.to_string());
        let query = query.bind(now.millis());
        let row = self
            .measured("session_of_request", self.readers().fetch_optional(query))
            .await?;
        Ok(row.as_ref().map(session_of_user).transpose()?)
    }

    /// The valid session that a code names, before the code is verified by the session's secret.
    pub(crate) async fn session_of_code(
        &self,
        sid: SessionId,
        issuer: IssuerId,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<SessionOfCode>, StoreError> {
        let query = sqlx::query(SELECT_OF_CODE).bind(client.as_str());
        let query = query.bind(sid.to_string()).bind(issuer.to_string());
        let query = query.bind(now.millis());
        let row = self
            .measured("session_of_code", self.readers().fetch_optional(query))
            .await?;
        Ok(row.as_ref().map(session_of_code).transpose()?)
    }

    /// Notes that a session is in use, at most every five minutes.
    pub(crate) async fn session_seen(
        &self,
        session: &Session,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if !session.is_update_due(now) {
            return Ok(());
        }
        let sid = session.sid.to_string();
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(SEEN).bind(now.millis()).bind(sid);
                query.execute(connection).await?;
                Ok(())
            })
        })
        .await
    }
}

fn session_of_user(row: &AnyRow) -> sqlx::Result<Session> {
    session(row, row::text(row, "user_id")?)
}

/// The session of a user: the kept one, if the user of the row was merged.
pub(super) fn session(row: &AnyRow, user: UserId) -> sqlx::Result<Session> {
    Ok(Session {
        sid: row::text(row, "sid")?,
        secret: row::secret(row, "secret")?,
        cookie: row::hash(row, "id_hash")?,
        issuer: row::text(row, "issuer")?,
        user,
        request: row::optional_text(row, "request")?,
        auth_time: row::time(row, "auth_time")?,
        method: row::word(row, "amr", LoginMethod::from_stored)?,
        app: row::text(row, "app")?,
        last_seen_at: row::time(row, "last_seen_at")?,
        expires_at: row::time(row, "expires_at")?,
        ended_at: row::optional_time(row, "ended_at")?,
    })
}

fn session_of_code(row: &AnyRow) -> sqlx::Result<SessionOfCode> {
    Ok(SessionOfCode {
        session: session_of_user(row)?,
        profile: users::profile(row)?,
        subject: row::optional_text(row, "sub")?,
    })
}
