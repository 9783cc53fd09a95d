//! This crate's own parameters in the query of a callback.

use crate::ReturnPath;

/// Marks the callback of a login that was restarted: it is restarted once. It must be in the URL, since the browsers that
/// need it lose cookies.
pub(crate) const RESTARTED: &str = "login_restarted";
/// Asks the callback's own path for a new login: the link on the page of a failed one.
pub(crate) const AGAIN: &str = "login_again";
/// The kind of a failed login, at a URL without a code.
pub(crate) const ERROR: &str = "login_error";
/// The return path.
pub(crate) const RETURN_TO: &str = "return_to";

/// All of them: a redirect URI has none.
pub(crate) const OURS: [&str; 4] = [RESTARTED, AGAIN, ERROR, RETURN_TO];

/// Returns `true` for a query that WeChat may have made: one with a code or a state, in any spelling.
pub(crate) fn is_callback(query: &str) -> bool {
    form_urlencoded::parse(query.as_bytes()).any(|(name, _)| matches!(&*name, "code" | "state"))
}

/// The parameters of one callback.
#[derive(Default)]
pub(crate) struct Parameters {
    pub(crate) again: bool,
    pub(crate) restarted: bool,
    pub(crate) error: Option<String>,
    pub(crate) return_to: Option<ReturnPath>,
    /// Two return paths, or one that this crate does not write.
    pub(crate) is_tampered: bool,
}

impl Parameters {
    pub(crate) fn parse(query: &str) -> Self {
        let mut parameters = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                AGAIN => parameters.again = true,
                RESTARTED => parameters.restarted = true,
                ERROR => parameters.error = Some(value.into_owned()),
                RETURN_TO => {
                    let path = ReturnPath::from_query(&value);
                    parameters.is_tampered |= path.is_none() || parameters.return_to.is_some();
                    parameters.return_to = path;
                }
                _ => {}
            }
        }
        if parameters.is_tampered {
            parameters.return_to = None;
        }
        parameters
    }
}
