//! A site with WeChat login, of axum and the SDK without the layer that would prevent its faults. Its argument is `right`,
//! or the rule that it breaks.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test")]

use std::{
    collections::HashSet,
    env::{args, var},
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    extract::{Query, State},
    http::{
        HeaderMap, StatusCode,
        header::{COOKIE, LOCATION, SET_COOKIE},
    },
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;
use tokio::net::TcpListener;
use url::Url;
use weixin::{AppSecret, Code, CsrfToken, Endpoints, QrPageOptions, RedirectUri, Website};

struct Site {
    breaks: String,
    website: Website,
    redirect_uri: RedirectUri,
    used: Mutex<HashSet<String>>,
}

#[derive(Deserialize)]
struct Callback {
    code: String,
    #[serde(default)]
    state: String,
}

async fn login(State(site): State<Arc<Site>>) -> Response {
    let csrf = CsrfToken::random().unwrap();
    let options = QrPageOptions::new();
    let right = site
        .website
        .authorize_url(&site.redirect_uri, &csrf, &options)
        .unwrap();
    let (url, state) = with_fault(&right, &site.breaks);
    let cookie = format!("state={state}; HttpOnly; SameSite=Lax");
    let headers = [(LOCATION, url.to_string()), (SET_COOKIE, cookie)];
    (StatusCode::FOUND, headers).into_response()
}

/// The login URL with the state of a site that breaks the rule, and this state.
fn with_fault(right: &Url, breaks: &str) -> (Url, String) {
    let mut state = String::new();
    let mut url = right.clone();
    let mut query = url.query_pairs_mut();
    query.clear();
    for (name, mut value) in right.query_pairs() {
        if name == "state" {
            match breaks {
                "state-missing" => value = "".into(),
                "state-repeated" => value = "a-constant-is-no-secret".into(),
                _ => {}
            }
            state = value.to_string();
        }
        query.append_pair(&name, &value);
    }
    drop(query);
    (url, state)
}

async fn callback(
    State(site): State<Arc<Site>>,
    headers: HeaderMap,
    Query(callback): Query<Callback>,
) -> (StatusCode, String) {
    let cookie = headers
        .get(COOKIE)
        .map_or("", |cookie| cookie.to_str().unwrap());
    let began_here = cookie.strip_prefix("state=") == Some(&callback.state);
    if site.breaks != "state-missing" && !began_here {
        let text = "this login began in another browser";
        return (StatusCode::FORBIDDEN, text.to_owned());
    }
    let is_new = site.used.lock().unwrap().insert(callback.code.clone());
    if !is_new && site.breaks != "code-twice" {
        return (StatusCode::GONE, "this login is complete".to_owned());
    }
    match site
        .website
        .exchange(Code::new(callback.code).unwrap())
        .await
    {
        Ok(token) => {
            let user = site.website.user(&token).await.unwrap();
            (StatusCode::OK, user.nickname)
        }
        Err(error) => (StatusCode::BAD_GATEWAY, error.to_string()),
    }
}

#[tokio::main]
async fn main() {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let (id, secret) = (
        var("WEIXIN_APP_ID").unwrap(),
        var("WEIXIN_APP_SECRET").unwrap(),
    );
    let endpoints = Endpoints::single(var("WEIXIN_SIM_URL").unwrap().parse().unwrap());
    let website = Website::builder(id.parse().unwrap(), AppSecret::new(secret).unwrap());
    let site = Site {
        breaks: args().nth(1).unwrap(),
        website: website.endpoints(endpoints).build().unwrap(),
        redirect_uri: format!("{url}/callback").parse().unwrap(),
        used: Mutex::default(),
    };
    let router = Router::new()
        .route("/login", get(login))
        .route("/callback", get(callback))
        .with_state(Arc::new(site));
    println!("open {url}");
    axum::serve(listener, router).await.unwrap();
}
