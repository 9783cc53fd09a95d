//! The value that ties a callback to the browser that started the login.

use std::fmt;

use subtle::ConstantTimeEq;
use thiserror::Error as ThisError;

use crate::Error;

/// Most that WeChat allows inside its own browser (official account web authorization).
const MAX_LENGTH: usize = 128;

/// Digits of a state. WeChat allows letters and digits, 128 bytes at most, inside its own browser.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Letters and digits that hold 128 bits.
const LENGTH: usize = 22;

/// A value that WeChat hands back unchanged with the callback (RFC 6749, section 10.12).
///
/// Keep it where only this browser has it, such as a cookie, and compare with
/// [`Callback::verify`](crate::Callback::verify): a callback without it was not started here.
#[derive(Clone)]
pub struct State(String);

impl State {
    /// A new state: 128 random bits as 22 letters and digits.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the operating system has no random bytes to give.
    pub fn random() -> Result<Self, Error> {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).map_err(|_| Error::Random)?;
        Ok(Self(in_base_62(bytes)))
    }

    /// A state that was kept since the login began.
    ///
    /// It is not checked here: a text that is not the callback's state does not match it, and an
    /// empty one matches nothing.
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text that is sent to WeChat.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Refuses what WeChat refuses inside its own browser: anything but letters and digits, 128 at most.
    ///
    /// # Errors
    ///
    /// [`UnsoundState`]. On the QR page longer ones and others are allowed.
    pub fn check_sound(&self) -> Result<(), UnsoundState> {
        let sound = (1..=MAX_LENGTH).contains(&self.0.len())
            && self.0.bytes().all(|byte| byte.is_ascii_alphanumeric());
        sound.then_some(()).ok_or(UnsoundState)
    }

    pub(super) fn percent_encoded(&self) -> String {
        form_urlencoded::byte_serialize(self.0.as_bytes()).collect()
    }

    /// Whether `other` is this state; takes the same time wherever they differ.
    ///
    /// An empty state matches nothing, so that a missing cookie is no pass for a missing state.
    pub fn matches(&self, other: &str) -> bool {
        !self.0.is_empty() && bool::from(self.0.as_bytes().ct_eq(other.as_bytes()))
    }
}

/// A state that WeChat would answer with an error page, from which no user comes back.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ThisError)]
#[error("inside wechat, `state` must have 1 to {MAX_LENGTH} letters and digits and nothing else")]
pub struct UnsoundState;

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("State(..)")
    }
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

    #[test]
    fn a_state_is_22_letters_and_digits_and_never_the_same() {
        let states: Vec<_> = (0..64).map(|_| State::random().unwrap()).collect();
        for state in &states {
            assert_eq!(state.as_str().len(), LENGTH);
            assert!(
                state
                    .as_str()
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric())
            );
            assert_eq!(
                states
                    .iter()
                    .filter(|other| other.matches(state.as_str()))
                    .count(),
                1
            );
        }
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
        assert!(State::random().unwrap().check_sound().is_ok());
        assert!(State::from_stored("a".repeat(128)).check_sound().is_ok());
        for bad in ["", "a-b", "a_b", "a.b", "状态", &"a".repeat(129)] {
            assert_eq!(State::from_stored(bad).check_sound(), Err(UnsoundState));
        }
    }

    #[test]
    fn an_empty_state_never_matches_an_empty_cookie() {
        assert!(!State::from_stored("").matches(""));
        assert!(!State::from_stored("").matches("s1"));
        assert!(!State::from_stored("s1").matches(""));
        assert!(!State::from_stored("s1").matches("s12"));
        assert!(State::from_stored("s1").matches("s1"));
    }
}
