//! Whose account a login with WeChat opens.

use tempfile::tempdir;
use tokio::task::JoinSet;
use weixin::UserIds;
use weixin_sim::App;

use crate::{
    running::{Browser, location, text},
    site::{Arrival, Owner},
    world::{EMAIL, LOGGED_OUT, World},
};

const USERS: &str = "SELECT COUNT(*) FROM users";

#[tokio::test]
async fn a_user_of_wechats_has_a_profile_and_logs_out() {
    let world = World::new().await;
    let mut browser = Browser::default();
    let done = world.log_in(&mut browser, "xiaoming").await;
    assert_eq!(
        (done.status().as_u16(), location(&done)),
        (303, "/".to_owned())
    );
    let profile = world.home(&browser).await;
    assert!(
        profile.contains("<h1>小明🐼é</h1>") && profile.contains("已绑定"),
        "{profile}"
    );
    world.post(&mut browser, "/logout", "").await;
    assert!(world.home(&browser).await.contains(LOGGED_OUT));
}

/// Opens the callbacks at once, and says whose account each browser then has open.
async fn at_once(callbacks: Vec<(Browser, String)>, world: &World) -> Vec<String> {
    let mut visits = JoinSet::new();
    for (mut browser, callback) in callbacks {
        visits.spawn(async move {
            let done = browser.get(&callback).await;
            assert_eq!(done.status(), 303, "{}", text(&done));
            browser
        });
    }
    let mut titles = Vec::new();
    for browser in visits.join_all().await {
        let home = world.home(&browser).await;
        let title = home.split("<h1>").nth(1).unwrap().split("</h1>").next();
        titles.push(title.unwrap().to_owned());
    }
    titles
}

#[tokio::test]
async fn one_callback_twenty_times_at_once_makes_one_account() {
    let directory = tempdir().unwrap();
    for world in [
        World::new().await,
        World::in_directory(directory.path()).await,
    ] {
        let mut browser = Browser::default();
        let started = world.get(&mut browser, "/login").await;
        let callback = world.scan(&started, "xiaoming").await;
        let callbacks = vec![(browser, callback); 20];
        assert_eq!(at_once(callbacks, &world).await, ["小明🐼é"; 20]);
        assert_eq!(world.count(USERS).await, 1);
    }
}

#[tokio::test]
async fn the_first_login_of_one_user_in_twenty_browsers_at_once_makes_one_account() {
    let directory = tempdir().unwrap();
    for world in [
        World::new().await,
        World::in_directory(directory.path()).await,
    ] {
        let mut callbacks = Vec::new();
        for _ in 0..20 {
            let mut browser = Browser::default();
            let started = world.get(&mut browser, "/login").await;
            let callback = world.scan(&started, "xiaoming").await;
            callbacks.push((browser, callback));
        }
        assert_eq!(at_once(callbacks, &world).await, ["小明🐼é"; 20]);
        assert_eq!(world.count(USERS).await, 1);
    }
}

#[tokio::test]
async fn the_database_itself_refuses_one_wechat_user_to_two_accounts() {
    let world = World::new().await;
    world.log_in(&mut Browser::default(), "xiaoming").await;
    world.registered(EMAIL).await;
    for identity in world.rows("SELECT identity FROM identities").await {
        let theft = sqlx::query("INSERT INTO identities (identity, user) VALUES ($1, 2)");
        let error = theft
            .bind(identity)
            .execute(&world.site.database.pool)
            .await;
        let error = error.unwrap_err();
        assert!(
            error.as_database_error().unwrap().is_unique_violation(),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_union_id_that_turns_up_later_is_learned() {
    let world = World::new().await;
    world.sim.put_app(App::default().unbound());
    world.log_in(&mut Browser::default(), "xiaoming").await;
    assert_eq!(world.count("SELECT COUNT(*) FROM identities").await, 1);
    world.sim.put_app(App::default());
    world.log_in(&mut Browser::default(), "xiaoming").await;
    assert_eq!(world.count("SELECT COUNT(*) FROM identities").await, 2);
    assert_eq!(world.count(USERS).await, 1);
}

#[tokio::test]
async fn a_user_whose_union_id_changes_logs_in_to_nothing_and_changes_nothing() {
    let world = World::new().await;
    world.log_in(&mut Browser::default(), "xiaoming").await;
    let before = world.stored().await;
    world.wechat.change_unionid("oAnotherUnionId0000000000001");
    let mut browser = Browser::default();
    let refused = world.log_in(&mut browser, "xiaoming").await;
    assert_eq!(location(&refused), "/conflict");
    let page = world.get(&mut browser, "/conflict").await;
    assert_eq!(page.status(), 409);
    assert!(
        text(&page).contains("这个微信属于另一个账号"),
        "{}",
        text(&page)
    );
    assert!(world.home(&browser).await.contains(LOGGED_OUT));
    assert_eq!(world.stored().await, before);
}

fn ids(app: &str, openid: &str, unionid: Option<&str>) -> Arrival {
    let unionid = unionid.map(|unionid| unionid.parse().unwrap());
    Arrival {
        ids: UserIds::new(app.parse().unwrap(), openid.parse().unwrap(), unionid),
        is_repeat: false,
        last_end: 0,
    }
}

/// Two accounts of one person, who was seen by two apps before there was a UnionID: 1 by the website, 2 by the other app.
async fn two_accounts_of_one_person() -> World {
    let world = World::new().await;
    for (ids, user) in [
        (ids("web", "oW", None), 1),
        (ids("account", "oA", Some("u1")), 2),
    ] {
        let created = world.site.accounts.of_wechat(&ids, None).await.unwrap();
        assert_eq!(created, Owner::Account(user));
    }
    world
}

/// Gives an account a password, as a registration before the link would have.
async fn give_password(world: &World, user: i64, email: &str) {
    let row = sqlx::query("UPDATE users SET email = $2, password = 'hash' WHERE id = $1");
    let row = row
        .bind(user)
        .bind(email)
        .execute(&world.site.database.pool);
    assert_eq!(row.await.unwrap().rows_affected(), 1);
}

#[tokio::test]
async fn two_accounts_that_turn_out_to_be_one_persons_are_merged_once_by_twenty_logins_at_once() {
    let world = two_accounts_of_one_person().await;
    give_password(&world, 1, "joe@shop.example").await;
    let mut logins = JoinSet::new();
    for _ in 0..20 {
        let accounts = world.site.accounts.clone();
        logins.spawn(async move {
            let login = ids("web", "oW", Some("u1"));
            accounts.of_wechat(&login, None).await.unwrap()
        });
    }
    assert_eq!(logins.join_all().await, [const { Owner::Account(2) }; 20]);
    assert_eq!(
        world.stored().await,
        [
            r#"["user",2,null,"joe@shop.example","hash","{\"unionid\":\"u1\",\"openids\":{\"account\":\"oA\",\"web\":\"oW\"}}"]"#,
            r#"["identity","open:account:oA",2]"#,
            r#"["identity","open:web:oW",2]"#,
            r#"["identity","union:u1",2]"#,
        ]
    );
}

#[tokio::test]
async fn two_accounts_with_a_password_each_are_left_as_they_are() {
    let world = two_accounts_of_one_person().await;
    give_password(&world, 1, "joe@shop.example").await;
    give_password(&world, 2, "ann@shop.example").await;
    let before = world.stored().await;
    let login = ids("web", "oW", Some("u1"));
    let owner = world.site.accounts.of_wechat(&login, None).await.unwrap();
    assert_eq!((owner, world.stored().await), (Owner::Conflict, before));
}

#[tokio::test]
async fn accounts_of_one_person_are_not_merged_into_a_third_that_is_linking() {
    let world = two_accounts_of_one_person().await;
    world.registered(EMAIL).await;
    let before = world.stored().await;
    let login = ids("web", "oW", Some("u1"));
    let owner = world
        .site
        .accounts
        .of_wechat(&login, Some(3))
        .await
        .unwrap();
    assert_eq!((owner, world.stored().await), (Owner::Conflict, before));
}
