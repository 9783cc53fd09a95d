//! The callback: the query with which WeChat sends the browser back.

use std::fmt;

use super::CsrfToken;
use crate::{
    error::{CallbackError, ParseError},
    secret::Code,
};

/// Longest code that is accepted; WeChat's have 32 characters (docs/wechat.md#the-callback).
const MAX_CODE_LENGTH: usize = 512;

/// The code of an official account's user who declined (docs/wechat.md#the-callback).
const DENIED: &str = "authdeny";

/// The query of a callback, parsed but not yet verified.
///
/// `Debug` shows neither code nor state. See docs/wechat.md#the-callback.
#[must_use = "call `verify`"]
pub struct Callback {
    state: Option<String>,
    /// `None` if the user declined.
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
    /// Parses the query of the callback's URL, the part after `?`.
    ///
    /// # Errors
    ///
    /// [`CallbackError::Malformed`] if WeChat did not make the query: neither code nor state, one of them twice, or a
    /// code with characters that no code has.
    pub fn parse(query: &str) -> Result<Self, CallbackError> {
        let (mut code, mut state) = (None, None);
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let (slot, once) = match &*name {
                "code" => (&mut code, "one `code`"),
                "state" => (&mut state, "one `state`"),
                _ => continue,
            };
            if slot.replace(value.into_owned()).is_some() {
                return Err(malformed(once));
            }
        }
        if code.is_none() && state.is_none() {
            return Err(malformed("a `code` or a `state`"));
        }
        let code = code
            .filter(|code| code != DENIED)
            .map(parse_code)
            .transpose()?;
        Ok(Self { state, code })
    }

    /// The state, unverified: to look up a stored token.
    pub fn state(&self) -> Option<&str> {
        self.state.as_deref()
    }

    /// Compares the state with the token of the browser, in constant time, and returns the code.
    ///
    /// # Errors
    ///
    /// [`CallbackError::CsrfMismatch`] if the callback belongs to another login; [`CallbackError::Declined`] if the user
    /// declined this one.
    pub fn verify(self, csrf: &CsrfToken) -> Result<Code, CallbackError> {
        if !csrf.matches(self.state.as_deref().unwrap_or_default()) {
            return Err(CallbackError::CsrfMismatch);
        }
        self.code.ok_or(CallbackError::Declined)
    }
}

const CODE: &str = "a `code` of 1 to 512 letters, digits, `_` and `-`";

fn parse_code(text: String) -> Result<Code, CallbackError> {
    let is_of_a_code = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if text.len() > MAX_CODE_LENGTH || !text.bytes().all(is_of_a_code) {
        return Err(malformed(CODE));
    }
    Code::new(text).map_err(|_| malformed(CODE))
}

fn malformed(rule: &'static str) -> CallbackError {
    ParseError::new("callback", rule).into()
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
        let malformed = |rule| Err(malformed(rule));
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
            ("", malformed("a `code` or a `state`")),
            ("error=access_denied", malformed("a `code` or a `state`")),
            ("code=&state=s1", malformed(CODE)),
            ("code=a&code=b&state=s1", malformed("one `code`")),
            ("code=a&state=s1&state=s1", malformed("one `state`")),
            ("code=a%0Ab&state=s1", malformed(CODE)),
            (&long, malformed(CODE)),
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
