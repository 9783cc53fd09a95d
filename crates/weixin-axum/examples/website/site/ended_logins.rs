//! Logins that were ended on all devices, by log-out, unlinking or deletion.
//!
//! Ending the sessions is not all of it: a callback that is under way at that moment, or one that another browser repeats
//! within a minute, would begin a session again, or create a new account.

use sqlx::{Row, SqliteConnection};
use weixin::UserIds;

use super::accounts::Accounts;

/// How long a callback can be repeated, in seconds.
const REPLAY_WINDOW: i64 = 60;

/// A login that WeChat has sent back.
pub(crate) struct Arrival {
    pub(crate) ids: UserIds,
    pub(crate) is_repeat: bool,
    /// What [`Accounts::last_end`] was when the callback came.
    pub(crate) last_end: i64,
}

impl Accounts {
    /// Ends every session of a user, on all devices.
    pub(crate) async fn log_out_everywhere(&self, user: i64) -> sqlx::Result<()> {
        let mut write = self.0.write().await?;
        end_logins(&mut write, user, self.0.now()).await?;
        write.commit().await
    }

    /// The last time that the logins of any user were ended, as a number that grows.
    pub(crate) async fn last_end(&self) -> sqlx::Result<i64> {
        let row = sqlx::query("SELECT COALESCE(MAX(id), 0) AS id FROM ended_logins");
        Ok(row.fetch_one(&self.0.pool).await?.get("id"))
    }

    /// Whether this login has been ended by now.
    pub(crate) async fn has_ended(&self, login: &Arrival) -> sqlx::Result<bool> {
        let mut read = self.0.pool.acquire().await?;
        is_ended(&mut read, login, self.0.now()).await
    }
}

/// Whether the user's logins were ended after the callback came; for a repeat, also if that was less than a minute before.
pub(super) async fn is_ended(
    read: &mut SqliteConnection,
    login: &Arrival,
    now: i64,
) -> sqlx::Result<bool> {
    for identity in login.ids.identities() {
        let row = sqlx::query(
            "SELECT 1 FROM ended_logins WHERE identity = $1 AND (id > $2 OR ($3 AND ended >= $4))",
        );
        let row = row
            .bind(identity.to_string())
            .bind(login.last_end)
            .bind(login.is_repeat)
            .bind(now - REPLAY_WINDOW);
        if row.fetch_optional(&mut *read).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Ends the sessions of an account, and its logins. Call it before its identities are removed.
pub(super) async fn end_logins(
    write: &mut SqliteConnection,
    user: i64,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM sessions WHERE user = $1")
        .bind(user)
        .execute(&mut *write)
        .await?;
    sqlx::query("DELETE FROM ended_logins WHERE ended < $1")
        .bind(now - REPLAY_WINDOW)
        .execute(&mut *write)
        .await?;
    let ended = sqlx::query(
        "INSERT OR REPLACE INTO ended_logins (identity, ended)
         SELECT identity, $2 FROM identities WHERE user = $1",
    );
    ended.bind(user).bind(now).execute(write).await.map(drop)
}
