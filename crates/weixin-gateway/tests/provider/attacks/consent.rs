//! Forms that ask the user, in the hands of an attacker. Each ends without a code and without a consent.

use std::time::Duration;

use axum::http::StatusCode;

use crate::{
    consent::{Question, asking},
    world::{Browser, CALLBACK, Options, Page, World},
};

/// Nothing was allowed: the browser is where it could have gone by itself.
async fn is_worthless(world: &World, page: &Page) {
    let location = page.header("location");
    let is_at_login = page.status == StatusCode::SEE_OTHER && location.starts_with("/login/");
    let is_page = [StatusCode::FORBIDDEN, StatusCode::GONE].contains(&page.status);
    assert!(is_at_login || is_page, "{} {location}", page.status);
    assert_eq!(world.count("consents").await, 0);
}

/// Two pages of one session, for two clients.
async fn two(world: &World, browser: &mut Browser) -> [Question; 2] {
    let consent = [("prompt", "consent")];
    let (web, other) = (world.web(), world.other());
    [
        browser.asked(world, &web.authorize_url(&consent)).await,
        browser.asked(world, &other.authorize_url(&consent)).await,
    ]
}

#[tokio::test]
async fn the_consent_of_one_request_is_none_for_another() {
    let world = asking("first").await;
    let mut browser = Browser::default();
    let [one, other] = two(&world, &mut browser).await;
    for (token, action) in [(one.token(), other.action()), (other.token(), one.action())] {
        let form = [("token", &*token), ("decision", "allow")];
        let page = browser.post(&world, &action, &form).await;
        is_worthless(&world, &page).await;
    }
    // Neither for another request of the same client with the same scopes.
    let url = world.web().authorize_url(&[("prompt", "consent")]);
    let same = browser.asked(&world, &url).await;
    let form = [("token", &*one.token()), ("decision", "allow")];
    let page = browser.post(&world, &same.action(), &form).await;
    is_worthless(&world, &page).await;
}

#[tokio::test]
async fn the_token_of_another_session_is_worth_nothing() {
    let world = asking("first").await;
    let url = world.web().authorize_url(&[]);
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    world.next_user("attacker");
    let attackers = attacker.asked(&world, &url).await;
    world.next_user("victim");
    let path = attackers.action().replace("/consent/", "/login/");
    let victims = victim.asked(&world, &path).await;
    assert_eq!(victims.action(), attackers.action());
    let page = victim.answer(&world, &attackers, "allow").await;
    is_worthless(&world, &page).await;
    let page = attacker.answer(&world, &victims, "allow").await;
    is_worthless(&world, &page).await;
    // The same user in another browser has another session.
    let mut same = Browser::default();
    same.asked(&world, &path).await;
    let page = same.answer(&world, &victims, "allow").await;
    is_worthless(&world, &page).await;
}

/// The client may have less now than what the page has shown, or more than that.
#[tokio::test]
async fn a_form_is_worth_nothing_once_its_scopes_have_changed() {
    let mut world = asking("first").await;
    let mut browser = Browser::default();
    let scope = [("scope", "openid profile email")];
    let url = world.web().authorize_url(&scope);
    let asked = browser.asked(&world, &url).await;
    let options = Options {
        web: "consent = \"first\"".into(),
        edit: Some(|text| text.replace(r#""profile", "email", "wechat""#, r#""email""#)),
        ..Options::default()
    };
    world.restart_with(options).await;
    let page = browser.answer(&world, &asked, "allow").await;
    is_worthless(&world, &page).await;
    // What the row of the request says does not help either.
    let fewer = browser.asked(&world, page.location()).await;
    world
        .execute("update requests set body = replace(body, 'openid profile email', 'openid')")
        .await;
    let page = browser.answer(&world, &fewer, "allow").await;
    is_worthless(&world, &page).await;
}

#[tokio::test]
async fn a_form_that_another_site_posts_is_worth_nothing() {
    let world = asking("first").await;
    let mut browser = Browser::default();
    let url = world.web().authorize_url(&[]);
    let asked = browser.asked(&world, &url).await;
    let (action, token) = (asked.action(), asked.token());
    let form = [("token", &*token), ("decision", "allow")];
    // Its cookie is `SameSite=Lax`.
    let page = browser.post_from_elsewhere(&world, &action, &form).await;
    is_worthless(&world, &page).await;
    // Also where browsers send it.
    for header in [
        ("origin", "https://evil.example"),
        ("origin", "https://localhost.evil.example"),
        ("origin", "http://localhost"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        browser.headers = vec![header];
        let page = browser.post(&world, &action, &form).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{header:?}");
        is_worthless(&world, &page).await;
    }
    // Our own pages are `no-referrer`, so that browsers send `null`.
    browser.headers = vec![("origin", "null"), ("sec-fetch-site", "same-origin")];
    let page = browser.post(&world, &action, &form).await;
    assert!(page.location().contains("code="), "{}", page.location());
}

/// dex CVE-2022-39222: the ID of a request alone approves nothing.
#[tokio::test]
async fn the_id_of_a_request_approves_nothing() {
    let world = asking("first").await;
    let (mut attacker, mut victim) = (Browser::default(), Browser::default());
    let url = world.web().authorize_url(&[]);
    world.next_user("attacker");
    let path = attacker.asked(&world, &url).await.action();
    world.next_user("victim");
    victim
        .asked(&world, &path.replace("/consent/", "/login/"))
        .await;
    for token in ["", "x", "wxf_AAAA", &path] {
        let form = [("token", token), ("decision", "allow")];
        for browser in [&mut attacker, &mut victim, &mut Browser::default()] {
            let page = browser.post(&world, &path, &form).await;
            is_worthless(&world, &page).await;
            let query = format!("{path}?token={token}&decision=allow");
            let page = browser.open(&world, &query).await;
            assert!(!page.header("location").contains("code="));
        }
    }
    // What the victim allows is the victim's, in the victim's browser.
    let asked = victim
        .asked(&world, &path.replace("/consent/", "/login/"))
        .await;
    victim.answer(&world, &asked, "allow").await.location();
    let page = attacker.open(&world, &path).await;
    assert_eq!(page.status, StatusCode::OK);
}

/// A token is none of another kind, and one bit counts.
#[tokio::test]
async fn a_token_that_was_changed_is_worth_nothing() {
    let world = asking("first").await;
    let mut browser = Browser::default();
    let code = world.other().code(&mut browser, &[]).await;
    let url = world.web().authorize_url(&[]);
    let asked = browser.asked(&world, &url).await;
    let token = asked.token();
    let swap = |at: usize| {
        let mut bytes = token.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let kinds = [
        code.replace("wxc_", "wxf_"),
        code,
        token.replace("wxf_", "wxa_"),
    ];
    let changed = (4..token.len() - 1).step_by(7).map(swap);
    for token in kinds.into_iter().chain(changed) {
        let form = [("token", &*token), ("decision", "allow")];
        let page = browser.post(&world, &asked.action(), &form).await;
        is_worthless(&world, &page).await;
    }
}

#[tokio::test]
async fn a_request_of_another_issuer_is_unknown() {
    let world = World::with(Options {
        web: "consent = \"first\"".into(),
        more: "[[issuer]]\nurl = \"https://localhost/two\"\napps = [\"website\"]\n".into(),
        ..Options::default()
    })
    .await;
    let mut browser = Browser::default();
    let url = world.web().authorize_url(&[]);
    let asked = browser.asked(&world, &url).await;
    let form = [("token", &*asked.token()), ("decision", "allow")];
    let there = format!("/two{}", asked.action());
    let page = browser.post(&world, &there, &form).await;
    assert_eq!(page.status, StatusCode::GONE);
    is_worthless(&world, &page).await;
}

/// The login was recent when the page was shown, and is not when the form comes: another person may sit there.
#[tokio::test]
async fn a_form_is_worth_nothing_once_the_login_is_too_old() {
    let world = asking("first").await;
    let mut browser = Browser::default();
    world.other().log_in(&mut browser, &[]).await;
    let url = world.web().authorize_url(&[("max_age", "60")]);
    let asked = browser.asked(&world, &url).await;
    world.clock.advance(Duration::from_secs(61));
    let page = browser.answer(&world, &asked, "allow").await;
    assert!(page.location().starts_with(world.sim.url()));
    let given = "audit where event = 'consent.given'";
    assert_eq!(
        (world.count("consents").await, world.count(given).await),
        (0, 0)
    );
}

/// With `session_idle = "0s"`, a login is for its request alone. Once that was answered, the next person at the device opens
/// its page from the history, or sends the form that the browser has kept.
#[tokio::test]
async fn a_page_that_was_answered_gives_the_next_person_nothing() {
    for (policy, answer) in [
        ("always", "allow"),
        ("always", "decline"),
        ("first", "allow"),
    ] {
        let world = World::with(Options {
            web: format!("consent = \"{policy}\""),
            more: "[lifetimes]\nsession_idle = \"0s\"".into(),
            ..Options::default()
        })
        .await;
        let mut browser = Browser::default();
        let url = world.web().authorize_url(&[]);
        let asked = browser.asked(&world, &url).await;
        // The user reads the page, and the browser may send the answer twice.
        world.clock.advance(Duration::from_mins(5));
        for seconds in [59, 1] {
            let page = browser.answer(&world, &asked, answer).await;
            assert!(page.location().starts_with(CALLBACK), "{policy} {answer}");
            world.clock.advance(Duration::from_secs(seconds));
        }
        for with in ["allow", "decline"] {
            let page = browser.answer(&world, &asked, with).await;
            assert_eq!(page.status, StatusCode::GONE, "{policy} {answer}");
        }
        let page = browser.open(&world, &asked.action()).await;
        assert_eq!(page.status, StatusCode::GONE, "{policy} {answer}");
    }
}

/// The form works for a minute, and its answers are one event each. and its answers are one event each.
#[tokio::test]
async fn a_form_that_is_posted_again_and_again_is_one_event() {
    let world = asking("always").await;
    let mut browser = Browser::default();
    let asked = browser.asked(&world, &world.web().authorize_url(&[])).await;
    for _ in 0..5 {
        for answer in ["allow", "decline"] {
            browser.answer(&world, &asked, answer).await;
        }
    }
    let events = "audit where event in ('consent.given', 'consent.declined')";
    assert_eq!(world.count(events).await, 2);
}
