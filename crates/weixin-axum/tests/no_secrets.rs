//! No log at any level, no `Debug`, error, panic or logged header shows a secret. Alone in its file: subscribers of other
//! tests' threads would meddle with what is logged.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "the log needs less of it than the login")]
mod support;

use std::{
    error::Error as StdError,
    fmt::{Debug, Write as _},
    io::Write,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex},
};

use http::{HeaderMap, HeaderValue, header};
use tracing_subscriber::fmt::MakeWriter;
use weixin::Language;
use weixin_axum::{LoginError, ReturnPath, VerifiedCallback, popup::PopupResponse};
use weixin_sim::{Effect, Fault};

use self::support::{Browser, Site, param};

/// Everything that was logged, by every dependency too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// What a careless program logs, and what its panic says, of these values.
fn shown(values: &[&dyn Debug]) -> String {
    let text = format!("{values:?} {values:#?}");
    let panic = catch_unwind(AssertUnwindSafe(|| panic!("{values:?}")));
    let message = panic.unwrap_err().downcast_ref::<String>().unwrap().clone();
    tracing::info!("{text}");
    [text, message].concat()
}

fn shown_error(error: &LoginError) -> String {
    let mut text = shown(&[error]) + &error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, "{cause} {cause:?}").unwrap();
        source = cause.source();
    }
    text
}

/// The headers of a request of this browser.
fn request(browser: &Browser) -> HeaderMap {
    let cookies = HeaderValue::try_from(browser.cookie_header()).unwrap();
    HeaderMap::from_iter([(header::COOKIE, cookies)])
}

fn verified(site: &Site, browser: &Browser, callback: &str) -> VerifiedCallback {
    let (_, query) = callback.split_once('?').unwrap();
    site.login.verify(query, &request(browser)).unwrap()
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "everything that a login makes")]
async fn nothing_shows_a_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let site = Site::https().await;
    let mut all = String::new();

    // A login to its end.
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let code = verified(&site, &browser, &callback);
    all += &shown(&[&site.login, &code]);
    let (login, headers) = site.login.exchange(code).await.unwrap();
    all += &shown(&[&login, &headers, login.token()]);
    let mut secrets = vec![
        ("app secret", "s".repeat(32)),
        (
            "access token",
            login.token().access_token.expose().to_owned(),
        ),
        (
            "refresh token",
            login.token().refresh_token.expose().to_owned(),
        ),
    ];
    let opener = "https://www.example.com".parse().unwrap();
    let done = PopupResponse::new(&opener, "done", Language::English);
    all += &shown(&[&done]);

    // What starts one: with all headers of the response, as tracing middleware logs them.
    let cart: ReturnPath = "/cart".parse().unwrap();
    let start = site.login.start(&request(&browser)).unwrap();
    let start = start.return_to(cart);
    all += &shown(&[&start]);
    secrets.push(("state", param(start.url().as_str(), "state")));
    let response = start.into_http();
    let cookie = &response.headers()[header::SET_COOKIE];
    all += &shown(&[cookie]);
    let embedded = site.login.embed(&request(&browser));
    let embedded = embedded.unwrap();
    all += &shown(&[&embedded, &embedded.headers()]);

    // Every failure that holds something.
    let mut victim = Browser::default();
    let callback_two = victim.log_in(&site).await;
    let (_, query) = callback_two.split_once('?').unwrap();
    let mut framed = request(&victim);
    framed.insert("sec-fetch-dest", HeaderValue::from_static("iframe"));
    for headers in [&framed, &request(&browser), &HeaderMap::new()] {
        all += &shown_error(&site.login.verify(query, headers).unwrap_err());
    }
    site.sim
        .fault(Fault::new(Effect::Errcode(40029)).path("/sns/oauth2/access_token"));
    let code = verified(&site, &victim, &callback_two);
    let failed = site.login.exchange(code).await.unwrap_err();
    all += &shown_error(&failed);
    drop(failed.into_http());

    for (callback, browser) in [(&callback, &browser), (&callback_two, &victim)] {
        secrets.push(("code", param(callback, "code")));
        secrets.push(("state", param(callback, "state")));
        let tokens = browser.cookies.iter().map(|(_, token)| token.clone());
        secrets.extend(tokens.map(|token| ("cookie's token", token)));
    }
    let log = String::from_utf8_lossy(&log.0.lock().unwrap()).into_owned();
    for seen in [
        "login failed",
        "kind=\"expired\"",
        "40029",
        "weixin.exchange",
        "hyper",
    ] {
        assert!(
            log.contains(seen),
            "the log is not complete: {seen} is missing"
        );
    }
    for seen in [
        "StartLogin",
        "EmbeddedLogin",
        "VerifiedCallback",
        "LoginError",
        "Sensitive",
    ] {
        assert!(all.contains(seen), "{seen} is missing");
    }
    for (name, secret) in secrets {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "the {name} is in the log");
        assert!(!all.contains(&secret), "the {name} is shown: {all}");
    }
}

/// WeChat rejects a code, and a response is lost.
async fn failing_exchanges(site: &Site) {
    let mut browser = Browser::default();
    for fault in [Effect::Errcode(40029), Effect::Html(502)] {
        let callback = browser.log_in(site).await;
        site.sim
            .fault(Fault::new(fault).path("/sns/oauth2/access_token"));
        browser.open_failure(site, &callback).await;
    }
}

#[tokio::test]
async fn each_failure_is_one_line_of_the_log() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::INFO)
        .with_target(true)
        .with_ansi(false)
        .without_time()
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let site = Site::https().await;
    let mut browser = Browser::default();
    let used = browser.log_in(&site).await;
    browser.open(&site, &used).await;
    let state = "S123456789abcdefghijkl";
    let stranger = Browser::default();
    for (mut browser, path) in [
        (stranger.clone(), "/authorization?code="),
        (
            stranger.clone(),
            &*format!("/authorization?code=071&state={state}"),
        ),
        (
            stranger.clone(),
            &*format!("/authorization?code=071&state={state}&login_restarted=1"),
        ),
        (stranger.clone(), &used),
        (
            browser.clone(),
            &*format!("/authorization?code=071&state={state}"),
        ),
        // What only shows a failure was in the log before.
        (stranger, "/authorization?login_error=declined"),
    ] {
        browser.open(&site, path).await;
    }
    failing_exchanges(&site).await;
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let ours: Vec<_> = log
        .lines()
        .filter(|line| line.contains("weixin"))
        .map(str::trim)
        .collect();
    assert_eq!(
        ours,
        [
            "INFO weixin_axum::error: login failed kind=\"malformed\"",
            "INFO weixin_axum::error: login failed kind=\"restarted\"",
            "INFO weixin_axum::error: login failed kind=\"no_cookie\"",
            "INFO weixin_axum::error: login failed kind=\"used\"",
            "INFO weixin_axum::error: login failed kind=\"csrf_mismatch\"",
            "WARN weixin_axum::error: login failed error=/sns/oauth2/access_token returned 40029 (invalid code) \
             remedy=\"Let the user log in again, and exchange the new code at once, with the app ID that the login page was \
             opened with. If it happens always, compare that app ID with the one that exchanges.\" app=\"wx0123456789abcdef\" \
             kind=\"expired\"",
            "WARN weixin_axum::error: login failed error=the response of /sns/oauth2/access_token was lost and the code may \
             have been used: the user must log in again cause=/sns/oauth2/access_token returned HTTP status 502 \
             app=\"wx0123456789abcdef\" kind=\"unreachable\"",
        ]
    );
}
