//! The pages of a login: the one that fits the device, and failures in the browser's language.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "pages need less of a browser")]
mod support;

use axum::http::{HeaderMap, StatusCode, header};
use serde_json::{Value, json};
use weixin_axum::{LoginErrorKind, ReturnPath};
use weixin_sim::{Effect, Fault};

use self::support::{Browser, Gate, Site, param};

const WECHAT: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50",
);
const PHONE: (&str, &str) = (
    "user-agent",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1",
);
const ENGLISH: (&str, &str) = ("accept-language", "en");
const JSON: (&str, &str) = ("accept", "application/json");

/// The text of a page, without its head.
fn main_of(body: &str) -> &str {
    let (_, main) = body.split_once("<main>\n").unwrap();
    main.split_once("\n</main>").unwrap().0
}

/// Where the page's link leads, as HTML has it.
fn link_of(body: &str) -> &str {
    let (_, link) = body.split_once("href=\"").unwrap();
    link.split_once('"').unwrap().0
}

#[tokio::test]
async fn inside_wechat_the_official_account_logs_in() {
    let site = Site::local().await;
    let mut browser = Browser::with(&[WECHAT]);
    let page = browser.open(&site, "/login").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let (_, address) = page.location().split_once("/connect/").unwrap();
    assert!(
        address.starts_with("oauth2/authorize?appid=wx0123456789abcde0&"),
        "{address}"
    );
    let callback = browser.visit_wechat(page.location()).await;
    let page = browser.open(&site, &callback).await;
    assert_eq!((page.location(), page.user().is_some()), ("/cart", true));
}

/// The headers of a request.
fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
    let pairs = pairs.iter().map(|(name, value)| {
        let name = header::HeaderName::from_static(name);
        (name, header::HeaderValue::from_static(value))
    });
    pairs.collect()
}

#[tokio::test]
async fn a_silent_login_starts_only_in_a_top_window_inside_wechat() {
    let site = Site::local().await;
    let (top, frame) = (("sec-fetch-dest", "document"), ("sec-fetch-dest", "iframe"));
    for elsewhere in [
        headers(&[]),
        headers(&[top]),
        headers(&[PHONE, top]),
        headers(&[WECHAT]),
        headers(&[WECHAT, frame]),
    ] {
        assert!(site.login.start_silently(&elsewhere).is_none());
    }
    let start = site.login.start_silently(&headers(&[WECHAT, top])).unwrap();
    let url = start.url().to_string();
    assert_eq!(param(&url, "scope"), "snsapi_base");
    let mut browser = Browser::with(&[WECHAT]);
    browser.store_cookies(start.into_http().headers());
    let callback = browser.visit_wechat(&url).await;
    let page = browser.open(&site, &format!("{callback}&only=ids")).await;
    assert_eq!((page.location(), page.user().is_some()), ("/", true));
}

#[tokio::test]
async fn a_phone_that_cannot_scan_itself_is_told_what_to_do() {
    let site = Site::local().await;
    let mut browser = Browser::with(&[PHONE, ENGLISH]);
    let page = browser.open(&site, "/login").await;
    assert_eq!((page.status, browser.cookies.len()), (StatusCode::OK, 1));
    let link = link_of(&page.body);
    let link = link.replace("&#38;", "&");
    assert_eq!(
        main_of(&page.body).replace(&link.replace('&', "&#38;"), "LINK"),
        "<h1>Log in with WeChat</h1>\n\
         <p>A phone cannot scan its own screen: open the website in WeChat and log in there, or scan the code with another phone.</p>\n\
         <a href=\"LINK\">Show the QR code</a>"
    );
    assert!(
        link.contains("/connect/qrconnect?") && link.contains("&lang=en"),
        "{link}"
    );
    // Scanning it with another phone logs in this browser.
    let callback = browser.visit_wechat(&link).await;
    assert!(browser.open(&site, &callback).await.user().is_some());
}

#[tokio::test]
async fn a_program_gets_json_instead_of_pages_and_redirects() {
    let site = Site::local().await;
    let mut browser = Browser::with(&[JSON, ENGLISH]);
    let page = browser.open(&site, "/login").await;
    let start: Value = serde_json::from_str(&page.body).unwrap();
    assert_eq!(
        (page.status, &start["advice"]),
        (StatusCode::OK, &Value::Null)
    );
    assert!(
        start["url"]
            .as_str()
            .unwrap()
            .contains("/connect/qrconnect?"),
        "{start}"
    );
    let declined = browser.open(&site, "/authorization?code=&state=x").await;
    assert_eq!(declined.status, StatusCode::BAD_REQUEST);
    let problem: Value = serde_json::from_str(&declined.body).unwrap();
    assert_eq!(
        problem,
        json!({
            "error": "malformed",
            "message": "It did not come from WeChat. Please log in again.",
            "again": "/authorization?login_again=1",
        })
    );
}

/// The status, title and button of the page to which this fault leads.
async fn page_after(effect: Effect, language: (&'static str, &'static str)) -> String {
    let site = Site::local().await;
    let mut browser = Browser::with(&[language]);
    let callback = browser.log_in(&site).await;
    site.sim
        .fault(Fault::new(effect).path("/sns/oauth2/access_token"));
    let page = browser.open_failure(&site, &callback).await;
    format!("{}\n{}", page.status.as_u16(), main_of(&page.body))
}

#[tokio::test]
async fn each_problem_with_wechat_has_a_page_and_its_button_begins_a_new_login() {
    let chinese = ("accept-language", "zh-CN,zh;q=0.9");
    let mut pages = Vec::new();
    for (effect, language) in [
        (Effect::Errcode(40029), ENGLISH),
        (Effect::Errcode(40163), chinese),
        (Effect::Reset, ENGLISH),
        (Effect::Errcode(40125), ENGLISH),
        (Effect::Errcode(-1), chinese),
        (Effect::Errcode(50002), ENGLISH),
        (Effect::Html(404), ENGLISH),
    ] {
        pages.push(page_after(effect, language).await);
    }
    insta::assert_snapshot!(pages.join("\n\n"), @r#"
    410
    <h1>The login has expired</h1>
    <p>WeChat no longer accepts this login: too much time has passed, or it was interrupted. Please log in again.</p>
    <a href="/authorization?login_again=1&#38;return_to=/cart">Log in again</a>

    410
    <h1>此次登录已被使用</h1>
    <p>每次登录只能使用一次，请重新登录。</p>
    <a href="/authorization?login_again=1&#38;return_to=/cart">重新登录</a>

    503
    <h1>WeChat is not available</h1>
    <p>WeChat could not be reached or is busy. Please log in again in a moment.</p>
    <a href="/authorization?login_again=1&#38;return_to=/cart">Log in again</a>

    500
    <h1>This site is misconfigured</h1>
    <p>The login of this site is not set up correctly. Please tell the operator of the site, whose log says why.</p>

    503
    <h1>暂时无法连接微信</h1>
    <p>无法连接微信，或微信系统繁忙，请稍后重新登录。</p>
    <a href="/authorization?login_again=1&#38;return_to=/cart">重新登录</a>

    403
    <h1>WeChat rejected this account</h1>
    <p>Check WeChat for notices about your account, or log in another way.</p>
    <a href="/authorization?login_again=1&#38;return_to=/cart">Log in again</a>

    503
    <h1>WeChat is not available</h1>
    <p>WeChat could not be reached or is busy. Please log in again in a moment.</p>
    <a href="/authorization?login_again=1&#38;return_to=/cart">Log in again</a>
    "#);
}

#[tokio::test]
async fn the_button_of_a_problem_goes_back_to_where_the_login_began() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    site.sim
        .fault(Fault::new(Effect::Reset).path("/sns/oauth2/access_token"));
    let page = browser.open_failure(&site, &callback).await;
    let button = link_of(&page.body);
    assert_eq!(button, "/authorization?login_again=1&#38;return_to=/cart");
    let start = browser.open(&site, &button.replace("&#38;", "&")).await;
    assert_eq!(start.status, StatusCode::SEE_OTHER);
    let callback = browser.visit_wechat(start.location()).await;
    assert_eq!(browser.open(&site, &callback).await.location(), "/cart");
}

#[tokio::test]
async fn a_snapshot_user_is_told_to_use_the_full_service() {
    let site = Site::local().await;
    let mut browser = Browser::with(&[WECHAT, ENGLISH]);
    let page = browser.open(&site, "/login").await;
    let snapshot = page.location().replace(
        "connect_redirect=1",
        "connect_redirect=1&forceSnapShot=true",
    );
    let callback = browser.visit_wechat(&snapshot).await;
    let page = browser.open_failure(&site, &callback).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.body.contains("使用完整服务"), "{}", page.body);
}

#[tokio::test]
async fn a_site_writes_the_pages_in_its_own_way() {
    let sim = weixin_sim::Sim::builder()
        .auto_allow()
        .start()
        .await
        .unwrap();
    let site = Site::with(
        sim.into(),
        "http://localhost/authorization",
        Gate::new(9),
        |login| login.pages(|page| format!("<title>Shop: {}</title>", page.title)),
    );
    let page = Browser::with(&[ENGLISH])
        .open_failure(&site, "/authorization?state=x&code=")
        .await;
    assert_eq!(page.body, "<title>Shop: This URL is incomplete</title>");
    assert_eq!(
        page.header("content-security-policy"),
        "frame-ancestors 'none'"
    );
}

#[tokio::test]
async fn a_callback_in_a_frame_goes_on_in_the_whole_window() {
    let site = Site::local().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = browser.log_in(&site).await;
    browser.headers.push(("sec-fetch-dest", "iframe"));
    let page = browser.open(&site, &callback).await;
    let href = callback.replace('&', "&#38;");
    assert!(
        page.body
            .contains(&format!("target=\"_top\" href=\"{href}\"")),
        "{}",
        page.body
    );
    browser.headers.pop();
    assert!(browser.open(&site, &callback).await.user().is_some());
}

#[tokio::test]
async fn a_failure_is_a_page_once_its_url_has_no_code() {
    let site = Site::https().await;
    let mut browser = Browser::default();
    let start = browser.open(&site, "/login").await;
    let state = param(start.location(), "state");
    let cookies = browser.cookie_header();
    let headers = HeaderMap::from_iter([(header::COOKIE, cookies.parse().unwrap())]);
    let query = format!("return_to=/cart&state={state}");
    let failure = |query: &str, headers: &HeaderMap| {
        let error = site.login.verify(query, headers).map(drop).unwrap_err();
        let return_to = error.return_to().map(ToString::to_string);
        (error.kind(), error.is_page(), return_to)
    };
    let cart = Some("/cart".to_owned());
    assert_eq!(
        failure(&query, &headers),
        (LoginErrorKind::Declined, false, cart.clone())
    );
    assert_eq!(
        failure("login_error=declined&return_to=/cart", &headers),
        (LoginErrorKind::Declined, true, cart.clone())
    );
    assert_eq!(
        failure(&query, &HeaderMap::new()),
        (LoginErrorKind::Restarted, false, cart)
    );
}

#[tokio::test]
async fn the_frame_of_the_qr_code_may_open_the_callback_and_do_nothing_else_to_the_page() {
    let site = Site::https().await;
    let headers = HeaderMap::new();
    let embedded = site.login.embed(&headers).unwrap();
    let frame = embedded.iframe();
    let (_, attributes) = frame.split_once("\" title=").unwrap();
    assert_eq!(
        attributes,
        r#""微信登录" width="300" height="400" sandbox="allow-scripts allow-same-origin allow-top-navigation" allow="local-network-access" referrerpolicy="no-referrer" style="border:0"></iframe>"#
    );
    // The cookie of its response is the login's: it verifies the callback, return path included.
    let cart: ReturnPath = "/cart".parse().unwrap();
    let embedded = embedded.return_to(cart);
    let frame = embedded.iframe().replace("&amp;", "&");
    let (_, url) = frame.split_once("src=\"").unwrap();
    let url = url.split('"').next().unwrap();
    assert!(url.ends_with("&login_type=jssdk"), "{url}");
    assert_eq!(
        param(url, "redirect_uri"),
        "https://www.example.com/authorization?return_to=%2Fcart"
    );
    let cookie = embedded.headers()[header::SET_COOKIE].clone();
    let (pair, _) = cookie.to_str().unwrap().split_once(';').unwrap();
    let headers = HeaderMap::from_iter([(header::COOKIE, pair.parse().unwrap())]);
    let query = format!("return_to=/cart&code=071v&state={}", param(url, "state"));
    assert!(site.login.verify(&query, &headers).is_ok());
}

#[test]
fn every_kind_of_failure_has_a_name_a_page_and_a_status_of_its_own() {
    let kinds = [
        (LoginErrorKind::Busy, "busy", 503, true),
        (LoginErrorKind::Configuration, "configuration", 500, false),
        (LoginErrorKind::CsrfMismatch, "csrf_mismatch", 403, true),
        (LoginErrorKind::Declined, "declined", 403, true),
        (LoginErrorKind::Expired, "expired", 410, true),
        (LoginErrorKind::InFrame, "in_frame", 200, false),
        (LoginErrorKind::Malformed, "malformed", 400, true),
        (LoginErrorKind::NoCookie, "no_cookie", 400, true),
        (LoginErrorKind::Restarted, "restarted", 303, false),
        (LoginErrorKind::SnapshotUser, "snapshot_user", 403, true),
        (LoginErrorKind::Unreachable, "unreachable", 503, true),
        (LoginErrorKind::Used, "used", 410, true),
        (LoginErrorKind::UserRejected, "user_rejected", 403, true),
    ];
    for (kind, name, status, is_retryable) in kinds {
        assert_eq!(
            (kind.as_str(), kind.status().as_u16(), kind.is_retryable()),
            (name, status, is_retryable)
        );
        for text in [kind.title(), kind.message()] {
            assert!(text.en.is_ascii() || text.en.contains('使'), "{}", text.en);
            assert!(!text.zh.is_ascii(), "{}", text.zh);
        }
    }
}
