//! What confirms a change of how an account is opened: a stolen session must not be enough.

use axum::http::StatusCode;
use serde::Deserialize;

use super::Failed;
use crate::site::{Site, accounts::Account, credentials::Password, pages, passwords::Verdict};

/// A form with the account's password; what is missing is empty.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Confirmation {
    password: String,
}

/// Or the status and the notice of the page that asks again.
pub(crate) type Confirmed = Result<(), (StatusCode, &'static str)>;

impl Confirmation {
    /// Compares the password with that of the account.
    pub(crate) async fn check(self, site: &Site, account: &Account) -> Result<Confirmed, Failed> {
        let wrong = Err((StatusCode::BAD_REQUEST, "密码不正确 · Wrong password"));
        let Ok(password) = Password::parse(self.password) else {
            return Ok(wrong);
        };
        Ok(match site.passwords.confirm(account.id, password).await? {
            Verdict::Account(_) => Ok(()),
            Verdict::TooManyTries => Err((StatusCode::TOO_MANY_REQUESTS, pages::TOO_MANY_TRIES)),
            Verdict::Wrong => wrong,
        })
    }
}
