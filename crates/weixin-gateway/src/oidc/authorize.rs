//! The checks of an authorization request, in their order (Core §3.1.2.1, §3.1.2.2; RFC 6749 §4.1.1).

use super::{
    authorization_request::AuthorizationRequest,
    claims_request::ClaimsRequest,
    client::{Client, Clients},
    error::{ErrorCode, OAuthError},
    error_target::{ErrorTarget, is_state},
    id_token_hint::{Hint, VerifyJwt},
    issuer::Issuer,
    pkce::CodeChallenge,
    prompt::Prompt,
    redirect_uri::RedirectUri,
    response_mode::ResponseMode,
    scope::Scopes,
};
use crate::params::Params;

/// Longest `nonce` that fits into a code.
const MAX_NONCE: usize = 512;
/// Longest list of languages.
const MAX_LOCALES: usize = 100;

/// The parameters of an authorization request that occur at most once, also those without effect.
const KNOWN: [&str; 18] = [
    "acr_values",
    "claims",
    "claims_locales",
    "code_challenge",
    "code_challenge_method",
    "display",
    "id_token_hint",
    "login_hint",
    "max_age",
    "nonce",
    "prompt",
    "request",
    "request_uri",
    "response_mode",
    "response_type",
    "scope",
    "state",
    "ui_locales",
];

/// Why a request was rejected, and where the error goes.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum AuthorizeError {
    /// To the user, on a page: the redirect URI is not known to be the client's (RFC 6749 §4.1.2.1).
    Page(OAuthError),
    /// To the client.
    Redirect(ErrorTarget, OAuthError),
}

impl AuthorizationRequest {
    /// Checks the parameters of a request to this issuer.
    ///
    /// # Errors
    ///
    /// [`AuthorizeError::Page`] until the client and its redirect URI are known, then [`AuthorizeError::Redirect`].
    pub(crate) fn check(
        params: &Params,
        issuer: &Issuer,
        clients: &Clients,
        keys: &dyn VerifyJwt,
    ) -> Result<Self, AuthorizeError> {
        let client = || -> Result<_, OAuthError> {
            let client = find_client(params, issuer, clients)?;
            if params.get("redirect_uri")?.is_none() && params.get("request_uri")?.is_some() {
                let description = "the request_uri is not one that this gateway makes";
                return Err(OAuthError::invalid_request(description));
            }
            Ok((client, check_target(params, client)?))
        };
        let (client, redirect_uri) = client().map_err(AuthorizeError::Page)?;
        let target = ErrorTarget::of(params, redirect_uri);
        let request = match Self::of(params, issuer, client, &target, keys) {
            Ok(_) if client.require_par => Err(OAuthError::invalid_request(
                "this client must push its requests",
            )),
            request => request,
        };
        request.map_err(|error| AuthorizeError::Redirect(target, error))
    }

    /// The request of a known client, whose response goes to `target`.
    pub(super) fn of(
        params: &Params,
        issuer: &Issuer,
        client: &Client,
        target: &ErrorTarget,
        keys: &dyn VerifyJwt,
    ) -> Result<Self, OAuthError> {
        for name in KNOWN {
            params.get(name)?;
        }
        check_response(params)?;
        let (claims, hint) = expectation(params, issuer, client, keys)?;
        Ok(Self {
            issuer: issuer.id(),
            client: client.id.clone(),
            redirect_uri: target.redirect_uri.clone(),
            mode: target.mode,
            scopes: scopes(params, client)?,
            claims,
            state: target.state.clone(),
            nonce: nonce(params)?,
            challenge: challenge(params, client)?,
            prompt: prompt(params)?,
            max_age: max_age(params)?,
            hint,
            ui_locales: ui_locales(params)?,
        })
    }

    /// The request as it is still allowed: the client may have changed while the request waited. `None` if the client is
    /// another one, its redirect URI is no longer registered, or no scope is left.
    pub(crate) fn allowed_by(mut self, client: &Client) -> Option<Self> {
        let is_the_clients = self.client == client.id && self.issuer == client.issuer;
        client
            .redirect_uri(self.redirect_uri.as_str())
            .filter(|_| is_the_clients)?;
        self.scopes = self.scopes.intersection(client.scopes);
        (self.scopes != Scopes::default()).then_some(self)
    }

    /// Where its response goes.
    pub(crate) fn target(&self) -> ErrorTarget {
        let redirect_uri = self.redirect_uri.clone();
        ErrorTarget {
            redirect_uri,
            mode: self.mode,
            state: self.state.clone(),
        }
    }
}

/// The client that the parameters name.
pub(crate) fn find_client<'a>(
    params: &Params,
    issuer: &Issuer,
    clients: &'a Clients,
) -> Result<&'a Client, OAuthError> {
    let (issuer, id) = (issuer.id(), params.require("client_id")?);
    clients.find(issuer, id).ok_or_else(|| {
        let Some(id) = clients.find_disabled(issuer, id) else {
            return OAuthError::invalid_request("the client is unknown");
        };
        let description = format!("the operator has disabled the client {id}");
        OAuthError::new(ErrorCode::UnauthorizedClient, description)
    })
}

/// The redirect URI of the parameters, if the client has registered it.
pub(super) fn check_target(params: &Params, client: &Client) -> Result<RedirectUri, OAuthError> {
    let redirect_uri = client.redirect_uri(params.require("redirect_uri")?);
    let unregistered =
        || OAuthError::invalid_request("the redirect_uri is not registered for this client");
    redirect_uri.ok_or_else(unregistered)
}

/// `response_type` and `response_mode`, and the two ways to pass a request that are not supported (Core §6).
fn check_response(params: &Params) -> Result<(), OAuthError> {
    let error = |code, description| Err(OAuthError::new(code, description));
    if params.get("request")?.is_some() {
        return error(
            ErrorCode::RequestNotSupported,
            "the parameter request is not supported",
        );
    }
    if params.get("request_uri")?.is_some() {
        return error(
            ErrorCode::RequestUriNotSupported,
            "the parameter request_uri is not supported",
        );
    }
    if params.require("response_type")? != "code" {
        return error(
            ErrorCode::UnsupportedResponseType,
            "response_type is not code",
        );
    }
    let mode = params.get("response_mode")?;
    if mode.is_some_and(|mode| ResponseMode::from_parameter(mode).is_none()) {
        return Err(OAuthError::invalid_request(
            "response_mode is neither query nor form_post",
        ));
    }
    if params.get("state")?.is_some_and(|state| !is_state(state)) {
        let description = "state is longer than 4096 characters, or no text";
        return Err(OAuthError::invalid_request(description));
    }
    Ok(())
}

/// Whether a state can be returned unchanged: the replacement character stands for bytes that were no text.
fn scopes(params: &Params, client: &Client) -> Result<Scopes, OAuthError> {
    let requested = params.get("scope")?.map(Scopes::parse).unwrap_or_default();
    let scopes = requested.intersection(client.scopes);
    if scopes == Scopes::default() {
        let description = "scope has none of the scopes of this client, such as openid";
        return Err(OAuthError::new(ErrorCode::InvalidScope, description));
    }
    Ok(scopes)
}

fn nonce(params: &Params) -> Result<Option<String>, OAuthError> {
    let nonce = params.get("nonce")?;
    if nonce.is_some_and(|nonce| nonce.len() > MAX_NONCE) {
        return Err(OAuthError::invalid_request(
            "nonce is longer than 512 characters",
        ));
    }
    Ok(nonce.map(str::to_owned))
}

/// `code_challenge`, with S256 only: without a method it would be `plain` (RFC 7636 §4.3).
fn challenge(params: &Params, client: &Client) -> Result<Option<CodeChallenge>, OAuthError> {
    let error = |description| Err(OAuthError::invalid_request(description));
    let method = params.get("code_challenge_method")?;
    let Some(challenge) = params.get("code_challenge")? else {
        return match method {
            _ if client.needs_pkce() => error("code_challenge is required for this client"),
            Some(_) => error("code_challenge_method without code_challenge"),
            None => Ok(None),
        };
    };
    if method != Some("S256") {
        return error("code_challenge_method is not S256");
    }
    match CodeChallenge::try_from(challenge.to_owned()) {
        Ok(challenge) => Ok(Some(challenge)),
        Err(_) => error("code_challenge is not the base64url of a SHA-256"),
    }
}

fn prompt(params: &Params) -> Result<Prompt, OAuthError> {
    let prompt = params.get("prompt")?.unwrap_or_default();
    let description =
        "prompt is neither none alone nor a list of login, consent and select_account";
    Prompt::try_from(prompt).map_err(|_| OAuthError::invalid_request(description))
}

fn max_age(params: &Params) -> Result<Option<u32>, OAuthError> {
    let Some(text) = params.get("max_age")? else {
        return Ok(None);
    };
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(OAuthError::invalid_request(
            "max_age is not a number of seconds",
        ));
    }
    // An age beyond a century allows any.
    Ok(Some(text.parse().unwrap_or(u32::MAX)))
}

/// The claims that are requested by name, and the user whom the client expects.
fn expectation(
    params: &Params,
    issuer: &Issuer,
    client: &Client,
    keys: &dyn VerifyJwt,
) -> Result<(ClaimsRequest, Option<Hint>), OAuthError> {
    let description = "claims is not a JSON object as in section 5.5 of OpenID Connect Core";
    let claims = params
        .get("claims")?
        .map(|text| ClaimsRequest::parse(text, client.scopes));
    let claims = claims
        .transpose()
        .map_err(|_| OAuthError::invalid_request(description))?;
    let (claims, subject) = claims.unwrap_or_default();
    let hint = params.get("id_token_hint")?;
    let hint = hint.map(|jwt| Hint::read(jwt, issuer, &client.id, keys));
    match (subject.map(Hint::User), hint) {
        (Some(one), Some(other)) if one != other => {
            let description = "id_token_hint and the claim sub name two users";
            Err(OAuthError::invalid_request(description))
        }
        (subject, hint) => Ok((claims, subject.or(hint))),
    }
}

/// The languages, separated as an `Accept-Language` header separates them. What is no list of languages is ignored.
fn ui_locales(params: &Params) -> Result<Option<String>, OAuthError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b" -".contains(&byte);
    let locales = params.get("ui_locales")?;
    let locales = locales.filter(|it| it.len() <= MAX_LOCALES && it.bytes().all(allowed));
    Ok(locales.map(|locales| locales.replace(' ', ",")))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::oidc::{
        fixtures::{
            CALLBACK, CHALLENGE, app, check, clients, issuer_url, other_issuer, request, web,
        },
        subject::Subject,
    };

    const START: &str = "client_id=web&redirect_uri=https://rp.example/callback";

    /// The error of a request, and whether it goes to the client.
    fn error(query: &str) -> (bool, String) {
        match check(query).unwrap_err() {
            AuthorizeError::Page(error) => (false, error.to_string()),
            AuthorizeError::Redirect(_, error) => (true, error.to_string()),
        }
    }

    #[test]
    fn a_request_is_kept_with_everything_that_the_response_needs() {
        let request = request(&format!(
            "+profile+phone&state=a%26b&nonce=n&response_mode=form_post&code_challenge={CHALLENGE}\
             &code_challenge_method=S256&prompt=login&max_age=60&ui_locales=fr+en&display=page&acr_values=1&login_hint=x\
             &claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D&resource=r&resource=s"
        ));
        let json = serde_json::to_value(&request).unwrap();
        let expected = json!({
            "issuer": issuer_url().id(),
            "client": "web",
            "redirect_uri": CALLBACK,
            "mode": "form_post",
            "scopes": "openid profile",
            "claims": { "userinfo": ["email"] },
            "state": "a&b",
            "nonce": "n",
            "challenge": CHALLENGE,
            "prompt": { "Ask": { "login": true, "consent": false } },
            "max_age": 60,
            "hint": null,
            "ui_locales": "fr,en",
        });
        assert_eq!(json, expected);
        assert_eq!(
            serde_json::from_value::<AuthorizationRequest>(json).unwrap(),
            request
        );
    }

    #[test]
    fn an_error_is_a_page_until_the_redirect_uri_is_known_to_be_the_clients() {
        for (query, expected) in [
            ("", "the parameter client_id is missing"),
            ("client_id=web", "the parameter redirect_uri is missing"),
            (
                "client_id=web&redirect_uri=https://evil.example",
                "the redirect_uri is not registered for this client",
            ),
            (
                "client_id=stranger&redirect_uri=https://rp.example/callback",
                "the client is unknown",
            ),
            (
                "client_id=other&redirect_uri=https://rp.example/callback",
                "the client is unknown",
            ),
            (
                "client_id=web&client_id=web&redirect_uri=https://rp.example/callback",
                "the parameter client_id is repeated",
            ),
            (
                "client_id=web&redirect_uri=https://rp.example/callback&redirect_uri=https://evil.example",
                "the parameter redirect_uri is repeated",
            ),
            (
                "client_id=web&request_uri=urn:ietf:params:oauth:request_uri:zz",
                "the request_uri is not one that this gateway makes",
            ),
        ] {
            let query = format!("{query}&response_type=code&scope=openid");
            assert_eq!(
                error(&query),
                (false, format!("invalid_request: {expected}")),
                "{query}"
            );
        }
    }

    /// The rest of a query, and its error.
    const REJECTED: &[(&str, &str)] = &[
        (
            "scope=openid",
            "invalid_request: the parameter response_type is missing",
        ),
        (
            "response_type=token&scope=openid",
            "unsupported_response_type: response_type is not code",
        ),
        (
            "response_type=code+id_token&scope=openid",
            "unsupported_response_type: response_type is not code",
        ),
        (
            "scope=openid&response_type=code&response_mode=fragment",
            "invalid_request: response_mode is neither query nor form_post",
        ),
        (
            "response_type=code",
            "invalid_scope: scope has none of the scopes of this client, such as openid",
        ),
        (
            "response_type=code&scope=wechat",
            "invalid_scope: scope has none of the scopes of this client, such as openid",
        ),
        (
            "response_type=code&scope=openid&request=x",
            "request_not_supported: the parameter request is not supported",
        ),
        (
            "response_type=code&scope=openid&request_uri=x",
            "request_uri_not_supported: the parameter request_uri is not supported",
        ),
        (
            "response_type=code&scope=openid&prompt=none+login",
            "invalid_request: prompt is neither none alone nor a list of login, consent and select_account",
        ),
        (
            "response_type=code&scope=openid&max_age=-1",
            "invalid_request: max_age is not a number of seconds",
        ),
        (
            "response_type=code&scope=openid&claims=x",
            "invalid_request: claims is not a JSON object as in section 5.5 of OpenID Connect Core",
        ),
        (
            "response_type=code&scope=openid&code_challenge=x",
            "invalid_request: code_challenge_method is not S256",
        ),
        (
            "response_type=code&scope=openid&code_challenge=x&code_challenge_method=plain",
            "invalid_request: code_challenge_method is not S256",
        ),
        (
            "response_type=code&scope=openid&code_challenge=x&code_challenge_method=S256",
            "invalid_request: code_challenge is not the base64url of a SHA-256",
        ),
        (
            "response_type=code&scope=openid&code_challenge_method=S256",
            "invalid_request: code_challenge_method without code_challenge",
        ),
        (
            "response_type=code&scope=openid&state=a&state=b",
            "invalid_request: the parameter state is repeated",
        ),
        (
            "response_type=code&scope=openid&login_hint=a&login_hint=b",
            "invalid_request: the parameter login_hint is repeated",
        ),
        (
            "response_type=code&scope=openid&state=%FF",
            "invalid_request: state is longer than 4096 characters, or no text",
        ),
    ];

    #[test]
    fn other_errors_go_to_the_client() {
        for (query, expected) in REJECTED {
            let query = format!("{START}&{query}");
            assert_eq!(error(&query), (true, (*expected).into()), "{query}");
        }
        for (name, length, expected) in [
            (
                "state",
                4097,
                "invalid_request: state is longer than 4096 characters, or no text",
            ),
            (
                "nonce",
                513,
                "invalid_request: nonce is longer than 512 characters",
            ),
        ] {
            let start = format!("{START}&response_type=code&scope=openid&{name}=");
            let query = format!("{start}{}", "x".repeat(length));
            assert_eq!(error(&query), (true, expected.into()));
            assert!(check(&format!("{start}{}", "x".repeat(length - 1))).is_ok());
        }
    }

    #[test]
    fn an_error_has_the_state_and_the_mode_of_its_request() {
        let query = format!("{START}&response_mode=form_post&state=s&scope=openid");
        let AuthorizeError::Redirect(target, _) = check(&query).unwrap_err() else {
            panic!("a page");
        };
        let redirect_uri = web().redirect_uri(CALLBACK).unwrap();
        let state = Some("s".to_owned());
        assert_eq!(
            target,
            ErrorTarget {
                redirect_uri,
                mode: ResponseMode::FormPost,
                state
            }
        );
    }

    /// RFC 9700 §2.1.1, §4.8.
    #[test]
    fn a_public_client_cannot_leave_pkce_out() {
        let start = "client_id=app&redirect_uri=http://127.0.0.1:4000/callback&response_type=code&scope=openid";
        let required = "invalid_request: code_challenge is required for this client";
        assert_eq!(error(start), (true, required.into()));
        assert_eq!(
            error(&format!("{start}&code_challenge_method=S256")),
            (true, required.into())
        );
        assert_eq!(
            error(&format!("{start}&code_challenge=")),
            (true, required.into())
        );
        let query = format!("{start}&code_challenge={CHALLENGE}&code_challenge_method=S256");
        let request = check(&query).unwrap();
        assert_eq!(
            request.redirect_uri.as_str(),
            "http://127.0.0.1:4000/callback"
        );
        let mut clients = clients();
        clients.insert(Client {
            require_pkce: true,
            ..web()
        });
        let params =
            Params::parse(format!("{START}&response_type=code&scope=openid").as_bytes()).unwrap();
        let keys = &crate::oidc::fixtures::NoKeys;
        let result = AuthorizationRequest::check(&params, &issuer_url(), &clients, keys);
        assert!(
            matches!(result, Err(AuthorizeError::Redirect(_, error)) if error.to_string() == required)
        );
    }

    #[test]
    fn a_request_that_waited_is_allowed_as_its_client_is_now() {
        let request = request("+profile");
        assert_eq!(request.clone().allowed_by(&web()), Some(request.clone()));
        let scopes = Scopes::parse("openid");
        let fewer = request
            .clone()
            .allowed_by(&Client { scopes, ..web() })
            .unwrap();
        assert_eq!(fewer.scopes, scopes);
        let scopes = Scopes::parse("email");
        let none = request.clone().allowed_by(&Client { scopes, ..web() });
        assert_eq!(none, None);
        let elsewhere = Client {
            redirect_uris: app().redirect_uris,
            ..web()
        };
        assert_eq!(request.clone().allowed_by(&elsewhere), None);
        assert_eq!(
            request.clone().allowed_by(&Client {
                issuer: other_issuer(),
                ..web()
            }),
            None
        );
        assert_eq!(
            request.allowed_by(&Client {
                id: "x".parse().unwrap(),
                ..web()
            }),
            None
        );
    }

    proptest! {
        /// Whatever a request contains, its response goes to a redirect URI of its client (RFC 9700 §2.1, §4.11).
        #[test]
        fn no_response_goes_to_an_unregistered_uri(parts in prop::collection::vec(prop::sample::select(PARTS), 0..10)) {
            let target = match check(&parts.join("&")) {
                Ok(request) => request.target(),
                Err(AuthorizeError::Redirect(target, _)) => target,
                Err(AuthorizeError::Page(_)) => return Ok(()),
            };
            let count = |name: &str| parts.iter().filter(|part| part.starts_with(name)).count();
            prop_assert_eq!(target.redirect_uri.as_str(), CALLBACK);
            prop_assert_eq!((count("client_id="), count("redirect_uri=")), (1, 1));
        }
    }

    const PARTS: &[&str] = &[
        "client_id=web",
        "client_id=web",
        "client_id=other",
        "client_id=",
        "redirect_uri=https://rp.example/callback",
        "redirect_uri=https://rp.example/callback",
        "redirect_uri=https://evil.example",
        "redirect_uri=",
        "response_type=code",
        "response_type=token",
        "scope=openid",
        "state=s",
        "prompt=none",
        "response_mode=form_post",
    ];

    #[test]
    fn the_expected_user_comes_from_a_hint_or_a_claim() {
        let claim = request(
            "&claims=%7B%22id_token%22%3A%7B%22sub%22%3A%7B%22value%22%3A%22abc%22%7D%7D%7D",
        );
        let subject = Subject::try_from("abc".to_owned()).unwrap();
        assert_eq!(claim.hint, Some(Hint::User(subject)));
        assert_eq!(request("&id_token_hint=x").hint, Some(Hint::Unknown));
        assert_eq!(request("").hint, None);
    }
}
