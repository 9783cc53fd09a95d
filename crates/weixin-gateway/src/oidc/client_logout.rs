//! What a client has registered for logouts (RP-Initiated Logout 1.0 §3.1).

use super::redirect_uri::{RedirectUri, RegisteredUri};

/// Where the browser may go after a logout.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientLogout {
    pub(crate) redirect_uris: Vec<RegisteredUri>,
}

impl ClientLogout {
    /// The URL of a request, if it is registered.
    pub(crate) fn redirect_uri(&self, sent: &str) -> Option<RedirectUri> {
        let mut registered = self.redirect_uris.iter();
        registered.find_map(|registered| registered.matches(sent))
    }
}
