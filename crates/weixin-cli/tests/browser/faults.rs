//! Faults of logins, at a site that sets a cookie.

use std::sync::{Arc, Mutex};

use axum::{
    Router,
    extract::RawQuery,
    http::{HeaderMap, header::SET_COOKIE},
    response::Html,
    routing::get,
};
use tokio::net::TcpListener;
use weixin_sim::{Effect, Fault, Sim};

use crate::window::Window;

/// The received callbacks: the query, and whether the site's cookie was sent with it.
type Callbacks = Arc<Mutex<Vec<(String, bool)>>>;

async fn site(sim: &Sim) -> (String, Callbacks) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
    let callbacks = Callbacks::default();
    let callback = format!("{origin}/callback")
        .replace(':', "%3A")
        .replace('/', "%2F");
    let login = format!(
        "{}/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=s1&redirect_uri={callback}",
        sim.url()
    );
    let page = format!("<a id=login href='{login}'>log in</a>");
    let start = move || async move { ([(SET_COOKIE, "mine=1; SameSite=Lax")], Html(page)) };
    let seen = Arc::clone(&callbacks);
    let done = move |RawQuery(query): RawQuery, headers: HeaderMap| async move {
        let has_cookie = headers.contains_key("cookie");
        seen.lock()
            .unwrap()
            .push((query.unwrap_or_default(), has_cookie));
        Html("<p id=done>done</p>")
    };
    let router = Router::new()
        .route("/", get(start))
        .route("/callback", get(done));
    tokio::spawn(async move { axum::serve(listener, router).await });
    (origin, callbacks)
}

/// Logs in with a fault; returns the callbacks, and the query to which the simulator redirected the browser.
async fn log_in(effect: Effect) -> (Vec<(String, bool)>, String) {
    let sim = Sim::start().await.unwrap();
    let (origin, callbacks) = site(&sim).await;
    sim.fault(Fault::new(effect));
    let window = Window::open(&[]).await;
    window.goto(&origin).await;
    window.click("#login").await;
    let uuid = sim.until(|sim| sim.pending().pop()).await;
    let callback = sim.allow(&uuid, "layla").unwrap();
    window.wait_for("#done").await;
    let callbacks = callbacks.lock().unwrap().clone();
    (callbacks, callback.split_once('?').unwrap().1.to_owned())
}

#[tokio::test]
async fn a_callback_comes_twice_with_the_same_code_and_cookie() {
    let (callbacks, query) = log_in(Effect::CallbackTwice).await;
    assert_eq!(callbacks, [(query.clone(), true), (query, true)]);
}

#[tokio::test]
async fn a_browser_comes_back_without_its_cookies() {
    let (callbacks, query) = log_in(Effect::CookiesLost).await;
    assert_eq!(callbacks, [(query, false)]);
}

#[tokio::test]
async fn a_state_comes_back_altered() {
    let (callbacks, query) = log_in(Effect::StateAltered).await;
    assert!(query.ends_with("&state=s0"), "{query}");
    assert_eq!(callbacks, [(query, true)]);
}
