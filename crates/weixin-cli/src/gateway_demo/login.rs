//! A login that has begun.

use std::str::FromStr;

use aws_lc_rs::{digest, error::Unspecified, rand};
use data_encoding::BASE64URL_NOPAD;

use super::steps::Step;

/// What is tried.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Attempt {
    /// As a client usually does it.
    Usual,
    /// `prompt=none`: without any page.
    Silent,
    /// `prompt=login`: with WeChat, even if there is a session.
    Forced,
    /// The user refuses.
    Refused,
}

impl Attempt {
    /// The `prompt` of its authorization request.
    pub(super) fn prompt(self) -> Option<&'static str> {
        match self {
            Self::Usual => None,
            Self::Silent => Some("none"),
            // A session would end it before WeChat is asked.
            Self::Forced | Self::Refused => Some("login"),
        }
    }
}

impl FromStr for Attempt {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "usual" => Ok(Self::Usual),
            "none" => Ok(Self::Silent),
            "login" => Ok(Self::Forced),
            "refused" => Ok(Self::Refused),
            _ => Err(()),
        }
    }
}

/// What the client keeps until the browser returns.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) attempt: Attempt,
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
    /// The authorization endpoint with the parameters of the request.
    pub(super) url: String,
    /// The requests that WeChat has had before.
    pub(super) requests_before: u64,
    pub(super) steps: Vec<Step>,
}

/// The random values of a login.
pub(super) struct Secrets {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) verifier: String,
}

impl Secrets {
    pub(super) fn random() -> Result<Self, Unspecified> {
        Ok(Self {
            state: random()?,
            nonce: random()?,
            verifier: random()?,
        })
    }

    /// The code challenge by S256 (RFC 7636 §4.2).
    pub(super) fn challenge(&self) -> String {
        let hash = digest::digest(&digest::SHA256, self.verifier.as_bytes());
        BASE64URL_NOPAD.encode(hash.as_ref())
    }
}

/// 256 random bits in base64url.
pub(super) fn random() -> Result<String, Unspecified> {
    let mut bytes = [0; 32];
    rand::fill(&mut bytes)?;
    Ok(BASE64URL_NOPAD.encode(&bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_rfc_7636() {
        let secrets = Secrets {
            state: String::new(),
            nonce: String::new(),
            verifier: "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned(),
        };
        assert_eq!(
            secrets.challenge(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
