//! What a client has registered for logouts (RP-Initiated Logout 1.0 §3.1; Back-Channel Logout 1.0 §2.2).

use url::{Host, Url};
use weixin::error::ParseError;

use super::{
    public_address::is_public,
    redirect_uri::{RedirectUri, RegisteredUri},
};

/// Where the browser goes after a logout, and where the client is told of one.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientLogout {
    pub(crate) redirect_uris: Vec<RegisteredUri>,
    pub(crate) backchannel: Option<BackChannelUri>,
}

impl ClientLogout {
    /// The URL of a request, if it is registered.
    pub(crate) fn redirect_uri(&self, sent: &str) -> Option<RedirectUri> {
        let mut registered = self.redirect_uris.iter();
        registered.find_map(|registered| registered.matches(sent))
    }
}

/// A URL to which logout tokens are posted.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BackChannelUri {
    pub(crate) url: Url,
    /// Whether it may be on this machine or in a private network.
    pub(crate) allow_private: bool,
}

impl BackChannelUri {
    /// Parses a URL of a client.
    ///
    /// # Errors
    ///
    /// [`ParseError`] names the rule that the URL breaks.
    pub(crate) fn parse(text: &str, allow_private: bool) -> Result<Self, ParseError> {
        let error = |rule| Err(ParseError::new("URL for logout tokens", rule));
        let Ok(url) = Url::parse(text) else {
            return error("an absolute URL");
        };
        if url.fragment().is_some() || !url.username().is_empty() || url.password().is_some() {
            return error("no fragment and no user name");
        }
        match url.scheme() {
            "https" => {}
            "http" if allow_private => {}
            _ => return error("https, or http with allow_private = true"),
        }
        // That of a name is checked when it is resolved.
        if is_private(&url) && !allow_private {
            return error("a public address, or allow_private = true");
        }
        Ok(Self { url, allow_private })
    }
}

/// Whether the host is this machine, or an address that is not public.
fn is_private(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            // A dot at the end makes the name an absolute one, and no other.
            let name = name.strip_suffix('.').unwrap_or(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => !is_public(address.into()),
        Some(Host::Ipv6(address)) => !is_public(address.into()),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logout_tokens_are_posted_by_https_unless_the_address_may_be_private() {
        for (url, is_public, is_private) in [
            ("https://rp.example/logout", true, true),
            ("https://rp.example:8443/logout?a=1", true, true),
            ("http://rp.example/logout", false, true),
            ("http://127.0.0.1:3000/logout", false, true),
            ("https://127.0.0.1/logout", false, true),
            ("https://[::1]/logout", false, true),
            ("https://[::ffff:10.0.0.1]/logout", false, true),
            ("https://10.0.0.1/logout", false, true),
            ("https://2130706433/logout", false, true),
            ("https://localhost/logout", false, true),
            ("https://rp.localhost/logout", false, true),
            ("https://localhost./logout", false, true),
            ("https://LOCALHOST./logout", false, true),
            ("https://rp.localhost./logout", false, true),
            ("https://127.0.0.1./logout", false, true),
            ("https://rp.example./logout", true, true),
            ("https://rp.example/logout#x", false, false),
            ("https://u:p@rp.example/logout", false, false),
            ("https://u@rp.example/logout", false, false),
            ("https://:p@rp.example/logout", false, false),
            ("ftp://rp.example/logout", false, false),
            ("/logout", false, false),
            ("", false, false),
        ] {
            let parses = |allow_private| BackChannelUri::parse(url, allow_private).is_ok();
            assert_eq!(
                (parses(false), parses(true)),
                (is_public, is_private),
                "{url}"
            );
        }
    }
}
