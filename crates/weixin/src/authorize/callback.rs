//! Step 2: what the browser brings back.

use std::fmt;

use thiserror::Error;

use crate::{Code, CsrfToken};

/// Longest code that is accepted; WeChat's have 32 characters.
const MAX_CODE_LENGTH: usize = 512;

/// The code of an official account's user who said no.
const DENIED: &str = "authdeny";

/// The query of a callback, read but not yet trusted: see [`Callback::verify`].
///
/// `Debug` shows neither code nor state.
#[must_use = "call `verify`"]
pub struct Callback {
    state: Option<String>,
    /// `None` if the user said no.
    code: Option<Code>,
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Callback")
            .field("has_state", &self.state.is_some())
            .field("has_code", &self.code.is_some())
            .finish_non_exhaustive()
    }
}

impl Callback {
    /// Reads the query of the callback's address, the part behind `?`.
    ///
    /// # Errors
    ///
    /// [`CallbackError::Malformed`] if the query was not made by WeChat: neither code nor state,
    /// one of them twice, or a code with characters that no code has.
    pub fn parse(query: &str) -> Result<Self, CallbackError> {
        let (mut code, mut state) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (slot, field) = match &*name {
                "code" => (&mut code, "code"),
                "state" => (&mut state, "state"),
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(CallbackError::Malformed {
                    field,
                    rule: "given twice",
                });
            }
        }
        if code.is_none() && state.is_none() {
            return Err(CallbackError::Malformed {
                field: "code",
                rule: "missing",
            });
        }
        let code = code
            .filter(|code| code != DENIED)
            .map(parse_code)
            .transpose()?;
        Ok(Self { state, code })
    }

    /// The state that the callback brought; not yet compared with anything.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Returns the code, if this callback belongs to the login that `csrf` was made for.
    ///
    /// # Errors
    ///
    /// [`CallbackError::CsrfMismatch`] if it does not; [`CallbackError::Declined`] if it does and the user declined.
    pub fn verify(self, csrf: &CsrfToken) -> Result<Code, CallbackError> {
        if !csrf.matches(self.state.as_deref().unwrap_or_default()) {
            return Err(CallbackError::CsrfMismatch);
        }
        self.code.ok_or(CallbackError::Declined)
    }
}

fn parse_code(text: String) -> Result<Code, CallbackError> {
    let malformed = |rule| CallbackError::Malformed {
        field: "code",
        rule,
    };
    if text.len() > MAX_CODE_LENGTH {
        return Err(malformed("longer than 512 characters"));
    }
    if !text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
    {
        return Err(malformed("not only letters, digits, `_` and `-`"));
    }
    Code::new(text).map_err(|_| malformed("empty"))
}

/// A callback that brings no code to exchange.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum CallbackError {
    /// The user said no.
    #[error("the user declined the login")]
    Declined,
    /// Not an address that WeChat sends a browser to.
    #[error("the callback's `{field}` is {rule}")]
    Malformed {
        /// The parameter.
        field: &'static str,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// Another login's callback, or a forged one.
    #[error("the callback's `state` does not belong to this login")]
    CsrfMismatch,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn verify(query: &str, state: &str) -> Result<String, CallbackError> {
        let code = Callback::parse(query)?.verify(&CsrfToken::from_state(state).unwrap())?;
        Ok(code.expose().to_owned())
    }

    #[test]
    fn each_kind_of_callback() {
        let malformed = |field, rule| Err(CallbackError::Malformed { field, rule });
        let long = format!("code={}&state=s1", "x".repeat(513));
        let table = [
            ("code=071v&state=s1", Ok("071v".to_owned())),
            ("state=s1&code=071v&utm=x", Ok("071v".to_owned())),
            ("state=s1", Err(CallbackError::Declined)),
            (
                "code=authdeny&reason=&state=s1",
                Err(CallbackError::Declined),
            ),
            ("state=s2", Err(CallbackError::CsrfMismatch)),
            ("code=071v&state=s2", Err(CallbackError::CsrfMismatch)),
            ("code=071v", Err(CallbackError::CsrfMismatch)),
            ("code=071v&state=", Err(CallbackError::CsrfMismatch)),
            ("", malformed("code", "missing")),
            ("error=access_denied", malformed("code", "missing")),
            ("code=&state=s1", malformed("code", "empty")),
            ("code=a&code=b&state=s1", malformed("code", "given twice")),
            (
                "code=a&state=s1&state=s1",
                malformed("state", "given twice"),
            ),
            (
                "code=a%0Ab&state=s1",
                malformed("code", "not only letters, digits, `_` and `-`"),
            ),
            (&long, malformed("code", "longer than 512 characters")),
        ];
        for (query, expected) in table {
            assert_eq!(verify(query, "s1"), expected, "{query}");
        }
    }

    proptest! {
        #[test]
        fn no_query_logs_in_without_the_state(query in "(code|state|=|&|%|[a-z0-9]){0,12}") {
            let mine = CsrfToken::random().unwrap();
            if let Ok(callback) = Callback::parse(&query) {
                prop_assert!(callback.verify(&mine).is_err());
            }
        }
    }
}
