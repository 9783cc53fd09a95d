//! What errors repeat of the names in a configuration file: an operator may have put a secret in the place of one.

use super::secret::SecretText;
use crate::oidc::ClientId;

/// The fewest characters of a client secret, and the number that an `AppSecret` has.
const SECRET_LENGTH: usize = 32;

/// Whether a text is as long as a secret. IDs of that length, such as UUIDs, are not told apart from one.
pub(super) const fn may_be_secret(text: &str) -> bool {
    text.len() >= SECRET_LENGTH
}

/// A client as errors name it: by its ID or, if that may be a secret, by its number among the clients of the file.
pub(super) fn of_client(id: &ClientId, number: usize, secrets: [&Option<SecretText>; 2]) -> String {
    // What stands in the place of the secret is none: both may be swapped, unless it is the longer one.
    let may_be_swapped =
        |secret: &SecretText| !secret.is_of_client() && !secret.is_longer_than(id.as_str());
    let mut secrets = secrets.into_iter().flatten();
    if may_be_secret(id.as_str()) || secrets.any(may_be_swapped) {
        format!("[[client]] #{number}")
    } else {
        format!("client {id}")
    }
}

/// The name of a claim.
pub(super) fn of_claim(name: &str) -> &str {
    if may_be_secret(name) { "…" } else { name }
}
