//! Text that is not what it was given for.

use thiserror::Error;

/// Text that is not what it was given for. The text itself is not repeated, since it may be a secret.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a valid {what}: expected {rule}")]
#[non_exhaustive]
pub struct ParseError {
    /// What the text was given for, such as `state`.
    pub what: &'static str,
    /// The rule that it breaks.
    pub rule: &'static str,
}
