//! The levels of the store: what waits, and how large its log is.

use std::{fs, path::PathBuf};

use sqlx::Row;

use super::{Store, StoreError};
use crate::telemetry::StoreLevels;

const PENDING_LOGOUTS: &str = "select count(*) from logouts";
const FILE: &str = "select file from pragma_database_list where name = 'main'";

impl Store {
    /// The levels at this moment. The waiting requests are those that this process knows.
    pub(crate) async fn levels(&self) -> Result<StoreLevels, StoreError> {
        let requests = self.waiting_requests().all();
        let query = self.readers().fetch_one(sqlx::query(PENDING_LOGOUTS));
        let count = self.measured("logout_count", query).await?;
        let logouts: i64 = count.try_get(0)?;
        Ok(StoreLevels {
            waiting_writes: u64::try_from(self.waiting_writes()).unwrap_or(u64::MAX),
            waiting_requests: u64::try_from(requests).unwrap_or(0),
            pending_logouts: u64::try_from(logouts).unwrap_or(0),
            log_bytes: self.log_bytes().await?,
        })
    }

    async fn log_bytes(&self) -> Result<Option<u64>, StoreError> {
        if !self.is_sqlite() {
            return Ok(None);
        }
        let file = self.readers().fetch_one(sqlx::query(FILE)).await?;
        let file: String = file.try_get(0)?;
        let log = PathBuf::from(format!("{file}-wal"));
        // It is absent before the first write.
        Ok(Some(fs::metadata(log).map_or(0, |log| log.len())))
    }
}
