//! Proof Key for Code Exchange, S256 only (RFC 7636; RFC 9700 §2.1.1).

use std::fmt;

use aws_lc_rs::constant_time;
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use weixin::error::ParseError;

use crate::secret::sha256;

/// The `code_challenge` of an authorization request: the SHA-256 of its verifier (RFC 7636 §4.2).
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct CodeChallenge([u8; 32]);

impl CodeChallenge {
    /// Whether the verifier belongs to this challenge (RFC 7636 §4.6).
    pub(crate) fn is_of(&self, verifier: &CodeVerifier) -> bool {
        let hash = sha256(verifier.0.expose_secret().as_bytes());
        constant_time::verify_slices_are_equal(&self.0, &hash).is_ok()
    }
}

impl TryFrom<String> for CodeChallenge {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        let rule = "the base64url of a SHA-256, without padding";
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
        let hash = bytes.and_then(|bytes| bytes.try_into().ok()).map(Self);
        hash.ok_or(ParseError::new("code_challenge", rule))
    }
}

impl From<CodeChallenge> for String {
    fn from(challenge: CodeChallenge) -> Self {
        BASE64URL_NOPAD.encode(&challenge.0)
    }
}

/// The `code_verifier` of a token request (RFC 7636 §4.1).
pub(crate) struct CodeVerifier(SecretString);

impl TryFrom<String> for CodeVerifier {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        let is_valid = (43..=128).contains(&text.len()) && text.bytes().all(allowed);
        let verifier = Self(text.into());
        let rule = "43 to 128 characters from [A-Za-z0-9._~-]";
        if is_valid {
            Ok(verifier)
        } else {
            Err(ParseError::new("code_verifier", rule))
        }
    }
}

impl fmt::Debug for CodeVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeVerifier(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn challenge(text: &str) -> Result<CodeChallenge, ParseError> {
        text.to_owned().try_into()
    }

    fn verifier(text: &str) -> Result<CodeVerifier, ParseError> {
        text.to_owned().try_into()
    }

    #[test]
    fn the_example_of_rfc_7636_appendix_b_is_verified() {
        let challenge = challenge(CHALLENGE).unwrap();
        assert!(challenge.is_of(&verifier(VERIFIER).unwrap()));
        assert!(!challenge.is_of(&verifier(CHALLENGE).unwrap()));
        assert_eq!(String::from(challenge), CHALLENGE);
    }

    #[test]
    fn a_challenge_is_a_hash_and_a_verifier_is_long() {
        for bad in [
            "",
            VERIFIER.get(1..).unwrap(),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM=",
        ] {
            assert!(challenge(bad).is_err(), "{bad}");
        }
        let long = "a".repeat(129);
        for bad in [
            "",
            VERIFIER.get(1..).unwrap(),
            &long,
            &format!("{VERIFIER}+"),
        ] {
            assert!(verifier(bad).is_err(), "{bad}");
        }
        assert_eq!(
            format!("{:?}", verifier(VERIFIER).unwrap()),
            "CodeVerifier(..)"
        );
    }
}
