//! A text that breaks the rule of what it was given for.

use thiserror::Error;

/// A text that is not what it was given for, such as an app ID with a space. The text is not repeated: it may be a secret.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("not a valid {what}: expected {rule}")]
#[non_exhaustive]
pub struct ParseError {
    /// The kind of text, such as `app ID`.
    pub what: &'static str,
    /// The rule that the text breaks, to be read after "expected".
    pub rule: &'static str,
}

impl ParseError {
    /// An error of a type that is parsed like the ones of this crate.
    pub const fn new(what: &'static str, rule: &'static str) -> Self {
        Self { what, rule }
    }
}
