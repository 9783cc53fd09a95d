//! Requests that wait for a login: who knows the ID of one has nothing, and a browser that loses something goes on.

use axum::http::StatusCode;
use weixin_sim::{Effect, Fault};

use crate::world::{
    Browser, RelyingParty, World,
    browser::{Page, encoded, param},
    database::Rows,
    devices::{ENGLISH, WECHAT},
};

/// The path of the request that the browser waits for.
fn path_of(callback: &str) -> String {
    let path = param(callback, "return_to");
    assert!(path.starts_with("/login/"), "{callback}");
    path
}

fn is_at_wechat(world: &World, page: &Page) -> bool {
    page.status == StatusCode::SEE_OTHER && page.header("location").starts_with(world.sim.url())
}

/// dex CVE-2022-39222: the attacker has begun a request of a public client, and knows its ID. The victim logs in for it. The
/// code goes to the victim's browser alone.
#[tokio::test]
async fn the_id_of_a_request_gives_nothing_to_another_browser() {
    let world = World::start().await;
    let app = world.app();
    let mut attacker = Browser::default();
    world.next_user("attacker");
    let path = path_of(&app.wechat_callback(&mut attacker, &[]).await);
    let mut victim = Browser::default();
    world.next_user("victim");
    let url = victim.follow(&world, &path).await;
    let victims = app.tokens(&param(&url, "code")).await;
    // Without a session, the attacker must log in, however often.
    for _ in 0..3 {
        assert!(is_at_wechat(&world, &attacker.open(&world, &path).await));
        assert!(is_at_wechat(
            &world,
            &Browser::default().open(&world, &path).await
        ));
    }
    // With a session, the attacker gets a code for the attacker.
    world.next_user("attacker");
    let url = attacker.follow(&world, &path).await;
    let attackers = app.tokens(&param(&url, "code")).await;
    assert_ne!(attackers.sub(), victims.sub());
    assert_ne!(attackers.claims["sid"], victims.claims["sid"]);
    let url = attacker.follow(&world, &path).await;
    assert_eq!(
        app.tokens(&param(&url, "code")).await.sub(),
        attackers.sub()
    );
    assert_eq!(world.count("users").await, 2);
}

/// keycloak CVE-2023-0264: that one browser has logged in for a request is worth nothing
/// to the session of another.
#[tokio::test]
async fn a_login_for_a_request_makes_no_other_session_fresh() {
    let world = World::start().await;
    let web = world.web();
    let mut attacker = Browser::default();
    world.next_user("attacker");
    web.log_in(&mut attacker, &[]).await;
    for fresh in [
        ("prompt", "login"),
        ("max_age", "0"),
        ("prompt", "select_account"),
    ] {
        world.clock.advance(std::time::Duration::from_secs(5));
        let path = path_of(&web.wechat_callback(&mut attacker, &[fresh]).await);
        let mut victim = Browser::default();
        world.next_user("victim");
        victim.follow(&world, &path).await;
        assert!(
            is_at_wechat(&world, &attacker.open(&world, &path).await),
            "{fresh:?}"
        );
        world.clock.advance(std::time::Duration::from_secs(1));
        // Nor does the victim's login for one request make the victim fresh for another.
        let other = path_of(&web.wechat_callback(&mut victim, &[fresh]).await);
        assert!(
            is_at_wechat(&world, &victim.open(&world, &other).await),
            "{fresh:?}"
        );
    }
}

/// The return path of WeChat's callback is covered by its state.
#[tokio::test]
async fn a_return_path_that_was_exchanged_ends_the_login() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let theirs = path_of(&other.wechat_callback(&mut Browser::default(), &[]).await);
    let mine = path_of(&other.wechat_callback(&mut browser, &[]).await);
    let own = path_of(&callback);
    let own_parameter = encoded(&[("return_to", &own)]);
    let before = world.sim.request_count();
    for path in [
        &theirs,
        &mine,
        "/login/",
        "/",
        "",
        &own.to_uppercase(),
        &format!("{own}/"),
        &format!("{own}?x"),
    ] {
        let path = encoded(&[("return_to", path)]);
        let exchanged = callback.replace(&own_parameter, &path);
        let removed = callback.replace(&format!("{own_parameter}&"), "");
        let doubled = format!("{callback}&{path}");
        for url in [exchanged, removed, doubled] {
            assert_ne!(url, callback);
            let page = browser.open(&world, &url).await;
            let location = page.location();
            assert!(
                location.starts_with("/callback?login_error="),
                "{url}: {location}"
            );
        }
    }
    assert_eq!(browser.session(), None);
    assert_eq!(world.sim.request_count(), before);
    assert_eq!(world.rows().await, Rows::default());
    let url = browser.follow(&world, &callback).await;
    web.tokens(&param(&url, "code")).await;
}

/// keycloak CVE-2026-7571: what was checked once stays, whatever the URL says when the request continues.
#[tokio::test]
async fn a_request_that_continues_takes_no_other_parameters() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    let more = "response_type=token&response_mode=fragment&client_id=other&redirect_uri=https://evil.example&scope=wechat&state=x&nonce=x";
    let path = path_of(&web.wechat_callback(&mut browser, &[]).await);
    let url = browser.follow(&world, &format!("{path}?{more}")).await;
    assert!(
        url.starts_with("https://rp.example/callback?code="),
        "{url}"
    );
    assert_eq!(param(&url, "state"), "a state");
    let tokens = web.tokens(&param(&url, "code")).await;
    assert_eq!(tokens.claims["nonce"], "a nonce");
    assert_eq!(tokens.response["scope"], "openid profile");
    // Also when WeChat's callback brings them, and the login starts again.
    let callback = web
        .wechat_callback(&mut browser, &[("prompt", "login")])
        .await;
    browser.lose_state();
    let url = browser
        .follow(
            &world,
            &format!("{callback}&{}", more.replace("state=x&", "")),
        )
        .await;
    assert!(
        url.starts_with("https://rp.example/callback?code="),
        "{url}"
    );
    // No implicit flow at all.
    for response_type in [
        "token",
        "id_token",
        "code token",
        "code id_token",
        "none",
        "code code",
        "CODE",
    ] {
        let url = web
            .callback(&mut browser, &[("response_type", response_type)])
            .await;
        assert_eq!(param(&url, "error"), "unsupported_response_type");
        assert!(!url.contains('#'), "{url}");
    }
}

/// keycloak CVE-2024-4540: what a client sends is in no cookie, and not at WeChat.
#[tokio::test]
async fn neither_a_cookie_nor_wechat_gets_what_the_client_sent() {
    let world = World::start().await;
    let values = [
        ("state", "STATE-OF-CLIENT"),
        ("nonce", "NONCE-OF-CLIENT"),
        ("login_hint", "HINT-OF-CLIENT"),
    ];
    let page = Browser::default()
        .open(&world, &world.web().authorize_url(&values))
        .await;
    let mut all = page.location().to_owned();
    for cookie in page.headers.get_all("set-cookie") {
        all += cookie.to_str().unwrap();
    }
    for word in [
        "OF-CLIENT",
        "rp.example",
        "web",
        crate::world::relying_party::CHALLENGE,
    ] {
        let is_there = all.replace("website", "").contains(word);
        assert!(!is_there, "{word}: {all}");
    }
}

async fn finish(
    world: &World,
    browser: &mut Browser,
    client: RelyingParty<'_>,
    callback: &str,
) -> String {
    let url = browser.follow(world, callback).await;
    assert!(url.starts_with(client.redirect_uri), "{url}");
    client.tokens(&param(&url, "code")).await.sub().to_owned()
}

#[tokio::test]
async fn two_tabs_log_in_to_two_clients() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    let mut browser = Browser::default();
    let first = web.wechat_callback(&mut browser, &[]).await;
    let second = other
        .wechat_callback(&mut browser, &[("state", "another state")])
        .await;
    let one = finish(&world, &mut browser, other, &second).await;
    let two = finish(&world, &mut browser, web, &first).await;
    assert_eq!(one, two);
    let expected = Rows {
        users: 1,
        identities: 2,
        sessions: 1,
        grants: 2,
    };
    assert_eq!(world.rows().await, expected);
}

/// WeChat loads a callback twice. So do browsers that restore a tab.
#[tokio::test]
async fn a_callback_that_comes_twice_logs_one_user_in() {
    let world = World::start().await;
    let web = world.web();
    for headers in [&[][..], &[WECHAT]] {
        let mut browser = Browser::with(headers);
        let callback = web.wechat_callback(&mut browser, &[]).await;
        // As two requests at once, each with the cookies from before.
        let (mut one, mut two) = (browser.clone(), browser.clone());
        let (first, second) =
            tokio::join!(one.follow(&world, &callback), two.follow(&world, &callback));
        let third = one.follow(&world, &callback).await;
        let mut subjects = Vec::new();
        for url in [first, second, third] {
            assert_eq!(param(&url, "state"), "a state");
            subjects.push(web.tokens(&param(&url, "code")).await.sub().to_owned());
        }
        subjects.dedup();
        assert_eq!(subjects.len(), 1);
    }
    assert_eq!(world.count("users").await, 1);
    let exchanges = world
        .sim
        .requests()
        .into_iter()
        .filter(|it| it.path == "/sns/oauth2/access_token");
    assert_eq!(exchanges.count(), 2);
}

/// After the minute, it is worth nothing, in no browser.
#[tokio::test]
async fn an_old_callback_is_worth_nothing() {
    let world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let mut before = browser.clone();
    browser.follow(&world, &callback).await;
    let rows = world.rows().await;
    world.clock.advance(std::time::Duration::from_secs(61));
    for browser in [&mut before, &mut Browser::with(&[ENGLISH])] {
        let page = browser.open(&world, &callback).await;
        assert!(
            page.location().starts_with("/callback?login_error=used"),
            "{}",
            page.location()
        );
        assert_eq!(browser.session(), None);
    }
    assert_eq!(world.rows().await, rows);
}

#[tokio::test]
async fn a_lost_cookie_restarts_the_login_and_keeps_the_request() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    browser.lose_state();
    let page = browser.open(&world, &callback).await;
    assert!(is_at_wechat(&world, &page));
    let again = browser.visit_wechat(page.location()).await;
    assert_eq!(path_of(&again), path_of(&callback));
    // Lost once more, a page says so, and its button still leads to the client.
    browser.lose_state();
    let page = browser.open(&world, &again).await;
    assert!(
        page.location()
            .starts_with("/callback?login_error=no_cookie")
    );
    let page = browser.open(&world, page.location()).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
    finish(&world, &mut browser, web, &page.links()[0]).await;
    // What must show a dialog shows it again.
    let callback = web
        .wechat_callback(&mut browser, &[("prompt", "login")])
        .await;
    browser.lose_state();
    let page = browser.open(&world, &callback).await;
    assert!(page.location().contains("&fast_login=0"));
    assert_eq!(world.count("requests").await, 2);
}

/// WeChat, or what is on the way to it, has changed the state.
#[tokio::test]
async fn a_state_that_was_altered_ends_the_login() {
    let world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    world.sim.fault(Fault::new(Effect::StateAltered));
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let page = browser.open(&world, &callback).await;
    let location = page.location();
    assert!(
        location.starts_with("/callback?login_error=csrf_mismatch"),
        "{location}"
    );
    assert_eq!(browser.session(), None);
    assert_eq!(world.rows().await, Rows::default());
}
