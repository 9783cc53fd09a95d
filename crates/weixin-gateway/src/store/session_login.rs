//! What a login does to the session of its browser: it begins one, or renews one.

use std::time::Duration;

use sqlx::AnyConnection;
use weixin::AppId;

use super::{
    JobResult,
    resolved_user::members,
    row,
    sessions::{self, session_columns},
};
use crate::{
    oidc::{IssuerId, LoginMethod, RequestId, Session, SessionId, Timestamp, UserId},
    secret::{RowSecret, SecretHash},
    session_secret::{SessionSecret, SessionSecrets},
};

/// How long a login shares the cookie of another one that has renewed the session: its browser had sent the cookie of before,
/// and may receive either response last.
const SIMULTANEOUS: Duration = Duration::from_mins(1);

const RENEW: &str = concat!(
    "update sessions set id_hash = $1, request = $2, auth_time = $3, amr = $4, app = $5,
    last_seen_at = $3, expires_at = $6, renewed_by = $10, former_hash = $11
    where sid = $7 and issuer = $8 and ended_at is null and expires_at > $3 and user_id in ",
    members!("$9"),
    " and (id_hash = $11 or former_hash = $11) returning ",
    session_columns!()
);
const SELECT_RENEWED: &str = "select sessions.id_hash, logins.seed from sessions
    join logins on logins.state = sessions.renewed_by
    where sessions.sid = $1 and sessions.former_hash = $2 and sessions.auth_time > $3";
/// What a login has begun, for as long as its cookie is that of this login.
const SELECT_BEGUN: &str = concat!(
    "select ",
    session_columns!(),
    " from sessions where id_hash = $1 and issuer = $2 and ended_at is null and expires_at > $3
    and user_id in ",
    members!("$4")
);
const INSERT: &str = concat!(
    "insert into sessions (id_hash, request, auth_time, amr, app, last_seen_at, expires_at,
    sid, issuer, user_id, secret, created_at)
    values ($1, $2, $3, $4, $5, $3, $6, $7, $8, $9, $10, $3)
    returning ",
    session_columns!()
);

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

/// The session that a login has begun or renewed, and the cookie by which the browser has it.
#[derive(Debug)]
pub(crate) struct BrowserSession {
    pub(crate) session: Session,
    pub(crate) cookie: SessionSecret,
}

/// Renews the session of the same user whose cookie the browser has sent: its ID and its secret stay, so that codes and tokens
/// of other clients stay valid. The cookie becomes that of this login, or stays that of a login at the same moment, whose seed
/// is returned, and beside which a silent one changes nothing. `None` if the session has ended or is another user's, or if the
/// browser has sent an older cookie.
pub(crate) async fn renew(
    connection: &mut AnyConnection,
    (sid, sent): (SessionId, &SecretHash),
    user: UserId,
    login: &SessionLogin,
) -> JobResult<Option<(BrowserSession, Option<RowSecret>)>> {
    let (shared, cookie) = match renewed_meanwhile(connection, sid, sent, login).await? {
        Some((seed, cookie)) => (Some(seed), cookie),
        None => (None, login.cookies.of(&login.seed)),
    };
    if let (Some(seed), LoginMethod::Silent) = (&shared, login.method) {
        // The login of the other tab may have had a dialog, which its client wanted.
        let begun = begun(connection, user, login, seed).await?;
        return Ok(begun.map(|session| (session, shared)));
    }
    let query = bind_login(sqlx::query(RENEW), login, &cookie, sid, user);
    let query = query.bind(&*login.state).bind(sent.as_bytes().to_vec());
    let Some(row) = query.fetch_optional(connection).await? else {
        return Ok(None);
    };
    let session = sessions::session(&row, user)?;
    Ok(Some((BrowserSession { session, cookie }, shared)))
}

/// The seed and the cookie of a login that has renewed this session within the last minute, in a browser that has sent the same
/// cookie as this one. `None` also if the cookie does not follow from a key of this node.
async fn renewed_meanwhile(
    connection: &mut AnyConnection,
    sid: SessionId,
    sent: &SecretHash,
    login: &SessionLogin,
) -> JobResult<Option<(RowSecret, SessionSecret)>> {
    let query = sqlx::query(SELECT_RENEWED).bind(sid.to_string());
    let query = query.bind(sent.as_bytes().to_vec());
    let query = query.bind(login.auth_time.before(SIMULTANEOUS).millis());
    let Some(row) = query.fetch_optional(connection).await? else {
        return Ok(None);
    };
    let (seed, hash) = (row::secret(&row, "seed")?, row::hash(&row, "id_hash")?);
    let cookie = login
        .cookies
        .each_of(&seed)
        .find(|cookie| cookie.hash().is(&hash));
    Ok(cookie.map(|cookie| (seed, cookie)))
}

/// The session that a login of this user with this seed has begun or renewed. `None` if it has ended, or if a later login has
/// renewed it.
pub(crate) async fn begun(
    connection: &mut AnyConnection,
    user: UserId,
    login: &SessionLogin,
    seed: &RowSecret,
) -> JobResult<Option<BrowserSession>> {
    for cookie in login.cookies.each_of(seed) {
        let query = sqlx::query(SELECT_BEGUN).bind(cookie.hash().as_bytes().to_vec());
        let query = query.bind(login.issuer.to_string());
        let query = query.bind(login.auth_time.millis()).bind(user.to_string());
        if let Some(row) = query.fetch_optional(&mut *connection).await? {
            let session = Session {
                // A login of another tab that shares the cookie may have been for another one.
                request: Some(login.request),
                ..sessions::session(&row, user)?
            };
            return Ok(Some(BrowserSession { session, cookie }));
        }
    }
    Ok(None)
}

/// Begins a session.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    user: UserId,
    login: &SessionLogin,
) -> JobResult<BrowserSession> {
    let cookie = login.cookies.of(&login.seed);
    let query = bind_login(sqlx::query(INSERT), login, &cookie, login.sid, user);
    let query = query.bind(&login.secret.expose()[..]);
    let session = sessions::session(&query.fetch_one(connection).await?, user)?;
    Ok(BrowserSession { session, cookie })
}

type Query<'q> = sqlx::query::Query<'q, sqlx::Any, sqlx::any::AnyArguments>;

/// Binds the first nine parameters of [`RENEW`] and [`INSERT`].
fn bind_login<'q>(
    query: Query<'q>,
    login: &'q SessionLogin,
    cookie: &SessionSecret,
    sid: SessionId,
    user: UserId,
) -> Query<'q> {
    query
        .bind(cookie.hash().as_bytes().to_vec())
        .bind(login.request.to_string())
        .bind(login.auth_time.millis())
        .bind(login.method.as_str())
        .bind(login.app.as_str())
        .bind(login.expires_at.millis())
        .bind(sid.to_string())
        .bind(login.issuer.to_string())
        .bind(user.to_string())
}
