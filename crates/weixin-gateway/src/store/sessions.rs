//! Sessions of browsers, each at one issuer.

use std::time::Duration;

use sqlx::{AnyConnection, any::AnyRow};
use weixin::AppId;

use super::{
    Durability, JobResult, Store, StoreError, Undo, earlier,
    resolved_user::{join_user, members, subject_owner},
    row, users,
};
use crate::{
    oidc::{
        ClientId, IssuerId, LoginMethod, Profile, RequestId, Session, SessionId, Subject,
        Timestamp, UserId,
    },
    secret::{RowSecret, SecretHash},
    session_secret::{SessionSecret, SessionSecrets},
};

/// The columns that [`session`] reads.
macro_rules! columns {
    () => {
        "sessions.sid, sessions.secret, sessions.issuer, sessions.request,
        sessions.auth_time, sessions.amr, sessions.app, sessions.last_seen_at,
        sessions.expires_at, sessions.ended_at"
    };
}

const SELECT: &str = concat!(
    "select ",
    columns!(),
    ", users.id as user_id from sessions ",
    join_user!("sessions.user_id"),
    " where sessions.id_hash = $1 and sessions.issuer = $2 and sessions.ended_at is null
    and sessions.expires_at > $3 and sessions.last_seen_at > $4 and users.disabled_at is null"
);
const SELECT_FOR: &str = concat!(
    "select ",
    columns!(),
    ", users.id as user_id from sessions ",
    join_user!("sessions.user_id"),
    " where sessions.id_hash = $1 and sessions.issuer = $2 and sessions.request = $3
    and sessions.ended_at is null and sessions.expires_at > $4 and users.disabled_at is null"
);
const SELECT_OF_CODE: &str = concat!(
    "select ",
    columns!(),
    ", users.id as user_id, users.nickname, users.picture, users.profile_at, subjects.sub
    from sessions ",
    join_user!("sessions.user_id"),
    " left join subjects on subjects.client = $1 and subjects.user_id = ",
    subject_owner!("$1"),
    " where sessions.sid = $2 and sessions.issuer = $3 and sessions.ended_at is null
    and sessions.expires_at > $4 and users.disabled_at is null"
);
const SEEN: &str = "update sessions set last_seen_at = $1 where sid = $2 and last_seen_at < $1";
const RENEW: &str = concat!(
    "update sessions set id_hash = $1, request = $2, auth_time = $3, amr = $4, app = $5,
    last_seen_at = $3, expires_at = $6
    where sid = $7 and issuer = $8 and ended_at is null and expires_at > $3 and user_id in ",
    members!("$9"),
    " returning ",
    columns!()
);
/// What a login has begun, for as long as its cookie is that of this login.
const SELECT_BEGUN: &str = concat!(
    "select ",
    columns!(),
    " from sessions where id_hash = $1 and issuer = $2 and ended_at is null and expires_at > $3
    and user_id in ",
    members!("$4")
);
const INSERT: &str = concat!(
    "insert into sessions (id_hash, request, auth_time, amr, app, last_seen_at, expires_at,
    sid, issuer, user_id, secret, created_at)
    values ($1, $2, $3, $4, $5, $3, $6, $7, $8, $9, $10, $3)
    returning ",
    columns!()
);
/// What a token request needs of the session that its code names.
#[derive(Debug)]
pub(crate) struct SessionOfCode {
    pub(crate) session: Session,
    pub(crate) profile: Profile,
    /// What the client has received as `sub`; `None`: nothing yet.
    pub(crate) subject: Option<Subject>,
}

/// The login that a session begins with, or is renewed by.
#[derive(Debug)]
pub(crate) struct SessionLogin {
    pub(crate) issuer: IssuerId,
    /// The request that the login was for.
    pub(crate) request: RequestId,
    /// The `state` that came back from WeChat: that of this login's repeats, and of no other login.
    pub(crate) state: String,
    pub(crate) method: LoginMethod,
    pub(crate) app: AppId,
    /// When WeChat's response came.
    pub(crate) auth_time: Timestamp,
    /// The absolute end.
    pub(crate) expires_at: Timestamp,
    /// What the new cookie follows from. It is random.
    pub(crate) seed: RowSecret,
    pub(crate) cookies: SessionSecrets,
    /// The ID and the secret of a session that begins. They are random.
    pub(crate) sid: SessionId,
    pub(crate) secret: RowSecret,
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
        let query = query.bind(earlier(now, idle));
        let row = self
            .measured("session", self.readers().fetch_optional(query))
            .await?;
        Ok(row.as_ref().map(session_of_user).transpose()?)
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

/// Renews the session of the same user: its ID and its secret stay, so that codes and tokens of other clients stay valid.
/// `None` if it has ended or is another user's.
pub(crate) async fn renew(
    connection: &mut AnyConnection,
    sid: SessionId,
    user: UserId,
    login: &SessionLogin,
) -> JobResult<Option<Session>> {
    let query = bind_login(sqlx::query(RENEW), login, sid, user);
    let row = query.fetch_optional(connection).await?;
    Ok(row.map(|row| session(&row, user)).transpose()?)
}

/// The session that a login of this user with this seed has begun or renewed, and its cookie. `None` if it has ended, or if a
/// later login has renewed it.
pub(crate) async fn begun(
    connection: &mut AnyConnection,
    user: UserId,
    login: &SessionLogin,
    seed: &RowSecret,
) -> JobResult<Option<(Session, SessionSecret)>> {
    for cookie in login.cookies.each_of(seed) {
        let query = sqlx::query(SELECT_BEGUN).bind(cookie.hash().as_bytes().to_vec());
        let query = query.bind(login.issuer.to_string());
        let query = query.bind(login.auth_time.millis()).bind(user.to_string());
        if let Some(row) = query.fetch_optional(&mut *connection).await? {
            return Ok(Some((session(&row, user)?, cookie)));
        }
    }
    Ok(None)
}

/// Begins a session.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    user: UserId,
    login: &SessionLogin,
) -> JobResult<Session> {
    let query = bind_login(sqlx::query(INSERT), login, login.sid, user);
    let query = query.bind(&login.secret.expose()[..]);
    Ok(session(&query.fetch_one(connection).await?, user)?)
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// Binds the first nine parameters of [`RENEW`] and [`INSERT`].
fn bind_login<'q>(
    query: Query<'q>,
    login: &'q SessionLogin,
    sid: SessionId,
    user: UserId,
) -> Query<'q> {
    let hash = login.cookies.of(&login.seed).hash();
    query
        .bind(hash.as_bytes().to_vec())
        .bind(login.request.to_string())
        .bind(login.auth_time.millis())
        .bind(login.method.as_str())
        .bind(login.app.as_str())
        .bind(login.expires_at.millis())
        .bind(sid.to_string())
        .bind(login.issuer.to_string())
        .bind(user.to_string())
}

fn session_of_user(row: &AnyRow) -> sqlx::Result<Session> {
    session(row, row::text(row, "user_id")?)
}

/// The session of a user: the kept one, if the user of the row was merged.
fn session(row: &AnyRow, user: UserId) -> sqlx::Result<Session> {
    Ok(Session {
        sid: row::text(row, "sid")?,
        secret: row::secret(row, "secret")?,
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
