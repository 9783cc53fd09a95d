//! A statement of a copy, which does not wait for a silent database.

use std::time::Duration;

use crate::store::{connection::limited, error::StoreError};

/// The count of a large table takes minutes; a database that has fallen silent never responds.
pub(super) const TIMEOUT: Duration = Duration::from_mins(5);

/// What a statement returns, if the database responds in time.
pub(super) async fn in_time<T>(
    done: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StoreError> {
    limited(TIMEOUT, done).await.map_err(Into::into)
}
