//! Logins inside WeChat that show nothing (`prompt=none` of a client with `silent_login`).

use std::time::Duration;

use weixin_sim::{Answer, Effect, Fault};

use crate::world::{
    Browser, Options, World,
    browser::param,
    database::Rows,
    devices::{FRAME, Header, JSON, PHONE, WECHAT},
};

/// A window, and no frame.
const WINDOW: Header = ("sec-fetch-dest", "document");
const NONE: &[(&str, &str)] = &[("prompt", "none")];

/// A gateway whose client `web` wants silent logins, and which has seen the user.
async fn world() -> World {
    let world = World::with(Options {
        web: "silent_login = true".into(),
        ..Options::default()
    })
    .await;
    world.next_user("known");
    world.web().log_in(&mut inside(), &[]).await;
    world
}

/// A window of WeChat's browser without a session.
fn inside() -> Browser {
    Browser::with(&[WECHAT, WINDOW])
}

/// The error that the client gets at once, or after WeChat.
async fn error(world: &World, browser: &mut Browser) -> String {
    let url = world.web().callback(browser, NONE).await;
    assert_eq!(param(&url, "state"), "a state");
    assert_eq!(browser.session(), None);
    param(&url, "error")
}

#[tokio::test]
async fn a_user_whom_the_client_has_seen_is_logged_in_without_a_page() {
    let world = world().await;
    let web = world.web();
    let known = web.log_in(&mut inside(), &[]).await;
    let before = world.rows().await;
    world.clock.advance(Duration::from_mins(1));
    let mut browser = inside();
    let page = browser.open(&world, &web.authorize_url(NONE)).await;
    assert_eq!(param(page.location(), "scope"), "snsapi_base");
    assert_eq!(param(page.location(), "forcePopup"), "");
    let callback = browser.visit_wechat(page.location()).await;
    let url = browser.follow(&world, &callback).await;
    let tokens = web.tokens(&param(&url, "code")).await;
    assert_eq!(tokens.sub(), known.sub());
    assert_eq!(tokens.claims["name"], known.claims["name"]);
    assert_eq!(
        tokens.claims["amr"],
        serde_json::json!(["wechat", "silent"])
    );
    // It is a session like any other, with which the next request needs no login.
    web.log_in(&mut browser, NONE).await;
    // But it is no active login (Core §3.1.2.1).
    for max_age in [("max_age", "3600"), ("prompt", "login")] {
        let page = browser.open(&world, &web.authorize_url(&[max_age])).await;
        assert_eq!(param(page.location(), "forcePopup"), "true");
    }
    let none = [("max_age", "3600"), ("prompt", "none")];
    let url = web.callback(&mut browser, &none).await;
    assert_eq!(param(&url, "error"), "login_required");
    let after = Rows {
        sessions: before.sessions + 1,
        grants: before.grants + 2,
        ..before
    };
    assert_eq!(world.rows().await, after);
    let events = "select event from audit where event = 'login.silent'";
    assert_eq!(world.texts(events).await.len(), 1);
}

#[tokio::test]
async fn only_a_window_inside_wechat_logs_in_silently() {
    let world = world().await;
    for headers in [
        &[][..],
        &[WINDOW],
        &[PHONE, WINDOW],
        // A frame, and a browser that does not say where the page is.
        &[WECHAT, FRAME],
        &[WECHAT],
        &[WECHAT, ("sec-fetch-dest", "empty")],
        &[WECHAT, WINDOW, JSON],
    ] {
        let mut browser = Browser::with(headers);
        let page = browser.open(&world, &world.web().authorize_url(NONE)).await;
        assert_eq!(param(page.location(), "error"), "login_required");
        assert!(browser.cookies.is_empty(), "{headers:?}");
    }
    // Nothing waits for them.
    assert_eq!(world.count("requests").await, 1);
}

#[tokio::test]
async fn only_a_client_that_wants_it_logs_in_silently() {
    let world = world().await;
    world.other().log_in(&mut inside(), &[]).await;
    let page = inside()
        .open(&world, &world.other().authorize_url(NONE))
        .await;
    assert_eq!(param(page.location(), "error"), "login_required");
    let world = World::with(Options {
        web: "silent_login = true".into(),
        edit: Some(|text| text.replace(r#", "official_account""#, "")),
        ..Options::default()
    })
    .await;
    let page = inside()
        .open(&world, &world.web().authorize_url(NONE))
        .await;
    assert_eq!(param(page.location(), "error"), "login_required");
}

/// Otherwise a page could learn who its visitors are.
#[tokio::test]
async fn a_user_whom_this_client_has_never_seen_is_not_logged_in() {
    let world = world().await;
    world.next_user("stranger");
    let before = world.rows().await;
    assert_eq!(error(&world, &mut inside()).await, "login_required");
    assert_eq!(world.rows().await, before);
    // Known to the gateway, and not to this client.
    world.other().log_in(&mut inside(), &[]).await;
    let before = world.rows().await;
    assert_eq!(error(&world, &mut inside()).await, "login_required");
    assert_eq!(world.rows().await, before);
    world.web().log_in(&mut inside(), &[]).await;
    world.web().log_in(&mut inside(), NONE).await;
}

/// `snsapi_base` brings no UnionID: the user must have been inside WeChat before.
#[tokio::test]
async fn a_user_who_has_only_scanned_is_not_recognized() {
    let world = world().await;
    world.next_user("desktop");
    world.web().log_in(&mut Browser::default(), &[]).await;
    assert_eq!(error(&world, &mut inside()).await, "login_required");
}

#[tokio::test]
async fn a_user_who_has_logged_out_is_not_logged_in_again_until_the_next_dialog() {
    let world = world().await;
    let web = world.web();
    world.execute("update users set logged_out_at = 1").await;
    assert_eq!(error(&world, &mut inside()).await, "login_required");
    // Another login of the same user, at another client, counts.
    world.other().log_in(&mut inside(), &[]).await;
    web.log_in(&mut inside(), NONE).await;
    // A silent login is none that undoes it.
    let mut browser = inside();
    let callback = web.wechat_callback(&mut browser, NONE).await;
    world.execute("update users set logged_out_at = 1").await;
    let url = browser.follow(&world, &callback).await;
    assert_eq!(param(&url, "error"), "login_required");
    assert_eq!(error(&world, &mut inside()).await, "login_required");
}

#[tokio::test]
async fn a_merged_user_is_one() {
    let world = world().await;
    let merge = "insert into users (id, created_at, last_seen_at) values ('aaaaaaaaaaaaaaaaaaaaaaaaaa', 1, 1);
        update users set merged_into = 'aaaaaaaaaaaaaaaaaaaaaaaaaa' where id <> 'aaaaaaaaaaaaaaaaaaaaaaaaaa';
        update identities set user_id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa'";
    world.execute(merge).await;
    let url = world.web().callback(&mut inside(), NONE).await;
    assert!(!param(&url, "code").is_empty(), "{url}");
    // That one of them has logged out counts for both.
    let logged_out = "update users set logged_out_at = 1 where merged_into is not null";
    world.execute(logged_out).await;
    assert_eq!(error(&world, &mut inside()).await, "login_required");
}

#[tokio::test]
async fn a_disabled_user_is_not_logged_in() {
    let world = world().await;
    world.execute("update users set disabled_at = 1").await;
    assert_eq!(error(&world, &mut inside()).await, "login_required");
}

#[tokio::test]
async fn a_login_that_loses_its_cookie_goes_back_to_the_client_and_shows_nothing() {
    let world = world().await;
    let web = world.web();
    let mut browser = inside();
    let callback = web.wechat_callback(&mut browser, NONE).await;
    browser.lose_state();
    for _ in 0..2 {
        let page = browser.open(&world, &callback).await;
        assert_eq!(param(page.location(), "error"), "login_required");
        assert_eq!(browser.cookies, []);
    }
    // Nor does any other failure, or the URL of one.
    let mut browser = inside();
    let callback = web.wechat_callback(&mut browser, NONE).await;
    let path = param(&callback, "return_to");
    let state = param(&callback, "state");
    for url in [
        callback.replace(&state, "x"),
        callback.replace("code=", "code=authdeny&reason="),
        callback.replace("code=", "codes="),
        format!("/callback?login_error=unreachable&return_to={path}"),
    ] {
        let page = browser.clone().open(&world, &url).await;
        assert_eq!(param(page.location(), "error"), "login_required", "{url}");
    }
    let mut framed = browser.clone();
    framed.headers = vec![WECHAT, FRAME];
    let page = framed.open(&world, &callback).await;
    assert_eq!(param(page.location(), "error"), "login_required");
    let url = browser.follow(&world, &callback).await;
    web.tokens(&param(&url, "code")).await;
}

#[tokio::test]
async fn what_goes_wrong_at_wechat_is_login_required() {
    let world = world().await;
    let before = world.rows().await;
    let answer = |body: &str| Effect::Answer(Answer::new(body));
    for effect in [
        Effect::Reset,
        Effect::Cut,
        Effect::Html(502),
        answer(r#"{"errcode":-1,"errmsg":"system error"}"#),
        answer(r#"{"errcode":40029,"errmsg":"invalid code"}"#),
        answer(r#"{"errcode":40125,"errmsg":"invalid appsecret"}"#),
        answer("<html>"),
        answer("{}"),
    ] {
        let text = format!("{effect:?}");
        let fault = Fault::new(effect).path("/sns/oauth2/access_token");
        let fault = world.sim.fault(fault.percent(100));
        assert_eq!(error(&world, &mut inside()).await, "login_required");
        assert!(fault.struck() > 0, "{text}");
        fault.remove();
    }
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn a_snapshot_user_is_not_logged_in() {
    let world = world().await;
    let before = world.rows().await;
    let mut browser = inside();
    let page = browser.open(&world, &world.web().authorize_url(NONE)).await;
    let snapshot = "connect_redirect=1&forceSnapShot=true";
    let url = page.location().replace("connect_redirect=1", snapshot);
    // WeChat shows snapshots for this scope only, which the visitor can put into the URL.
    let url = url.replace("snsapi_base", "snsapi_userinfo");
    let callback = browser.visit_wechat(&url).await;
    let url = browser.follow(&world, &callback).await;
    assert_eq!(param(&url, "error"), "login_required");
    assert_eq!(world.rows().await, before);
    // Whatever the response of WeChat says.
    let token = r#"{"access_token":"a","expires_in":7200,"refresh_token":"r","openid":"oAAAAAAAAAAAAAAAAAAAAAAAAAAA","scope":"snsapi_base","is_snapshotuser":1}"#;
    let answer = Effect::Answer(Answer::new(token));
    world
        .sim
        .fault(Fault::new(answer).path("/sns/oauth2/access_token"));
    assert_eq!(error(&world, &mut inside()).await, "login_required");
    assert_eq!(world.rows().await, before);
}

#[tokio::test]
async fn when_too_much_waits_the_client_hears_that_a_login_is_required() {
    let world = World::with(Options {
        web: "silent_login = true".into(),
        more: "[limits]\nwaiting_requests = 1\n".into(),
        ..Options::default()
    })
    .await;
    world.web().log_in(&mut inside(), &[]).await;
    assert_eq!(error(&world, &mut inside()).await, "login_required");
}

/// The user whom the client expects, and no other.
#[tokio::test]
async fn another_user_than_the_client_expects_is_no_login() {
    let world = world().await;
    let web = world.web();
    let known = web.log_in(&mut inside(), &[]).await;
    let hint = [("prompt", "none"), ("id_token_hint", &*known.id_token)];
    let same = web.log_in(&mut inside(), &hint).await;
    assert_eq!(same.sub(), known.sub());
    world.next_user("other");
    web.log_in(&mut inside(), &[]).await;
    let url = web.callback(&mut inside(), &hint).await;
    assert_eq!(param(&url, "error"), "login_required");
}

#[tokio::test]
async fn a_silent_login_does_not_replace_a_consent() {
    let world = World::with(Options {
        web: "silent_login = true\nconsent = \"always\"".into(),
        ..Options::default()
    })
    .await;
    world.next_user("known");
    let mut browser = inside();
    let url = world.web().authorize_url(&[]);
    let asked = browser.asked(&world, &url).await;
    let page = browser.answer(&world, &asked, "allow").await;
    world.web().tokens(&param(page.location(), "code")).await;
    let url = world.web().callback(&mut inside(), NONE).await;
    assert_eq!(param(&url, "error"), "consent_required");
}

/// A read after it fails: the user need not log in once more when it succeeds.
#[tokio::test]
async fn a_silent_login_that_cannot_go_on_leaves_its_session_in_the_browser() {
    let world = World::with(Options {
        web: "silent_login = true\nconsent = \"first\"".into(),
        ..Options::default()
    })
    .await;
    world.next_user("known");
    let web = world.web();
    let mut browser = inside();
    let asked = browser.asked(&world, &web.authorize_url(&[])).await;
    let page = browser.answer(&world, &asked, "allow").await;
    web.tokens(&param(page.location(), "code")).await;
    let mut browser = inside();
    let callback = web.wechat_callback(&mut browser, NONE).await;
    world.execute("alter table consents rename to others").await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(param(page.location(), "error"), "login_required");
    world.execute("alter table others rename to consents").await;
    let page = browser.open(&world, &web.authorize_url(NONE)).await;
    web.tokens(&param(page.location(), "code")).await;
}

/// A pushed request and a posted one, which waited before they were decided.
#[tokio::test]
async fn a_request_that_has_waited_logs_in_silently_as_well() {
    let world = world().await;
    let web = world.web();
    let reference = web.pushed(NONE).await;
    let url = inside()
        .follow(&world, &web.reference_url(&reference))
        .await;
    web.tokens(&param(&url, "code")).await;
    let mut browser = inside();
    let path = web.post(&mut browser, NONE).await.location().to_owned();
    let url = browser.follow(&world, &path).await;
    web.tokens(&param(&url, "code")).await;
}

/// Logged in meanwhile by another tab, the user stays who they are.
#[tokio::test]
async fn a_session_that_began_meanwhile_is_used() {
    let world = world().await;
    let web = world.web();
    let mut browser = inside();
    let callback = web.wechat_callback(&mut browser, NONE).await;
    world.next_user("tab");
    let tab = web.log_in(&mut browser, &[]).await;
    let url = browser.follow(&world, &callback).await;
    let tokens = web.tokens(&param(&url, "code")).await;
    assert_eq!(tokens.sub(), tab.sub());
    assert_eq!(
        tokens.claims["amr"],
        serde_json::json!(["wechat", "in_app"])
    );
}
