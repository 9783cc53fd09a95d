//! The rows of the gateway's database, read and changed beside it.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use super::World;

/// How many rows tell that a user exists or is logged in.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Rows {
    pub(crate) users: i64,
    pub(crate) identities: i64,
    pub(crate) sessions: i64,
    pub(crate) grants: i64,
}

impl World {
    async fn connection(&self) -> SqliteConnection {
        SqliteConnection::connect(&self.database()).await.unwrap()
    }

    /// Runs a statement, as a command of the operator's does.
    pub(crate) async fn execute(&self, sql: &'static str) {
        let mut connection = self.connection().await;
        sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        // The gateway sees it within a second.
        self.clock.advance(Duration::from_secs(1));
    }

    /// Backs the database up, as the command does.
    pub(crate) async fn backup(&self) {
        let mut connection = self.connection().await;
        let file = self.backup_file();
        let query = sqlx::query("vacuum into $1").bind(file.to_str().unwrap().to_owned());
        query.execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    pub(crate) async fn count(&self, table: &str) -> i64 {
        let mut connection = self.connection().await;
        let sql = AssertSqlSafe(format!("select count(*) from {table}"));
        let count = sqlx::query_scalar(sql).fetch_one(&mut connection).await;
        connection.close().await.unwrap();
        count.unwrap()
    }

    /// The events about grants and tokens in the audit log, the oldest first.
    pub(crate) async fn token_events(&self) -> Vec<String> {
        let sql = "select event || ' ' || client from audit
            where event like 'token.%' or event like 'grant.%' order by at, rowid";
        self.texts(sql).await
    }

    /// The events of logins in the audit log.
    pub(crate) async fn events(&self) -> i64 {
        self.count("audit where event not in ('key.created', 'key_file.changed')")
            .await
    }

    /// The column of a statement.
    pub(crate) async fn texts(&self, sql: &'static str) -> Vec<String> {
        let mut connection = self.connection().await;
        let texts = sqlx::query_scalar(sql).fetch_all(&mut connection).await;
        connection.close().await.unwrap();
        texts.unwrap()
    }

    /// The secrets of all rows of a statement, the oldest first.
    pub(crate) async fn secrets(&self, sql: &'static str) -> Vec<Vec<u8>> {
        let mut connection = self.connection().await;
        let secrets = sqlx::query_scalar(sql).fetch_all(&mut connection).await;
        connection.close().await.unwrap();
        secrets.unwrap()
    }

    pub(crate) async fn rows(&self) -> Rows {
        Rows {
            users: self.count("users").await,
            identities: self.count("identities").await,
            sessions: self.count("sessions").await,
            grants: self.count("grants").await,
        }
    }
}
