//! A callback that is opened again: from the browser's history, by a reload, or by WeChat's browser itself, which may open
//! it twice. It never begins a second session, and none at all once the first has ended.

use axum::http::StatusCode;
use futures_util::future::join_all;
use weixin_gateway::RevokeTarget;

use crate::{
    admin::admin,
    world::{
        Browser, MASTER_KEY, World,
        browser::{IN_WECHAT, param},
        devices::{ENGLISH, WECHAT},
    },
};

const OPEN: &str = "sessions where ended_at is null";

/// The path of a request's page about a login that was used before.
fn used(callback: &str) -> String {
    let path = param(callback, "return_to").replace('/', "%2F");
    format!("/callback?login_error=used&return_to={path}")
}

/// The browser has the callback's URL in its history, and the cookies, for a minute.
#[tokio::test]
async fn a_callback_in_the_history_undoes_nothing_that_an_operator_has_ended() {
    for target in ["user", "all", "forget"] {
        let world = World::start().await;
        let web = world.web();
        let mut browser = Browser::with(&[ENGLISH]);
        let callback = web.wechat_callback(&mut browser, &[]).await;
        let code = param(&browser.follow(&world, &callback).await, "code");
        let tokens = web.tokens(&code).await;
        let admin = admin(&world).await;
        let user = tokens.sub().to_owned();
        match target {
            "user" => drop(admin.revoke(RevokeTarget::User(user)).await.unwrap()),
            "all" => drop(admin.revoke(RevokeTarget::All).await.unwrap()),
            _ => drop(admin.forget(&user).await.unwrap()),
        }
        let users = world.count("users").await;
        let mut without_session = browser.clone();
        let is_session = |name: &str| name.contains("gateway-session-");
        without_session
            .cookies
            .retain(|(name, _)| !is_session(name));
        for browser in [&mut browser, &mut without_session] {
            let before = browser.session().map(str::to_owned);
            let page = browser.open(&world, &callback).await;
            assert_eq!(page.location(), used(&callback), "{target}");
            assert_eq!(browser.session(), before.as_deref(), "{target}");
            let page = browser.open(&world, page.location()).await;
            assert_eq!(page.status, StatusCode::GONE, "{target}");
            assert!(page.body.contains("Log in again"), "{}", page.body);
        }
        let rows = (world.count(OPEN).await, world.count("users").await);
        assert_eq!(rows, (0, users), "{target}");
        let rejected = "select detail from audit where event = 'login.rejected'";
        assert_eq!(world.texts(rejected).await, ["used"], "{target}");
        // Through WeChat, the user logs in again.
        let again = web.log_in(&mut browser, &[]).await;
        assert_eq!(again.sub() == tokens.sub(), target != "forget");
        assert_eq!(world.count(OPEN).await, 1);
    }
}

/// A user who is disabled stays so, and has the same session once enabled.
#[tokio::test]
async fn a_callback_in_the_history_begins_no_session_of_a_disabled_user() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let code = param(&browser.follow(&world, &callback).await, "code");
    let tokens = web.tokens(&code).await;
    let admin = admin(&world).await;
    for (is_disabled, error) in [(true, "access_denied"), (false, "")] {
        admin.set_disabled(tokens.sub(), is_disabled).await.unwrap();
        let url = browser.follow(&world, &callback).await;
        assert_eq!(param(&url, "error"), error);
        assert_eq!(world.count("sessions").await, 1);
    }
}

/// Another login has taken over the session since, and the operator ends that one.
#[tokio::test]
async fn a_callback_before_the_last_one_undoes_nothing_either() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    browser.follow(&world, &callback).await;
    let tokens = web.log_in(&mut browser, &[("prompt", "login")]).await;
    // The session that this browser has is the answer.
    let url = browser.follow(&world, &callback).await;
    assert_eq!(
        web.tokens(&param(&url, "code")).await.claims["sid"],
        tokens.claims["sid"]
    );
    let target = RevokeTarget::User(tokens.sub().to_owned());
    admin(&world).await.revoke(target).await.unwrap();
    let page = browser.open(&world, &callback).await;
    assert_eq!(page.location(), used(&callback));
    assert_eq!(world.count(OPEN).await, 0);
}

/// A client may end a session without its browser, whose history still has the callback.
#[tokio::test]
async fn a_callback_in_the_history_does_not_undo_a_logout_elsewhere() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let code = param(&browser.follow(&world, &callback).await, "code");
    let tokens = web.tokens(&code).await;
    let hint = [("id_token_hint", &*tokens.id_token)];
    web.log_out(&mut Browser::default(), &hint).await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(page.location(), used(&callback));
    assert_eq!(world.count(OPEN).await, 0);
}

#[tokio::test]
async fn a_silent_callback_in_the_history_undoes_nothing_either() {
    let world = World::with(crate::world::Options {
        web: "silent_login = true".into(),
        ..crate::world::Options::default()
    })
    .await;
    let web = world.web();
    world.next_user("known");
    let mut browser = Browser::with(&[WECHAT, ("sec-fetch-dest", "document")]);
    let tokens = web.log_in(&mut browser, &[]).await;
    browser.cookies.clear();
    let none = [("prompt", "none")];
    let callback = web.wechat_callback(&mut browser, &none).await;
    let url = browser.follow(&world, &callback).await;
    assert_eq!(param(&url, "error"), "");
    let target = RevokeTarget::User(tokens.sub().to_owned());
    admin(&world).await.revoke(target).await.unwrap();
    let url = browser.follow(&world, &callback).await;
    assert_eq!(param(&url, "error"), "login_required");
    assert_eq!(world.count(OPEN).await, 0);
    let again = web.log_in(&mut browser, &none).await;
    assert_eq!(again.sub(), tokens.sub());
}

/// WeChat's browser may open the callback twice, and a user reloads it: the last response is the browser's, and its cookie
/// and its code are valid.
#[tokio::test]
async fn a_callback_that_comes_again_continues_its_session() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(IN_WECHAT);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    // The response to the first is lost; the last is a reload.
    let first = browser.clone().follow(&world, &callback).await;
    let mut sids = Vec::new();
    for url in [
        first,
        browser.follow(&world, &callback).await,
        browser.follow(&world, &callback).await,
    ] {
        let tokens = web.tokens(&param(&url, "code")).await;
        sids.push(tokens.claims["sid"].clone());
    }
    sids.dedup();
    assert_eq!((sids.len(), world.count("sessions").await), (1, 1));
    assert!(web.is_logged_in(&mut browser).await);
}

/// The response to the first is lost, and the key file is changed as the manual says.
#[tokio::test]
async fn a_callback_that_comes_again_after_the_first_key_has_changed_continues_its_session() {
    const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";
    let world = World::with(crate::world::Options {
        web: "silent_login = true".into(),
        ..crate::world::Options::default()
    })
    .await;
    let web = world.web();
    let load = async |keys: [&str; 2]| {
        let config = world.config_with_keys(&keys.join("\n"));
        world.gateway.reload(config).await.unwrap();
    };
    world.next_user("known");
    let mut browser = Browser::with(&[WECHAT, ("sec-fetch-dest", "document")]);
    for params in [&[][..], &[("prompt", "none")]] {
        load([MASTER_KEY, NEW]).await;
        browser.cookies.clear();
        let callback = web.wechat_callback(&mut browser, params).await;
        let mut first = browser.clone();
        first.open(&world, &callback).await;
        load([NEW, MASTER_KEY]).await;
        let url = browser.follow(&world, &callback).await;
        assert!(first.session().is_some());
        assert_eq!(browser.session(), first.session(), "{url}");
        web.tokens(&param(&url, "code")).await;
    }
}

/// Both responses are of one session and set one cookie, whichever the browser receives last; no cookie outlives a logout.
#[tokio::test(flavor = "multi_thread")]
async fn a_callback_that_comes_several_times_at_once_is_one_session() {
    for _ in 0..10 {
        let world = World::start().await;
        let web = world.web();
        let mut browser = Browser::with(IN_WECHAT);
        let callback = web.wechat_callback(&mut browser, &[]).await;
        let mut twins = [browser.clone(), browser.clone(), browser];
        let opened = twins.iter_mut().map(|twin| twin.open(&world, &callback));
        let pages = join_all(opened).await;
        let mut answers = Vec::new();
        for (page, twin) in pages.iter().zip(&twins) {
            let tokens = web.tokens(&param(page.location(), "code")).await;
            let session = twin.session().map(str::to_owned);
            answers.push((tokens.claims["sid"].clone(), session, tokens.id_token));
        }
        let hint = [("id_token_hint", &*answers[0].2.clone())];
        let mut answers: Vec<_> = answers.into_iter().map(|(sid, it, _)| (sid, it)).collect();
        answers.dedup();
        assert_eq!((answers.len(), world.count("sessions").await), (1, 1));
        assert_eq!(world.count("users").await, 1);
        web.log_out(&mut Browser::default(), &hint).await;
        for mut twin in twins {
            assert!(!web.is_logged_in(&mut twin).await);
            let page = twin.open(&world, &callback).await;
            assert_eq!(page.location(), used(&callback));
        }
        assert_eq!(world.count(OPEN).await, 0);
    }
}
