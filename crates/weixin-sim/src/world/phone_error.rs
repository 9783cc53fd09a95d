//! Errors of the simulated phone.

use thiserror::Error;

/// A rejected action of the simulated phone.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
pub enum PhoneError {
    /// The QR code is confirmed already.
    #[error("this QR code has been confirmed already: open the login page again")]
    Confirmed,
    /// The QR code does not exist or has expired.
    #[error("this QR code is unknown or has expired: open the login page again")]
    Expired,
    /// The user has no session key of the mini program, because they have not opened it.
    #[error("this user has no session with the mini program: call wx-login first")]
    NotOpened,
    /// No app has that ID.
    #[error("unknown app: see /_sim/api/apps")]
    UnknownApp,
    /// No such app, or an app of another kind.
    #[error("{expected}")]
    WrongApp {
        /// Description of the expected app.
        expected: &'static str,
    },
    /// No user has that ID or nickname.
    #[error("{}", unknown_user(known))]
    UnknownUser {
        /// IDs of all users.
        known: Vec<String>,
    },
}

fn unknown_user(known: &[String]) -> String {
    match known {
        [] => "there is no user: add one with PUT /_sim/api/users/{user}".to_owned(),
        known => format!("unknown user: expected one of {}", known.join(", ")),
    }
}
