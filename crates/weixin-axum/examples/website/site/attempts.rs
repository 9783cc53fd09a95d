//! How often a password may be tried.
//!
//! Ten times in a quarter of an hour for each email address, from whatever network: simple, and it bounds what guessing
//! can reach. The price is that a stranger can keep an address from logging in by password for that time; WeChat still
//! logs in, and the sessions that exist go on: confirmations by the password have a count of their own for each account,
//! which strangers do not reach. A site behind a proxy that it trusts counts by network as well.

use sqlx::Row;

use super::passwords::Passwords;

const MAX_TRIES: i64 = 10;

/// In seconds.
const PERIOD: i64 = 15 * 60;

impl Passwords {
    /// Counts before anything is compared: tries that come at once are counted as well.
    pub(super) async fn may_try(&self, subject: &str) -> sqlx::Result<bool> {
        let now = self.database.now();
        // Addresses are made up freely: their rows are kept for one period, and no longer.
        sqlx::query("DELETE FROM attempts WHERE ends <= $1")
            .bind(now)
            .execute(&self.database.pool)
            .await?;
        let row = sqlx::query(
            "INSERT INTO attempts (subject, tries, ends) VALUES ($1, 1, $2)
             ON CONFLICT (subject) DO UPDATE SET tries = tries + 1 RETURNING tries",
        );
        let row = row.bind(subject).bind(now + PERIOD);
        let tries: i64 = row.fetch_one(&self.database.pool).await?.get("tries");
        Ok(tries <= MAX_TRIES)
    }

    /// The right password was given.
    pub(super) async fn forget_tries(&self, subject: &str) -> sqlx::Result<()> {
        let row = sqlx::query("DELETE FROM attempts WHERE subject = $1").bind(subject);
        row.execute(&self.database.pool).await.map(drop)
    }
}
