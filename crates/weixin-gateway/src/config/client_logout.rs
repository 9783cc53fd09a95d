//! What a table `[[client]]` says about logouts.

use super::{error::ConfigError, problem::both};
use crate::oidc::{BackChannelUri, ClientLogout, RegisteredUri, UriPolicy};

/// The keys of a client about logouts.
pub(super) struct LogoutEntry<'a> {
    pub(super) redirect_uris: &'a [String],
    pub(super) backchannel_uri: Option<&'a str>,
    /// Each logout token has a `sid`, whether the client needs it or not.
    pub(super) session_required: bool,
    pub(super) allow_private: bool,
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
        let backchannel = self
            .backchannel_uri
            .map(|url| BackChannelUri::parse(url, self.allow_private))
            .transpose()
            .map_err(|it| error("backchannel_logout_uri", it))?;
        if backchannel.is_none() && (self.session_required || self.allow_private) {
            let missing = both(
                "缺少：该客户端的其他键与它有关",
                "missing: other keys of this client are about it",
            );
            return Err(ConfigError::new(place("backchannel_logout_uri"), missing));
        }
        Ok(ClientLogout {
            redirect_uris: uris.map_err(|it| error("post_logout_redirect_uris", it))?,
            backchannel,
        })
    }
}
