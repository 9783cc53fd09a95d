//! What has become of a login.

use crate::{
    oidc::{Session, UserId},
    session_secret::SessionSecret,
};

/// Who has logged in.
#[derive(Debug)]
pub(crate) enum LoginOutcome {
    /// A user who was created by this login.
    Created(Session),
    /// A user who was known.
    Known(Session),
    /// The callback is a repeat: the session that its login has begun goes on, with the same cookie.
    Repeated {
        session: Session,
        cookie: SessionSecret,
    },
    /// A user who was known as two: the session is the kept one's.
    Merged { session: Session, absorbed: UserId },
    /// A user whom the operator has disabled.
    Disabled(UserId),
    /// The callback is a repeat, and the session that its login has begun has ended. Nothing has changed.
    Used,
    /// Several users, or one with other IDs: the operator decides. Nothing has changed.
    Conflict(Vec<UserId>),
}
