//! What has become of a login.

use crate::{oidc::UserId, store::session_login::BrowserSession};

/// Who has logged in.
#[derive(Debug)]
pub(crate) enum LoginOutcome {
    /// A user who was created by this login.
    Created(BrowserSession),
    /// A user who was known.
    Known(BrowserSession),
    /// The callback is a repeat: the session that its login has begun goes on, with the same cookie.
    Repeated(BrowserSession),
    /// A user who was known as two: the session is the kept one's.
    Merged {
        begun: BrowserSession,
        absorbed: UserId,
    },
    /// A user whom the operator has disabled.
    Disabled(UserId),
    /// The callback is a repeat, and the session that its login has begun has ended. Nothing has changed.
    Used,
    /// Several users, or one with other IDs: the operator decides. Nothing has changed.
    Conflict(Vec<UserId>),
}
