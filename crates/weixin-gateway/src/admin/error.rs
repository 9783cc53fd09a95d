//! Why a change by the operator is not possible.

use thiserror::Error;
use weixin::{Bilingual, Language};

use crate::{error_text, random::NoRandomBytes, store::StoreError};

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

impl StoreFailure {
    /// The error with its causes in one line, in one language. Rare causes that a database or the operating system names are
    /// in English.
    pub fn text(&self, language: Language) -> String {
        let head = match language {
            Language::English => None,
            _ => self.0.chinese(),
        };
        error_text::with_causes(head.unwrap_or_else(|| self.to_string()), self, language)
    }

    /// What the operator can do, if that does not depend on the cause.
    pub fn remedy(&self) -> Option<Bilingual> {
        self.0.remedy()
    }
}

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
