//! Logins that were ended on all devices, by log-out, unlinking or deletion.
//!
//! Ending the sessions is not all of it: for a minute, another browser can repeat the callback of its own last login, and
//! would have a session again, or a new account.

use sqlx::SqliteConnection;
use weixin::KnownIds;

use super::accounts::Accounts;

/// How long a callback can be repeated, in seconds.
const REPLAY_WINDOW: i64 = 60;

impl Accounts {
    /// Ends every session of a user, on all devices.
    pub(crate) async fn log_out_everywhere(&self, user: i64) -> sqlx::Result<()> {
        let mut write = self.0.write().await?;
        end_logins(&mut write, user, self.0.now()).await?;
        write.commit().await
    }

    /// Whether the logins of this WeChat user have been ended so lately that a repeated callback may be one of them.
    pub(crate) async fn has_ended_logins(&self, ids: &KnownIds) -> sqlx::Result<bool> {
        for identity in ids.identities() {
            let row = sqlx::query("SELECT 1 FROM ended_logins WHERE identity = $1 AND ended >= $2");
            let row = row
                .bind(identity.to_string())
                .bind(self.0.now() - REPLAY_WINDOW);
            if row.fetch_optional(&self.0.pool).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Ends the sessions of an account, and the repeats of its logins. Call it before its identities are removed.
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
        "INSERT INTO ended_logins (identity, ended) SELECT identity, $2 FROM identities WHERE user = $1
         ON CONFLICT (identity) DO UPDATE SET ended = excluded.ended",
    );
    ended.bind(user).bind(now).execute(write).await.map(drop)
}
