//! Logins that have begun or renewed a session: each does so once, however often its callback comes, and at whatever node.

use std::time::Duration;

use sqlx::AnyConnection;

use super::{JobResult, row, session_login::SessionLogin};
use crate::{oidc::Timestamp, secret::RowSecret};

/// How long a used `state` is known. The browser's cookie for it lasts as long.
const MEMORY: Duration = Duration::from_hours(2);

const INSERT: &str = "insert into logins (state, seed, expires_at) values ($1, $2, $3)
    on conflict (state) do nothing";
const SELECT: &str = "select seed from logins where state = $1";
const SHARE: &str = "update logins set seed = $1 where state = $2";

/// Notes that a login begins or renews a session. If it has before, the seed of that session's cookie. Of several callbacks
/// at once, one gets `None`: the others wait for its end.
pub(crate) async fn begin(
    connection: &mut AnyConnection,
    login: &SessionLogin,
) -> JobResult<Option<RowSecret>> {
    let query = sqlx::query(INSERT).bind(&*login.state);
    let query = query.bind(&login.seed.expose()[..]);
    let query = query.bind(login.auth_time.after(MEMORY).millis());
    if query.execute(&mut *connection).await?.rows_affected() == 1 {
        return Ok(None);
    }
    let query = sqlx::query(SELECT).bind(&*login.state);
    let row = query.fetch_one(connection).await?;
    Ok(Some(row::secret(&row, "seed")?))
}

/// Notes that logins have been used, which may still be under way: they begin no session. Those that have begun one keep it.
/// The seeds are random.
pub(crate) async fn end(
    connection: &mut AnyConnection,
    logins: &[(String, RowSecret)],
    now: Timestamp,
) -> JobResult<()> {
    for (state, seed) in logins {
        let query = sqlx::query(INSERT).bind(state.clone());
        let query = query.bind(seed.expose()[..].to_vec());
        let query = query.bind(now.after(MEMORY).millis());
        query.execute(&mut *connection).await?;
    }
    Ok(())
}

/// Notes that the cookie of a login is that of another one, which has renewed the session at the same moment.
pub(crate) async fn share(
    connection: &mut AnyConnection,
    login: &SessionLogin,
    seed: &RowSecret,
) -> JobResult<()> {
    let query = sqlx::query(SHARE).bind(&seed.expose()[..]);
    query.bind(&*login.state).execute(connection).await?;
    Ok(())
}
