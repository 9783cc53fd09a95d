//! Users who turn out to be one, since a UnionID comes late. No client sees a `sub` change.

use axum::http::StatusCode;
use serde_json::Value;
use weixin_sim::{App, Effect, Fault};

use crate::{
    admin::admin,
    world::{
        APP_ID, APP_SECRET, Browser, Options, RelyingParty, World,
        browser::{IN_WECHAT, param},
        devices::ENGLISH,
    },
};

/// Binds both apps to the Open Platform account, or removes them: then users have no UnionID.
pub(crate) fn bind(world: &World, is_bound: bool) {
    for app in [App::new(APP_ID, APP_SECRET), App::official_account()] {
        let app = app.callback_domain("localhost");
        world
            .sim
            .put_app(if is_bound { app } else { app.unbound() });
    }
}

/// One person with two users: one through the website, and one through the official account, inside WeChat.
pub(crate) struct Person {
    pub(crate) desktop: Browser,
    pub(crate) wechat: Browser,
}

impl Person {
    /// Logs in to nothing yet.
    pub(crate) fn new() -> Self {
        Self {
            desktop: Browser::default(),
            wechat: Browser::with(IN_WECHAT),
        }
    }

    /// Gets the UnionID with both users: the second login merges them. The website's user is kept.
    pub(crate) async fn merge(&mut self, world: &World, client: RelyingParty<'_>) {
        bind(world, true);
        for browser in [&mut self.desktop, &mut self.wechat] {
            client.log_in(browser, &[("prompt", "login")]).await;
        }
        assert_eq!(world.count("audit where event = 'user.merged'").await, 1);
    }
}

#[tokio::test]
async fn a_sub_stays_when_the_unionid_comes_late() {
    let world = World::start().await;
    let web = world.web();
    bind(&world, false);
    let mut browser = Browser::default();
    let before = web
        .log_in(&mut browser, &[("scope", "openid wechat")])
        .await;
    assert_eq!(before.claims.get("wechat_unionid"), None);
    bind(&world, true);
    let changes = [("scope", "openid wechat"), ("prompt", "login")];
    let after = web.log_in(&mut browser, &changes).await;
    assert!(after.claims["wechat_unionid"].is_string());
    assert_eq!(after.sub(), before.sub());
    assert_eq!(world.count("users").await, 1);
}

#[tokio::test]
async fn a_client_sees_no_sub_change_when_its_user_is_merged() {
    let world = World::start().await;
    let (knew_both, knew_absorbed, knew_none) = (world.web(), world.other(), world.app());
    bind(&world, false);
    let mut person = Person::new();
    let kept = knew_both.log_in(&mut person.desktop, &[]).await;
    let absorbed = knew_both.log_in(&mut person.wechat, &[]).await;
    let only = knew_absorbed.log_in(&mut person.wechat, &[]).await;
    assert_eq!(only.sub(), absorbed.sub());
    assert_ne!(kept.sub(), absorbed.sub());
    person.merge(&world, knew_both).await;
    for browser in [&mut person.desktop, &mut person.wechat] {
        for (client, sub) in [
            (knew_both, kept.sub()),
            (knew_absorbed, only.sub()),
            (knew_none, kept.sub()),
        ] {
            let again = client.log_in(browser, &[]).await;
            assert_eq!(again.sub(), sub, "{}", client.id);
            let userinfo = client.userinfo(&again.access_token).await.json();
            assert_eq!(userinfo["sub"], sub, "{}", client.id);
        }
    }
    // Tokens of before keep their `sub`.
    for (client, tokens) in [
        (knew_both, &kept),
        (knew_both, &absorbed),
        (knew_absorbed, &only),
    ] {
        let userinfo = client.userinfo(&tokens.access_token).await.json();
        assert_eq!(userinfo["sub"], tokens.sub());
        assert!(userinfo["nickname"].is_string());
    }
    let event = "select user_id || ' ' || detail from audit where event = 'user.merged'";
    assert_eq!(
        world.texts(event).await,
        [format!("{} {}", kept.sub(), absorbed.sub())]
    );
}

/// That of the absorbed user was read today, and WeChat need not be asked for it.
#[tokio::test]
async fn a_merge_gives_the_client_the_profile_of_today() {
    let world = World::start().await;
    let web = world.web();
    bind(&world, false);
    let mut person = Person::new();
    world.next_user("Alice");
    web.log_in(&mut person.desktop, &[]).await;
    world
        .execute("update users set nickname = 'Former', profile_at = 1")
        .await;
    web.log_in(&mut person.wechat, &[]).await;
    bind(&world, true);
    // The kept user gets the UnionID without a profile: WeChat does not respond.
    let fault = world.sim.fault(
        Fault::new(Effect::Html(502))
            .path("/sns/userinfo")
            .percent(100),
    );
    let login = [("prompt", "login")];
    let tokens = web.log_in(&mut person.desktop, &login).await;
    assert_eq!(tokens.claims["name"], "Former");
    fault.remove();
    let tokens = web.log_in(&mut person.wechat, &login).await;
    assert_eq!(world.count("audit where event = 'user.merged'").await, 1);
    assert_eq!(tokens.claims["name"], "Alice");
}

/// The operator keeps the user who is younger, and so the `sub` that the client has received last.
#[tokio::test]
async fn the_first_sub_of_a_client_in_a_report_is_what_it_receives() {
    let world = World::start().await;
    let web = world.web();
    bind(&world, false);
    let mut person = Person::new();
    let first = web.log_in(&mut person.desktop, &[]).await;
    world.clock.advance(std::time::Duration::from_mins(1));
    let second = web.log_in(&mut person.wechat, &[]).await;
    let admin = admin(&world).await;
    admin.merge(second.sub(), first.sub()).await.unwrap();
    let found = admin.find_users(first.sub()).await.unwrap();
    let subjects = [second.sub(), first.sub()].map(|sub| ("web".to_owned(), sub.to_owned()));
    assert_eq!(found[0].subjects, subjects);
    let again = web.log_in(&mut person.desktop, &[]).await;
    assert_eq!(again.sub(), second.sub());
}

#[tokio::test]
async fn a_session_of_the_absorbed_user_needs_no_wechat() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    bind(&world, false);
    let mut person = Person::new();
    let kept = web.log_in(&mut person.desktop, &[]).await;
    let absorbed = other.log_in(&mut person.wechat, &[]).await;
    // Merged in another browser: the session of the first one stays what it is.
    let mut elsewhere = Person {
        desktop: person.desktop.clone(),
        wechat: Browser::with(IN_WECHAT),
    };
    elsewhere.merge(&world, web).await;
    let before = world.sim.request_count();
    let silent = [("prompt", "none")];
    assert_eq!(
        web.log_in(&mut person.wechat, &silent).await.sub(),
        kept.sub()
    );
    let again = other.log_in(&mut person.wechat, &silent).await;
    assert_eq!(again.sub(), absorbed.sub());
    assert_eq!(again.claims["sid"], absorbed.claims["sid"]);
    assert_eq!(world.sim.request_count(), before);
}

#[tokio::test]
async fn a_hint_of_either_user_is_the_merged_one() {
    let world = World::start().await;
    let web = world.web();
    bind(&world, false);
    let mut person = Person::new();
    let kept = web.log_in(&mut person.desktop, &[]).await;
    let absorbed = web.log_in(&mut person.wechat, &[]).await;
    let hint = [("prompt", "none"), ("id_token_hint", &*absorbed.id_token)];
    let url = web.callback(&mut person.desktop, &hint).await;
    assert_eq!(param(&url, "error"), "login_required");
    person.merge(&world, web).await;
    for tokens in [&kept, &absorbed] {
        let hint = [("prompt", "none"), ("id_token_hint", &*tokens.id_token)];
        let again = web.log_in(&mut person.desktop, &hint).await;
        assert_eq!(again.claims["sub"], Value::from(kept.sub()));
    }
}

/// The simulator's UnionID is the new one.
const MOVED: &str =
    "update identities set identity = 'union:oBefore' where identity like 'union:%'";

#[tokio::test]
async fn the_users_of_an_app_that_has_moved_take_their_new_unionids() {
    let mut world = World::start().await;
    let scope = [("scope", "openid wechat")];
    let before = world.web().log_in(&mut Browser::default(), &scope).await;
    world.execute(MOVED).await;
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let edit = |text: String| {
        let (table, replace) = ("[app.website]", "union_ids = \"replace\"");
        text.replace(table, &format!("{table}\n{replace}"))
    };
    let replacing = Options {
        edit: Some(edit),
        ..Options::default()
    };
    world.restart_with(replacing).await;
    for options in [None, Some(Options::default())] {
        // Also after it is switched off.
        if let Some(options) = options {
            world.restart_with(options).await;
        }
        let after = world.web().log_in(&mut Browser::default(), &scope).await;
        assert_eq!(after.sub(), before.sub());
        assert_eq!(
            after.claims["wechat_unionid"],
            before.claims["wechat_unionid"]
        );
    }
    assert_eq!(world.count("users").await, 1);
}

#[tokio::test]
async fn an_operator_resolves_a_conflict() {
    let world = World::start().await;
    let web = world.web();
    let first = web.log_in(&mut Browser::default(), &[]).await;
    world.execute(MOVED).await;
    // The account has no user yet, and takes the new UnionID.
    let second = web.log_in(&mut Browser::with(IN_WECHAT), &[]).await;
    assert_ne!(second.sub(), first.sub());
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    let users = world
        .texts("select detail from audit where event = 'user.conflict'")
        .await;
    let mut users: Vec<_> = users[0].split(' ').collect();
    users.sort_unstable();
    let mut expected = [first.sub(), second.sub()];
    expected.sort_unstable();
    assert_eq!(users, expected);
    admin(&world)
        .await
        .merge(first.sub(), second.sub())
        .await
        .unwrap();
    for mut browser in [Browser::default(), Browser::with(IN_WECHAT)] {
        assert_eq!(web.log_in(&mut browser, &[]).await.sub(), first.sub());
    }
}
