//! Which `sub` a client receives (Core §2, §8).

use std::fmt;

use serde::{Deserialize, Serialize};
use weixin::error::ParseError;

use super::id::UserId;

/// Longest `sub` (Core §2).
const MAX_LENGTH: usize = 255;

/// The `sub` by which one client knows a user. It never changes for a client that has received it, whatever becomes of
/// the user's own ID.
#[derive(Clone, Debug, Deserialize, Eq, Hash, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Subject(String);

/// One row of what a client has received.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ReceivedSubject {
    pub(crate) user: UserId,
    pub(crate) subject: Subject,
}

impl Subject {
    /// The `sub` of a user whom the client has never seen.
    pub(crate) fn first(user: UserId) -> Self {
        Self(user.to_string())
    }

    /// The `sub` that a client receives for a user, given what it has received for this user and for the users that were
    /// merged into this one, oldest first. `None`: nothing yet, so [`first`](Self::first) is stored.
    pub(crate) fn received(user: UserId, rows: &[ReceivedSubject]) -> Option<&Self> {
        let own = rows.iter().find(|row| row.user == user);
        own.or(rows.first()).map(|row| &row.subject)
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

    fn user(byte: u8) -> UserId {
        UserId::from_bytes([byte; 16])
    }

    fn row(byte: u8) -> ReceivedSubject {
        let user = user(byte);
        ReceivedSubject {
            user,
            subject: Subject::first(user),
        }
    }

    #[test]
    fn a_client_goes_on_receiving_what_it_has_received() {
        let kept = user(1);
        for (rows, expected) in [
            (vec![], None),
            (vec![row(1)], Some(user(1))),
            (vec![row(2)], Some(user(2))), // it knew only the user that was merged into this one
            (vec![row(2), row(3)], Some(user(2))), // the oldest
            (vec![row(2), row(1)], Some(user(1))), // its own, even if it is younger
        ] {
            let expected = expected.map(Subject::first);
            assert_eq!(Subject::received(kept, &rows), expected.as_ref());
        }
    }

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
