//! Where the response to an authorization request goes (RFC 6749 §4.1.2.1).

use std::fmt;

use super::{redirect_uri::RedirectUri, response_mode::ResponseMode};
use crate::params::Params;

/// Longest `state` that is returned.
pub(super) const MAX_STATE: usize = 4096;

/// Where a response goes. Its redirect URI is registered for the client: there is no other way to make one.
#[derive(Clone, Eq, PartialEq)]
pub(crate) struct ErrorTarget {
    pub(crate) redirect_uri: RedirectUri,
    pub(crate) mode: ResponseMode,
    pub(crate) state: Option<String>,
}

impl ErrorTarget {
    pub(super) fn of(params: &Params, redirect_uri: RedirectUri) -> Self {
        let get = |name| params.get(name).ok().flatten();
        let mode = get("response_mode").and_then(ResponseMode::from_parameter);
        let state = get("state").filter(|state| is_state(state));
        Self {
            redirect_uri,
            mode: mode.unwrap_or_default(),
            state: state.map(str::to_owned),
        }
    }
}

impl fmt::Debug for ErrorTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ErrorTarget({}, ..)", self.redirect_uri.as_str())
    }
}

pub(super) fn is_state(text: &str) -> bool {
    text.len() <= MAX_STATE && !text.contains('\u{fffd}')
}
