//! Accounts of other users: what links two users, and what does not.

use axum::http::StatusCode;
use weixin_sim::{AutoAllow, User};

use crate::{
    admin::admin,
    merges::{Person, bind},
    world::{
        Browser, RelyingParty, Tokens, World,
        browser::{IN_WECHAT, param},
        devices::ENGLISH,
    },
};

/// casdoor CVE-2022-24124: SQL in the text of a search.
#[tokio::test]
async fn the_text_of_a_search_is_no_sql() {
    let world = World::start().await;
    world.web().log_in(&mut Browser::default(), &[]).await;
    let admin = admin(&world).await;
    for text in [
        "'",
        "' or '1'='1",
        "'; drop table users; --",
        "x' union select id from users --",
        "%",
        "_",
        "%%",
        "\\",
        "\\%",
        "$1",
        "?1",
        ":identity",
        "\0",
        "open:%",
        "union:%",
    ] {
        let found = admin.find_users(text).await.unwrap();
        assert!(found.is_empty(), "{text:?}");
    }
    assert_eq!(world.count("users").await, 1);
    let sub = &admin.find_users("").await.unwrap()[0].id;
    for id in [
        "' or '1'='1",
        "%",
        "x'; update users set disabled_at = 1; --",
    ] {
        assert!(admin.set_disabled(id, true).await.is_err());
        assert!(admin.merge(sub, id).await.is_err());
        assert!(admin.forget(id).await.is_err());
        assert!(admin.events(id).await.unwrap().is_empty());
    }
    assert_eq!(world.count("users where disabled_at is null").await, 1);
}

/// casdoor CVE-2026-9092: an address that was not verified binds accounts. Here neither a name nor an address does, also not
/// the one that a claim template makes for another user.
#[tokio::test]
async fn an_address_as_name_links_no_accounts() {
    let world = World::start().await;
    let web = world.web();
    let scope = [("scope", "openid profile email")];
    world.next_user("victim");
    let victim = web.log_in(&mut Browser::default(), &scope).await;
    let address = victim.claims["email"].as_str().unwrap();
    for (number, name) in [address, victim.sub(), "victim", "victim@wechat.invalid"]
        .into_iter()
        .enumerate()
    {
        let id = format!("stranger{number}");
        world.sim.put_user(User::new(&id, name));
        world.sim.auto_allow(AutoAllow::allow().user(&id)).unwrap();
        let stranger = web.log_in(&mut Browser::default(), &scope).await;
        assert_ne!(stranger.sub(), victim.sub());
        assert_ne!(stranger.claims["email"], victim.claims["email"]);
    }
    assert_eq!(world.count("users").await, 5);
    assert_eq!(world.count("users where merged_into is not null").await, 0);
}

/// Only WeChat's response to a code names IDs, so that parameters of a callback link nothing.
#[tokio::test]
async fn a_stranger_cannot_cause_a_merge() {
    let world = World::start().await;
    let web = world.web();
    bind(&world, false);
    let mut victim = Person::new();
    world.next_user("victim");
    web.log_in(&mut victim.desktop, &[]).await;
    web.log_in(&mut victim.wechat, &[]).await;
    bind(&world, true);
    world.next_user("stranger");
    for browser in [Browser::default(), Browser::with(IN_WECHAT)] {
        let mut browser = browser;
        let callback = web.wechat_callback(&mut browser, &[]).await;
        let forged = format!("{callback}&unionid=oVICTIM&openid=oVICTIM&user_id=x&merge=1");
        let url = browser.follow(&world, &forged).await;
        web.tokens(&param(&url, "code")).await;
        // A callback of the victim's in this browser.
        world.next_user("victim");
        let callback = web
            .wechat_callback(&mut Browser::with(&[ENGLISH]), &[("prompt", "login")])
            .await;
        let page = browser.open(&world, &callback).await;
        assert_ne!(page.status, StatusCode::OK);
        assert!(!page.location().contains("code="), "{}", page.location());
        world.next_user("stranger");
    }
    assert_eq!(world.count("users where merged_into is not null").await, 0);
    assert_eq!(world.count("users").await, 3);
}

/// A person with two users, who were merged; a session and tokens of the absorbed one.
struct Merged<'a> {
    web: RelyingParty<'a>,
    person: Person,
    absorbed: Tokens,
}

impl<'a> Merged<'a> {
    async fn new(world: &'a World) -> Self {
        let web = world.web();
        bind(world, false);
        let mut person = Person::new();
        let kept = web.log_in(&mut person.desktop, &[]).await;
        let absorbed = web.log_in(&mut person.wechat, &[]).await;
        let admin = admin(world).await;
        admin.merge(kept.sub(), absorbed.sub()).await.unwrap();
        Self {
            web,
            person,
            absorbed,
        }
    }
}

/// Part 11.3: a user who is disabled between every two steps, here as the one who was absorbed.
#[tokio::test]
async fn a_merged_user_who_is_disabled_between_two_steps_gets_no_further() {
    let world = World::start().await;
    let Merged {
        web,
        mut person,
        absorbed,
    } = Merged::new(&world).await;
    let admin = admin(&world).await;
    let code = web.code(&mut person.wechat, &[]).await;
    let mut other = Browser::with(IN_WECHAT);
    let callback = web.wechat_callback(&mut other, &[]).await;
    // By the ID that the client knows.
    admin.set_disabled(absorbed.sub(), true).await.unwrap();
    let rows = world.rows().await;
    let url = other.follow(&world, &callback).await;
    assert_eq!(param(&url, "error"), "access_denied");
    let url = web
        .callback(&mut person.wechat, &[("prompt", "none")])
        .await;
    assert_eq!(param(&url, "error"), "login_required");
    let page = web.redeem(&code, &[]).await;
    assert_eq!(page.json()["error"], "invalid_grant");
    let page = web.userinfo(&absorbed.access_token).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
    assert_eq!(world.rows().await, rows);
    admin.set_disabled(absorbed.sub(), false).await.unwrap();
    web.tokens(&code).await;
    let page = web.userinfo(&absorbed.access_token).await;
    assert_eq!(page.status, StatusCode::OK);
}

/// A disabled user would be enabled by a merge into an enabled one.
#[tokio::test]
async fn a_disabled_user_is_not_enabled_by_a_merge() {
    let world = World::start().await;
    let web = world.web();
    bind(&world, false);
    let mut person = Person::new();
    web.log_in(&mut person.desktop, &[]).await;
    let absorbed = web.log_in(&mut person.wechat, &[]).await;
    let admin = admin(&world).await;
    admin.set_disabled(absorbed.sub(), true).await.unwrap();
    bind(&world, true);
    web.log_in(&mut person.desktop, &[("prompt", "login")])
        .await;
    let url = web.callback(&mut Browser::with(IN_WECHAT), &[]).await;
    assert_eq!(param(&url, "error"), "access_denied");
    assert_eq!(world.count("users where merged_into is not null").await, 0);
}
