//! The applications that are registered with this WeChat.

use url::{Host, Url};

/// A website app, as its owner registered it.
#[derive(Clone, Debug)]
pub struct App {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) name: String,
    pub(crate) callback_domains: Vec<String>,
}

impl App {
    /// An app whose callbacks are on `localhost` and `127.0.0.1`, at any port.
    ///
    /// Real WeChat registers neither of them, and no port.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: secret.into(),
            name: "示例网站".to_owned(),
            callback_domains: Vec::new(),
        }
    }

    /// Registers a callback domain (授权回调域), such as `www.example.com`: this host, no port.
    #[must_use]
    pub fn callback_domain(mut self, host: impl Into<String>) -> Self {
        self.callback_domains.push(host.into());
        self
    }

    /// The name that the login page shows.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Whether the browser may be sent to `redirect_uri`; the error is the rule that it breaks.
    pub(crate) fn accepts(&self, redirect_uri: &str) -> Result<(), &'static str> {
        // The URL parser silently drops these, but the browser is sent to the text as it is.
        if redirect_uri
            .chars()
            .any(|c| c.is_whitespace() || c.is_control())
        {
            return Err("it has spaces, line breaks or control characters");
        }
        let url = Url::parse(redirect_uri).map_err(|_| "it is not an absolute address")?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it does not start with http:// or https://");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("it has a user name before the host");
        }
        if is_local(&url) {
            return Ok(());
        }
        if url.port().is_some() {
            return Err("it has a port");
        }
        let host = url.host_str().unwrap_or_default();
        if self
            .callback_domains
            .iter()
            .any(|domain| domain.eq_ignore_ascii_case(host))
        {
            Ok(())
        } else {
            Err("its host is not the registered callback domain")
        }
    }
}

/// The app that is there from the start: `wx0123456789abcdef`, secret 32 × `s`.
impl Default for App {
    fn default() -> Self {
        Self::new("wx0123456789abcdef", "s".repeat(32))
    }
}

fn is_local(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(address)) => address.octets() == [127, 0, 0, 1],
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_host_is_compared_and_tricks_are_refused() {
        let app = App::default().callback_domain("www.example.com");
        for good in [
            "http://localhost/",
            "http://localhost:8080/authorization?next=/a#b",
            "https://127.0.0.1:1/",
            "http://www.example.com/any/path",
            "https://WWW.example.com/any?query",
        ] {
            assert_eq!(app.accepts(good), Ok(()), "{good}");
        }
        let table = [
            ("", "it is not an absolute address"),
            ("/callback", "it is not an absolute address"),
            (
                "ftp://www.example.com/",
                "it does not start with http:// or https://",
            ),
            (
                "http://localhost@evil.example/",
                "it has a user name before the host",
            ),
            ("https://www.example.com:8443/", "it has a port"),
            (
                "https://example.com/",
                "its host is not the registered callback domain",
            ),
            (
                "https://a.www.example.com/",
                "its host is not the registered callback domain",
            ),
            (
                "http://127.0.0.2/",
                "its host is not the registered callback domain",
            ),
            (
                "http://localhost.evil.example/",
                "its host is not the registered callback domain",
            ),
        ];
        for (bad, rule) in table {
            assert_eq!(app.accepts(bad), Err(rule), "{bad}");
        }
    }
}
