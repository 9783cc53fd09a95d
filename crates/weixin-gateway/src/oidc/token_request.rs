//! The token request (RFC 6749 §4.1.3, §6).

use super::{
    client_auth::AuthenticatedClient,
    code::{Code, Proof},
    error::{ErrorCode, OAuthError},
    pkce::CodeVerifier,
    refresh_token::RefreshToken,
    scope::Scopes,
};
use crate::{params::Params, signed::Unverified};

/// What a client asks the token endpoint for.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "a request has one, and moves it once"
)]
pub(crate) enum TokenRequest {
    /// The tokens of a code, with what proves that the code is the client's.
    Code(Unverified<Code>, Proof),
    Refresh(RefreshRequest),
}

/// A refresh token as it came, and the scopes of the new access token, if they are to be fewer.
#[derive(Debug)]
pub(crate) struct RefreshRequest {
    pub(crate) token: Unverified<RefreshToken>,
    pub(crate) scopes: Option<Scopes>,
}

impl TokenRequest {
    /// Reads the request of a client. The client authenticates before the code or the token is looked at.
    ///
    /// # Errors
    ///
    /// `unsupported_grant_type`, `invalid_request`, and `invalid_grant` for a text that is no code or token of ours.
    pub(crate) fn read(
        form: &Params,
        _client: AuthenticatedClient<'_>,
    ) -> Result<Self, OAuthError> {
        match form.require("grant_type")? {
            "authorization_code" => Self::code(form),
            "refresh_token" => Self::refresh(form),
            _ => {
                let description = "grant_type is neither authorization_code nor refresh_token";
                let code = ErrorCode::UnsupportedGrantType;
                Err(OAuthError::new(code, description))
            }
        }
    }

    fn code(form: &Params) -> Result<Self, OAuthError> {
        let code = Unverified::parse(form.require("code")?);
        let proof = Proof {
            redirect_uri: form.require("redirect_uri")?.to_owned(),
            verifier: verifier(form)?,
        };
        let unknown = || OAuthError::invalid_grant("the code is unknown");
        Ok(Self::Code(code.ok_or_else(unknown)?, proof))
    }

    fn refresh(form: &Params) -> Result<Self, OAuthError> {
        let token = Unverified::parse(form.require("refresh_token")?);
        let scopes = form.get("scope")?.map(Scopes::parse);
        let unknown = || OAuthError::invalid_grant("the refresh token is unknown");
        let token = token.ok_or_else(unknown)?;
        Ok(Self::Refresh(RefreshRequest { token, scopes }))
    }
}

fn verifier(form: &Params) -> Result<Option<CodeVerifier>, OAuthError> {
    let verifier = form
        .get("code_verifier")?
        .map(|text| CodeVerifier::try_from(text.to_owned()));
    let invalid = |_| {
        OAuthError::invalid_grant("code_verifier is not 43 to 128 characters from [A-Za-z0-9._~-]")
    };
    verifier.transpose().map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::{
        client_auth::Credentials,
        fixtures::{SECRET, clients, issuer},
    };

    fn read(form: &str) -> Result<TokenRequest, String> {
        let form = format!("client_id=web&client_secret={SECRET}&{form}");
        let form = Params::parse(form.as_bytes()).unwrap();
        let clients = clients();
        let client = Credentials::read(None, &form)
            .unwrap()
            .authenticate(issuer(), &clients);
        TokenRequest::read(&form, client.unwrap()).map_err(|error| error.to_string())
    }

    #[test]
    fn a_wrong_request_says_what_is_wrong() {
        for (form, expected) in [
            ("", "invalid_request: the parameter grant_type is missing"),
            (
                "grant_type=password",
                "unsupported_grant_type: grant_type is neither authorization_code nor refresh_token",
            ),
            (
                "grant_type=refresh_token",
                "invalid_request: the parameter refresh_token is missing",
            ),
            (
                "grant_type=refresh_token&refresh_token=x",
                "invalid_grant: the refresh token is unknown",
            ),
            (
                "grant_type=refresh_token&refresh_token=x&scope=a&scope=b",
                "invalid_request: the parameter scope is repeated",
            ),
            (
                "grant_type=authorization_code",
                "invalid_request: the parameter code is missing",
            ),
            (
                "grant_type=authorization_code&code=x",
                "invalid_request: the parameter redirect_uri is missing",
            ),
            (
                "grant_type=authorization_code&code=x&redirect_uri=u",
                "invalid_grant: the code is unknown",
            ),
            (
                "grant_type=authorization_code&code=x&code=x",
                "invalid_request: the parameter code is repeated",
            ),
            (
                "grant_type=authorization_code&code=x&redirect_uri=u&code_verifier=x",
                "invalid_grant: code_verifier is not 43 to 128 characters from [A-Za-z0-9._~-]",
            ),
        ] {
            assert_eq!(read(form).unwrap_err(), expected, "{form}");
        }
    }

    /// They mean nothing in a token request, and Go programs and others send them.
    #[test]
    fn parameters_of_other_requests_are_ignored() {
        let rest = "&scope=a&scope=b&state=s&response_type=x&data=d&data=e";
        let form = format!("grant_type=authorization_code&code=x&redirect_uri=u{rest}");
        assert_eq!(
            read(&form).unwrap_err(),
            "invalid_grant: the code is unknown"
        );
    }
}
