//! The crate `openidconnect`.

use openidconnect::{
    AccessTokenHash, AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, RedirectUrl, Scope,
    TokenResponse,
    core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims},
};
use serde_json::{Value, json};

use crate::{
    browser::{Browser, param},
    provider::{Issuer, Provider, REDIRECT_URI, SECRET, WRONG_SECRET},
    report::{login, logins, print_row, version},
};

/// A login, and what is wrong with it.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    issuer: &'a Issuer,
    url: &'a str,
    method: &'static str,
    secret: &'static str,
    nonce: Option<&'a Nonce>,
}

const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// The connection that the crate leaves to its users: its own is of an older `reqwest`.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let policy = reqwest::redirect::Policy::none();
    let client = reqwest::Client::builder().redirect(policy).no_proxy();
    let response = client.build()?.execute(request.try_into()?).await?;
    let (status, headers) = (response.status(), response.headers().clone());
    let mut whole = HttpResponse::new(response.bytes().await?.to_vec());
    *whole.status_mut() = status;
    *whole.headers_mut() = headers;
    Ok(whole)
}

/// The claims of the ID token and of userinfo; or the step that failed, and why.
async fn log_in(attempt: Attempt<'_>) -> Result<(Value, Value), String> {
    let issuer = IssuerUrl::new(attempt.url.into()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &send).await;
    let metadata = metadata.map_err(|error| reason(&error))?;
    let secret = || Some(ClientSecret::new(attempt.secret.into()));
    let Issuer {
        client_id,
        public_id,
        ..
    } = attempt.issuer;
    let (id, secret, auth) = match attempt.method {
        "client_secret_basic" => (client_id, secret(), AuthType::BasicAuth),
        "client_secret_post" => (client_id, secret(), AuthType::RequestBody),
        _ => (public_id, None, AuthType::RequestBody),
    };
    let client = CoreClient::from_provider_metadata(metadata, ClientId::new(id.clone()), secret)
        .set_redirect_uri(RedirectUrl::new(REDIRECT_URI.into()).unwrap())
        .set_auth_type(auth);

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let flow = CoreAuthenticationFlow::AuthorizationCode;
    let (url, state, nonce) = client
        .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("profile".into()))
        .add_scope(Scope::new("offline_access".into()))
        .set_pkce_challenge(challenge)
        .url();
    let callback = Browser::new().open(url.as_str()).await.url;
    assert_eq!(param(&callback, "state"), *state.secret());

    let code = AuthorizationCode::new(param(&callback, "code"));
    let request = client.exchange_code(code).unwrap();
    let tokens = request.set_pkce_verifier(verifier).request_async(&send);
    let tokens = tokens.await.map_err(|error| reason(&error))?;
    let id_token = tokens.id_token().unwrap();
    let judge = client.id_token_verifier();
    let claims = id_token.claims(&judge, attempt.nonce.unwrap_or(&nonce));
    let claims = claims.map_err(|error| reason(&error))?;
    let algorithm = id_token.signing_alg().unwrap();
    let key = id_token.signing_key(&judge).unwrap();
    let hash = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).unwrap();
    assert_eq!(claims.access_token_hash(), Some(&hash));

    let refresh = client.exchange_refresh_token(tokens.refresh_token().unwrap());
    let refreshed = refresh.unwrap().request_async(&send).await.unwrap();
    // Core §12.2: without a nonce.
    let no_nonce = |nonce: Option<&Nonce>| nonce.map_or(Ok(()), |_| Err("a nonce".into()));
    let again = refreshed.id_token().unwrap().claims(&judge, no_nonce);
    assert_eq!(again.unwrap().subject(), claims.subject());
    assert!(refreshed.refresh_token().is_some());

    let sub = Some(claims.subject().clone());
    let userinfo = client.user_info(refreshed.access_token().clone(), sub);
    let userinfo: CoreUserInfoClaims = userinfo.unwrap().request_async(&send).await.unwrap();
    let name = |names: Option<&openidconnect::LocalizedClaim<openidconnect::EndUserName>>| {
        names.and_then(|names| names.get(None).map(|name| name.to_string()))
    };
    Ok((
        json!({ "sub": claims.subject(), "name": name(claims.name()) }),
        json!({ "sub": userinfo.subject(), "name": name(userinfo.name()) }),
    ))
}

/// An error and its sources.
fn reason(error: &dyn std::error::Error) -> String {
    let sources = std::iter::successors(Some(error), |error| error.source());
    let texts: Vec<_> = sources.map(ToString::to_string).collect();
    texts.join(": ")
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crate_openidconnect_logs_in() {
    let provider = Provider::start(&[], &[]).await;
    for issuer in &provider.issuers {
        let attempt = Attempt {
            issuer,
            url: &issuer.url,
            method: METHODS[0],
            secret: SECRET,
            nonce: None,
        };
        let mut seen = Vec::new();
        for method in METHODS {
            let claims = log_in(Attempt { method, ..attempt }).await.unwrap();
            seen.push(login(method, &claims.0, &claims.1));
        }
        let wrong = async |attempt| log_in(attempt).await.unwrap_err();
        let (secret, url) = (WRONG_SECRET, &issuer.wrong_url);
        let nonce = Some(&Nonce::new("x".into()));
        let seen = json!({
            "logins": seen,
            "failures": {
                "wrong secret": wrong(Attempt { secret, ..attempt }).await,
                "wrong nonce": wrong(Attempt { nonce, ..attempt }).await,
                "wrong issuer": wrong(Attempt { url, ..attempt }).await,
            },
        });
        let expected = json!({
            "logins": logins(&METHODS, &seen),
            "failures": {
                "wrong secret": "Server returned error response: invalid_client: \
                                 the client is unknown, or its credentials are wrong",
                "wrong nonce": "Invalid nonce: nonce mismatch",
                "wrong issuer": format!(
                    "Validation error: unexpected issuer URI `{}` (expected `{url}`)",
                    issuer.url
                ),
            },
        });
        assert_eq!(seen, expected);
        print_row("openidconnect", &version("openidconnect"), issuer, &seen);
    }
}
