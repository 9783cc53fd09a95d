//! WeChat is linked by the one who is logged in to the account, and by no one else.

use std::time::Duration;

use tokio::task::JoinSet;
use weixin_sim::{Effect, Fault};

use crate::{
    running::{Browser, location, text},
    world::{EMAIL, LOGGED_OUT, SESSION, World},
};

const ANN: &str = "email=ann%40shop.example&password=battery+staple";

const ENDED: &str = "微信没有绑定";

#[tokio::test]
async fn wechat_is_linked_to_the_account_that_is_logged_in_and_opens_it_from_then_on() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    assert!(world.home(&browser).await.contains("绑定微信"));
    let session = browser.0[SESSION].clone();
    world.link(&mut browser, "xiaoming").await;
    assert_eq!(browser.0[SESSION], session, "the same session goes on");
    let mut another = Browser::default();
    world.log_in(&mut another, "xiaoming").await;
    for browser in [browser, another] {
        let account = world.home(&browser).await;
        assert!(
            account.contains("joe@shop.example") && account.contains("已绑定"),
            "{account}"
        );
    }
}

#[tokio::test]
async fn the_callback_of_a_link_twenty_times_at_once_links_once_and_succeeds_each_time() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    let started = world.post(&mut browser, "/link", EMAIL).await;
    let callback = world.scan(&started, "xiaoming").await;
    let mut visits = JoinSet::new();
    for (mut browser, callback) in vec![(browser, callback); 20] {
        visits.spawn(async move { browser.get(&callback).await.status().as_u16() });
    }
    assert_eq!(visits.join_all().await, [303; 20]);
    let owners = world
        .rows("SELECT DISTINCT CAST(user AS TEXT) FROM identities")
        .await;
    assert_eq!(owners, ["1"]);
}

#[tokio::test]
async fn a_wechat_user_of_another_account_is_not_taken_away_from_it() {
    let world = World::new().await;
    world.log_in(&mut Browser::default(), "xiaoming").await;
    let mut browser = world.registered(EMAIL).await;
    let before = world.stored().await;
    let refused = world.link(&mut browser, "xiaoming").await;
    assert_eq!(location(&refused), "/conflict");
    assert!(world.home(&browser).await.contains("joe@shop.example"));
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn a_second_wechat_user_is_not_put_in_the_place_of_the_first() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    world.link(&mut browser, "xiaoming").await;
    let before = world.stored().await;
    let refused = world.link(&mut browser, "layla").await;
    assert_eq!(location(&refused), "/conflict");
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn a_link_does_not_outlast_the_log_out_of_its_account() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    let started = world.post(&mut browser, "/link", EMAIL).await;
    let callback = world.scan(&started, "xiaoming").await;
    world.post(&mut browser, "/logout", "").await;
    let before = world.stored().await;
    // The log-out has ended the login in progress: without a second scan the user reads that it is no link any more.
    let refused = browser.get(&callback).await;
    assert_eq!(location(&refused), "/not-linked");
    let page = world.get(&mut browser, "/not-linked").await;
    assert!(text(&page).contains(ENDED), "{}", text(&page));
    assert!(world.home(&browser).await.contains(LOGGED_OUT));
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn a_link_that_one_account_began_is_not_completed_for_another() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    let started = world.post(&mut browser, "/link", EMAIL).await;
    let callback = world.scan(&started, "xiaoming").await;
    world.post(&mut browser, "/register", ANN).await;
    let before = world.stored().await;
    let refused = browser.get(&callback).await;
    assert_eq!(location(&refused), "/not-linked");
    assert!(world.home(&browser).await.contains("ann@shop.example"));
    assert_eq!(world.stored().await, before);
}

/// The attacker begins a link, and plants the session into the browser of a victim who is on the way back from WeChat.
#[tokio::test]
async fn a_login_is_not_a_link_because_somebody_planted_the_session_of_one_who_links() {
    let world = World::new().await;
    let mut victim = Browser::default();
    let started = world.get(&mut victim, "/login").await;
    let callback = world.scan(&started, "xiaoming").await;
    let mut attacker = world.registered(EMAIL).await;
    world.post(&mut attacker, "/link", EMAIL).await;
    victim
        .0
        .insert(SESSION.to_owned(), attacker.0[SESSION].clone());
    let done = victim.get(&callback).await;
    assert_eq!(done.status(), 303);
    let home = world.home(&victim).await;
    assert!(
        home.contains("<h1>小明🐼é</h1>") && !home.contains("joe@shop.example"),
        "{home}"
    );
    let linked = "SELECT COUNT(*) FROM users WHERE email IS NOT NULL AND wechat IS NOT NULL";
    assert_eq!(world.count(linked).await, 0);
}

/// The attacker begins a link, and has the browser of a victim, who is linking too, come back with the callback.
#[tokio::test]
async fn the_callback_of_an_attackers_link_changes_nothing_in_the_victims_browser() {
    let world = World::new().await;
    let mut attacker = world.registered(EMAIL).await;
    let started = world.post(&mut attacker, "/link", EMAIL).await;
    let callback = world.scan(&started, "layla").await;
    let mut victim = world.registered(ANN).await;
    world.post(&mut victim, "/link", ANN).await;
    // The cookie of the login as well, as if `__Host-` did not protect it.
    let session = victim.0[SESSION].clone();
    victim.0.extend(attacker.0.clone());
    victim.0.insert(SESSION.to_owned(), session);
    let before = world.stored().await;
    let refused = victim.get(&callback).await;
    assert_eq!(location(&refused), "/not-linked");
    assert!(world.home(&victim).await.contains("ann@shop.example"));
    assert_eq!(world.stored().await, before);
}

/// The session is a stolen one, the URL of the callback that links is in a log.
#[tokio::test]
async fn a_link_is_bound_to_the_login_that_the_password_started() {
    for is_own_cookie in [false, true] {
        let world = World::new().await;
        let mut owner = world.registered(EMAIL).await;
        let started = world.post(&mut owner, "/link", EMAIL).await;
        let callback = world.scan(&started, "xiaoming").await;
        let mut thief = Browser::default();
        if is_own_cookie {
            // Of a login that the thief started, with another path.
            world.get(&mut thief, "/login").await;
        }
        let session = owner.0[SESSION].clone();
        thief.0.insert(SESSION.to_owned(), session);
        let before = world.stored().await;
        let url = callback.replace("code=", "code=x");
        let state = url.split_once("state=").unwrap().1.split('&').next();
        let url = url.replace(state.unwrap(), "AAAAAAAAAAAAAAAAAAAAAA");
        for url in [url.replace("code=", "login_again=1&code="), url] {
            let again = thief.get(&url).await;
            assert!(!location(&again).contains("qrconnect"), "{url}");
        }
        assert_eq!(world.stored().await, before);
        // The owner's own login goes on.
        owner.get(&callback).await;
        assert!(world.home(&owner).await.contains("已绑定"));
    }
}

#[tokio::test]
async fn a_link_that_failed_or_has_expired_takes_the_password_again() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    let before = world.stored().await;
    let is_waiting = async || {
        let waiting = world.count("SELECT COUNT(*) FROM sessions WHERE data LIKE '%linking%'");
        waiting.await == 1
    };
    // Declined; then the page of the failure offers a new login.
    let started = world.post(&mut browser, "/link", EMAIL).await;
    assert!(is_waiting().await);
    let callback = world.scan(&started, "xiaoming").await;
    let code = callback.split_once("code=").unwrap().1.split('&').next();
    let declined = callback.replace(code.unwrap(), "authdeny");
    let failed = browser.get(&declined).await;
    let page = location(&failed);
    assert!(page.contains("login_error=declined"), "{page}");
    assert!(!is_waiting().await);
    let again = page.replace("login_error=declined", "login_again=1");
    let again = world.get(&mut browser, &again).await;
    assert_eq!(location(&again), "/not-linked");

    // An error of WeChat's.
    let started = world.post(&mut browser, "/link", EMAIL).await;
    let callback = world.scan(&started, "xiaoming").await;
    let fault = Fault::new(Effect::Errcode(40029)).path("/sns/oauth2/access_token");
    world.sim.fault(fault);
    let failed = browser.get(&callback).await;
    assert!(location(&failed).contains("login_error=expired"));
    assert!(!is_waiting().await);

    // Too late. The clock that is moved runs as well.
    for (seconds, to) in [(601, "/not-linked"), (590, "/")] {
        assert_eq!(world.stored().await, before);
        let started = world.post(&mut browser, "/link", EMAIL).await;
        let callback = world.scan(&started, "xiaoming").await;
        world.clock.advance(Duration::from_secs(seconds));
        assert_eq!(location(&browser.get(&callback).await), to);
        assert!(!is_waiting().await);
    }
    assert_ne!(world.stored().await, before);
}

#[tokio::test]
async fn a_link_that_is_complete_is_not_kept_and_its_callback_can_be_repeated() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    let started = world.post(&mut browser, "/link", EMAIL).await;
    let callback = world.scan(&started, "xiaoming").await;
    for _ in 0..2 {
        assert_eq!(location(&browser.get(&callback).await), "/");
        let data = world.rows("SELECT data FROM sessions").await;
        assert!(!data[0].contains("linking"), "{data:?}");
    }
    // Unlinked, the callback is worth nothing.
    let copied = browser.clone();
    world.post(&mut browser, "/unlink", EMAIL).await;
    let mut repeats = copied;
    repeats.0.extend(browser.0.clone());
    let before = world.stored().await;
    repeats.get(&callback).await;
    assert_eq!(world.stored().await, before);
}

#[tokio::test]
async fn a_link_cannot_be_begun_by_a_mere_visit() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    let before = world.rows("SELECT data FROM sessions").await;
    let refused = world.get(&mut browser, "/link").await;
    assert_eq!(refused.status(), 405);
    assert_eq!(world.rows("SELECT data FROM sessions").await, before);
}

/// The session is one that a stranger has got hold of.
#[tokio::test]
async fn a_session_alone_neither_links_nor_unlinks_wechat() {
    let world = World::new().await;
    let mut browser = world.registered(EMAIL).await;
    for (path, has_wechat) in [("/link", false), ("/unlink", true)] {
        if has_wechat {
            world.link(&mut browser, "xiaoming").await;
        }
        let before = world.stored().await;
        for wrong in ["", "password=", "password=wrong+horse"] {
            let refused = world.post(&mut browser, path, wrong).await;
            assert_eq!(refused.status(), 400, "{path} {wrong}");
            let page = text(&refused);
            assert!(
                page.contains("密码不正确") && page.contains("joe@shop.example"),
                "{page}"
            );
        }
        assert_eq!(world.stored().await, before);
    }
    for _ in 0..10 {
        let wrong = "password=wrong+horse";
        world.post(&mut browser, "/unlink", wrong).await;
    }
    let refused = world.post(&mut browser, "/unlink", EMAIL).await;
    assert_eq!(refused.status(), 429);
}
