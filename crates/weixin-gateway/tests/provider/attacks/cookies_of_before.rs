//! A login gives the browser a new cookie. The one of before ends the session, and opens nothing: the response that set the new
//! one may be lost or late, and who has copied the old one must have nothing of it.

use axum::http::StatusCode;
use futures_util::future::join_all;
use weixin_sim::{AddedFault, Effect, Fault};

use crate::world::{
    Browser, Options, World,
    browser::param,
    devices::{ENGLISH, WECHAT},
};

const OPEN: &str = "sessions where ended_at is null";
const LOGIN: &[(&str, &str)] = &[("prompt", "login")];

/// The callback of a login in a browser that is logged in. The profile is due.
async fn callback_with_session(world: &World, browser: &mut Browser) -> String {
    let web = world.web();
    web.log_in(browser, &[]).await;
    world.execute("update users set profile_at = null").await;
    web.wechat_callback(browser, LOGIN).await
}

/// Waits until the gateway waits for WeChat.
async fn struck(fault: &AddedFault) {
    while fault.struck() == 0 {
        tokio::task::yield_now().await;
    }
}

/// Two clients, in two tabs: the second callback is sent before the response to the first has come.
#[tokio::test(flavor = "multi_thread")]
async fn logins_in_two_tabs_at_once_end_with_one_logout() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    let mut browser = Browser::with(&[ENGLISH]);
    web.log_in(&mut browser, &[]).await;
    let callbacks = [
        web.wechat_callback(&mut browser, LOGIN).await,
        other.wechat_callback(&mut browser, LOGIN).await,
    ];
    let mut tabs = [browser.clone(), browser];
    let opened = tabs.iter_mut().zip(&callbacks);
    let pages = join_all(opened.map(|(tab, callback)| tab.open(&world, callback))).await;
    let tokens = [
        web.tokens(&param(pages[0].location(), "code")).await,
        other.tokens(&param(pages[1].location(), "code")).await,
    ];
    assert_eq!(tokens[0].claims["sid"], tokens[1].claims["sid"]);
    // Whichever the browser has received last.
    assert_eq!(tabs[0].session(), tabs[1].session());
    for tab in &mut tabs {
        assert!(web.is_logged_in(tab).await);
    }
    let page = web.log_out(&mut tabs[0], &[]).await;
    web.confirm_logout(&mut tabs[0], &page).await;
    assert_eq!(world.count(OPEN).await, 0);
    for tokens in tokens {
        let userinfo = web.userinfo(&tokens.access_token).await;
        assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED);
    }
}

/// The tab was closed, or the network was gone: the browser has the cookie of before.
#[tokio::test]
async fn a_logout_after_a_lost_response_ends_the_session() {
    for logs_in_again in [false, true] {
        let world = World::start().await;
        let web = world.web();
        let mut browser = Browser::with(&[ENGLISH]);
        let tokens = web.log_in(&mut browser, &[]).await;
        web.log_in(&mut browser.clone(), LOGIN).await;
        if logs_in_again {
            assert!(!web.is_logged_in(&mut browser).await);
            let again = web.log_in(&mut browser, &[]).await;
            assert_eq!(again.claims["sid"], tokens.claims["sid"]);
        }
        let page = web.log_out(&mut browser, &[]).await;
        assert!(page.body.contains("<h1>Log out?</h1>"), "{}", page.body);
        web.confirm_logout(&mut browser, &page).await;
        let userinfo = web.userinfo(&tokens.access_token).await;
        assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED);
        assert_eq!(world.count(OPEN).await, 0);
    }
}

/// WeChat may take seconds for it.
#[tokio::test]
async fn other_tabs_stay_logged_in_while_the_profile_is_read() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = callback_with_session(&world, &mut browser).await;
    let slow = Fault::new(Effect::DelayMs(60_000)).path("/sns/userinfo");
    let slow = world.sim.fault(slow);
    let mut tab = browser.clone();
    let other_tab = async {
        struck(&slow).await;
        web.is_logged_in(&mut tab).await
    };
    tokio::select! {
        page = browser.open(&world, &callback) => panic!("{page:?}"),
        is_logged_in = other_tab => assert!(is_logged_in),
    }
}

/// Its callback has come, and waits for WeChat. On a shared computer, another person would have the session.
#[tokio::test]
async fn a_logout_in_another_tab_ends_a_login_that_waits() {
    for path in ["/sns/oauth2/access_token", "/sns/userinfo"] {
        let world = World::start().await;
        let web = world.web();
        let mut browser = Browser::with(&[ENGLISH]);
        let callback = callback_with_session(&world, &mut browser).await;
        let slow = world
            .sim
            .fault(Fault::new(Effect::DelayMs(1_000)).path(path));
        let mut tab = browser.clone();
        let logout = async {
            struck(&slow).await;
            let page = web.log_out(&mut tab, &[]).await;
            web.confirm_logout(&mut tab, &page).await;
        };
        let (page, ()) = tokio::join!(browser.open(&world, &callback), logout);
        // Whichever was first.
        assert_eq!(world.count(OPEN).await, 0, "{path}: {page:?}");
        assert!(!web.is_logged_in(&mut browser).await, "{path}");
    }
}

/// Also one whose browser had no session when its callback came, or another user's.
#[tokio::test(flavor = "multi_thread")]
async fn a_logout_ends_the_logins_of_its_browser_that_wait() {
    join_all(vec![
        logout_beside(None, "alice"),
        logout_beside(None, "bob"),
        logout_beside(Some("alice"), "bob"),
        logout_beside(Some("alice"), "alice"),
    ])
    .await;
}

/// Alice logs in, in a browser that has this session. Meanwhile, another tab logs in and out.
async fn logout_beside(session: Option<&str>, other_tab: &str) {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    if let Some(user) = session {
        world.next_user(user);
        web.log_in(&mut browser, &[]).await;
    }
    world.next_user("alice");
    let callback = web.wechat_callback(&mut browser, LOGIN).await;
    let slow = Fault::new(Effect::DelayMs(5_000)).path("/sns/oauth2/access_token");
    let slow = world.sim.fault(slow);
    let mut tab = browser.clone();
    let logout = async {
        struck(&slow).await;
        world.next_user(other_tab);
        web.log_in(&mut tab, LOGIN).await;
        let page = web.log_out(&mut tab, &[]).await;
        web.confirm_logout(&mut tab, &page).await;
    };
    let (page, ()) = tokio::join!(browser.open(&world, &callback), logout);
    assert!(page.location().contains("login_error=used"), "{page:?}");
    assert_eq!(world.count(OPEN).await, 0);
    assert!(!web.is_logged_in(&mut browser).await);
}

/// The cookie that the first one has sent is older than that of before by then.
#[tokio::test]
async fn a_login_that_waits_goes_on_after_the_logins_of_other_tabs() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = callback_with_session(&world, &mut browser).await;
    let slow = Fault::new(Effect::DelayMs(2_000)).path("/sns/userinfo");
    let slow = world.sim.fault(slow);
    let mut tab = browser.clone();
    let others = async {
        struck(&slow).await;
        for _ in 0..2 {
            web.log_in(&mut tab, LOGIN).await;
        }
    };
    let (page, ()) = tokio::join!(browser.open(&world, &callback), others);
    web.tokens(&param(page.location(), "code")).await;
}

/// Browsers load a callback twice, of which either response is shown. The first one ends the session of the user before.
#[tokio::test]
async fn a_repeated_callback_at_a_change_of_users_logs_in_twice() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    world.next_user("former");
    let former = web.log_in(&mut browser, &[]).await;
    world.next_user("next");
    let callback = web.wechat_callback(&mut browser, LOGIN).await;
    let slow = Fault::new(Effect::DelayMs(500)).path("/sns/userinfo");
    world.sim.fault(slow);
    let mut tabs = [browser.clone(), browser];
    let opened = tabs.iter_mut().map(|tab| tab.open(&world, &callback));
    for page in join_all(opened).await {
        let tokens = web.tokens(&param(page.location(), "code")).await;
        assert_ne!(tokens.sub(), former.sub());
    }
}

/// Copied from the browser with all other cookies, and with the URLs of its history.
#[tokio::test]
async fn a_copied_cookie_of_before_opens_nothing() {
    let world = World::with(Options {
        web: "silent_login = true".into(),
        ..Options::default()
    })
    .await;
    let web = world.web();
    let mut browser = Browser::with(&[WECHAT, ("sec-fetch-dest", "document")]);
    world.next_user("mallory");
    let mallory = web.log_in(&mut browser.clone(), &[]).await;
    world.next_user("victim");
    let callback = web.wechat_callback(&mut browser, &[]).await;
    browser.follow(&world, &callback).await;
    let thief = browser.clone();
    let victim = web.log_in(&mut browser, LOGIN).await;

    let page = thief.clone().open(&world, &callback).await;
    assert!(
        page.location().contains("login_error=used"),
        "{}",
        page.location()
    );
    let page = thief.clone().open(&world, &web.authorize_url(&[])).await;
    assert!(
        page.location().starts_with(world.sim.url()),
        "{}",
        page.location()
    );
    // Silently, the thief is who uses that WeChat.
    world.next_user("mallory");
    let mut thief = thief;
    let silent = [("prompt", "none")];
    let silent = web.wechat_callback(&mut thief, &silent).await;
    assert!(web.is_logged_in(&mut browser).await);
    let url = thief.follow(&world, &silent).await;
    let tokens = web.tokens(&param(&url, "code")).await;
    assert_eq!(tokens.sub(), mallory.sub());
    assert_ne!(tokens.sub(), victim.sub());
}
