//! What an operator finds and changes of a user.

use sqlx::{AnyConnection, Row, any::AnyRow};
use weixin::{AppId, identity::Identity};

use super::{
    JobError, JobResult,
    resolved_user::{join_user, members},
    row,
    subjects::with_known_clients,
};
use crate::oidc::{Timestamp, UserId};

/// Users that a search returns at most.
pub(crate) const MAX_FOUND: usize = 50;

const STATE: &str = "select coalesce(merged_into, id) as kept from users where id = $1";
const BY_SUB: &str = concat!(
    with_known_clients!(),
    "select users.id as kept from known
    join subjects on subjects.client = known.client and subjects.sub = $1 ",
    join_user!("subjects.user_id"),
    " limit 51"
);
const BY_IDENTITY: &str = concat!(
    "select users.id as kept from identities ",
    join_user!("identities.user_id"),
    " where identities.identity = $1"
);
const BY_NICKNAME: &str = "select coalesce(merged_into, id) as kept from users
    where nickname like $1 escape '\\' or lower(nickname) like $2 escape '\\'
    order by last_seen_at desc limit 51";

const MEMBERS: &str =
    "select id, created_at, last_seen_at, nickname, disabled_at, merged_at from users
    where id = $1 or merged_into = $1 order by merged_at is not null, merged_at";
const IDENTITIES: &str = concat!(
    "select identity from identities where user_id in ",
    members!("$1"),
    " order by created_at, identity"
);
/// The first one of a client is what it receives now: in the order of `subject_owner!`.
const SUBJECTS: &str = concat!(
    with_known_clients!(),
    "select subjects.client, sub from known
    join subjects on subjects.client = known.client and subjects.user_id in ",
    members!("$1"),
    " order by subjects.client, case when subjects.user_id = $1 then 0 else 1 end, created_at, user_id"
);
const SESSIONS: &str = concat!(
    "select count(*) from sessions where ended_at is null and expires_at > $2 and user_id in ",
    members!("$1")
);
const GRANTS: &str = concat!(
    "select count(*) from grants where revoked_at is null and expires_at > $2 and user_id in ",
    members!("$1")
);

const DISABLE: &str = "update users set disabled_at = coalesce(disabled_at, $2)
    where id = $1 and merged_into is null";
const ENABLE: &str = "update users set disabled_at = null where id = $1 and merged_into is null";

/// A user with those who were merged into it.
#[derive(Clone, Debug)]
pub(crate) struct UserRecord {
    pub(crate) id: UserId,
    pub(crate) created_at: Timestamp,
    pub(crate) last_seen_at: Timestamp,
    pub(crate) nickname: Option<String>,
    pub(crate) disabled_at: Option<Timestamp>,
    /// The users who were merged into it, and when.
    pub(crate) merged: Vec<(UserId, Timestamp)>,
    pub(crate) identities: Vec<Identity>,
    /// A client, and a `sub` that it has received. The first one of a client is what it receives now.
    pub(crate) subjects: Vec<(String, String)>,
    pub(crate) sessions: i64,
    pub(crate) grants: i64,
}

/// The user whom an ID means: the kept one, if it was merged. `None` if there is none.
pub(crate) async fn kept(
    connection: &mut AnyConnection,
    user: UserId,
) -> JobResult<Option<UserId>> {
    let query = sqlx::query(STATE).bind(user.to_string());
    let row = query.fetch_optional(connection).await?;
    Ok(row.map(|row| row::text(&row, "kept")).transpose()?)
}

/// The users whose ID, `sub`, OpenID, UnionID or nickname a text is. An OpenID is looked up in these apps; of a nickname, a
/// part is enough.
pub(crate) async fn find(
    connection: &mut AnyConnection,
    text: &str,
    apps: &[AppId],
) -> JobResult<Vec<UserId>> {
    // No text of the store has one: SQLite would end a pattern there, and PostgreSQL rejects it.
    if text.contains('\0') {
        return Ok(Vec::new());
    }
    let openids = apps.iter().map(|app| format!("open:{app}:{text}"));
    let identities = [text.to_owned(), format!("union:{text}")];
    let identities = identities.into_iter().chain(openids);
    let mut queries = vec![(STATE, text.to_owned()), (BY_SUB, text.to_owned())];
    queries.extend(identities.map(|identity| (BY_IDENTITY, identity)));
    let mut rows = Vec::new();
    for (sql, value) in queries {
        rows.extend(
            sqlx::query(sql)
                .bind(value)
                .fetch_all(&mut *connection)
                .await?,
        );
    }
    let pattern = pattern(text);
    let query = sqlx::query(BY_NICKNAME).bind(&pattern);
    let query = query.bind(pattern.to_lowercase());
    rows.extend(query.fetch_all(connection).await?);
    let mut found = Vec::new();
    for row in rows {
        let user: UserId = row::text(&row, "kept")?;
        if !found.contains(&user) {
            found.push(user);
        }
    }
    Ok(found)
}

/// A pattern of `like` that finds a text anywhere, and has no other meaning.
fn pattern(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\");
    format!("%{}%", escaped.replace('%', "\\%").replace('_', "\\_"))
}

/// What is stored about a user who is not merged into another one.
pub(crate) async fn record(
    connection: &mut AnyConnection,
    user: UserId,
    now: Timestamp,
) -> JobResult<UserRecord> {
    let id = user.to_string();
    let members = sqlx::query(MEMBERS).bind(&id);
    let members = members.fetch_all(&mut *connection).await?;
    // The user itself is the first: it was merged into no other.
    let (own, others) = match &members[..] {
        [own, others @ ..] if row::optional_time(own, "merged_at")?.is_none() => (own, others),
        _ => return Err(JobError::Conflict),
    };
    let identities = sqlx::query(IDENTITIES).bind(&id);
    let identities = identities.fetch_all(&mut *connection).await?;
    let subjects = sqlx::query(SUBJECTS).bind(&id);
    let subjects = subjects.fetch_all(&mut *connection).await?;
    let mut counts = [0; 2];
    for (count, sql) in counts.iter_mut().zip([SESSIONS, GRANTS]) {
        let query = sqlx::query_scalar(sql).bind(&id).bind(now.millis());
        *count = query.fetch_one(&mut *connection).await?;
    }
    let [sessions, grants] = counts;
    Ok(UserRecord {
        id: user,
        created_at: row::time(own, "created_at")?,
        last_seen_at: row::time(own, "last_seen_at")?,
        nickname: own.try_get("nickname")?,
        disabled_at: row::optional_time(own, "disabled_at")?,
        merged: others.iter().map(merged).collect::<Result<_, _>>()?,
        identities: identities
            .iter()
            .map(|row| row::text(row, "identity"))
            .collect::<Result<_, _>>()?,
        subjects: subjects.iter().map(subject).collect::<Result<_, _>>()?,
        sessions,
        grants,
    })
}

fn merged(row: &AnyRow) -> sqlx::Result<(UserId, Timestamp)> {
    Ok((row::text(row, "id")?, row::time(row, "merged_at")?))
}

fn subject(row: &AnyRow) -> sqlx::Result<(String, String)> {
    Ok((row.try_get("client")?, row.try_get("sub")?))
}

/// Disables or enables a user. A conflict if the user is gone, or was merged meanwhile.
pub(crate) async fn set_disabled(
    connection: &mut AnyConnection,
    user: UserId,
    is_disabled: bool,
    now: Timestamp,
) -> JobResult<()> {
    let query = if is_disabled {
        sqlx::query(DISABLE)
            .bind(user.to_string())
            .bind(now.millis())
    } else {
        sqlx::query(ENABLE).bind(user.to_string())
    };
    match query.execute(connection).await?.rows_affected() {
        0 => Err(JobError::Conflict),
        _ => Ok(()),
    }
}
