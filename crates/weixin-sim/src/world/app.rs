//! Registered apps.

use std::{fmt, net::IpAddr};

use serde::Deserialize;
use url::{Host, Url};

use super::app_kind::AppKind;
use crate::{
    bilingual::{Bilingual, Language},
    lint::violation::Violation,
};

/// A registered app.
#[derive(Clone)]
pub struct App {
    pub(crate) kind: AppKind,
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) name: String,
    pub(crate) callback_domains: Vec<String>,
    pub(crate) ip_whitelist: Option<Vec<IpAddr>>,
    /// Bound to the Open Platform account; otherwise its users have no UnionID.
    pub(crate) is_bound: bool,
    pub(crate) is_frozen: bool,
    /// The secret comes from a configuration file: it may be a real one, so it is shown only on request.
    pub(crate) has_private_secret: bool,
}

/// Prints no app secret: it may be a real one.
impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("App")
            .field("kind", &self.kind)
            .field("id", &self.id)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl App {
    /// Creates a website app with callbacks on `localhost` and `127.0.0.1`, at any port.
    ///
    /// Real WeChat accepts neither host and no port.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            kind: AppKind::Website,
            id: id.into(),
            secret: secret.into(),
            name: "示例网站".to_owned(),
            callback_domains: Vec::new(),
            ip_whitelist: None,
            is_bound: true,
            is_frozen: false,
            has_private_secret: false,
        }
    }

    /// The default official account: `wx0123456789abcde0`, secret 32 × `s`.
    pub fn official_account() -> Self {
        let app = Self::new("wx0123456789abcde0", "s".repeat(32));
        app.kind(AppKind::OfficialAccount).name("示例公众号")
    }

    /// The default mobile app: `wx0123456789abcde1`, secret 32 × `s`.
    pub fn mobile_app() -> Self {
        let app = Self::new("wx0123456789abcde1", "s".repeat(32));
        app.kind(AppKind::MobileApp).name("示例应用")
    }

    /// The default mini program: `wx0123456789abcde2`, secret 32 × `s`.
    pub fn mini_program() -> Self {
        let app = Self::new("wx0123456789abcde2", "s".repeat(32));
        app.kind(AppKind::MiniProgram).name("示例小程序")
    }

    /// The name, translated if it is that of an example.
    pub(crate) fn shown_name(&self, language: Language) -> &str {
        match &*self.name {
            "示例网站" => language.pick("示例网站", "Example Site"),
            "示例公众号" => language.pick("示例公众号", "Example Account"),
            "示例应用" => language.pick("示例应用", "Example App"),
            "示例小程序" => language.pick("示例小程序", "Example Mini Program"),
            name => name,
        }
    }

    /// Sets the kind of app.
    #[must_use]
    pub fn kind(mut self, kind: AppKind) -> Self {
        self.kind = kind;
        self
    }

    /// Registers a callback domain (授权回调域), such as `www.example.com`: exactly this host. A port in the callback, and an
    /// IP address as callback domain, are accepted here but not by WeChat, so they are findings.
    #[must_use]
    pub fn callback_domain(mut self, host: impl Into<String>) -> Self {
        self.callback_domains.push(host.into());
        self
    }

    /// Restricts requests for app access tokens to these IP addresses (IP 白名单). By default, all are allowed.
    #[must_use]
    pub fn ip_whitelist(mut self, addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        self.ip_whitelist = Some(addresses.into_iter().collect());
        self
    }

    /// Removes the app from the Open Platform account: its users have no UnionID.
    #[must_use]
    pub fn unbound(mut self) -> Self {
        self.is_bound = false;
        self
    }

    /// Freezes the app, as WeChat does for violations: `/sns` returns 50002, calls with an app access token 48004, and
    /// the login of an official account shows a dialog.
    #[must_use]
    pub fn frozen(mut self) -> Self {
        self.is_frozen = true;
        self
    }

    /// Returns the app ID.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the app secret.
    pub fn secret(&self) -> &str {
        &self.secret
    }

    /// App secret as pages show it: `***` if it may be a real one.
    pub(crate) fn shown_secret(&self) -> &str {
        if self.has_private_secret {
            "***"
        } else {
            &self.secret
        }
    }

    pub(crate) fn allows_ip(&self, address: IpAddr) -> bool {
        self.ip_whitelist
            .as_ref()
            .is_none_or(|whitelist| whitelist.contains(&address))
    }

    /// Sets the name on the login page.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Checks a callback URL; the error is the broken rule.
    pub(crate) fn check_redirect_uri(&self, redirect_uri: &str) -> Result<(), Violation> {
        // The URL parser silently drops these characters, but the browser would be redirected to the raw text.
        if redirect_uri
            .chars()
            .any(|c| c.is_whitespace() || c.is_control())
        {
            return Err(Violation::WHITESPACE);
        }
        let url = Url::parse(redirect_uri).map_err(|_| Violation::NOT_ABSOLUTE)?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(Violation::NOT_HTTP);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Violation::USER_INFO);
        }
        if is_local(&url) {
            return Ok(());
        }
        // WeChat rejects a port, which is a finding: containers and test servers need one.
        if self.callback_domains.iter().any(|host| is_at(&url, host)) {
            Ok(())
        } else {
            Err(Violation::OTHER_HOST)
        }
    }
}

/// Change of an app; missing members stay as they are.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AppChange {
    pub(crate) secret: Option<String>,
    pub(crate) kind: Option<AppKind>,
    pub(crate) name: Option<String>,
    pub(crate) callback_domains: Option<Vec<String>>,
    pub(crate) ip_whitelist: Option<Vec<IpAddr>>,
    pub(crate) bound: Option<bool>,
    pub(crate) frozen: Option<bool>,
}

const NOT_EMPTY: Bilingual = Bilingual::new("不能为空", "must not be empty");
const HOSTS: Bilingual = Bilingual::new(
    "应为主机名，不含协议、端口和路径，例如 \"www.example.com\"",
    "must be hosts without scheme, port or path, such as \"www.example.com\"",
);

impl AppChange {
    /// Changes the app. The error is the field and the rule that it breaks.
    pub(crate) fn apply(self, app: &mut App) -> Result<(), (&'static str, Bilingual)> {
        if app.id.is_empty() {
            return Err(("id", NOT_EMPTY));
        }
        if self.secret.as_deref() == Some("") {
            return Err(("secret", NOT_EMPTY));
        }
        let mut domains = self.callback_domains.iter().flatten();
        if !domains.all(|domain| is_host(domain)) {
            return Err(("callback_domains", HOSTS));
        }
        set_if_some(&mut app.secret, self.secret);
        set_if_some(&mut app.kind, self.kind);
        set_if_some(&mut app.name, self.name);
        set_if_some(&mut app.callback_domains, self.callback_domains);
        set_if_some(&mut app.ip_whitelist, self.ip_whitelist.map(Some));
        set_if_some(&mut app.is_bound, self.bound);
        set_if_some(&mut app.is_frozen, self.frozen);
        Ok(())
    }
}

fn set_if_some<T>(place: &mut T, new: Option<T>) {
    if let Some(new) = new {
        *place = new;
    }
}

/// Returns `true` for a host name or an IP address. Names of containers contain underscores.
fn is_host(domain: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_name = !domain.is_empty() && domain.bytes().all(allowed);
    is_name || address(domain).is_some()
}

/// IP address, with or without the brackets of IPv6.
fn address(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// Compares the host of a URL with a registered one.
fn is_at(url: &Url, registered: &str) -> bool {
    match url.host() {
        Some(Host::Domain(host)) => host.eq_ignore_ascii_case(registered),
        Some(Host::Ipv4(host)) => address(registered) == Some(host.into()),
        Some(Host::Ipv6(host)) => address(registered) == Some(host.into()),
        None => false,
    }
}

/// Default apps.
pub(crate) fn defaults() -> Vec<App> {
    vec![
        App::default(),
        App::official_account(),
        App::mobile_app(),
        App::mini_program(),
    ]
}

/// The default website app: `wx0123456789abcdef`, secret 32 × `s`.
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
    fn only_the_host_is_compared_and_tricks_are_rejected() {
        let app = App::default()
            .callback_domain("www.example.com")
            .callback_domain("my_site")
            .callback_domain("192.168.1.7")
            .callback_domain("fd00::1");
        for good in [
            "http://localhost/",
            "http://localhost:8080/authorization?next=/a#b",
            "https://127.0.0.1:1/",
            "http://www.example.com/any/path",
            "https://WWW.example.com/any?query",
            "https://www.example.com:8443/",
            "http://my_site:8080/callback",
            "http://192.168.1.7:3000/",
            "http://[fd00::1]:3000/",
        ] {
            assert_eq!(app.check_redirect_uri(good), Ok(()), "{good}");
        }
        let table = [
            ("", Violation::NOT_ABSOLUTE),
            ("/callback", Violation::NOT_ABSOLUTE),
            ("ftp://www.example.com/", Violation::NOT_HTTP),
            ("http://localhost@evil.example/", Violation::USER_INFO),
            ("https://example.com:8443/", Violation::OTHER_HOST),
            ("http://192.168.1.8/", Violation::OTHER_HOST),
            ("http://[fd00::2]/", Violation::OTHER_HOST),
            ("https://example.com/", Violation::OTHER_HOST),
            ("https://a.www.example.com/", Violation::OTHER_HOST),
            ("http://127.0.0.2/", Violation::OTHER_HOST),
            ("http://localhost.evil.example/", Violation::OTHER_HOST),
        ];
        for (bad, rule) in table {
            assert_eq!(app.check_redirect_uri(bad), Err(rule), "{bad}");
        }
    }
}
