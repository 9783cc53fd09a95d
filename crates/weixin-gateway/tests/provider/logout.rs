//! Logout: which sessions end, and what the user sees.

use std::time::Duration;

use axum::http::StatusCode;

use crate::world::{
    Browser, Options, World,
    devices::ENGLISH,
    logout::{RETURN, with_return},
};

/// The form of a client's site comes without the cookie.
#[tokio::test]
async fn the_session_of_the_hint_ends_without_the_cookie() {
    let world = with_return().await;
    let web = world.web();
    let mut browser = Browser::default();
    let tokens = web.log_in(&mut browser, &[]).await;
    let form = [
        ("id_token_hint", &*tokens.id_token),
        ("post_logout_redirect_uri", RETURN),
        ("state", "s"),
    ];
    let page = browser
        .post_from_elsewhere(&world, "/end_session", &form)
        .await;
    assert_eq!(page.location(), format!("{RETURN}?state=s"));
    assert!(browser.session().is_some());
    assert!(!web.is_logged_in(&mut browser).await);
}

/// A disk that is full, or a table that a tool has locked: what ends is recorded, and what is not recorded has not ended.
#[tokio::test]
async fn a_logout_that_cannot_be_recorded_ends_nothing_and_can_be_repeated() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    let tokens = web.log_in(&mut browser, &[]).await;
    let hint = [("id_token_hint", &*tokens.id_token)];
    world
        .execute(
            "create trigger no_event before insert on audit
             begin select raise(abort, 'constraint'); end",
        )
        .await;
    let page = web.log_out(&mut browser, &hint).await;
    assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(web.is_logged_in(&mut browser).await);
    world.execute("drop trigger no_event").await;
    let page = web.log_out(&mut browser, &hint).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert_eq!(browser.cookies, []);
    assert_eq!(world.count("audit where event = 'logout.ok'").await, 1);
}

/// A form without a hint says nothing about the browser: the page behind the redirect does.
#[tokio::test]
async fn a_form_without_a_hint_leads_to_the_page() {
    for path in ["", "/tenant"] {
        let world = World::with(Options {
            path,
            ..Options::default()
        })
        .await;
        let web = world.web();
        let mut browser = Browser::with(&[ENGLISH]);
        web.log_in(&mut browser, &[]).await;
        let url = format!("{path}/end_session");
        let page = browser
            .post_from_elsewhere(&world, &url, &[("state", "s")])
            .await;
        assert_eq!(page.location(), url);
        let page = browser.open(&world, &url).await;
        assert!(page.body.contains("<h1>Log out?</h1>"), "{}", page.body);
        let page = web.confirm_logout(&mut browser, &page).await;
        assert!(
            page.body.contains("<h1>You are logged out</h1>"),
            "{}",
            page.body
        );
        assert!(!web.is_logged_in(&mut browser).await);
    }
}

#[tokio::test]
async fn a_session_of_the_same_user_in_this_browser_ends_as_well() {
    let world = with_return().await;
    let web = world.web();
    let mut browser = Browser::default();
    let old = web.log_in(&mut browser, &[]).await;
    browser.cookies.clear();
    let new = web.log_in(&mut browser, &[]).await;
    assert_ne!(old.claims["sid"], new.claims["sid"]);
    let page = web
        .log_out(&mut browser, &[("id_token_hint", &old.id_token)])
        .await;
    assert_eq!(page.status, StatusCode::OK);
    for tokens in [old, new] {
        let userinfo = web.userinfo(&tokens.access_token).await;
        assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED);
    }
    assert!(!web.is_logged_in(&mut browser).await);
}

#[tokio::test]
async fn a_session_of_the_same_user_in_another_browser_stays() {
    let world = World::start().await;
    let web = world.web();
    let (mut here, mut there) = (Browser::default(), Browser::default());
    let tokens = web.log_in(&mut here, &[]).await;
    web.log_in(&mut there, &[]).await;
    web.log_out(&mut here, &[("id_token_hint", &tokens.id_token)])
        .await;
    assert!(!web.is_logged_in(&mut here).await);
    assert!(web.is_logged_in(&mut there).await);
}

/// The session of the hint ends at once; that of the user who sits here only if they say so. Then the browser returns to the
/// client, with the state as it was.
#[tokio::test]
async fn another_user_is_asked_and_then_returns_to_the_client() {
    let world = with_return().await;
    let web = world.web();
    let (mut alices, mut bobs) = (Browser::default(), Browser::with(&[ENGLISH]));
    let alice = web.log_in(&mut alices, &[]).await;
    world.next_user("bob");
    let bob = web.log_in(&mut bobs, &[]).await;
    assert_ne!(alice.sub(), bob.sub());
    let state = "\"><script>alert(1)</script>&amp;'";
    let params = [
        ("id_token_hint", &*alice.id_token),
        ("post_logout_redirect_uri", RETURN),
        ("state", state),
        ("ui_locales", "zh"),
    ];
    let page = web.log_out(&mut bobs, &params).await;
    assert!(
        page.body.contains("<h1>确定退出登录吗？</h1>"),
        "{}",
        page.body
    );
    assert!(!web.is_logged_in(&mut alices).await);
    assert!(web.is_logged_in(&mut bobs).await);
    // No markup of the state's, which comes back unchanged.
    assert!(!page.body.contains("<script"), "{}", page.body);
    let mut fields = page.fields();
    assert!(fields.pop().unwrap().1.starts_with("wxl_"));
    let sent: Vec<_> = fields.iter().map(|(name, it)| (&**name, &**it)).collect();
    assert_eq!(sent, params);
    let page = web.confirm_logout(&mut bobs, &page).await;
    let expected = crate::world::browser::encoded(&[("state", state)]);
    assert_eq!(page.location(), format!("{RETURN}?{expected}"));
    assert!(!web.is_logged_in(&mut bobs).await);
    let reasons = "select ended_reason from sessions order by ended_reason";
    let reasons = world.texts(reasons).await;
    assert_eq!(reasons, ["logged_out", "logged_out_by_client"]);
}

/// RP-Initiated Logout 1.0 §2: an ID token is accepted after its end, also when the session has expired by idle time.
#[tokio::test]
async fn an_expired_id_token_is_a_hint() {
    let world = with_return().await;
    let web = world.web();
    let mut browser = Browser::default();
    let tokens = web.log_in(&mut browser, &[]).await;
    world.clock.advance(Duration::from_hours(24));
    let params = [
        ("id_token_hint", &*tokens.id_token),
        ("post_logout_redirect_uri", RETURN),
    ];
    let page = web.log_out(&mut browser, &params).await;
    assert_eq!(page.location(), RETURN);
    assert_eq!(world.count("sessions where ended_at is not null").await, 1);
}

/// The second logout finds nothing to end, and is no error.
#[tokio::test]
async fn a_logout_can_be_repeated() {
    let world = with_return().await;
    let web = world.web();
    let mut browser = Browser::default();
    let tokens = web.log_in(&mut browser, &[]).await;
    let params = [
        ("id_token_hint", &*tokens.id_token),
        ("post_logout_redirect_uri", RETURN),
    ];
    for _ in 0..2 {
        let page = web.log_out(&mut browser, &params).await;
        assert_eq!(page.location(), RETURN);
    }
    assert_eq!(world.count("audit where event = 'logout.ok'").await, 1);
    let page = web.log_out(&mut browser, &[]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.body.contains("<h1>您已退出登录</h1>"), "{}", page.body);
    assert_eq!(page.header("set-cookie"), "");
}

#[tokio::test]
async fn the_page_links_the_home_page_of_the_client() {
    let web = "name = \"Wiki\"\nhome = \"https://rp.example/\"".to_owned();
    let world = World::with(Options {
        web,
        ..Options::default()
    })
    .await;
    let mut browser = Browser::with(&[ENGLISH]);
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let params = [("id_token_hint", &*tokens.id_token)];
    let page = world.web().log_out(&mut browser, &params).await;
    assert!(page.body.contains(">Back to Wiki</a>"), "{}", page.body);
    assert_eq!(page.links(), ["https://rp.example/"]);
    let cookie = page.header("set-cookie");
    let (name, attributes) = cookie.split_once('=').unwrap();
    assert!(name.starts_with("__Host-gateway-session-"), "{cookie}");
    assert_eq!(
        attributes,
        "; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
    );
}

#[tokio::test]
async fn a_logout_url_of_the_configuration_obeys_the_rules_of_redirect_uris() {
    let world = World::start().await;
    for (line, expected) in [
        (
            "post_logout_redirect_uris = [\"http://rp.example/\"]",
            "client web, post_logout_redirect_uris: not a valid redirect URI: expected https, or http on localhost, 127.0.0.1 or [::1], or on any host with allow_http = true",
        ),
        (
            "post_logout_redirect_uris = [\"https://rp.example/#x\"]",
            "client web, post_logout_redirect_uris: not a valid redirect URI: expected no fragment",
        ),
    ] {
        let options = Options {
            web: line.to_owned(),
            ..Options::default()
        };
        assert_eq!(world.config_error(&options), expected);
    }
}
