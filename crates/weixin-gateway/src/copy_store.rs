//! A gateway that moves to another kind of database.

use crate::{
    config::{self, Config},
    gateway::Gateway,
    store::{CopiedTable, CopyError, CopyProgress, copy},
};

impl Gateway {
    /// Copies the store to an empty one of the other kind: from SQLite to PostgreSQL, or back. The tables are created there.
    /// Either all rows are copied, or none. A gateway on the new store needs the same key file.
    ///
    /// # Errors
    ///
    /// [`CopyError`] if a gateway is running, the target has rows, or one of the stores fails.
    pub async fn copy_store(
        config: &Config,
        to: &str,
        progress: impl FnMut(CopyProgress) + Send,
    ) -> Result<Vec<CopiedTable>, CopyError> {
        config::check_url("--to", to).map_err(CopyError::Url)?;
        copy::copy(config.store.expose_url(), to, progress).await
    }
}
