//! The accounts, and what their owners do with them. `identities.rs` decides whose account a WeChat user logs in to.

use sqlx::{Row, sqlite::SqliteRow};

use super::{credentials::Email, database::Database, ended_logins::end_logins};

#[derive(Clone)]
pub(crate) struct Accounts(pub(crate) Database);

pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) name: Option<String>,
    pub(crate) avatar: Option<String>,
    /// An account with an email address has a password, and the other way round.
    pub(crate) email: Option<String>,
    pub(crate) has_wechat: bool,
}

impl Account {
    /// What the pages call it.
    pub(crate) fn title(&self) -> &str {
        let name = self.name.as_deref().or(self.email.as_deref());
        name.unwrap_or("微信用户")
    }
}

impl From<SqliteRow> for Account {
    fn from(row: SqliteRow) -> Self {
        Self {
            id: row.get("id"),
            name: row.get("name"),
            avatar: row.get("avatar"),
            email: row.get("email"),
            has_wechat: row.get("has_wechat"),
        }
    }
}

impl Accounts {
    pub(crate) async fn find(&self, id: i64) -> sqlx::Result<Option<Account>> {
        let row = sqlx::query(
            "SELECT id, name, avatar, email, wechat IS NOT NULL AS has_wechat FROM users WHERE id = $1",
        );
        let row = row.bind(id).fetch_optional(&self.0.pool).await?;
        Ok(row.map(Account::from))
    }

    /// Creates an account with a password; `None` if the address has one already.
    ///
    /// This does not prove that the address is the visitor's. A site that sends email has the address confirmed first,
    /// and then need not tell strangers that it has an account.
    pub(crate) async fn register(&self, email: &Email, hash: &str) -> sqlx::Result<Option<i64>> {
        let row = sqlx::query(
            "INSERT INTO users (name, email, password) VALUES ($1, $1, $2)
             ON CONFLICT (email) DO NOTHING RETURNING id",
        );
        let row = row.bind(email.as_str()).bind(hash);
        let row = row.fetch_optional(&self.0.pool).await?;
        Ok(row.map(|row| row.get("id")))
    }

    /// Stores what WeChat calls the user, where nothing is known yet.
    pub(crate) async fn introduce(
        &self,
        id: i64,
        name: Option<&str>,
        avatar: Option<&str>,
    ) -> sqlx::Result<()> {
        let user =
            sqlx::query("UPDATE users SET name = $2, avatar = $3 WHERE id = $1 AND name IS NULL");
        let user = user.bind(id).bind(name).bind(avatar);
        user.execute(&self.0.pool).await.map(drop)
    }

    /// Takes the WeChat user away from an account and ends the account's sessions: any of them may be that user's.
    /// `false`, and nothing is changed, if there would be no way left to log in.
    pub(crate) async fn unlink(&self, id: i64) -> sqlx::Result<bool> {
        let mut write = self.0.write().await?;
        let has_password = "UPDATE users SET wechat = NULL WHERE id = $1 AND password IS NOT NULL";
        let user = sqlx::query(has_password).bind(id);
        if user.execute(&mut *write).await?.rows_affected() == 0 {
            return Ok(false);
        }
        end_logins(&mut write, id, self.0.now()).await?;
        sqlx::query("DELETE FROM identities WHERE user = $1")
            .bind(id)
            .execute(&mut *write)
            .await?;
        write.commit().await?;
        Ok(true)
    }

    /// Deletes an account. Its identities and sessions go with it, as the tables say.
    pub(crate) async fn delete(&self, id: i64) -> sqlx::Result<()> {
        let mut write = self.0.write().await?;
        end_logins(&mut write, id, self.0.now()).await?;
        let user = sqlx::query("DELETE FROM users WHERE id = $1").bind(id);
        user.execute(&mut *write).await?;
        write.commit().await
    }
}
