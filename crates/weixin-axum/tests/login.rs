//! A browser, a site and a simulator: what happens to a login, and to an attack on one.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "these browsers are ordinary ones")]
mod support;

use std::sync::Arc;

use axum::http::{StatusCode, header};
use weixin::{AppSecret, Client};
use weixin_axum::WebLogin;

use self::support::{Browser, Gate, Site};

#[tokio::test]
async fn a_login_keeps_its_state_in_a_cookie_and_ends_where_it_began() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let page = browser.open(&site, "/login").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    let state = page
        .location()
        .split("state=")
        .nth(1)
        .unwrap()
        .split('#')
        .next()
        .unwrap();
    assert_eq!(
        cookie,
        format!(
            "weixin-{}={state}.%2Fcart; HttpOnly; SameSite=Lax; Path=/; Max-Age=600",
            &state[..8]
        )
    );

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
async fn a_used_callback_is_refused_in_another_browser() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    assert!(browser.open(&site, &callback).await.user().is_some());

    let thief = Browser::default().open(&site, &callback).await;
    assert_eq!((thief.status, thief.user()), (StatusCode::GONE, None));
    assert!(thief.body.contains("此次登录已被使用"), "{}", thief.body);
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
    let explained = Browser::default().open(&site, &second).await;
    assert_eq!(
        (explained.status, explained.user()),
        (StatusCode::BAD_REQUEST, None)
    );
    assert!(
        explained.body.contains("请允许 Cookie"),
        "{}",
        explained.body
    );

    // A browser that does keep its cookies gets through at the second try.
    assert!(forgetful.open(&site, &second).await.user().is_some());
}

#[tokio::test]
async fn an_attackers_callback_does_not_log_a_victim_in() {
    let site = Site::local().await;
    let attackers = Browser::default().log_in(&site).await;
    let mut victim = Browser::default();
    victim.log_in(&site).await;
    let page = victim.open(&site, &attackers).await;
    assert_eq!((page.status, page.user()), (StatusCode::FORBIDDEN, None));
    assert_eq!(site.gate.exchanges(), 0);
}

#[tokio::test]
async fn a_cookie_with_the_right_name_and_the_wrong_state_is_worth_nothing() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    for value in browser.cookies.values_mut() {
        value.replace_range(
            21..22,
            if value[21..].starts_with('x') {
                "y"
            } else {
                "x"
            },
        );
    }
    let page = browser.open(&site, &callback).await;
    assert_eq!((page.status, page.user()), (StatusCode::FORBIDDEN, None));
    assert_eq!(site.gate.exchanges(), 0);
}

#[tokio::test]
async fn another_code_does_not_come_with_a_spent_state() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let one = browser.log_in(&site).await;
    let two = browser.log_in(&site).await;
    assert!(browser.open(&site, &one).await.user().is_some());
    let code = |path: &str| path.split(['=', '&']).nth(1).unwrap().to_owned();
    let mixed = one.replace(&code(&one), &code(&two));
    let page = browser.open(&site, &mixed).await;
    assert_eq!((page.status, page.user()), (StatusCode::GONE, None));
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn a_declined_login_ends_and_its_state_with_it() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let page = browser.open(&site, "/login").await;
    let state = page
        .location()
        .split("state=")
        .nth(1)
        .unwrap()
        .split('#')
        .next()
        .unwrap();
    for query in [
        format!("state={state}"),
        format!("code=authdeny&reason=&state={state}"),
    ] {
        let mut browser = browser.clone();
        let page = browser
            .open(&site, &format!("/authorization?{query}"))
            .await;
        assert_eq!((page.status, page.user()), (StatusCode::FORBIDDEN, None));
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn what_wechat_never_sends_is_refused() {
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
        let page = browser.open(&site, &format!("/authorization{query}")).await;
        assert_eq!(
            (page.status, page.user()),
            (StatusCode::BAD_REQUEST, None),
            "{query}"
        );
    }
}

#[tokio::test]
async fn on_https_the_cookie_is_bound_to_the_host() {
    let site = Site::start("https://www.example.com/authorization", Gate::new(1)).await;
    let page = Browser::default().open(&site, "/login").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-weixin-"), "{cookie}");
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"),
        "{cookie}"
    );
}

#[test]
fn plain_http_elsewhere_is_refused_with_the_reason() {
    let secret = AppSecret::new("secret").unwrap();
    let client = Client::builder("wx1".parse().unwrap(), secret)
        .build()
        .unwrap();
    let error = WebLogin::new(client, "http://www.example.com/".parse().unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "redirect_uri must start with https:// (http:// is for localhost and 127.0.0.1 only): no browser keeps the login's cookie on plain http"
    );
}
