//! The cookie of a session.

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};

use crate::{config::Lifetimes, oidc::Issuer, secret::SecretHash, session_secret::SessionSecret};

/// Letters of the issuer's ID in the name, so that the sessions of two issuers on one host do not mix.
const TAG_LENGTH: usize = 8;

/// Characters of a value: 256 bits in base64url.
const VALUE_LENGTH: usize = 43;

/// How the session cookies of one issuer are named and protected.
#[derive(Clone, Debug)]
pub(crate) struct SessionCookie {
    name: String,
    is_secure: bool,
}

impl SessionCookie {
    /// Plain HTTP is for this machine only, where browsers reject `__Host-` and `Secure`.
    pub(crate) fn new(issuer: &Issuer) -> Self {
        let is_secure = issuer.as_str().starts_with("https://");
        let prefix = if is_secure { "__Host-" } else { "" };
        let mut tag = issuer.id().to_string();
        tag.truncate(TAG_LENGTH);
        let name = format!("{prefix}gateway-session-{tag}");
        Self { name, is_secure }
    }

    /// The hash of the value that a request has.
    pub(crate) fn read(&self, headers: &HeaderMap) -> Option<SecretHash> {
        // As bytes: a cookie of another program on this host that is no ASCII text, or no pair, hides no other.
        let cookies = headers.get_all(COOKIE).into_iter();
        let mut pairs = cookies.flat_map(|header| header.as_bytes().split(|byte| *byte == b';'));
        pairs.find_map(|pair| {
            let rest = pair.trim_ascii().strip_prefix(self.name.as_bytes())?;
            let value = rest.strip_prefix(b"=")?;
            (value.len() == VALUE_LENGTH).then(|| SecretHash::of(value))
        })
    }

    /// Removes the cookie.
    pub(crate) fn removal(&self) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let name = &self.name;
        let text = format!("{name}=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax{secure}");
        // Letters, digits and `-_=;` only.
        HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""))
    }

    /// Sets the secret of a session. The cookie ends with the session.
    pub(crate) fn set(&self, secret: &SessionSecret, lifetimes: &Lifetimes) -> HeaderValue {
        let secure = if self.is_secure { "; Secure" } else { "" };
        let text = format!(
            "{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Lax{secure}",
            self.name,
            secret.expose(),
            lifetimes.session.as_secs()
        );
        // Letters, digits and `-_=;` only.
        let mut header = HeaderValue::try_from(text).unwrap_or(HeaderValue::from_static(""));
        header.set_sensitive(true);
        header
    }
}
