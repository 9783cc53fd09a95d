//! Which client sends a request (RFC 6749 §2.3, §5.2; Core §9).

use std::fmt;

use data_encoding::BASE64;
use secrecy::{ExposeSecret, SecretString};

use super::{
    client::{Client, ClientAuth, Clients},
    error::{ErrorCode, OAuthError},
    id::IssuerId,
};
use crate::params::Params;

/// A client that has proved who it is; a public one has only said so. Only [`Credentials::authenticate`] makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AuthenticatedClient<'a>(&'a Client);

impl<'a> AuthenticatedClient<'a> {
    pub(crate) const fn client(self) -> &'a Client {
        self.0
    }
}

/// Why a client was not authenticated.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ClientAuthError {
    pub(crate) error: OAuthError,
    /// Whether it tried Basic: then the response has `WWW-Authenticate: Basic` (RFC 6749 §5.2).
    pub(crate) used_basic: bool,
    /// The rule that failed, if the response does not tell it.
    pub(crate) rule: Option<ClientAuthRule>,
}

/// A rule of client authentication, for the log. Responses do not tell which one failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ClientAuthRule {
    IsKnown,
    IsEnabled,
    HasRightSecret,
    SendsSecret,
    SendsNoSecret,
}

impl ClientAuthRule {
    /// How it failed.
    pub(crate) const fn failure(self) -> &'static str {
        match self {
            Self::IsKnown => "no client of this issuer has this ID",
            Self::IsEnabled => "the client is disabled",
            Self::HasRightSecret => "the secret is wrong",
            Self::SendsSecret => {
                "wrong method: the client has a secret, and sends none (or an empty one)"
            }
            Self::SendsNoSecret => "wrong method: the client is public, and sends a secret",
        }
    }
}

/// What a request contains to authenticate its client.
pub(crate) struct Credentials {
    id: String,
    /// Absent for `none`.
    secret: Option<SecretString>,
    used_basic: bool,
}

impl Credentials {
    /// Reads the credentials of a request: Basic, or parameters of the form.
    ///
    /// # Errors
    ///
    /// `invalid_request` if there are two kinds of credentials; `invalid_client` if there are none, or of a kind that is not
    /// supported.
    pub(crate) fn read(
        authorization: Option<&str>,
        form: &Params,
    ) -> Result<Self, ClientAuthError> {
        let used_basic = authorization.is_some();
        let error = |error| ClientAuthError {
            error,
            used_basic,
            rule: None,
        };
        let id = form.get("client_id").map_err(error)?;
        let secret = form.get("client_secret").map_err(error)?;
        if form.get("client_assertion").map_err(error)?.is_some() {
            return Err(error(invalid_client("client_assertion is not supported")));
        }
        let Some(authorization) = authorization else {
            let missing = || error(invalid_client("no credentials of a client"));
            let id = id.ok_or_else(missing)?.to_owned();
            let secret = secret.map(SecretString::from);
            return Ok(Self {
                id,
                secret,
                used_basic,
            });
        };
        let (basic_id, basic_secret) = basic(authorization)
            .ok_or_else(|| error(invalid_client("the Authorization header is not Basic")))?;
        if secret.is_some() {
            let description = "the client authenticates in two ways";
            return Err(error(OAuthError::invalid_request(description)));
        }
        if id.is_some_and(|id| id != basic_id) {
            let description = "client_id is another client than that of the Authorization header";
            return Err(error(OAuthError::invalid_request(description)));
        }
        Ok(Self {
            id: basic_id,
            secret: basic_secret,
            used_basic,
        })
    }

    /// The client that they are said to be of.
    pub(crate) fn client_id(&self) -> &str {
        &self.id
    }

    /// The client of this issuer, if these are its credentials. That a client is unknown is not distinguished from a wrong
    /// secret, neither by the response nor by its time.
    ///
    /// # Errors
    ///
    /// `invalid_client`.
    pub(crate) fn authenticate<'a>(
        &self,
        issuer: IssuerId,
        clients: &'a Clients,
    ) -> Result<AuthenticatedClient<'a>, ClientAuthError> {
        let client = clients.find(issuer, &self.id);
        let is_public = matches!(
            client,
            Some(Client {
                auth: ClientAuth::Public,
                ..
            })
        );
        let unknown = ClientAuth::Confidential(vec![crate::secret::SecretHash::of(b"")]);
        let auth = client.map_or(&unknown, |client| &client.auth);
        let is_authentic = match &self.secret {
            Some(secret) => auth.accepts(secret.expose_secret()),
            None => is_public,
        };
        let client = client.filter(|_| is_authentic).map(AuthenticatedClient);
        client.ok_or_else(|| ClientAuthError {
            error: invalid_client("the client is unknown, or its credentials are wrong"),
            used_basic: self.used_basic,
            rule: Some(self.failed_rule(issuer, clients)),
        })
    }

    /// The rule that credentials which are not accepted fail.
    fn failed_rule(&self, issuer: IssuerId, clients: &Clients) -> ClientAuthRule {
        let is_disabled = || clients.find_disabled(issuer, &self.id).is_some();
        match (clients.find(issuer, &self.id), &self.secret) {
            (None, _) if is_disabled() => ClientAuthRule::IsEnabled,
            (None, _) => ClientAuthRule::IsKnown,
            (Some(_), None) => ClientAuthRule::SendsSecret,
            (Some(client), Some(_)) => match client.auth {
                ClientAuth::Public => ClientAuthRule::SendsNoSecret,
                ClientAuth::Confidential(_) => ClientAuthRule::HasRightSecret,
            },
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

fn invalid_client(description: &'static str) -> OAuthError {
    OAuthError::new(ErrorCode::InvalidClient, description)
}

/// ID and secret of Basic authentication, both encoded as in a form (RFC 6749 §2.3.1). An empty secret is none: that is how
/// some libraries send a public client.
fn basic(header: &str) -> Option<(String, Option<SecretString>)> {
    let (scheme, credentials) = header.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let bytes = BASE64.decode(credentials.trim().as_bytes()).ok()?;
    let text = SecretString::from(String::from_utf8(bytes).ok()?);
    let (id, secret) = text.expose_secret().split_once(':')?;
    let secret = (!secret.is_empty()).then(|| SecretString::from(decoded(secret)));
    Some((decoded(id), secret))
}

/// A text of a form. `&` and `=` in it are no separators.
fn decoded(text: &str) -> String {
    let escaped = text.replace('&', "%26").replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(escaped.as_bytes());
    pairs
        .next()
        .map(|(name, _)| name.into_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::fixtures::{SECRET, clients, issuer, other_issuer};

    fn authenticate(header: Option<&str>, form: &str) -> Result<String, String> {
        let form = Params::parse(form.as_bytes()).unwrap();
        let header = header.map(|header| match header.split_once(':') {
            Some(_) => format!("Basic {}", BASE64.encode(header.as_bytes())),
            None => header.to_owned(),
        });
        let clients = clients();
        let client = Credentials::read(header.as_deref(), &form)
            .and_then(|credentials| credentials.authenticate(issuer(), &clients))
            .map(|client| client.client().id.to_string());
        client.map_err(|it| {
            let basic = if it.used_basic { " (Basic)" } else { "" };
            format!("{}{basic}", it.error.code.as_str())
        })
    }

    #[test]
    fn a_client_authenticates_by_its_secret_and_a_public_one_by_its_name() {
        let post = format!("client_id=web&client_secret={SECRET}");
        let basic = format!("web:{SECRET}");
        let encoded = format!("%77eb:{SECRET}");
        for (header, form, expected) in [
            (None, post.as_str(), "web"),
            (Some(basic.as_str()), "", "web"),
            (Some(&encoded), "", "web"),
            (Some(&basic), "client_id=web", "web"),
            (None, "client_id=app", "app"),
            (Some("app:"), "", "app"), // Basic with an empty secret counts as none
            (None, "client_id=app&client_secret=", "app"),
        ] {
            assert_eq!(
                authenticate(header, form),
                Ok(expected.into()),
                "{header:?} {form}"
            );
        }
    }

    #[test]
    fn wrong_credentials_name_no_client() {
        let basic = format!("web:{SECRET}");
        let other = format!("other:{SECRET}");
        let post = format!("client_secret={SECRET}");
        for (header, form, expected) in [
            (None, "", "invalid_client"),
            (None, &post[..], "invalid_client"),
            (None, "client_id=web", "invalid_client"),
            (None, "client_id=web&client_secret=x", "invalid_client"),
            (None, "client_id=app&client_secret=x", "invalid_client"),
            (None, "client_id=stranger&client_secret=", "invalid_client"),
            (None, "client_id=app&client_assertion=x", "invalid_client"),
            (Some("web:"), "", "invalid_client (Basic)"),
            (Some("web:x"), "", "invalid_client (Basic)"),
            (Some("Bearer x"), "client_id=app", "invalid_client (Basic)"),
            (Some("Basic %%"), "client_id=app", "invalid_client (Basic)"),
            (Some(&basic), "client_id=app", "invalid_request (Basic)"),
            (Some(&basic), &post, "invalid_request (Basic)"),
            (
                Some(&basic),
                "client_id=web&client_id=web",
                "invalid_request (Basic)",
            ),
            (Some(&other), "", "invalid_client (Basic)"),
        ] {
            assert_eq!(
                authenticate(header, form),
                Err(expected.into()),
                "{header:?} {form}"
            );
        }
    }

    #[test]
    fn a_client_of_another_issuer_is_unknown() {
        let form = format!("client_id=web&client_secret={SECRET}");
        let form = Params::parse(form.as_bytes()).unwrap();
        let credentials = Credentials::read(None, &form).unwrap();
        assert!(credentials.authenticate(issuer(), &clients()).is_ok());
        assert!(
            credentials
                .authenticate(other_issuer(), &clients())
                .is_err()
        );
        assert_eq!(format!("{credentials:?}"), "Credentials(..)");
    }
}
