//! Which `sub` a client receives (Core §2, §8).

use std::fmt;

use serde::{Deserialize, Serialize};
use weixin::error::ParseError;

/// Longest `sub` (Core §2).
const MAX_LENGTH: usize = 255;

/// The `sub` by which one client knows a user. It never changes for a client that has received it, whatever becomes of
/// the user's own ID.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Subject(String);

impl Subject {
    /// The `sub` that the store gives a client for a user whom it has never seen.
    #[cfg(test)]
    pub(crate) fn first(user: super::UserId) -> Self {
        Self(user.to_string())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Subject {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|it| it.is_ascii_graphic()) {
            return Ok(Self(text));
        }
        let rule = "1 to 255 visible ASCII characters";
        Err(ParseError::new("subject", rule))
    }
}

impl From<Subject> for String {
    fn from(subject: Subject) -> Self {
        subject.0
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_short_and_visible() {
        for bad in [String::new(), "a b".into(), "微信".into(), "x".repeat(256)] {
            assert!(Subject::try_from(bad).is_err());
        }
        assert_eq!(
            Subject::try_from("x".repeat(255)).unwrap().as_str().len(),
            255
        );
    }
}
