//! What a session is worth, and to whom.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, to_bytes},
    http::{Request, StatusCode},
};
use tower::ServiceExt;
use tower_sessions::{Session, SessionStore};
use weixin::clock::SystemClock;
use weixin_sim::Sim;

use crate::{
    running::{Browser, location},
    site::{Arrival, Database, Owner, Site},
    world::{EMAIL, LOGGED_OUT, SESSION, WeChat, World, web_login},
};

const ANN: &str = "email=ann%40shop.example&password=battery+staple";

/// How a victim logs in.
#[derive(Clone, Copy, Debug)]
enum Way {
    Password,
    Registration,
    WeChat,
}

#[tokio::test]
async fn session_fixation_a_session_that_was_planted_before_the_login_is_worth_nothing_after_it() {
    for way in [Way::Password, Way::Registration, Way::WeChat] {
        let world = World::new().await;
        world.registered(ANN).await;
        let attacker = world.registered(EMAIL).await;
        let planted = attacker.0[SESSION].clone();
        let mut victim = Browser::default();
        victim.0.insert(SESSION.to_owned(), planted.clone());
        match way {
            Way::Password => world.post(&mut victim, "/password", ANN).await,
            Way::Registration => {
                let form = "email=eve%40shop.example&password=battery+staple";
                world.post(&mut victim, "/register", form).await
            }
            Way::WeChat => world.log_in(&mut victim, "xiaoming").await,
        };
        assert_ne!(victim.0[SESSION], planted, "{way:?}");
        let home = world.home(&victim).await;
        assert!(
            !home.contains("joe@shop.example") && !home.contains(LOGGED_OUT),
            "{way:?}"
        );
        // The attacker comes back with what was planted.
        assert!(world.home(&attacker).await.contains(LOGGED_OUT), "{way:?}");
    }
}

#[tokio::test]
async fn logging_out_everywhere_ends_the_sessions_of_other_browsers() {
    let world = World::new().await;
    let mut browsers = [Browser::default(), Browser::default()];
    for browser in &mut browsers {
        world.log_in(browser, "xiaoming").await;
    }
    let other = world.registered(EMAIL).await;
    world.post(&mut browsers[0], "/logout-everywhere", "").await;
    for browser in &browsers {
        assert!(world.home(browser).await.contains(LOGGED_OUT));
    }
    assert!(world.home(&other).await.contains("joe@shop.example"));
}

/// The thief has got hold of another device of the user, and goes back to the callback of its last login.
#[tokio::test]
async fn logging_out_everywhere_ends_the_repeats_of_logins_on_other_devices() {
    for end in ["/logout-everywhere", "/unlink", "/delete"] {
        let world = World::new().await;
        let mut owner = world.registered(EMAIL).await;
        world.link(&mut owner, "xiaoming").await;
        let mut device = Browser::default();
        let callback = world.allowed(&mut device, "xiaoming").await;
        device.get(&callback).await;
        let mut repeats = device.clone();
        repeats.0.remove(SESSION);
        repeats.get(&callback).await;
        let home = world.home(&repeats).await;
        assert!(
            home.contains("joe@shop.example"),
            "a repeat logs in: {home}"
        );

        world.post(&mut owner, end, EMAIL).await;
        let users = world.count("SELECT COUNT(*) FROM users").await;
        for second in [0, 58] {
            world.clock.advance(Duration::from_secs(second));
            let response = device.get(&callback).await;
            assert_eq!(location(&response), "/", "{end}");
            assert!(world.home(&device).await.contains(LOGGED_OUT), "{end}");
        }
        assert_eq!(world.count("SELECT COUNT(*) FROM users").await, users);
        // A new login is one, at once.
        world.log_in(&mut device, "xiaoming").await;
        assert!(!world.home(&device).await.contains(LOGGED_OUT), "{end}");
    }
}

/// The device's callback waits for WeChat at this path while the owner ends all logins.
#[expect(clippy::cognitive_complexity, reason = "one story, told in order")]
async fn a_callback_under_way(path: &'static str, is_repeat: bool, end: &str) {
    let world = World::new().await;
    let mut owner = world.registered(EMAIL).await;
    world.link(&mut owner, "xiaoming").await;
    let mut device = Browser::default();
    let callback = world.allowed(&mut device, "xiaoming").await;
    if is_repeat {
        device.get(&callback).await;
        device.0.remove(SESSION);
    }
    // So that the profile is read, also by a repeat.
    world
        .rows("UPDATE users SET name = NULL RETURNING email")
        .await;
    world.wechat.hold(path);
    let under_way = tokio::spawn(async move {
        let response = device.get(&callback).await;
        (device, location(&response))
    });
    world.wechat.reached().await;
    world.post(&mut owner, end, EMAIL).await;
    let accounts = "SELECT json_array(id, wechat) FROM users";
    let before = world.rows(accounts).await;
    world.wechat.resume();
    let (device, location) = under_way.await.unwrap();
    let is_out = world.home(&device).await.contains(LOGGED_OUT);
    let sessions = world.count("SELECT COUNT(*) FROM sessions").await;
    // An account that was unlinked stays open where that was done.
    let own = i64::from(end == "/unlink");
    assert_eq!(
        (location.as_str(), is_out, sessions),
        ("/", true, own),
        "{path} {is_repeat} {end}"
    );
    assert_eq!(world.rows(accounts).await, before, "{path} {end}");
}

#[tokio::test]
async fn a_callback_under_way_when_all_logins_are_ended_begins_no_session_and_makes_no_account() {
    for end in ["/logout-everywhere", "/unlink", "/delete"] {
        a_callback_under_way("/sns/oauth2/access_token", false, end).await;
        for is_repeat in [false, true] {
            a_callback_under_way("/sns/userinfo", is_repeat, end).await;
        }
    }
}

#[tokio::test]
async fn a_log_out_on_all_devices_ends_the_logins_under_way_and_the_repeats_but_no_later_login() {
    let world = World::new().await;
    world.log_in(&mut Browser::default(), "xiaoming").await;
    for is_repeat in [false, true] {
        let ids = world.rows("SELECT wechat FROM users").await;
        let login = Arrival {
            ids: serde_json::from_str(&ids[0]).unwrap(),
            is_repeat,
            last_end: world.site.accounts.last_end().await.unwrap(),
        };
        world.site.accounts.log_out_everywhere(1).await.unwrap();
        assert!(world.site.accounts.has_ended(&login).await.unwrap());
        let owner = world.site.accounts.of_wechat(&login, None).await.unwrap();
        assert_eq!(owner, Owner::Ended);
        // One that came after it is not ended by it, unless it repeats what came before.
        let login = Arrival {
            last_end: world.site.accounts.last_end().await.unwrap(),
            ..login
        };
        let has_ended = world.site.accounts.has_ended(&login).await.unwrap();
        assert_eq!(has_ended, is_repeat);
    }
}

#[tokio::test]
async fn what_is_known_of_ended_logins_goes_with_their_minute() {
    let world = World::new().await;
    for (user, after) in [("xiaoming", 0), ("layla", 61)] {
        let mut browser = Browser::default();
        world.log_in(&mut browser, user).await;
        world.clock.advance(Duration::from_secs(after));
        world.post(&mut browser, "/logout-everywhere", "").await;
    }
    let ended = "SELECT COUNT(DISTINCT ended) FROM ended_logins";
    assert_eq!(world.count(ended).await, 1);
}

#[tokio::test]
async fn logging_out_ends_one_session() {
    let world = World::new().await;
    let mut browsers = [Browser::default(), Browser::default()];
    for browser in &mut browsers {
        world.log_in(browser, "xiaoming").await;
    }
    let kept = browsers[0].clone();
    world.post(&mut browsers[0], "/logout", "").await;
    // Also for one who has copied the cookie before.
    assert!(world.home(&kept).await.contains(LOGGED_OUT));
    assert!(!world.home(&browsers[1]).await.contains(LOGGED_OUT));
}

#[tokio::test]
async fn a_session_that_was_ended_on_another_device_does_not_come_back_by_a_request_under_way() {
    let world = World::new().await;
    let browser = world.registered(EMAIL).await;
    let id = browser.0[SESSION].parse().unwrap();
    let store = Arc::new(world.site.sessions.clone());
    let under_way = Session::new(Some(id), store.clone(), None);
    under_way.insert("anything", 1).await.unwrap();
    world.site.accounts.log_out_everywhere(1).await.unwrap();
    under_way.save().await.unwrap();
    assert_eq!(store.load(&id).await.unwrap(), None);
    assert!(world.home(&browser).await.contains(LOGGED_OUT));
}

#[tokio::test]
async fn a_session_ends_after_a_fortnight_and_its_row_is_removed_by_the_next_login() {
    let world = World::new().await;
    let browser = world.registered(EMAIL).await;
    let hour = Duration::from_secs(60 * 60);
    world.clock.advance(hour * (24 * 14 - 1));
    assert!(world.home(&browser).await.contains("joe@shop.example"));
    world.clock.advance(hour);
    assert!(world.home(&browser).await.contains(LOGGED_OUT));
    let rows = "SELECT COUNT(*) FROM sessions WHERE user = 1";
    assert_eq!(world.count(rows).await, 1);
    world.registered(ANN).await;
    assert_eq!(world.count(rows).await, 0);
}

#[tokio::test]
async fn visitors_without_a_login_leave_no_session() {
    let world = World::new().await;
    let mut browser = Browser::default();
    for path in [
        "/",
        "/login",
        "/confirm",
        "/delete",
        "/callback?code=x&state=y",
    ] {
        world.get(&mut browser, path).await;
    }
    for path in [
        "/password",
        "/link",
        "/logout",
        "/logout-everywhere",
        "/unlink",
        "/delete",
    ] {
        world.post(&mut browser, path, EMAIL).await;
    }
    assert_eq!(world.count("SELECT COUNT(*) FROM sessions").await, 0);
}

/// What a site over HTTPS answers to these cookies, and the cookie that it sets.
async fn secure_site(site: &Site, request: Request<Body>) -> (StatusCode, String, String) {
    let response = site.clone().router().oneshot(request).await.unwrap();
    let cookie = response.headers().get("set-cookie");
    let cookie = cookie
        .map_or("", |cookie| cookie.to_str().unwrap())
        .to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), 100_000).await.unwrap();
    (status, cookie, String::from_utf8(body.to_vec()).unwrap())
}

async fn site_over_https() -> Site {
    let sim = Sim::start().await.unwrap();
    let url = "https://shop.example";
    let database = Database::open(None, Arc::new(SystemClock)).await.unwrap();
    Site::new(
        web_login(&sim, url, WeChat::default()),
        url.to_owned(),
        database,
    )
    .unwrap()
}

fn register() -> Request<Body> {
    Request::post("/register")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("origin", "https://shop.example")
        .body(Body::from(EMAIL))
        .unwrap()
}

#[tokio::test]
async fn a_sub_domain_cannot_plant_a_session_however_it_spells_the_name() {
    let site = site_over_https().await;
    let (_, cookie, _) = secure_site(&site, register()).await;
    let (pair, attributes) = cookie.split_once("; ").unwrap();
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=1209600"
    );
    let session = pair.strip_prefix("__Host-session=").unwrap();
    for name in [
        "session",
        "%5F%5FHost-session",
        "__Host%2Dsession",
        "__Host-sessio%6E",
        "__host-session",
        "__Host-session%20",
    ] {
        let request = Request::get("/").header("cookie", format!("{name}={session}"));
        let (_, _, page) = secure_site(&site, request.body(Body::empty()).unwrap()).await;
        assert!(page.contains(LOGGED_OUT), "{name}");
    }
}

#[tokio::test]
async fn a_cookie_of_another_part_of_the_site_does_not_hide_the_session() {
    let site = site_over_https().await;
    let (_, cookie, _) = secure_site(&site, register()).await;
    let ours = cookie.split(';').next().unwrap().as_bytes();
    let cases: [(&[u8], &[u8]); 5] = [
        ("nick=小明; ".as_bytes(), b""),
        (b"", "; nick=小明".as_bytes()),
        // 小明 in GBK.
        (b"nick=\xd0\xa1\xc3\xf7; ", b""),
        (b"", b"; nick=\xd0\xa1\xc3\xf7"),
        (b"a=1; ", b"; %E5%B0%8F=2; b"),
    ];
    for (before, after) in cases {
        let cookies = [before, ours, after].concat();
        let request = Request::get("/").header("cookie", &cookies[..]);
        let (_, _, page) = secure_site(&site, request.body(Body::empty()).unwrap()).await;
        assert!(
            page.contains("joe@shop.example"),
            "{}",
            cookies.escape_ascii()
        );
    }
}

#[tokio::test]
async fn a_log_out_over_https_removes_the_cookie_in_a_way_that_browsers_accept() {
    let site = site_over_https().await;
    let (_, cookie, _) = secure_site(&site, register()).await;
    let log_out = Request::post("/logout")
        .header("origin", "https://shop.example")
        .header("cookie", cookie.split(';').next().unwrap())
        .body(Body::empty())
        .unwrap();
    let (_, removed, _) = secure_site(&site, log_out).await;
    assert_eq!(
        removed,
        "__Host-session=; Max-Age=0; Path=/; Secure; HttpOnly"
    );
}
