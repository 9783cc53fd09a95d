//! The crate `openid`.

use openid::{Client, Config, Discovered, Options, StandardClaims, error::Error};
use serde_json::{Value, json};
use url::Url;

use crate::{
    browser::{Browser, param},
    provider::{Issuer, Provider, REDIRECT_URI, SECRET, WRONG_SECRET},
    report::{login, logins, print_row, version},
};

/// A login, and what is wrong with it.
#[derive(Clone, Copy)]
struct Attempt<'a> {
    issuer: &'a Issuer,
    method: &'static str,
    secret: &'static str,
    nonce: &'static str,
}

const METHODS: [&str; 2] = ["client_secret_basic", "none"];
/// With this it sends Basic all the same: two methods in one request, which RFC 6749 §2.3 forbids.
const POST: &str = "client_secret_post";
const NONCE: &str = "a nonce";

/// The claims of the ID token and of userinfo; or why there are none.
async fn log_in(attempt: Attempt<'_>) -> Result<(Value, Value), Error> {
    let http = reqwest::Client::builder().no_proxy().build()?;
    // As its `Client::discover`, which requires https.
    let url = format!("{}/.well-known/openid-configuration", attempt.issuer.url);
    let config: Config = http.get(url).send().await?.json().await?;
    let jwks = openid::jwks_insecure(&http, config.jwks_uri.clone()).await?;
    let mut server = Discovered::from(config);
    server.set_credentials_in_body(attempt.method == POST);
    let (id, secret) = match attempt.method {
        "none" => (&attempt.issuer.public_id, None),
        _ => (&attempt.issuer.client_id, Some(attempt.secret.to_owned())),
    };
    let redirect_uri = REDIRECT_URI.to_owned();
    let client =
        Client::<_, StandardClaims>::new(server, id.into(), secret, redirect_uri, http, Some(jwks));

    let options = Options {
        scope: Some("openid profile".into()),
        state: Some("a state".into()),
        nonce: Some(NONCE.into()),
        ..Options::default()
    };
    let url = client.auth_url(&options);
    let callback = Browser::new().open(url.as_str()).await.url;
    assert_eq!(param(&callback, "state"), "a state");

    let code = param(&callback, "code");
    let tokens = client.authenticate(&code, attempt.nonce, None).await?;
    let claims = tokens.id_token.as_ref().unwrap().payload()?;
    let userinfo = client.request_userinfo(&tokens).await?;
    Ok((
        json!({ "sub": claims.userinfo.sub, "name": claims.userinfo.name }),
        json!({ "sub": userinfo.sub, "name": userinfo.name }),
    ))
}

/// Why discovery fails.
async fn discover(issuer: &str) -> String {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let issuer = Url::parse(issuer).unwrap();
    let client = Client::<_, StandardClaims>::discover_with_client(
        http,
        "web".into(),
        SECRET.to_owned(),
        REDIRECT_URI.to_owned(),
        issuer,
    );
    client.await.unwrap_err().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_crate_openid_logs_in() {
    let provider = Provider::start(&[], &[]).await;
    for issuer in &provider.issuers {
        let attempt = Attempt {
            issuer,
            method: METHODS[0],
            secret: SECRET,
            nonce: NONCE,
        };
        let mut seen = Vec::new();
        for method in METHODS {
            let claims = log_in(Attempt { method, ..attempt }).await.unwrap();
            seen.push(login(method, &claims.0, &claims.1));
        }
        let wrong = async |attempt| log_in(attempt).await.unwrap_err().to_string();
        let (secret, nonce, method) = (WRONG_SECRET, "x", POST);
        let seen = json!({
            "logins": seen,
            "failures": {
                "wrong secret": wrong(Attempt { secret, ..attempt }).await,
                "wrong nonce": wrong(Attempt { nonce, ..attempt }).await,
                "wrong issuer": discover(&issuer.wrong_url).await,
                "credentials in the body": wrong(Attempt { method, ..attempt }).await,
            },
        });
        let expected = json!({
            "logins": logins(&METHODS, &seen),
            "failures": {
                "wrong secret": "InvalidClient: the client is unknown, or its credentials are wrong",
                "wrong nonce": "Given nonce does not match token nonce: 'x', 'a nonce'",
                "wrong issuer": format!(
                    "Configured issuer and token issuer mismatch: '{}', '{}'",
                    Url::parse(&issuer.wrong_url).unwrap(),
                    Url::parse(&issuer.url).unwrap()
                ),
                "credentials in the body": "InvalidRequest: the client authenticates in two ways",
            },
        });
        assert_eq!(seen, expected);
        print_row("openid", &version("openid"), issuer, &seen);
    }
}
