//! What an operator changes beside a gateway that runs: it is effective at the next request.

use axum::http::StatusCode;
use weixin_gateway::{Admin, AdminError, Config, RevokeTarget};

use crate::{
    merges::{Person, bind},
    world::{Browser, World, browser::param},
};

pub(crate) async fn admin(world: &World) -> Admin {
    let config = Config::parse(&world.config()).unwrap();
    Admin::open(&config).await.unwrap()
}

#[tokio::test]
async fn a_user_is_found_by_each_of_its_names() {
    let world = World::start().await;
    let mut browser = Browser::default();
    world.next_user("alice");
    let tokens = world
        .web()
        .log_in(&mut browser, &[("scope", "openid profile wechat")])
        .await;
    world.next_user("bob");
    world.web().log_in(&mut Browser::default(), &[]).await;
    let admin = admin(&world).await;
    let claim = |name: &str| tokens.claims[name].as_str().unwrap().to_owned();
    for text in [
        claim("sub"),
        claim("wechat_openid"),
        claim("wechat_unionid"),
        claim("nickname"),
        "LIC".to_owned(),
    ] {
        let found = admin.find_users(&text).await.unwrap();
        let ids: Vec<_> = found.iter().map(|user| &*user.id).collect();
        assert_eq!(ids, [tokens.sub()], "{text}");
    }
    let found = admin.find_users("alice").await.unwrap();
    let [alice] = &found[..] else {
        panic!("one user")
    };
    assert_eq!(alice.nickname.as_deref(), Some("alice"));
    assert_eq!(alice.unionids, [claim("wechat_unionid")]);
    let openid = (claim("wechat_appid"), claim("wechat_openid"));
    assert_eq!(alice.openids, [openid]);
    assert_eq!(
        alice.subjects,
        [("web".to_owned(), tokens.sub().to_owned())]
    );
    assert_eq!(
        (alice.sessions, alice.grants, alice.disabled_at),
        (1, 1, None)
    );
    assert!(admin.find_users("carol").await.unwrap().is_empty());
}

#[tokio::test]
async fn a_user_who_is_disabled_is_rejected_until_enabled() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    let tokens = web.log_in(&mut browser, &[]).await;
    let admin = admin(&world).await;
    for (is_disabled, status, error) in [
        (true, StatusCode::UNAUTHORIZED, "access_denied"),
        (false, StatusCode::OK, ""),
    ] {
        admin.set_disabled(tokens.sub(), is_disabled).await.unwrap();
        assert_eq!(web.userinfo(&tokens.access_token).await.status, status);
        let url = web.callback(&mut Browser::default(), &[]).await;
        assert_eq!(param(&url, "error"), error);
    }
    let events = "select event || ' ' || user_id from audit where event like 'user.%abled'";
    let sub = tokens.sub();
    assert_eq!(
        world.texts(events).await,
        [
            format!("user.disabled {sub}"),
            format!("user.enabled {sub}")
        ]
    );
}

/// Two users, each with a session and a grant; tells which of them are valid.
async fn valid(world: &World, clients: &[(&str, &str)]) -> Vec<StatusCode> {
    let mut statuses = Vec::new();
    for (client, token) in clients {
        let client = if *client == "web" {
            world.web()
        } else {
            world.other()
        };
        statuses.push(client.userinfo(token).await.status);
    }
    statuses
}

#[tokio::test]
async fn what_is_revoked_ends_at_once() {
    let (valid_, ended) = (StatusCode::OK, StatusCode::UNAUTHORIZED);
    for (target, expected, sessions) in [
        (None, [ended, ended, ended], 0),
        (Some("client"), [ended, valid_, ended], 2),
        (Some("user"), [ended, ended, valid_], 1),
    ] {
        let world = World::start().await;
        let mut browsers = [Browser::default(), Browser::default()];
        world.next_user("alice");
        let alice = world.web().log_in(&mut browsers[0], &[]).await;
        let alice_other = world.other().log_in(&mut browsers[0], &[]).await;
        world.next_user("bob");
        let bob = world.web().log_in(&mut browsers[1], &[]).await;
        let target = match target {
            Some("client") => RevokeTarget::Client("web".to_owned()),
            Some(_) => RevokeTarget::User(alice.sub().to_owned()),
            None => RevokeTarget::All,
        };
        let admin = admin(&world).await;
        let revoked = admin.revoke(target.clone()).await.unwrap();
        let tokens = [
            ("web", &*alice.access_token),
            ("other", &*alice_other.access_token),
            ("web", &*bob.access_token),
        ];
        assert_eq!(valid(&world, &tokens).await, expected, "{target:?}");
        assert_eq!(revoked.sessions, 2 - sessions, "{target:?}");
        let mut still = 0;
        for browser in &mut browsers {
            let url = world.web().callback(browser, &[("prompt", "none")]).await;
            still += u64::from(param(&url, "error").is_empty());
        }
        assert_eq!(still, sessions, "{target:?}");
        assert_eq!(world.count("audit where event = 'grant.revoked'").await, 1);
        let again = admin.revoke(target).await.unwrap();
        assert_eq!((again.sessions, again.grants), (0, 0));
    }
}

/// A thousand rows at a time.
#[tokio::test]
async fn all_of_many_grants_are_revoked() {
    let world = World::start().await;
    world.web().log_in(&mut Browser::default(), &[]).await;
    world
        .execute(
            "insert into grants select id || n, secret, client, user_id, sub, sid, app, scopes, claims,
            auth_time, offline, seq, rotated_at, created_at, expires_at, ends_at, keep_until, null, null
            from grants, (with recursive numbers (n) as
            (select 1 union all select n + 1 from numbers where n < 2500) select n from numbers)",
        )
        .await;
    let revoked = admin(&world).await.revoke(RevokeTarget::All).await.unwrap();
    assert_eq!((revoked.sessions, revoked.grants), (1, 2_501));
    assert_eq!(world.count("grants where revoked_at is null").await, 0);
}

#[tokio::test]
async fn a_split_undoes_a_merge_for_every_client() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    bind(&world, false);
    let mut person = Person::new();
    let kept = web.log_in(&mut person.desktop, &[]).await;
    let absorbed = other.log_in(&mut person.wechat, &[]).await;
    let admin = admin(&world).await;
    admin.merge(kept.sub(), absorbed.sub()).await.unwrap();
    let silent = [("prompt", "none")];
    assert_eq!(
        web.log_in(&mut person.wechat, &silent).await.sub(),
        kept.sub()
    );
    assert_eq!(
        other.log_in(&mut person.desktop, &silent).await.sub(),
        absorbed.sub()
    );
    let (of, ended) = admin.split(absorbed.sub()).await.unwrap();
    // Also those of before the merge.
    assert_eq!((&*of, ended.grants), (kept.sub(), 4));
    for (browser, before) in [
        (&mut person.desktop, &kept),
        (&mut person.wechat, &absorbed),
    ] {
        for client in [web, other] {
            let again = client.log_in(browser, &[("prompt", "login")]).await;
            assert_eq!(again.sub(), before.sub(), "{}", client.id);
        }
    }
    let events = "select event || ' ' || user_id || ' ' || detail from audit
        where event in ('user.merged', 'user.split') order by at, event";
    let (kept, absorbed) = (kept.sub(), absorbed.sub());
    assert_eq!(
        world.texts(events).await,
        [
            format!("user.merged {kept} {absorbed}"),
            format!("user.split {absorbed} {kept}")
        ]
    );
}

#[tokio::test]
async fn a_user_who_is_forgotten_leaves_nothing_behind() {
    let world = World::start().await;
    let (web, other) = (world.web(), world.other());
    bind(&world, false);
    let mut person = Person::new();
    let kept = web.log_in(&mut person.desktop, &[]).await;
    let absorbed = other.log_in(&mut person.wechat, &[]).await;
    world.next_user("bystander");
    let mut bystander = Browser::default();
    let unharmed = web.log_in(&mut bystander, &[]).await;
    let admin = admin(&world).await;
    admin.merge(kept.sub(), absorbed.sub()).await.unwrap();
    // The ID of either user means the person.
    let removed = admin.forget(absorbed.sub()).await.unwrap();
    assert_eq!(
        removed,
        [
            ("grants", 2),
            ("sessions", 2),
            ("consents", 0),
            ("subjects", 2),
            ("identities", 2),
            ("audit", 3),
            ("users", 2),
        ]
    );
    let tables = "select user_id from grants union select user_id from sessions
        union select user_id from subjects union select user_id from identities union select id from users";
    assert_eq!(world.texts(tables).await, [unharmed.sub()]);
    let event = "select event || ' ' || user_id from audit where user_id <> ''
        and event <> 'user.created'";
    assert_eq!(
        world.texts(event).await,
        [format!("user.forgotten {}", kept.sub())]
    );
    assert_eq!(
        web.userinfo(&unharmed.access_token).await.status,
        StatusCode::OK
    );
    assert_eq!(
        web.userinfo(&kept.access_token).await.status,
        StatusCode::UNAUTHORIZED
    );
    let url = web
        .callback(&mut person.desktop, &[("prompt", "none")])
        .await;
    assert_eq!(param(&url, "error"), "login_required");
    let outcome = admin.forget(kept.sub()).await;
    assert!(
        matches!(outcome, Err(AdminError::UnknownUser(_))),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn impossible_changes_say_why() {
    let world = World::start().await;
    let mut subs = Vec::new();
    for name in ["alice", "bob", "carol"] {
        world.next_user(name);
        let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
        subs.push(tokens.sub().to_owned());
    }
    let [alice, bob, carol] = &subs[..] else {
        panic!("three users")
    };
    let admin = admin(&world).await;
    let error = |result: Result<(), AdminError>| result.unwrap_err().to_string();
    assert_eq!(
        error(admin.merge(alice, alice).await),
        "both users are the same"
    );
    assert_eq!(error(admin.merge(alice, "x").await), "no user has the ID x");
    let split = admin.split(alice).await.map(drop);
    assert_eq!(
        error(split),
        format!("user {alice} is not merged into another one")
    );
    admin.set_disabled(bob, true).await.unwrap();
    for (keep, absorb) in [(alice, bob), (bob, alice)] {
        assert_eq!(
            error(admin.merge(keep, absorb).await),
            "one of the users is disabled, and the other is not"
        );
    }
    admin.merge(alice, carol).await.unwrap();
    for (keep, absorb) in [(bob, carol), (carol, bob)] {
        assert_eq!(
            error(admin.merge(keep, absorb).await),
            format!("user {carol} was merged into {alice}")
        );
    }
    assert_eq!(world.count("users where merged_into is not null").await, 1);
}
