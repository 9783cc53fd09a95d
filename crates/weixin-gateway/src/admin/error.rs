//! Why a change by the operator is not possible.

use thiserror::Error;

use crate::{random::NoRandomBytes, store::StoreError};

/// Why a change by the operator is not possible. Nothing has changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdminError {
    /// The users have changed meanwhile: try again.
    #[error("the users have changed meanwhile")]
    Changed,
    /// One of two users to merge is disabled, and the other is not.
    #[error("one of the users is disabled, and the other is not")]
    DisabledDiffers,
    /// The user was merged into another one.
    #[error("user {user} was merged into {kept}")]
    Merged {
        /// The user.
        user: String,
        /// The user who was kept.
        kept: String,
    },
    /// The user was not merged.
    #[error("user {0} is not merged into another one")]
    NotMerged(String),
    /// Both users are the same.
    #[error("both users are the same")]
    SameUser,
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreFailure),
    /// No user has this ID.
    #[error("no user has the ID {0}")]
    UnknownUser(String),
}

/// The database failed.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct StoreFailure(StoreError);

impl From<StoreError> for AdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Changed,
            error => Self::Store(StoreFailure(error)),
        }
    }
}

impl From<NoRandomBytes> for AdminError {
    fn from(error: NoRandomBytes) -> Self {
        StoreError::from(error).into()
    }
}
