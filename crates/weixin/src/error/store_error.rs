//! Errors of a store.

use std::{error::Error as StdError, sync::Arc};

use thiserror::Error;

/// A store that could not be read or written.
#[derive(Clone, Debug, Error)]
#[error("the store failed")]
pub struct StoreError(#[source] Arc<dyn StdError + Send + Sync>);

impl StoreError {
    /// An error with its cause, which must not contain stored values.
    pub fn new(source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self(Arc::from(source.into()))
    }
}
