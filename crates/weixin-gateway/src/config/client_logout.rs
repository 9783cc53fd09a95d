//! What a table `[[client]]` says about logouts.

use super::error::ConfigError;
use crate::oidc::{ClientLogout, RegisteredUri, UriPolicy};

/// The keys of a client about logouts.
pub(super) struct LogoutEntry<'a> {
    pub(super) redirect_uris: &'a [String],
}

impl LogoutEntry<'_> {
    /// The same rules as for redirect URIs.
    pub(super) fn check(
        self,
        place: &dyn Fn(&str) -> String,
        policy: UriPolicy,
    ) -> Result<ClientLogout, ConfigError> {
        let uris = self.redirect_uris.iter();
        let uris = uris.map(|uri| RegisteredUri::parse(uri, policy));
        let uris = uris.collect::<Result<_, _>>();
        let error = |field: &str, error| ConfigError::new(place(field), error);
        Ok(ClientLogout {
            redirect_uris: uris.map_err(|it| error("post_logout_redirect_uris", it))?,
        })
    }
}
