//! A browser, a site and a simulator: what happens to a login, and to an attack on one.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "these browsers are ordinary ones")]
mod support;

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use axum::http::{StatusCode, header};
use weixin::{AppSecret, Website};
use weixin_axum::{ConfigError, WebLogin};
use weixin_sim::{Effect, Fault};

use self::support::{Browser, Gate, Site, param};

#[tokio::test]
async fn a_login_keeps_its_token_in_a_cookie_and_ends_where_it_began() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let page = browser.open(&site, "/login").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    let state = param(page.location(), "state");
    let (name, rest) = cookie.split_once('=').unwrap();
    let (token, attributes) = rest.split_once(';').unwrap();
    assert_eq!(
        (&name[..7], &name[11..], attributes),
        (
            "weixin-",
            &*format!("-{state}"),
            " HttpOnly; SameSite=Lax; Path=/; Max-Age=7200"
        )
    );
    assert_eq!(token.len(), 22);
    assert!(!page.location().contains(token));

    let callback = browser.visit_wechat(page.location()).await;
    let page = browser.open(&site, &callback).await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, "/cart")
    );
    assert!(page.user().is_some());
    assert!(
        page.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .ends_with("Max-Age=60")
    );
}

#[tokio::test]
async fn a_callback_that_comes_again_gets_the_same_answer_from_one_exchange() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let first = browser.open(&site, &callback).await;
    let again = browser.open(&site, &callback).await;
    assert_eq!(
        (again.status, again.user()),
        (StatusCode::SEE_OTHER, first.user())
    );
    assert!(!first.is_repeat() && again.is_repeat());
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn sixteen_callbacks_at_once_make_one_exchange() {
    let site = Arc::new(Site::local().await);
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (site, callback, mut browser) = (Arc::clone(&site), callback.clone(), browser.clone());
        tasks.spawn(async move {
            browser
                .open(&site, &callback)
                .await
                .user()
                .map(str::to_owned)
        });
    }
    let users = tasks.join_all().await;
    assert!(
        users.iter().all(|user| user.is_some() && *user == users[0]),
        "{users:?}"
    );
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn a_browser_that_drops_its_first_callback_is_logged_in_by_the_second() {
    let site = Site::start("http://localhost/authorization", Gate::new(0)).await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    {
        let mut dropped = browser.clone();
        let first = dropped.open(&site, &callback);
        let started = async {
            while site.gate.exchanges() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = first => panic!("answered although WeChat did not"),
            () = started => {}
        }
    }
    site.gate.open.add_permits(1);
    let page = browser.open(&site, &callback).await;
    assert!(page.user().is_some(), "{}", page.body);
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn a_login_is_two_calls_and_one_where_the_ids_are_enough() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    for (query, calls) in [
        ("", vec!["/sns/oauth2/access_token", "/sns/userinfo"]),
        ("&only=ids", vec!["/sns/oauth2/access_token"]),
    ] {
        let before = site.api_calls().len();
        let callback = browser.log_in(&site).await;
        let page = browser.open(&site, &format!("{callback}{query}")).await;
        assert!(page.user().is_some());
        assert_eq!(site.api_calls()[before..], calls);
    }
}

#[tokio::test]
async fn two_tabs_log_in_side_by_side() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let one = browser.log_in(&site).await;
    let two = browser.log_in(&site).await;
    assert_eq!(browser.cookies.len(), 2);
    assert!(browser.open(&site, &one).await.user().is_some());
    assert!(browser.open(&site, &two).await.user().is_some());
}

#[tokio::test]
async fn a_used_callback_is_rejected_in_another_browser() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    assert!(browser.open(&site, &callback).await.user().is_some());

    let page = Browser::default().open_failure(&site, &callback).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.body.contains("此次登录已被使用"), "{}", page.body);
}

#[tokio::test]
async fn an_unused_callback_starts_again_once_in_a_browser_without_cookies_and_then_explains() {
    let site = Site::local().await;
    let callback = Browser::default().log_in(&site).await;

    let mut forgetful = Browser::default();
    let page = forgetful.open(&site, &callback).await;
    assert_eq!((page.status, page.user()), (StatusCode::SEE_OTHER, None));
    assert!(
        page.location().contains("/connect/qrconnect?"),
        "{}",
        page.location()
    );
    assert_eq!(site.gate.exchanges(), 0);

    let second = forgetful.visit_wechat(page.location()).await;
    assert!(second.contains("login_restarted=1"), "{second}");
    let explained = Browser::default().open_failure(&site, &second).await;
    assert_eq!(explained.status, StatusCode::BAD_REQUEST);
    assert!(
        explained.body.contains("请允许 Cookie"),
        "{}",
        explained.body
    );

    // A browser that does keep its cookies gets through at the second try, and to where it was going.
    let done = forgetful.open(&site, &second).await;
    assert_eq!((done.location(), done.user().is_some()), ("/cart", true));
}

#[tokio::test]
async fn an_attackers_callback_does_not_log_a_victim_in() {
    let site = Site::local().await;
    let attackers = Browser::default().log_in(&site).await;
    let mut victim = Browser::default();
    victim.log_in(&site).await;
    let page = victim.open(&site, &attackers).await;
    assert_eq!(page.failure(), "csrf_mismatch");
    assert_eq!(site.gate.exchanges(), 0);
}

#[tokio::test]
async fn a_cookie_with_the_right_name_and_the_wrong_token_is_worth_nothing() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    for (_, token) in &mut browser.cookies {
        let other = if token.ends_with('x') { "y" } else { "x" };
        token.replace_range(21..22, other);
    }
    let page = browser.open(&site, &callback).await;
    assert_eq!(page.failure(), "csrf_mismatch");
    assert_eq!(site.gate.exchanges(), 0);
}

#[tokio::test]
async fn another_code_does_not_come_with_a_used_state() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let one = browser.log_in(&site).await;
    let two = browser.log_in(&site).await;
    assert!(browser.open(&site, &one).await.user().is_some());
    let mixed = one.replace(&param(&one, "code"), &param(&two, "code"));
    let page = browser.open(&site, &mixed).await;
    assert_eq!(page.failure(), "used");
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn a_declined_login_ends_and_its_state_with_it() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let page = browser.open(&site, "/login").await;
    let state = param(page.location(), "state");
    for query in [
        format!("return_to=/cart&state={state}"),
        format!("return_to=/cart&code=authdeny&reason=&state={state}"),
    ] {
        let mut browser = browser.clone();
        let callback = format!("/authorization?{query}");
        let page = browser.open_failure(&site, &callback).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN);
        assert!(browser.cookies.is_empty());
        assert!(page.body.contains("您已取消登录"), "{}", page.body);
    }
}

#[tokio::test]
async fn what_wechat_never_sends_is_rejected() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    browser.log_in(&site).await;
    for query in [
        "",
        "?code=",
        "?error=access_denied",
        "?code=a&code=b&state=c",
        "?code=%00&state=a",
    ] {
        let page = browser
            .open_failure(&site, &format!("/authorization{query}"))
            .await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
    }
}

#[tokio::test]
async fn on_https_the_cookie_is_bound_to_the_host() {
    let site = Site::start("https://www.example.com/authorization", Gate::new(1)).await;
    let page = Browser::default().open(&site, "/login").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-weixin-"), "{cookie}");
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=7200"),
        "{cookie}"
    );
}

fn website() -> Website {
    let secret = AppSecret::new("secret").unwrap();
    let website = Website::builder("wx1".parse().unwrap(), secret);
    website.build().unwrap()
}

#[test]
fn a_redirect_uri_where_no_browser_could_log_in_is_rejected_with_the_reason() {
    let parameters = "not a valid redirect URI: expected no query parameters `login_again`, `login_error`, `login_restarted` and `return_to`: the login adds them";
    for (uri, expected) in [
        (
            "http://www.example.com/",
            "redirect_uri must start with https:// (http:// is for localhost and 127.0.0.1 only): browsers do not store the login's cookie on plain http",
        ),
        (
            "https://www.example.com:8443/",
            "not a valid redirect URI: expected no port: WeChat accepts 80 for http and 443 for https only",
        ),
        ("https://www.example.com/?a=b&return_to=1", parameters),
        ("https://www.example.com/?a=b&login_error=1", parameters),
        ("https://www.example.com/?a=b&login_again=1", parameters),
        ("https://www.example.com/?a=b&login_restarted=1", parameters),
    ] {
        let error = WebLogin::new(website(), uri.parse().unwrap()).unwrap_err();
        assert_eq!(error.to_string(), expected, "{uri}");
    }
    let no_app = WebLogin::builder("https://www.example.com/".parse().unwrap()).build();
    assert_eq!(no_app.unwrap_err(), ConfigError::NoApp);
}

#[tokio::test]
async fn a_callback_repeated_after_the_log_out_does_not_log_in() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    assert!(browser.open(&site, &callback).await.user().is_some());
    let mut copied = browser.clone();
    browser.open(&site, "/logout").await;
    assert!(browser.cookies.is_empty());
    // Not by the back button, nor with a copy of the cookie.
    for browser in [&mut browser, &mut copied] {
        let page = browser.open(&site, &callback).await;
        assert_eq!(page.failure(), "used");
    }
    assert_eq!(site.gate.exchanges(), 1);
    // The next login is a new one.
    let callback = browser.log_in(&site).await;
    assert!(browser.open(&site, &callback).await.user().is_some());
}

#[tokio::test]
async fn who_scans_after_lunch_is_logged_in_and_after_two_hours_starts_again() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let page = browser.open(&site, "/login").await;
    site.clock
        .advance(Duration::from_secs(2 * 60 * 60) - Duration::from_secs(1));
    let callback = browser.visit_wechat(page.location()).await;
    let done = browser.open(&site, &callback).await;
    assert_eq!((done.location(), done.user().is_some()), ("/cart", true));
    let cookie = page.header("set-cookie");
    assert!(cookie.ends_with("Max-Age=7200"), "{cookie}");
    // A used state is remembered for as long as its cookie may last.
    site.clock
        .advance(Duration::from_secs(2 * 60 * 60) - Duration::from_secs(1));
    let page = browser.open(&site, &callback).await;
    assert_eq!(page.failure(), "used");
}

#[tokio::test]
async fn a_callback_of_which_nothing_was_sent_is_as_good_as_before() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let cookie = browser.cookie_header();
    site.gate.is_down.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let page = browser.open(&site, &callback).await;
        assert_eq!(page.failure(), "unreachable");
        assert_eq!(browser.cookie_header(), cookie);
    }
    site.gate.is_down.store(false, Ordering::SeqCst);
    assert!(browser.open(&site, &callback).await.user().is_some());
}

#[tokio::test]
async fn a_login_after_which_wechat_said_no_is_used() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    site.sim
        .fault(Fault::new(Effect::Errcode(40029)).path("/sns/oauth2/access_token"));
    let first = browser.open(&site, &callback).await;
    assert_eq!(first.failure(), "expired");
    let cookie = first.header("set-cookie");
    assert!(cookie.ends_with("Max-Age=60"), "{cookie}");
    assert_eq!(browser.open(&site, &callback).await.failure(), "expired");
    site.clock.advance(Duration::from_secs(60));
    assert_eq!(browser.open(&site, &callback).await.failure(), "used");
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn more_exchanges_than_256_at_once_are_busy_and_nothing_is_lost() {
    let site = Arc::new(Site::start("http://localhost/authorization", Gate::new(0)).await);
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..256 {
        // Anybody can start a login and make up a code.
        let (site, mut browser) = (Arc::clone(&site), Browser::default());
        let page = browser.open(&site, "/login").await;
        let state = param(page.location(), "state");
        let callback = format!("/authorization?return_to=/cart&code=071x&state={state}");
        under_way.spawn(async move { browser.open(&site, &callback).await.failure() });
    }
    while site.gate.exchanges() < 256 {
        tokio::task::yield_now().await;
    }
    let mut late = Browser::default();
    let callback = late.log_in(&site).await;
    let page = late.open(&site, &callback).await;
    assert_eq!(page.failure(), "busy");
    assert_eq!(site.gate.exchanges(), 256);

    site.gate.open.add_permits(257);
    let failures = under_way.join_all().await;
    assert_eq!(failures, ["expired"; 256]);
    assert!(late.open(&site, &callback).await.user().is_some());
}

#[tokio::test]
async fn two_logins_on_one_host_do_not_read_each_others_cookies() {
    let sim = weixin_sim::Sim::builder().auto_allow().start().await;
    let sim = Arc::new(sim.unwrap());
    let site = |path: &str| {
        let uri = format!("http://localhost/{path}/authorization");
        Site::with(Arc::clone(&sim), &uri, Gate::new(9), |login| login)
    };
    let (red, blue) = (site("red"), site("blue"));
    let mut browser = Browser::default();
    browser.log_in(&red).await;
    // A login in progress at red says nothing of one at blue, whose cookie was lost: that starts again.
    let lost = Browser::default().log_in(&blue).await;
    let restarted = browser.open(&blue, &lost).await;
    assert!(restarted.location().contains("/connect/qrconnect?"));
    // The same cookie value under blue's name is no login at blue either.
    let callback = browser.log_in(&red).await;
    let (name, token) = browser.cookies.last().unwrap().clone();
    let (blues, _) = browser
        .cookies
        .iter()
        .find(|(other, _)| other[..11] != name[..11])
        .unwrap();
    let renamed = [&blues[..11], &name[11..]].concat();
    let mut confused = Browser::default();
    confused.set_cookie(&renamed, &token);
    let page = confused.open(&blue, &callback.replace("red", "blue")).await;
    assert_eq!(page.failure(), "csrf_mismatch");
    assert!(browser.open(&red, &callback).await.user().is_some());
}

#[tokio::test]
async fn a_redirect_uri_with_a_query_keeps_it() {
    let site = Site::start("http://localhost/authorization?tenant=7", Gate::new(9)).await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    assert_eq!(param(&callback, "tenant"), "7");
    assert!(browser.open(&site, &callback).await.user().is_some());

    let failed = browser.open(&site, "/authorization?tenant=7&code=").await;
    assert_eq!(
        failed.location(),
        "/authorization?tenant=7&login_error=malformed"
    );
    let page = browser.open(&site, failed.location()).await;
    let again = "/authorization?tenant=7&#38;login_again=1";
    assert!(page.body.contains(again), "{}", page.body);
    let start = browser
        .open(&site, "/authorization?tenant=7&login_again=1")
        .await;
    let callback = browser.visit_wechat(start.location()).await;
    assert_eq!(param(&callback, "tenant"), "7");
    assert!(browser.open(&site, &callback).await.user().is_some());
}

#[tokio::test]
async fn repeats_of_one_callback_take_no_exchange_away_from_others() {
    let site = Arc::new(Site::start("http://localhost/authorization", Gate::new(0)).await);
    let mut stranger = Browser::default();
    let callback = stranger.log_in(&site).await;
    let mut repeats = tokio::task::JoinSet::new();
    for _ in 0..300 {
        let (site, mut browser) = (Arc::clone(&site), stranger.clone());
        let callback = callback.clone();
        repeats.spawn(async move { browser.open(&site, &callback).await.user().is_some() });
    }
    let mut honest = Browser::default();
    let own = honest.log_in(&site).await;
    let own_login = {
        let (site, mut browser) = (Arc::clone(&site), honest.clone());
        tokio::spawn(async move { browser.open(&site, &own).await.user().is_some() })
    };
    while site.gate.exchanges() < 2 {
        assert!(!own_login.is_finished(), "busy");
        tokio::task::yield_now().await;
    }
    site.gate.open.add_permits(2);
    assert!(own_login.await.unwrap());
    assert!(repeats.join_all().await.into_iter().all(|done| done));
    assert_eq!(site.gate.exchanges(), 2);
}
