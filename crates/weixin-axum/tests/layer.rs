//! The layer: it completes every response to a callback, whatever the handler does.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the handlers are these tests' own")]
mod support;

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{FromRequestParts, Path},
    http::{HeaderMap, Request, StatusCode, header, request::Parts},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use tower::ServiceExt;
use weixin_axum::{
    Login, LoginError, LoginErrorKind, ReturnPath, StartLogin, VerifiedCallback, WebLogin,
    embed::EmbeddedLogin,
};
use weixin_sim::{Effect, Fault};

use self::support::{Browser, Gate, Site, param};

/// A site's own error, which knows nothing of logins.
struct OwnError;

impl IntoResponse for OwnError {
    fn into_response(self) -> Response {
        (StatusCode::BAD_GATEWAY, "the database is down").into_response()
    }
}

async fn fails(login: Login) -> Result<(), OwnError> {
    let _ = login.openid();
    Err(OwnError)
}

/// An extractor that rejects every request.
struct Rejects;

impl<S: Sync> FromRequestParts<S> for Rejects {
    type Rejection = StatusCode;

    async fn from_request_parts(_: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        Err(StatusCode::IM_A_TEAPOT)
    }
}

async fn is_rejected(_: Login, _: Rejects) {}

async fn asks_wechat(login: Login) -> Result<String, LoginError> {
    // An error of a call of the handler's own knows nothing of the browser.
    let user = login.client().user(login.token()).await?;
    Ok(user.nickname)
}

async fn own_page(login: Result<Login, LoginError>) -> Result<Response, LoginError> {
    match login {
        Ok(login) => Ok(login.openid().to_string().into_response()),
        Err(error) if error.is_page() || error.kind() == LoginErrorKind::Declined => {
            Ok(Html("our own page").into_response())
        }
        Err(error) => Err(error),
    }
}

async fn login_page(start: StartLogin) -> StartLogin {
    start.return_to("/cart".parse::<ReturnPath>().ok())
}

/// The site with another handler of its callback.
fn router(site: &Site, callback: axum::routing::MethodRouter) -> Router {
    Router::new()
        .route("/login", get(login_page))
        .route("/authorization", callback)
        .layer(site.login.clone())
}

async fn open(router: &Router, browser: &Browser, path: &str) -> (StatusCode, HeaderMap, String) {
    let mut request = Request::get(path).header(header::COOKIE, browser.cookie_header());
    for (name, value) in &browser.headers {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    (parts.status, parts.headers, body)
}

/// The headers with which the layer completes the response to a callback.
fn completed(headers: &HeaderMap) -> [String; 3] {
    ["cache-control", "referrer-policy", "set-cookie"].map(|name| {
        let value = headers.get(name).map(|value| value.to_str().unwrap());
        let value = value.unwrap_or_default();
        value.rsplit("; ").next().unwrap().to_owned()
    })
}

const COMPLETED: [&str; 3] = ["no-store", "no-referrer", "Max-Age=60"];

#[tokio::test]
async fn the_login_ends_in_the_browser_whatever_the_handler_and_later_extractors_do() {
    let site = Site::https().await;
    for (handler, status, text) in [
        (get(fails), 502, "the database is down"),
        (get(is_rejected), 418, ""),
        (get(asks_wechat), 200, "小明🐼é"),
    ] {
        let router = router(&site, handler);
        let mut browser = Browser::default();
        let callback = browser.log_in(&site).await;
        let (found, headers, body) = open(&router, &browser, &callback).await;
        assert_eq!((found.as_u16(), body.as_str()), (status, text));
        assert_eq!(completed(&headers), COMPLETED);
    }
}

#[tokio::test]
async fn an_error_of_the_handlers_own_call_leaves_the_url_and_is_a_page_in_the_browsers_language() {
    let site = Site::https().await;
    let router = router(&site, get(asks_wechat));
    let mut browser = Browser::with(&[("accept-language", "en")]);
    let callback = browser.log_in(&site).await;
    let fault = Fault::new(Effect::Errcode(48001)).path("/sns/userinfo");
    site.sim.fault(fault);
    let (status, headers, _) = open(&router, &browser, &callback).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    assert_eq!(completed(&headers), COMPLETED);
    let location = headers[header::LOCATION].to_str().unwrap();
    assert_eq!(
        location,
        "/authorization?login_error=configuration&return_to=/cart"
    );
    let (status, _, body) = open(&router, &browser, location).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(body.contains("This site is misconfigured"), "{body}");
}

#[tokio::test]
async fn a_page_of_the_sites_own_gets_the_headers_and_the_cookie_of_the_failure() {
    let site = Site::https().await;
    let router = router(&site, get(own_page));
    let mut browser = Browser::default();
    let start = browser.open(&site, "/login").await;
    let state = param(start.location(), "state");
    let declined = format!("/authorization?return_to=/cart&state={state}");
    let (status, headers, body) = open(&router, &browser, &declined).await;
    assert_eq!((status, body.as_str()), (StatusCode::OK, "our own page"));
    assert_eq!(
        completed(&headers),
        ["no-store", "no-referrer", "Max-Age=0"]
    );
    // A login that continues is not replaced by a page.
    let (status, headers, _) = open(&router, &Browser::default(), &declined).await;
    assert_eq!(status, StatusCode::SEE_OTHER);
    let location = headers[header::LOCATION].to_str().unwrap();
    assert!(location.contains("/connect/qrconnect?"), "{location}");
}

#[tokio::test]
async fn a_request_that_is_dropped_in_the_handler_loses_no_login() {
    let site = Arc::new(Site::https().await);
    let slow = get(|login: Login| async move {
        let repeat = login.is_repeat();
        if !repeat {
            std::future::pending::<()>().await;
        }
        login.openid().to_string()
    });
    let router = router(&site, slow);
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    {
        let first = open(&router, &browser, &callback);
        let exchanged = async {
            while site.api_calls().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = first => unreachable!("the handler waits for ever"),
            () = exchanged => {}
        }
    }
    let (status, headers, openid) = open(&router, &browser, &callback).await;
    assert_eq!(status, StatusCode::OK, "{openid}");
    assert_eq!(completed(&headers), COMPLETED);
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn two_apps_are_two_layers_on_nested_routers_with_the_same_handlers() {
    async fn callback(Path(()): Path<()>, login: Login) -> String {
        login.app_id().to_string()
    }
    let red = Site::start("https://www.example.com/red/callback", Gate::new(100)).await;
    let blue = Site::with(
        Arc::clone(&red.sim),
        "https://www.example.com/blue/callback",
        Gate::new(100),
        |builder| builder,
    );
    let company = |site: &Site| {
        Router::new()
            .route("/login", get(login_page))
            .route("/callback", get(callback))
            .layer(site.login.clone())
    };
    let router = Router::new()
        .nest("/red", company(&red))
        .nest("/blue", company(&blue));
    for (path, other) in [("/red", "/blue"), ("/blue", "/red")] {
        let mut browser = Browser::default();
        let (_, headers, _) = open(&router, &browser, &format!("{path}/login")).await;
        let cookie = headers[header::SET_COOKIE].to_str().unwrap();
        let (name, rest) = cookie.split_once('=').unwrap();
        browser.set_cookie(name, rest.split(';').next().unwrap());
        let location = headers[header::LOCATION].to_str().unwrap();
        let callback = browser.visit_wechat(location).await;
        assert!(callback.starts_with(path), "{callback}");
        // The callback of one login is worth nothing at the other.
        let elsewhere = callback.replace(path, other);
        let (status, _, _) = open(&router, &browser, &elsewhere).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        let (status, headers, app) = open(&router, &browser, &callback).await;
        assert_eq!((status.as_u16(), app.as_str()), (200, "wx0123456789abcdef"));
        assert_eq!(completed(&headers), COMPLETED);
    }
}

#[tokio::test]
async fn a_forgotten_layer_is_an_error_of_the_first_request() {
    let router = Router::new()
        .route("/login", get(login_page))
        .route("/authorization", get(fails))
        .route("/verified", get(async |_: VerifiedCallback| {}))
        .route("/page", get(async |_: EmbeddedLogin| {}))
        .route("/weixin", get(async |_: WebLogin| {}));
    for path in ["/login", "/authorization", "/verified", "/page", "/weixin"] {
        let (status, _, body) = open(&router, &Browser::default(), path).await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR, "{path}");
        assert!(
            body.contains("网站配置有误") && body.contains("This site is misconfigured"),
            "{body}"
        );
    }
}

#[tokio::test]
async fn the_layer_sets_the_cookie_of_an_embedded_login_with_the_return_path_that_it_got_last() {
    let site = Site::https().await;
    let page = get(async |qr: EmbeddedLogin| {
        let cart: ReturnPath = "/cart".parse().unwrap();
        Html(qr.return_to(cart).iframe())
    });
    let router = Router::new().route("/page", page).layer(site.login.clone());
    let mut browser = Browser::default();
    let (_, headers, body) = open(&router, &browser, "/page").await;
    let (_, url) = body.split_once("src=\"").unwrap();
    let url = url.split('"').next().unwrap().replace("&amp;", "&");
    let cookies: Vec<_> = headers.get_all(header::SET_COOKIE).iter().collect();
    assert_eq!(cookies.len(), 1);
    let (pair, _) = cookies[0].to_str().unwrap().split_once(';').unwrap();
    let (name, value) = pair.split_once('=').unwrap();
    assert!(name.ends_with(&param(&url, "state")), "{name}");
    browser.set_cookie(name, value);
    let callback = browser.visit_wechat(&url).await;
    let done = browser.open(&site, &callback).await;
    assert_eq!(done.location(), "/cart");
}

/// A response that a cache may keep, and that sends its URL on.
async fn cacheable(login: Login) -> impl IntoResponse {
    let headers = [
        ("cache-control", "public, max-age=3600"),
        ("referrer-policy", "unsafe-url"),
    ];
    (headers, login.openid().to_string())
}

#[tokio::test]
async fn no_spelling_of_a_callback_and_no_header_of_the_handler_lets_its_code_into_a_cache() {
    let site = Site::https().await;
    let router = router(&site, get(cacheable));
    for (code, state) in [
        ("code", "state"),
        ("c%6Fde", "state"),
        ("c%6Fde", "%73tate"),
    ] {
        let mut browser = Browser::default();
        let callback = browser.log_in(&site).await;
        let callback = callback.replace("code=", &format!("{code}="));
        let callback = callback.replace("state=", &format!("{state}="));
        let (status, headers, _) = open(&router, &browser, &callback).await;
        assert_eq!(status, StatusCode::OK, "{callback}");
        for (name, value) in [
            ("cache-control", "no-store"),
            ("referrer-policy", "no-referrer"),
        ] {
            let all: Vec<_> = headers.get_all(name).iter().collect();
            assert_eq!(all, [value], "{callback}");
        }
    }
}
