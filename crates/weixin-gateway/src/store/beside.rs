//! A connection beside a gateway that runs: without its lock, and each write in a transaction of its own.

use sqlx::{AnyConnection, Connection};

use super::{
    Work,
    error::{JobError, OpenError, StoreError},
    inspect::{self, StoreState},
    sqlite,
};

/// A connection of a command.
#[derive(Debug)]
pub(crate) struct Beside {
    connection: AnyConnection,
    begin: &'static str,
}

impl Beside {
    /// Connects to a database whose tables are there.
    ///
    /// # Errors
    ///
    /// [`OpenError`] if there is no database, or none of this program's version.
    pub(crate) async fn open(url: &str) -> Result<Self, OpenError> {
        sqlx::any::install_default_drivers();
        if !url.starts_with("sqlite:") {
            let connection = AnyConnection::connect(url).await?;
            let begin = "begin";
            return Ok(Self { connection, begin });
        }
        if inspect::inspect(url).await? != StoreState::Current {
            let (_, path) = sqlite::parse(url)?;
            return Err(OpenError::NotCurrent(path));
        }
        let (options, _) = sqlite::parse(url)?;
        Ok(Self {
            connection: sqlite::connect(&options).await?,
            // As the server's writer: a transaction that began by reading could not go on after that one's commit.
            begin: "begin immediate",
        })
    }

    /// Runs a job in a transaction. A conflict has changed nothing.
    pub(crate) async fn write<T>(&mut self, work: impl Work<T>) -> Result<T, StoreError> {
        let mut transaction = self.connection.begin_with(self.begin).await?;
        match work(&mut transaction).await {
            Ok(value) => {
                transaction.commit().await?;
                Ok(value)
            }
            Err(JobError::Conflict) => {
                transaction.rollback().await?;
                Err(StoreError::Conflict)
            }
            Err(JobError::Database(error)) => Err(error.into()),
        }
    }
}
