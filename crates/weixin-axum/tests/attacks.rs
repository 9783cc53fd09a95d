//! Each attack on a login by its name, with all that the attacker may know, and that it comes to nothing.
#![expect(clippy::panic, clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "attackers need less of a browser")]
mod support;

use std::{
    future::poll_fn,
    pin::{Pin, pin},
    sync::atomic::Ordering,
    task::Poll,
    time::Duration,
};

use axum::http::StatusCode;
use weixin_axum::ReturnPath;

use self::support::{Browser, Gate, Page, Site, param};

/// Opens a page of the site, which must neither log in a user nor exchange a code.
async fn opens_in_vain(site: &Site, browser: &mut Browser, path: &str) -> Page {
    let before = site.gate.exchanges();
    let page = browser.open(site, path).await;
    assert_eq!(
        (page.user(), site.gate.exchanges()),
        (None, before),
        "{path}"
    );
    page
}

/// The name of the cookie of the only login in progress, and its token.
fn own_cookie(browser: &Browser) -> (String, String) {
    let [(name, token)] = &browser.cookies[..] else {
        panic!("{:?}", browser.cookies);
    };
    (name.clone(), token.clone())
}

#[tokio::test]
async fn login_csrf() {
    let site = Site::https().await;
    let attackers = Browser::default().log_in(&site).await;
    let mut victim = Browser::default();
    let page = opens_in_vain(&site, &mut victim, &attackers).await;
    // The victim's own login begins; the attacker's code and state are nowhere in it.
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    for name in ["code", "state"] {
        let value = param(&attackers, name);
        assert!(!page.location().contains(&value), "{}", page.location());
    }
    // Nor with a login of the victim's own in progress.
    let mut victim = Browser::default();
    victim.log_in(&site).await;
    let page = opens_in_vain(&site, &mut victim, &attackers).await;
    assert_eq!(page.failure(), "csrf_mismatch");
}

/// What a sub-domain can set for the whole domain: every name but `__Host-…` itself.
fn tossed(cookie: &(String, String)) -> Vec<(String, String)> {
    let (name, token) = cookie;
    let rest = name.strip_prefix("__Host-").unwrap();
    let names = [
        format!("%5F%5FHost-{rest}"),
        format!("%5f%5fHost-{rest}"),
        format!("_%5FHost-{rest}"),
        format!("%5F_Host-{rest}"),
        format!("__%48ost-{rest}"),
        format!("__Host%2D{rest}"),
        format!("__host-{rest}"),
        format!("__HOST-{rest}"),
        format!("__Secure-{rest}"),
        format!("\"__Host-{rest}"),
        format!("+__Host-{rest}"),
        format!("\u{3000}__Host-{rest}"),
        format!("\u{a0}__Host-{rest}"),
        format!("\u{85}__Host-{rest}"),
        format!("\u{2000}__Host-{rest}"),
        rest.to_owned(),
    ];
    names.map(|name| (name, token.clone())).to_vec()
}

#[tokio::test]
async fn cookie_tossing_from_a_sub_domain() {
    let site = Site::https().await;
    let mut attacker = Browser::default();
    let callback = attacker.log_in(&site).await;
    for tossed in tossed(&own_cookie(&attacker)) {
        // In a browser without a login, before and after one of its own, and beside one in progress.
        let mut fresh = Browser::default();
        fresh.set_cookie(&tossed.0, &tossed.1);
        let page = opens_in_vain(&site, &mut fresh, &callback).await;
        assert!(
            page.location().contains("/connect/qrconnect?"),
            "{}",
            tossed.0
        );

        let mut busy = Browser::default();
        busy.set_cookie(&tossed.0, &tossed.1);
        let own = busy.log_in(&site).await;
        let page = opens_in_vain(&site, &mut busy, &callback).await;
        assert_eq!(page.failure(), "csrf_mismatch", "{}", tossed.0);
        assert!(
            busy.open(&site, &own).await.user().is_some(),
            "{}",
            tossed.0
        );
        opens_in_vain(&site, &mut busy, &callback).await;
    }
    // The cookie under its own name, which only the host itself can set, would have done it.
    assert!(attacker.open(&site, &callback).await.user().is_some());
}

#[tokio::test]
async fn session_fixation() {
    // The attacker plants a token that he knows before the victim logs in, and then comes with the victim's URL.
    let site = Site::https().await;
    let mut attacker = Browser::default();
    attacker.log_in(&site).await;
    let planted = own_cookie(&attacker);
    let mut victim = Browser::default();
    for (name, token) in tossed(&planted) {
        victim.set_cookie(&name, &token);
    }
    victim.set_cookie(&planted.0, &planted.1);
    let callback = victim.log_in(&site).await;
    let (_, token) = victim.cookies.last().unwrap();
    assert_ne!(*token, planted.1);
    for name in victim.cookies.iter().map(|(name, _)| name) {
        let mut thief = Browser::default();
        thief.set_cookie(name, &planted.1);
        opens_in_vain(&site, &mut thief, &callback).await;
    }
    assert!(victim.open(&site, &callback).await.user().is_some());
}

/// Every cookie that can be made of what stands in the callback's URL, under every name that one of ours may have.
fn made_up(callback: &str, own: &str) -> Vec<(String, String)> {
    let (state, code) = (param(callback, "state"), param(callback, "code"));
    let values = [
        state.clone(),
        format!("{state}~"),
        format!("{state}.%2Fcart"),
        code.clone(),
        code[..22].to_owned(),
        "0".repeat(22),
        String::new(),
    ];
    let names = [own.to_owned(), format!("__Host-weixin-{}", &state[..8])];
    let pairs = names
        .iter()
        .flat_map(|name| values.iter().map(move |value| (name, value)));
    pairs
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// The victim's URL, seen in a log, a proxy or a screenshot, in the hands of a thief with a browser of his own.
async fn nothing_is_stolen(site: &Site, callback: &str, cookie_name: &str) {
    let error_page = "csrf_mismatch";
    let mut thief = Browser::default();
    opens_in_vain(site, &mut thief, callback).await;
    opens_in_vain(
        site,
        &mut Browser::with(&[("sec-fetch-dest", "iframe")]),
        callback,
    )
    .await;
    for (name, value) in made_up(callback, cookie_name) {
        let mut thief = Browser::default();
        thief.set_cookie(&name, &value);
        opens_in_vain(site, &mut thief, callback).await;
        thief.headers.push(("sec-fetch-dest", "iframe"));
        opens_in_vain(site, &mut thief, callback).await;
    }
    // With a login of the thief's own, its cookie under the victim's name.
    let mut thief = Browser::default();
    thief.log_in(site).await;
    let (_, token) = own_cookie(&thief);
    thief.set_cookie(cookie_name, &token);
    let page = opens_in_vain(site, &mut thief, callback).await;
    assert_eq!(page.failure(), error_page);
}

#[tokio::test]
async fn a_stolen_url_is_worth_nothing_before_it_is_used() {
    let site = Site::https().await;
    let mut victim = Browser::default();
    let callback = victim.log_in(&site).await;
    let (name, _) = own_cookie(&victim);
    nothing_is_stolen(&site, &callback, &name).await;
    assert!(victim.open(&site, &callback).await.user().is_some());
}

#[tokio::test]
async fn a_stolen_url_is_worth_nothing_within_the_minute_after_it_was_used() {
    let site = Site::https().await;
    let mut victim = Browser::default();
    let callback = victim.log_in(&site).await;
    let (name, _) = own_cookie(&victim);
    assert!(victim.open(&site, &callback).await.user().is_some());
    nothing_is_stolen(&site, &callback, &name).await;
    // The victim's own browser still gets its repeat.
    assert!(victim.open(&site, &callback).await.user().is_some());
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn a_copied_cookie_is_worth_nothing_a_minute_after_the_login() {
    let site = Site::https().await;
    let mut victim = Browser::default();
    let callback = victim.log_in(&site).await;
    let mut thief = victim.clone();
    assert!(victim.open(&site, &callback).await.user().is_some());
    site.clock.advance(Duration::from_secs(60));
    let page = opens_in_vain(&site, &mut thief, &callback).await;
    assert_eq!(page.failure(), "used");
}

#[tokio::test]
async fn no_code_stays_in_the_address_bar_of_a_failed_login() {
    let site = Site::https().await;
    let mut victim = Browser::default();
    let callback = victim.log_in(&site).await;
    let (code, state) = (param(&callback, "code"), param(&callback, "state"));
    let tampered = callback.replace("return_to=%2Fcart", "return_to=%2Fadmin");
    let tampered = tampered.replace("return_to=/cart", "return_to=/admin");
    assert_ne!(tampered, callback);
    let page = opens_in_vain(&site, &mut victim, &tampered).await;
    assert_eq!(page.failure(), "csrf_mismatch");
    for seen in [page.location(), &page.body] {
        assert!(!seen.contains(&code) && !seen.contains(&state), "{seen}");
    }
    let shown = victim.open(&site, page.location()).await;
    assert_eq!(shown.status, StatusCode::FORBIDDEN);
    assert!(!shown.body.contains(&code) && !shown.body.contains(&state));
    // It is a page however often it is loaded, and starts nothing.
    assert!(!shown.headers.contains_key("set-cookie"));
}

#[tokio::test]
async fn a_return_path_that_was_exchanged_in_the_url_fails() {
    let site = Site::https().await;
    for other in [
        "return_to=/admin",
        "return_to=//evil.example",
        "return_to=",
        "x=1",
        "return_to=/cart&return_to=/cart",
        "return_to=/cart&return_to=/admin",
        "return_to=/admin&return_to=/cart",
    ] {
        let mut victim = Browser::default();
        let callback = victim.log_in(&site).await;
        let tampered = callback.replace("return_to=%2Fcart", other);
        assert_ne!(tampered, callback);
        let page = opens_in_vain(&site, &mut victim, &tampered).await;
        assert_eq!(page.failure(), "csrf_mismatch", "{other}");
        // Decoded once more on its way, as some proxies do, it is the same path.
        let decoded = callback.replace("return_to=%2Fcart", "return_to=/cart");
        assert!(victim.open(&site, &decoded).await.user().is_some());
    }
}

#[tokio::test]
async fn callback_injection() {
    let site = Site::https().await;
    let mut victim = Browser::default();
    let own = victim.log_in(&site).await;
    let (state, path) = (param(&own, "state"), "return_to=/cart");
    for (query, kind) in [
        (
            format!("{path}&code=071&state={state}&code=072"),
            "malformed",
        ),
        (
            format!("{path}&state=other&code=071&state={state}"),
            "malformed",
        ),
        (
            format!("{path}&code=071%0d%0aSet-Cookie:x&state={state}"),
            "malformed",
        ),
        (
            format!("{path}&code=%3Cscript%3E&state={state}"),
            "malformed",
        ),
        (format!("{path}&code=071&state={state}%00"), "csrf_mismatch"),
        (
            format!("{path}&code=071&state=%E5%B0%8F{state}"),
            "csrf_mismatch",
        ),
        (
            format!("{path}&code=071&state={}", &state[..21]),
            "csrf_mismatch",
        ),
        (format!("{path}&code=071&state="), "csrf_mismatch"),
        (format!("{path}&code=071"), "malformed"),
    ] {
        let page = opens_in_vain(&site, &mut victim, &format!("/authorization?{query}")).await;
        assert_eq!(page.failure(), kind, "{query}");
        assert!(!page.body.contains("<script>"), "{}", page.body);
    }
}

#[tokio::test]
async fn oversized_and_duplicate_parameters() {
    let site = Site::https().await;
    let mut victim = Browser::default();
    let own = victim.log_in(&site).await;
    let state = param(&own, "state");
    let long = "a".repeat(10_000);
    for (query, kind) in [
        (format!("code={long}&state={state}"), "malformed"),
        (format!("code=071&state={long}"), "csrf_mismatch"),
        (format!("code=071&state={state}&state={state}"), "malformed"),
    ] {
        let callback = format!("/authorization?return_to=/cart&{query}");
        let page = opens_in_vain(&site, &mut victim, &callback).await;
        assert_eq!(page.failure(), kind);
        assert!(page.location().len() < 100, "{}", page.location());
    }
    let query = format!("return_to=/{long}&code=071&state={state}");
    let page = opens_in_vain(&site, &mut victim, &format!("/authorization?{query}")).await;
    assert_eq!(page.failure(), "csrf_mismatch");
    assert!(page.location().len() < 100, "{}", page.location());
    // Parameters that are none of ours change nothing.
    let own = format!("{own}&{}", "x=1&".repeat(5_000));
    assert!(victim.open(&site, &own).await.user().is_some());
}

#[tokio::test]
async fn a_cookie_bomb() {
    let site = Site::https().await;
    let long = format!("/{}", "a".repeat(510));
    let again = format!("/authorization?login_again=1&return_to={long}");
    // A stranger's page cannot start a login by the button's URL.
    for from in ["cross-site", "same-site"] {
        let mut victim = Browser::with(&[("sec-fetch-site", from)]);
        let page = victim.open(&site, &again).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{from}");
        assert!(victim.cookies.is_empty(), "{from}");
    }
    let mut victim = Browser::with(&[("origin", "https://evil.example")]);
    assert_eq!(
        victim.open(&site, &again).await.status,
        StatusCode::FORBIDDEN
    );
    // What starts one adds little, and never more than five.
    for headers in [
        &[("sec-fetch-site", "same-origin")][..],
        &[("sec-fetch-site", "none")],
        &[("origin", "https://www.example.com")],
        &[],
    ] {
        let mut victim = Browser::with(headers);
        for path in [&again, "/login"].repeat(20) {
            let page = victim.open(&site, path).await;
            assert_eq!(page.status, StatusCode::SEE_OTHER, "{headers:?}");
            assert!(victim.cookies.len() <= 5);
        }
        assert!(
            victim.cookie_header().len() < 400,
            "{}",
            victim.cookie_header()
        );
        // The newest is the one that works.
        let callback = victim.log_in(&site).await;
        victim.headers.clear();
        assert!(victim.open(&site, &callback).await.user().is_some());
    }
}

#[tokio::test]
async fn a_log_out_removes_at_most_twenty_cookies_and_ends_the_oldest_and_the_newest_logins() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let oldest = browser.log_in(&site).await;
    assert!(browser.open(&site, &oldest).await.user().is_some());
    let (name, value) = own_cookie(&browser);
    let prefix = &name[..name.len() - 22];
    for number in 0..100 {
        browser.set_cookie(&format!("{prefix}S{number:021}"), &value);
    }
    let mut newest_tab = Browser::default();
    let newest = newest_tab.log_in(&site).await;
    assert!(newest_tab.open(&site, &newest).await.user().is_some());
    browser.cookies.extend(newest_tab.cookies);

    let copied = browser.clone();
    let page = browser.open(&site, "/logout").await;
    assert_eq!(page.headers.get_all("set-cookie").iter().count(), 20);
    for callback in [oldest, newest] {
        let page = copied.clone().open(&site, &callback).await;
        assert_eq!(page.failure(), "used");
    }
}

#[tokio::test]
async fn a_page_of_the_sites_own_that_sets_an_odd_cookie_locks_nobody_out() {
    let site = Site::https().await;
    for odd in ["小明", "caf\u{e9}", "\u{1f43c}", "%zz", "=;=", "\"", ""] {
        let mut browser = Browser::default();
        browser.set_cookie("nick", odd);
        let callback = browser.log_in(&site).await;
        assert!(
            browser.open(&site, &callback).await.user().is_some(),
            "{odd}"
        );
    }
}

#[tokio::test]
async fn code_in_the_referer() {
    let site = Site::https().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let own = browser.open(&site, &callback).await;
    let strangers = Browser::default().open(&site, &callback).await;
    let malformed = browser.open(&site, "/authorization?state=x").await;
    let shown = browser.open(&site, malformed.location()).await;
    let framed = Browser::with(&[("sec-fetch-dest", "iframe")]);
    let framed = framed.clone().open(&site, &callback).await;
    for page in [own, strangers, malformed, shown, framed] {
        assert_eq!(
            (page.header("referrer-policy"), page.header("cache-control")),
            ("no-referrer", "no-store")
        );
    }
}

#[tokio::test]
async fn iframes_by_strangers() {
    let site = Site::https().await;
    let mut victim = Browser::default();
    let page = victim.open_failure(&site, "/authorization?code=").await;
    let policy = page.header("content-security-policy");
    assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), "nosniff");

    // A callback in a frame uses nothing; only a frame of this site's own page may continue.
    for destination in ["iframe", "frame", "embed", "object"] {
        let mut victim = Browser::default();
        let callback = victim.log_in(&site).await;
        victim.headers.push(("sec-fetch-dest", destination));
        let page = opens_in_vain(&site, &mut victim, &callback).await;
        let policy = page.header("content-security-policy");
        assert!(policy.ends_with("frame-ancestors 'self'"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), "nosniff");
    }
}

#[tokio::test]
async fn host_header_tricks_behind_a_proxy() {
    // Nothing in a response depends on what a request says of its host.
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
        "/authorization?code=071&state=0123456789abcdefghijkl",
    ] {
        let one = honest.open(&site, path).await;
        let other = tricked.open(&site, path).await;
        assert_eq!(one.status, other.status);
        let seen = format!("{:?} {}", other.headers, other.body);
        assert!(!seen.contains("evil.example"), "{seen}");
    }
    let login = tricked.open(&site, "/login").await;
    assert_eq!(
        param(login.location(), "redirect_uri"),
        "http://localhost/authorization?return_to=%2Fcart"
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

#[tokio::test]
async fn a_callback_path_that_begins_with_two_slashes_leads_to_no_other_host() {
    let gate = Gate::new(9);
    let site = Site::start("https://www.example.com//evil.example/cb?a=b", gate).await;
    let mut browser = Browser::default();
    let failed = browser.open(&site, "//evil.example/cb?a=b&code=").await;
    assert_eq!(
        failed.location(),
        "/.//evil.example/cb?a=b&login_error=malformed"
    );
    let base: url::Url = "https://www.example.com/".parse().unwrap();
    let location = base.join(failed.location()).unwrap();
    assert_eq!(
        location.as_str(),
        "https://www.example.com//evil.example/cb?a=b&login_error=malformed"
    );
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

#[tokio::test]
async fn the_kind_of_app_in_a_changed_cookie_gives_no_user_the_ids_of_another_app() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    assert!(browser.open(&site, &callback).await.user().is_some());
    let mut forged = browser.clone();
    for (_, value) in &mut forged.cookies {
        value.push('~');
    }
    assert_eq!(forged.open(&site, &callback).await.failure(), "used");
    assert!(browser.open(&site, &callback).await.is_repeat());
}

#[tokio::test]
async fn a_code_leaves_the_address_bar_also_from_a_url_that_claims_a_failure() {
    let site = Site::https().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let page = browser
        .open(&site, &format!("{callback}&login_error=used"))
        .await;
    assert_eq!(
        (page.status, page.location()),
        (
            StatusCode::SEE_OTHER,
            "/authorization?login_error=used&return_to=/cart"
        )
    );
}

/// Starts a request, and returns `true` if it waits for something.
async fn waits<T>(mut request: Pin<&mut impl Future<Output = T>>) -> bool {
    poll_fn(|context| Poll::Ready(request.as_mut().poll(context).is_pending())).await
}

#[tokio::test]
async fn a_repeat_that_waited_during_the_log_out_does_not_log_in() {
    let site = Site::start("http://localhost/authorization", Gate::new(0)).await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let [mut tab, mut other_tab] = [browser.clone(), browser.clone()];
    let mut first = pin!(tab.open(&site, &callback));
    assert!(waits(first.as_mut()).await);
    let mut repeat = pin!(other_tab.open(&site, &callback));
    assert!(waits(repeat.as_mut()).await);
    browser.open(&site, "/logout").await;
    site.gate.open.add_permits(10);
    assert!(first.await.user().is_some());
    assert_eq!(repeat.await.failure(), "used");
}

#[tokio::test]
async fn a_repeat_of_a_login_for_which_nothing_was_sent_is_not_used() {
    let site = Site::start("http://localhost/authorization", Gate::new(10)).await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let [mut tab, mut other_tab] = [browser.clone(), browser.clone()];
    site.gate.is_down.store(true, Ordering::SeqCst);
    let mut first = pin!(tab.open(&site, &callback));
    assert!(waits(first.as_mut()).await);
    let mut repeat = pin!(other_tab.open(&site, &callback));
    assert!(waits(repeat.as_mut()).await);
    assert_eq!(first.await.failure(), "unreachable");
    assert_eq!(repeat.await.failure(), "unreachable");
    site.gate.is_down.store(false, Ordering::SeqCst);
    assert!(browser.open(&site, &callback).await.user().is_some());
}
