//! Apache with `mod_oauth2`, as an API that introspects the access tokens that it receives.

use reqwest::StatusCode;
use serde_json::{Value, json};

use super::{recipe, with_values};
use crate::{
    apache::Apache,
    browser::{Browser, param},
    provider::{Issuer, Provider, REDIRECT_URI, SECRET, free_ports},
    report::user,
};

/// A client whose tokens the API does not accept.
const OTHER: &str = r#"
[[client]]
id = "other"
secret_file = "other.secret"
redirect_uris = ["https://app.example.com/callback"]
"#;

fn http() -> reqwest::Client {
    reqwest::Client::builder().no_proxy().build().unwrap()
}

/// The response to a token request of a client, after a login.
async fn tokens(issuer: &Issuer, client: &str) -> Value {
    let mut url = url::Url::parse(&format!("{}/authorize", issuer.url)).unwrap();
    url.query_pairs_mut()
        .append_pair("client_id", client)
        .append_pair("redirect_uri", REDIRECT_URI)
        .append_pair("response_type", "code")
        .append_pair("scope", "openid profile");
    let callback = Browser::new().open(url.as_str()).await.url;
    let body = form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", &param(&callback, "code"))
        .append_pair("redirect_uri", REDIRECT_URI)
        .finish();
    let request = http().post(format!("{}/token", issuer.url));
    let request = request.basic_auth(client, Some(SECRET)).body(body);
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    request.send().await.unwrap().json().await.unwrap()
}

/// What the API responds to a token: the status, and the user whom it knows.
async fn call(api: &str, token: Option<&str>) -> (StatusCode, String) {
    let request = http().get(api);
    let request = match token {
        Some(token) => request.bearer_auth(token),
        None => request,
    };
    let response = request.send().await.unwrap();
    let known = response
        .headers()
        .get("x-user")
        .map(|it| it.to_str().unwrap());
    (response.status(), known.unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_api_behind_apache_accepts_tokens_of_its_clients_with_the_recipe() {
    let clients = recipe("mod_oauth2/client.toml") + OTHER;
    let clients = with_values(
        &clients,
        &[("https://app.example.com/callback", REDIRECT_URI)],
    );
    let provider = Provider::with_clients(&clients).await;
    let issuer = &provider.issuers[0];
    let values = [
        ("https://login.example.com", issuer.url.as_str()),
        ("CLIENT_SECRET", SECRET),
    ];
    let recipe = with_values(&recipe("mod_oauth2/api.conf"), &values);
    let [port] = free_ports();
    let site = format!(
        r"
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
  Include recipe.conf
  Header always set X-User expr=%{{REMOTE_USER}}
</VirtualHost>
"
    );
    let _apache = Apache::start(&["headers", "oauth2"], &recipe, &site);
    let api = format!("http://127.0.0.1:{port}/");

    let app = tokens(issuer, "app").await;
    let other = tokens(issuer, "other").await;
    let app = app["access_token"].as_str().unwrap();
    let (status, sub) = call(&api, Some(app)).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(user(&json!(sub))["sub"], sub);
    let rejected = (StatusCode::UNAUTHORIZED, String::new());
    let others = other["access_token"].as_str().unwrap();
    let changed = app.replace("wxa_A", "wxa_B");
    for token in [None, Some(others), Some(changed.as_str())] {
        assert_eq!(call(&api, token).await, rejected, "{token:?}");
    }
}
