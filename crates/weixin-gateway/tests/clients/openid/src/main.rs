//! The crate `openid` logs in at a gateway: prints what it gets, and what it rejects.

use std::env;

use openid::{Client, Config, Discovered, Options, StandardClaims, error::Error};
use serde_json::{Value, json};
use url::Url;

/// A login, and what is wrong with it.
#[derive(Clone)]
struct Attempt {
    method: &'static str,
    secret: String,
    nonce: &'static str,
}

const METHODS: [&str; 2] = ["client_secret_basic", "none"];
/// With this it sends Basic all the same: two methods in one request, which RFC 6749 §2.3 forbids.
const POST: &str = "client_secret_post";
const NONCE: &str = "a nonce";

fn setting(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// Opens a URL in a new browser: the URL at which it arrives.
async fn browse(url: &str) -> Url {
    let request = http().get(setting("BROWSER")).query(&[("url", url)]);
    let arrived = request.send().await.unwrap().text().await.unwrap();
    Url::parse(&arrived).unwrap()
}

fn param(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(known, _)| known == name);
    found.unwrap_or_else(|| panic!("{url}")).1.into_owned()
}

/// The claims of the ID token and of userinfo; or why there are none.
async fn log_in(attempt: Attempt) -> Result<(Value, Value), Error> {
    let http = http();
    // As its `Client::discover`, which requires https.
    let url = format!("{}/.well-known/openid-configuration", setting("ISSUER"));
    let config: Config = http.get(url).send().await?.json().await?;
    let jwks = openid::jwks_insecure(&http, config.jwks_uri.clone()).await?;
    let mut server = Discovered::from(config);
    server.set_credentials_in_body(attempt.method == POST);
    let (id, secret) = match attempt.method {
        "none" => (setting("PUBLIC_ID"), None),
        _ => (setting("CLIENT_ID"), Some(attempt.secret)),
    };
    let redirect_uri = setting("REDIRECT_URI");
    let client =
        Client::<_, StandardClaims>::new(server, id, secret, redirect_uri, http, Some(jwks));

    let options = Options {
        scope: Some("openid profile".into()),
        state: Some("a state".into()),
        nonce: Some(NONCE.into()),
        ..Options::default()
    };
    let callback = browse(client.auth_url(&options).as_str()).await;
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

async fn rejected(attempt: Attempt) -> String {
    log_in(attempt).await.unwrap_err().to_string()
}

/// Why discovery fails at a URL that is not the issuer.
async fn wrong_issuer() -> String {
    let issuer = Url::parse(&setting("WRONG_ISSUER")).unwrap();
    let (secret, redirect_uri) = (setting("CLIENT_SECRET"), setting("REDIRECT_URI"));
    let client = Client::<_, StandardClaims>::discover_with_client(
        http(),
        "web".into(),
        secret,
        redirect_uri,
        issuer,
    );
    client.await.unwrap_err().to_string()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let right = Attempt {
        method: METHODS[0],
        secret: setting("CLIENT_SECRET"),
        nonce: NONCE,
    };
    let mut logins = Vec::new();
    for method in METHODS {
        let attempt = Attempt {
            method,
            ..right.clone()
        };
        let (id_token, userinfo) = log_in(attempt).await.unwrap();
        logins.push(json!({ "method": method, "id_token": id_token, "userinfo": userinfo }));
    }
    let secret = setting("WRONG_SECRET");
    let failures = json!({
        "wrong secret": rejected(Attempt { secret, ..right.clone() }).await,
        "wrong nonce": rejected(Attempt { nonce: "x", ..right.clone() }).await,
        "wrong issuer": wrong_issuer().await,
        "credentials in the body": rejected(Attempt { method: POST, ..right }).await,
    });
    let report =
        json!({ "client": "openid", "version": "0.25.0", "logins": logins, "failures": failures });
    println!("{report}");
}
