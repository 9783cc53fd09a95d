//! Passwords: hashed beside the runtime, a few at a time, and tried a few times.

use std::{error::Error, sync::Arc, thread::available_parallelism};

use argon2::{
    Argon2,
    password_hash::{self, PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use sqlx::{Row, Sqlite, query::Query, sqlite::SqliteArguments};
use tokio::{sync::Semaphore, task::spawn_blocking};

use super::{
    credentials::{Email, Password},
    database::Database,
    handlers::Failed,
};

#[derive(Clone)]
pub(crate) struct Passwords {
    pub(crate) database: Database,
    /// A hash takes 19 MiB: as many at once as there are processors, the others wait.
    pub(crate) hashing: Arc<Semaphore>,
    /// The hash of a password that no user has.
    decoy: String,
}

/// What comes of an email address and a password.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Verdict {
    /// They are this account's.
    Account(i64),
    /// There have been too many tries: nothing was compared.
    TooManyTries,
    /// The address has no account, or another password.
    Wrong,
}

impl Passwords {
    pub(crate) fn new(database: Database) -> Result<Self, Box<dyn Error>> {
        Ok(Self {
            database,
            hashing: Arc::new(Semaphore::new(available_parallelism()?.get())),
            decoy: hash(b"a password that nobody has")?,
        })
    }

    pub(crate) async fn hash(&self, password: Password) -> Result<String, Failed> {
        Ok(self.run(move || hash(password.as_bytes())).await??)
    }

    /// Compares a password. An address without an account takes as long as one with another password: it is compared
    /// with the decoy, so that the time does not tell who has an account here.
    pub(crate) async fn check(&self, email: &Email, password: Password) -> Result<Verdict, Failed> {
        let row = sqlx::query("SELECT id, password FROM users WHERE email = $1");
        self.compare(email.as_str(), row.bind(email.as_str()), password)
            .await
    }

    /// Compares the password of an account that is logged in, which can be tried as often as at a login.
    pub(crate) async fn confirm(&self, id: i64, password: Password) -> Result<Verdict, Failed> {
        let row = "SELECT id, password FROM users WHERE id = $1 AND password IS NOT NULL";
        let row = sqlx::query(row).bind(id);
        self.compare(&format!("account {id}"), row, password).await
    }

    async fn compare(
        &self,
        subject: &str,
        row: Query<'_, Sqlite, SqliteArguments>,
        password: Password,
    ) -> Result<Verdict, Failed> {
        if !self.may_try(subject).await? {
            return Ok(Verdict::TooManyTries);
        }
        let row = row.fetch_optional(&self.database.pool).await?;
        let (user, stored) = match row {
            Some(row) => (Some(row.get("id")), row.get("password")),
            None => (None, self.decoy.clone()),
        };
        let fits = self.run(move || fits(&stored, &password)).await?;
        match user {
            Some(user) if fits => {
                self.forget_tries(subject).await?;
                Ok(Verdict::Account(user))
            }
            _ => Ok(Verdict::Wrong),
        }
    }

    /// Runs what is slow on a thread where it does not stop other requests. The permit goes with it: a visitor who
    /// does not wait for the answer does not make room for another one.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Failed> {
        let permit = self.hashing.clone().acquire_owned().await?;
        let done = spawn_blocking(move || {
            let done = work();
            drop(permit);
            done
        });
        Ok(done.await?)
    }
}

fn hash(password: &[u8]) -> Result<String, password_hash::Error> {
    Ok(Argon2::default().hash_password(password)?.to_string())
}

fn fits(stored: &str, password: &Password) -> bool {
    PasswordHash::new(stored).is_ok_and(|hash| {
        let argon = Argon2::default();
        argon.verify_password(password.as_bytes(), &hash).is_ok()
    })
}
