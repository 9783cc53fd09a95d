//! Guessing passwords, and what is typed into the forms.

use std::{thread, time::Duration};

use tokio::task::JoinSet;

use crate::{
    running::{Browser, text},
    world::{EMAIL, World},
};

const WRONG: &str = "email=joe%40shop.example&password=wrong+horse";

const STRANGER: &str = "email=nobody%40shop.example&password=wrong+horse";

#[tokio::test]
async fn an_account_is_opened_by_its_password_however_the_address_is_spelt() {
    let world = World::new().await;
    world.registered(EMAIL).await;
    for address in [
        "joe%40shop.example",
        "JOE%40Shop.Example",
        "+joe%40shop.example+",
    ] {
        let mut browser = Browser::default();
        let form = format!("email={address}&password=correct+horse");
        world.post(&mut browser, "/password", &form).await;
        assert!(
            world.home(&browser).await.contains("joe@shop.example"),
            "{address}"
        );
        let again = world.post(&mut browser, "/register", &form).await;
        assert!(text(&again).contains("该邮箱已注册"), "{address}");
    }
}

#[tokio::test]
async fn an_unknown_address_is_answered_as_a_wrong_password_is() {
    let world = World::new().await;
    world.registered(EMAIL).await;
    let mut answers = Vec::new();
    for form in [WRONG, STRANGER] {
        let refused = world.post(&mut Browser::default(), "/password", form).await;
        assert_eq!(refused.status(), 400);
        assert!(text(&refused).contains("邮箱或密码不正确"));
        answers.push(text(&refused).to_owned());
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn an_unknown_address_costs_a_hash_as_a_wrong_password_does() {
    let world = World::new().await;
    world.registered(EMAIL).await;
    // From now on, nothing that needs a hash can be answered.
    world.site.passwords.hashing.close();
    for form in [WRONG, STRANGER] {
        let failed = world.post(&mut Browser::default(), "/password", form).await;
        assert_eq!(failed.status(), 500, "{form}");
    }
}

#[tokio::test]
async fn hashes_are_made_beside_the_runtime() {
    let world = World::new().await;
    let hasher = world.site.passwords.run(|| thread::current().id()).await;
    // This test's runtime has one thread.
    assert_ne!(hasher.unwrap(), thread::current().id());
}

#[tokio::test]
async fn no_more_hashes_are_made_at_once_than_there_are_processors() {
    let world = World::new().await;
    let free = world.site.passwords.hashing.available_permits();
    assert_eq!(free, thread::available_parallelism().unwrap().get());
    let hashing = world.site.passwords.hashing.clone();
    let left = world
        .site
        .passwords
        .run(move || hashing.available_permits())
        .await;
    assert_eq!(left.unwrap(), free - 1);
}

#[tokio::test]
async fn ten_passwords_can_be_tried_in_a_quarter_of_an_hour_also_at_once() {
    let world = World::new().await;
    world.registered(EMAIL).await;
    for (form, right) in [(WRONG, 303), (STRANGER, 400)] {
        let mut tries = JoinSet::new();
        for url in vec![world.at("/password"); 20] {
            tries.spawn(async move {
                let refused = Browser::default().post(&url, form).await;
                refused.status().as_u16()
            });
        }
        let mut statuses = tries.join_all().await;
        statuses.sort_unstable();
        assert_eq!(statuses, [[400; 10], [429; 10]].concat(), "{form}");
        // Not even the right password is compared now.
        let form = form.replace("wrong", "correct");
        let refused = world
            .post(&mut Browser::default(), "/password", &form)
            .await;
        assert_eq!(refused.status(), 429);
        assert!(text(&refused).contains("尝试次数过多"));
        world.clock.advance(Duration::from_secs(15 * 60));
        let done = world
            .post(&mut Browser::default(), "/password", &form)
            .await;
        assert_eq!(done.status(), right, "{form}");
    }
}

#[tokio::test]
async fn the_right_password_ends_the_count_and_made_up_addresses_are_forgotten() {
    let world = World::new().await;
    world.registered(EMAIL).await;
    for form in [WRONG, EMAIL, STRANGER] {
        world.post(&mut Browser::default(), "/password", form).await;
    }
    let counted = "SELECT subject FROM attempts ORDER BY subject";
    assert_eq!(world.rows(counted).await, ["nobody@shop.example"]);
    world.clock.advance(Duration::from_secs(15 * 60));
    world
        .post(&mut Browser::default(), "/password", WRONG)
        .await;
    assert_eq!(world.rows(counted).await, ["joe@shop.example"]);
}

#[tokio::test]
async fn what_is_too_long_or_too_short_is_named() {
    let world = World::new().await;
    let email = |length: usize| format!("{}@shop.example", "a".repeat(length - 13));
    let table = [
        (email(254), "a".repeat(8), None),
        (email(253), "a".repeat(128), None),
        (email(252), "密".repeat(128), None),
        (email(255), "a".repeat(8), Some("最多 254 个字符")),
        // Two bytes as a capital letter, three as a small one.
        (
            format!("{}@shop.example", "Ⱥ".repeat(81)),
            "a".repeat(8),
            Some("最多 254 个字符"),
        ),
        (
            format!("{}@shop.example", "Ⱥ".repeat(80)),
            "a".repeat(8),
            None,
        ),
        ("joe".to_owned(), "a".repeat(8), Some("最多 254 个字符")),
        (
            "@shop.example".to_owned(),
            "a".repeat(8),
            Some("最多 254 个字符"),
        ),
        ("joe@".to_owned(), "a".repeat(8), Some("最多 254 个字符")),
        (
            "j oe@shop.example".to_owned(),
            "a".repeat(8),
            Some("最多 254 个字符"),
        ),
        (
            "joe\n@shop.example".to_owned(),
            "a".repeat(8),
            Some("最多 254 个字符"),
        ),
        (email(251), "a".repeat(7), Some("8 至 128 个字符")),
        (email(251), "a".repeat(129), Some("8 至 128 个字符")),
        (email(251), String::new(), Some("8 至 128 个字符")),
    ];
    for (email, password, rule) in table {
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("email", &email)
            .append_pair("password", &password)
            .finish();
        for path in ["/register", "/password"] {
            let answer = world.post(&mut Browser::default(), path, &form).await;
            let (status, page) = (answer.status(), text(&answer));
            match rule {
                None => assert_eq!(status, 303, "{path} {form}"),
                Some(rule) => assert!(status == 400 && page.contains(rule), "{path} {form} {page}"),
            }
        }
    }
}

#[tokio::test]
async fn a_form_without_its_fields_is_told_which_and_a_huge_one_is_not_read() {
    let world = World::new().await;
    let empty = world.post(&mut Browser::default(), "/password", "").await;
    assert_eq!(empty.status(), 400);
    assert!(text(&empty).contains("邮箱："), "{}", text(&empty));
    let huge = format!("email={}", "a".repeat(5000));
    let refused = world
        .post(&mut Browser::default(), "/password", &huge)
        .await;
    assert_eq!(refused.status(), 413);
}
