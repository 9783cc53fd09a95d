//! The envelope of every response: the error code and its text.

use serde::{Deserialize, Deserializer, de::Error as _};

use super::json::{self, Loose};
use crate::error::{ApiError, ErrCode};

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    errcode: Loose,
    #[serde(default, deserialize_with = "json::text_or_empty")]
    errmsg: String,
}

/// The error code of a response and its text, if the response is an error.
///
/// A code that cannot be read does not make it one: the other members then have to be those of a success.
pub(crate) fn error_in(text: &str) -> Option<(ErrCode, String)> {
    // Saves most successful logins a second pass: they have no such member. JSON may also write the name with escapes.
    if !text.contains("errcode") && !text.contains("\\u") {
        return None;
    }
    let Envelope { errcode, errmsg } = json::parse_text(text).ok()?;
    let code = errcode.whole().filter(|code| *code != 0).map(ErrCode)?;
    Some((code, errmsg))
}

/// A successful response without members of its own. It must have an `errcode` of 0: a response of another shape proves
/// nothing.
#[derive(Debug, Deserialize)]
pub(crate) struct Empty {
    #[serde(rename = "errcode", deserialize_with = "no_error")]
    _errcode: (),
}

fn no_error<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    if Loose::deserialize(deserializer)?.is_zero_or_empty() {
        Ok(())
    } else {
        Err(D::Error::custom("not 0"))
    }
}

impl ApiError {
    /// The error in a response that was received or logged elsewhere, or `None` for a success.
    ///
    /// `path` is the path that was called. Parameters that WeChat repeats in the text stay in it: only the SDK's own
    /// calls mask them.
    ///
    /// ```
    /// use weixin::error::ApiError;
    ///
    /// let body = r#"{"errcode":40164,"errmsg":"invalid ip 192.0.2.1, not in whitelist rid: 6aac007a-6c02c771-26bf69c4"}"#;
    /// let error = ApiError::from_response("/cgi-bin/token", body.as_bytes()).unwrap();
    /// assert_eq!(error.message, "invalid ip 192.0.2.1, not in whitelist");
    /// assert_eq!(error.caller_ip(), "192.0.2.1".parse().ok());
    /// ```
    pub fn from_response(path: &'static str, body: &[u8]) -> Option<Self> {
        let (code, message) = error_in(&json::text(body))?;
        Some(Self::new(path, code, &message))
    }
}
