//! The secret of one login, and the state that is derived from it.

use std::fmt;

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::error::{Error, ParseError};

/// Longest token, and longest state of the caller's.
const MAX_LENGTH: usize = 512;

/// Longest state that WeChat accepts inside its own browser (docs/wechat.md#the-state).
const MAX_LENGTH_INSIDE_WECHAT: usize = 128;

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Letters and digits that hold 128 bits.
const LENGTH: usize = 22;

/// Separates this use of SHA-256 from every other, and its first version from later ones.
const DOMAIN: &[u8] = b"weixin state 1\0";

/// The secret of one login, kept in the cookie or session of the browser that started it (RFC 6749, section 10.12).
///
/// WeChat, the callback's URL and every log see [`state`](Self::state) only, a hash of it. A leaked URL does not reveal
/// the token, which makes it a substitute for PKCE. [`Callback::verify`](crate::Callback::verify) compares both.
#[derive(Clone)]
pub struct CsrfToken {
    secret: SecretString,
    derivation: Derivation,
}

/// The way from the secret to the state.
#[derive(Clone)]
enum Derivation {
    /// By hash, together with this text.
    Hash { context: String },
    /// The secret is the state; the caller binds it to the browser.
    Verbatim,
}

impl CsrfToken {
    /// A new token: 128 random bits as 22 letters and digits.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the operating system has no random bytes.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
        Ok(Self::hashed(in_base_62(bytes)))
    }

    /// A token that was stored when the login started.
    ///
    /// # Errors
    ///
    /// [`ParseError`] unless it has 1 to 512 visible ASCII characters.
    pub fn new(text: impl Into<String>) -> Result<Self, ParseError> {
        visible("CSRF token", text.into()).map(Self::hashed)
    }

    /// A token whose [`state`](Self::state) is this text itself, for callers with a state of their own. The text must
    /// be random, and bound to the browser by the caller: it stands in the callback's URL.
    ///
    /// # Errors
    ///
    /// [`ParseError`] unless it has 1 to 512 visible ASCII characters. WeChat's own browser takes 128 letters and
    /// digits at most (docs/wechat.md#the-state).
    pub fn from_state(state: impl Into<String>) -> Result<Self, ParseError> {
        let state = visible("state", state.into())?;
        Ok(Self {
            secret: state.into(),
            derivation: Derivation::Verbatim,
        })
    }

    fn hashed(secret: String) -> Self {
        Self {
            secret: secret.into(),
            derivation: Derivation::Hash {
                context: String::new(),
            },
        }
    }

    /// The secret itself, to store it where only this browser has it.
    pub fn expose(&self) -> &str {
        self.secret.expose_secret()
    }

    /// Lets the state cover `context` as well, such as the path to return to: a callback in which that was exchanged
    /// does not verify. No effect on a token made by [`from_state`](Self::from_state).
    #[must_use]
    pub fn bound_to(mut self, context: &str) -> Self {
        if let Derivation::Hash { context: bound } = &mut self.derivation {
            context.clone_into(bound);
        }
        self
    }

    /// The `state` parameter, which WeChat returns with the callback: 22 letters and digits that hold the first 128 bits of
    /// SHA-256(`"weixin state 1\0"` ‖ token ‖ `"\0"` ‖ context): each eight bytes as a little-endian number, in eleven
    /// digits of base 62 (`0-9A-Za-z`), the lowest first.
    pub fn state(&self) -> String {
        match &self.derivation {
            Derivation::Verbatim => self.expose().to_owned(),
            Derivation::Hash { context } => {
                let digest = Sha256::new()
                    .chain_update(DOMAIN)
                    .chain_update(self.expose())
                    .chain_update(b"\0")
                    .chain_update(context)
                    .finalize();
                let mut bytes = [0; 16];
                bytes.copy_from_slice(&digest[..16]);
                in_base_62(bytes)
            }
        }
    }

    /// Compares in constant time.
    pub(super) fn matches(&self, state: &str) -> bool {
        bool::from(self.state().as_bytes().ct_eq(state.as_bytes()))
    }

    pub(super) fn percent_encoded_state(&self) -> String {
        form_urlencoded::byte_serialize(self.state().as_bytes()).collect()
    }

    /// Rejects a state for which WeChat's own browser shows an error page (docs/wechat.md#the-state).
    pub(super) fn check_inside_wechat(&self) -> Result<(), ParseError> {
        let state = self.state();
        if state.len() <= MAX_LENGTH_INSIDE_WECHAT
            && state.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Ok(());
        }
        let rule = "1 to 128 letters and digits (inside WeChat)";
        Err(ParseError::new("state", rule))
    }
}

impl fmt::Debug for CsrfToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CsrfToken(..)")
    }
}

fn visible(what: &'static str, text: String) -> Result<String, ParseError> {
    if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Ok(text);
    }
    Err(ParseError::new(what, "1 to 512 visible ASCII characters"))
}

/// Eleven digits for each half: 62¹¹ is the first power of 62 that holds 64 bits.
fn in_base_62(bytes: [u8; 16]) -> String {
    let mut text = String::with_capacity(LENGTH);
    let (halves, _) = bytes.as_chunks::<8>();
    for half in halves {
        let mut number = u64::from_le_bytes(*half);
        for _ in 0..LENGTH / 2 {
            let digit = usize::try_from(number % 62).unwrap_or_default();
            text.push(char::from(DIGITS[digit]));
            number /= 62;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(text: &str) -> CsrfToken {
        CsrfToken::new(text).unwrap()
    }

    fn is_22_letters_and_digits(text: &str) -> bool {
        text.len() == 22 && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
    }

    #[test]
    fn tokens_and_states_are_22_letters_and_digits_and_never_the_same() {
        let tokens: Vec<_> = (0..64).map(|_| CsrfToken::random().unwrap()).collect();
        for token in &tokens {
            assert!(is_22_letters_and_digits(token.expose()));
            assert!(is_22_letters_and_digits(&token.state()));
            assert_ne!(token.expose(), token.state());
            let equal = tokens.iter().filter(|other| other.matches(&token.state()));
            assert_eq!(equal.count(), 1);
        }
    }

    #[test]
    fn the_state_is_the_documented_hash_of_token_and_context() {
        // Worked out with Python's hashlib from the documented formula.
        assert_eq!(
            token("0123456789abcdefghijkl").state(),
            STATE_WITHOUT_CONTEXT
        );
        assert_eq!(
            token("0123456789abcdefghijkl").bound_to("/cart").state(),
            STATE_BOUND_TO_CART
        );
    }

    const STATE_WITHOUT_CONTEXT: &str = "gtVreF1d2f1oO9U9luu7tL";
    const STATE_BOUND_TO_CART: &str = "EAKBIHcwlwGTYf1MMn2VPC";

    #[test]
    fn a_state_belongs_to_its_own_token_and_context_only() {
        let bound = token("a").bound_to("/cart");
        assert!(bound.matches(&bound.state()));
        assert!(token("a").bound_to("/cart").matches(&bound.state()));
        for other in [
            token("a"),
            token("a").bound_to("/"),
            token("b").bound_to("/cart"),
            token("a").bound_to("/cart").bound_to(""),
        ] {
            assert!(!other.matches(&bound.state()), "{}", other.expose());
        }
        // The URL's state is not the token: who has seen it cannot store it in a cookie of his own.
        assert!(
            !token(&bound.state())
                .bound_to("/cart")
                .matches(&bound.state())
        );
        for other in ["", &bound.state()[..21], "a"] {
            assert!(!bound.matches(other), "{other}");
        }
    }

    #[test]
    fn a_state_of_the_callers_own_stays_as_it_is() {
        let own = CsrfToken::from_state("of_my-own")
            .unwrap()
            .bound_to("/cart");
        assert_eq!(own.state(), "of_my-own");
        assert!(own.matches("of_my-own") && !own.matches(""));
    }

    #[test]
    fn all_128_bits_are_in_the_text() {
        assert_eq!(in_base_62([0; 16]), "0".repeat(22));
        // The digits of 2^64 - 1 in base 62, lowest first, worked out with Python.
        assert_eq!(in_base_62([0xff; 16]), "FYHA61aHgyLFYHA61aHgyL");
        let mut bytes = [0; 16];
        for bit in 0..128 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(in_base_62(bytes), "0".repeat(22), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
    }

    #[test]
    fn inside_wechat_a_state_has_letters_and_digits_only() {
        assert!(CsrfToken::random().unwrap().check_inside_wechat().is_ok());
        let own = |text: &str| CsrfToken::from_state(text).unwrap();
        assert!(own(&"a".repeat(128)).check_inside_wechat().is_ok());
        for bad in ["a-b", "a_b", "a.b", "a%b", &"a".repeat(129)] {
            assert_eq!(
                own(bad).check_inside_wechat().unwrap_err().to_string(),
                "not a valid state: expected 1 to 128 letters and digits (inside WeChat)"
            );
        }
    }

    #[test]
    fn what_no_cookie_or_url_carries_is_rejected_and_not_repeated() {
        for bad in ["", "hunter 2", "hunter2\n", "状态", &"h".repeat(513)] {
            for error in [
                CsrfToken::new(bad).unwrap_err(),
                CsrfToken::from_state(bad).unwrap_err(),
            ] {
                assert_eq!(error.rule, "1 to 512 visible ASCII characters");
                assert!(!format!("{error} {error:?}").contains("hunter"));
            }
        }
        assert!(CsrfToken::new("h".repeat(512)).is_ok());
    }

    #[test]
    fn debug_shows_the_type_and_nothing_else() {
        assert_eq!(format!("{:?}", token("hunter2")), "CsrfToken(..)");
        let own = CsrfToken::from_state("hunter2").unwrap();
        assert_eq!(format!("{own:?}"), "CsrfToken(..)");
    }
}
