//! Requests that a client pushes before it sends the browser (RFC 9126).

use std::fmt;

use super::{
    authorization_request::AuthorizationRequest, authorize::check_target,
    client_auth::AuthenticatedClient, error::OAuthError, error_target::ErrorTarget, id::RequestId,
    id_token_hint::VerifyJwt, issuer::Issuer,
};
use crate::params::Params;

/// What every `request_uri` of this gateway begins with (RFC 9126 §2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The reference to a pushed request.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RequestUri(pub(crate) RequestId);

impl RequestUri {
    /// The reference in the parameters of an authorization request. `None` also for a `request_uri` that this gateway does
    /// not make, such as a URL: it is not supported.
    pub(crate) fn of(params: &Params) -> Option<Self> {
        let text = params.get("request_uri").ok().flatten()?;
        text.strip_prefix(PREFIX)?.parse().ok().map(Self)
    }
}

impl fmt::Display for RequestUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.0)
    }
}

impl AuthorizationRequest {
    /// Checks the parameters that a client has pushed. The client has authenticated, so each error goes to it
    /// (RFC 9126 §2.1, §2.3).
    ///
    /// # Errors
    ///
    /// [`OAuthError`] as for a request that a browser brings.
    pub(crate) fn pushed(
        params: &Params,
        issuer: &Issuer,
        client: AuthenticatedClient<'_>,
        keys: &dyn VerifyJwt,
    ) -> Result<Self, OAuthError> {
        if params.get("request_uri")?.is_some() {
            let description = "request_uri cannot be pushed";
            return Err(OAuthError::invalid_request(description));
        }
        let client = client.client();
        let target = ErrorTarget::of(params, check_target(params, client)?);
        Self::of(params, issuer, client, &target, keys)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::{
        client_auth::Credentials,
        fixtures::{CALLBACK, NoKeys, SECRET, clients, issuer_url, request},
    };

    /// The result of pushing these parameters as `web`.
    fn push(query: &str) -> Result<AuthorizationRequest, String> {
        let params = Params::parse(format!("client_secret={SECRET}&{query}").as_bytes()).unwrap();
        let form = format!("client_id=web&client_secret={SECRET}");
        let credentials = Credentials::read(None, &Params::parse(form.as_bytes()).unwrap());
        let (issuer, clients) = (issuer_url(), clients());
        let client = credentials.unwrap().authenticate(issuer.id(), &clients);
        let pushed = AuthorizationRequest::pushed(&params, &issuer, client.unwrap(), &NoKeys);
        pushed.map_err(|error| error.to_string())
    }

    #[test]
    fn a_pushed_request_is_the_one_that_a_browser_would_bring() {
        let rest = format!("redirect_uri={CALLBACK}&response_type=code&scope=openid&state=s");
        for query in [&rest, &format!("client_id=web&{rest}")] {
            assert_eq!(push(query).unwrap(), request("&state=s"));
        }
    }

    #[test]
    fn its_errors_are_those_of_a_browsers_request() {
        let start = format!("redirect_uri={CALLBACK}&response_type=code");
        for (query, expected) in [
            (
                "response_type=code&scope=openid",
                "invalid_request: the parameter redirect_uri is missing",
            ),
            (
                "redirect_uri=https://evil.example&response_type=code&scope=openid",
                "invalid_request: the redirect_uri is not registered for this client",
            ),
            (
                &format!("{start}&scope=openid&request_uri={PREFIX}x"),
                "invalid_request: request_uri cannot be pushed",
            ),
            (
                &format!("{start}&scope=openid&request=x"),
                "request_not_supported: the parameter request is not supported",
            ),
            (
                &format!("{start}&scope=openid&state=a&state=b"),
                "invalid_request: the parameter state is repeated",
            ),
            (
                &start,
                "invalid_scope: scope has none of the scopes of this client, such as openid",
            ),
        ] {
            assert_eq!(push(query).unwrap_err(), expected, "{query}");
        }
    }

    #[test]
    fn a_reference_is_read_as_it_was_written() {
        let uri = RequestUri(RequestId::from_bytes([7; 16]));
        let read = |text: &str| RequestUri::of(&Params::parse(text.as_bytes()).unwrap());
        assert_eq!(
            uri.to_string(),
            "urn:ietf:params:oauth:request_uri:a4dqobyha4dqobyha4dqobyha4"
        );
        assert_eq!(read(&format!("request_uri={uri}")), Some(uri));
        for foreign in ["", "x", "a4dqobyha4dqobyha4dqobyha5", "../login"] {
            let query = format!("request_uri={PREFIX}{foreign}");
            assert_eq!(read(&query), None, "{foreign}");
        }
        for none in [
            "",
            "request_uri=",
            "request_uri=https://rp.example/request.jwt",
            &format!("request_uri={uri}&request_uri={uri}"),
        ] {
            assert_eq!(read(none), None, "{none}");
        }
    }
}
