//! Each attack on a login by its name, and that it comes to nothing.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "attackers need less of a browser")]
mod support;

use axum::http::StatusCode;
use weixin_axum::ReturnPath;

use self::support::{Browser, Gate, Page, Site};

/// What a victim's browser sees, and that no code was spent on it.
async fn victim_opens(site: &Site, victim: &mut Browser, path: &str) -> Page {
    let before = site.gate.exchanges();
    let page = victim.open(site, path).await;
    assert_eq!(
        (page.user(), site.gate.exchanges()),
        (None, before),
        "{path}"
    );
    page
}

#[tokio::test]
async fn login_csrf() {
    let site = Site::local().await;
    let attackers = Browser::default().log_in(&site).await;
    let mut victim = Browser::default();
    let page = victim_opens(&site, &mut victim, &attackers).await;
    // The victim's own login begins; the attacker's code is nowhere in it.
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let code = attackers.split(['=', '&']).nth(1).unwrap();
    assert!(!page.location().contains(code), "{}", page.location());
}

#[tokio::test]
async fn session_fixation() {
    // A state of the attacker's choice, put into the victim's browser and into the callback.
    let site = Site::local().await;
    let attackers = Browser::default().log_in(&site).await;
    let code = attackers.split(['=', '&']).nth(1).unwrap();
    let mut victim = Browser::default();
    victim.log_in(&site).await;
    let fixed = "fixedfixedfixedfixed00";
    let page = victim_opens(
        &site,
        &mut victim,
        &format!("/authorization?code={code}&state={fixed}"),
    )
    .await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn cookie_tossing_from_a_sub_domain() {
    // A sub-domain cannot set `__Host-` cookies, and others are not looked at.
    let site = Site::start("https://www.example.com/authorization", Gate::new(100)).await;
    let attackers = Browser::default().open(&site, "/login").await;
    let state = attackers.location().split("state=").nth(1).unwrap();
    let state = state.split(['&', '#']).next().unwrap();
    let mut victim = Browser::default();
    victim
        .cookies
        .insert(format!("weixin-{}", &state[..8]), state.to_owned());
    let callback = format!("/authorization?code=071x&state={state}");
    let page = victim_opens(&site, &mut victim, &callback).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn callback_injection() {
    let site = Site::local().await;
    let mut victim = Browser::default();
    let own = victim.log_in(&site).await;
    let state = own.split("state=").nth(1).unwrap().to_owned();
    for query in [
        format!("code=071&state={state}&code=072"),
        format!("state=other&code=071&state={state}"),
        format!("code=071%0d%0aSet-Cookie:x&state={state}"),
        format!("code=%3Cscript%3E&state={state}"),
        format!("code=071&state={state}%00"),
    ] {
        let page = victim_opens(&site, &mut victim, &format!("/authorization?{query}")).await;
        assert!(page.status.is_client_error(), "{query}: {}", page.status);
        assert!(!page.body.contains("<script>"), "{}", page.body);
    }
}

#[tokio::test]
async fn oversized_and_duplicate_parameters() {
    let site = Site::local().await;
    let mut victim = Browser::default();
    let own = victim.log_in(&site).await;
    let state = own.split("state=").nth(1).unwrap().to_owned();
    let long = "a".repeat(10_000);
    for query in [
        format!("code={long}&state={state}"),
        format!("code=071&state={long}"),
        format!("code=071&state={state}&state={state}"),
        format!("{}code=071&state={state}", "x=1&".repeat(5_000)),
    ] {
        let before = site.gate.exchanges();
        let page = victim.open(&site, &format!("/authorization?{query}")).await;
        assert!(page.user().is_none());
        assert!(
            page.status.is_client_error() || site.gate.exchanges() > before,
            "{}",
            page.status
        );
    }
}

#[tokio::test]
async fn code_in_the_referer() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let own = browser.open(&site, &callback).await;
    let strangers = Browser::default().open(&site, &callback).await;
    let declined = browser.open(&site, "/authorization?state=x").await;
    for page in [own, strangers, declined] {
        assert_eq!(
            (page.header("referrer-policy"), page.header("cache-control")),
            ("no-referrer", "no-store")
        );
    }
}

#[tokio::test]
async fn iframes_by_strangers() {
    let site = Site::local().await;
    let mut victim = Browser::default();
    let page = victim.open(&site, "/authorization?code=").await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");

    // A callback in a frame spends nothing; only a frame of this site's own page may go on.
    let callback = victim.log_in(&site).await;
    victim.headers.push(("sec-fetch-dest", "iframe"));
    let page = victim_opens(&site, &mut victim, &callback).await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
}

#[tokio::test]
async fn host_header_tricks_behind_a_proxy() {
    // Nothing that is answered depends on what a request says of its host.
    let site = Site::local().await;
    let mut honest = Browser::default();
    let mut tricked = Browser::with(&[
        ("host", "evil.example"),
        ("x-forwarded-host", "evil.example"),
        ("x-forwarded-proto", "http"),
        ("forwarded", "host=evil.example"),
    ]);
    for path in [
        "/login",
        "/authorization?state=x",
        "/authorization?code=071&state=x",
    ] {
        let one = honest.open(&site, path).await;
        let other = tricked.open(&site, path).await;
        assert_eq!(one.status, other.status);
        let seen = format!("{:?} {}", other.headers, other.body);
        assert!(!seen.contains("evil.example"), "{seen}");
    }
    let login = tricked.open(&site, "/login").await;
    let redirect_uri = "redirect_uri=http%3A%2F%2Flocalhost%2Fauthorization&";
    assert!(
        login.location().contains(redirect_uri),
        "{}",
        login.location()
    );
}

#[tokio::test]
async fn open_redirect() {
    let site = Site::local().await;
    for path in NASTY {
        assert!(path.parse::<ReturnPath>().is_err(), "{path:?}");
        let encoded: String = form_urlencoded::byte_serialize(path.as_bytes()).collect();
        let mut browser = Browser::default();
        let again = format!("/authorization?login_again=1&return_to={encoded}");
        let page = browser.open(&site, &again).await;
        assert_eq!(page.status, StatusCode::SEE_OTHER);
        let callback = browser.visit_wechat(page.location()).await;
        let page = browser.open(&site, &callback).await;
        assert_eq!(
            (page.location(), page.user().is_some()),
            ("/", true),
            "{path:?}"
        );
    }
}

/// Return paths that lead a browser elsewhere, or are no paths.
const NASTY: [&str; 40] = [
    "",
    "cart",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    " /cart",
    "/cart\r\nSet-Cookie: a=b",
    "/cart\0",
    "/\u{b}/evil.example",
    "/\u{7f}",
    "/\u{85}/evil.example",
    "/\u{2028}/evil.example",
    "\u{feff}//evil.example",
    "/小明",
    "／／evil.example",
    "/\u{202e}/elpmaxe.live",
    "http://evil.example/",
    "https://evil.example/",
    "HTTPS://evil.example/",
    "https:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "file:///etc/passwd",
    "user:pass@evil.example",
    "@evil.example",
    "?next=//evil.example",
    "#//evil.example",
    "..//evil.example",
    ".evil.example",
];
