//! Each example, as whoever copies it starts it: a login from its page to its end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "no forms here")]
mod running;

use self::running::{Browser, location, sim, start, text};

#[tokio::test]
async fn the_least_program_logs_in() {
    let sim = sim().await;
    let example = start("minimal", &sim);
    let mut browser = Browser::default();
    let home = browser.get(&example.url).await;
    assert_eq!(text(&home), "<a href=\"/login\">weixin login!</a>");
    let user = browser.log_in(&format!("{}/login", example.url)).await;
    assert!(
        text(&user).contains("\"nickname\":\"小明🐼é\""),
        "{}",
        text(&user)
    );
}

#[tokio::test]
async fn a_single_page_hears_of_its_pop_up_and_keeps_the_user_in_a_signed_cookie() {
    let sim = sim().await;
    let example = start("spa", &sim);
    let mut browser = Browser::default();
    let done = browser.log_in(&format!("{}/login", example.url)).await;
    let origin = format!("data-origin=\"{}\"", example.url);
    assert!(text(&done).contains(&origin), "{}", text(&done));
    let me = format!("{}/api/me", example.url);
    let user = browser.get(&me).await;
    assert_eq!(
        text(&user),
        r#"{"name":"小明🐼é","openid":"oKscDDNLo66EpN5DXZ_ssb_dSBp6"}"#
    );
    let session = browser.0.get_mut("session").unwrap();
    *session = session.replace("oKsc", "oKsd");
    assert_eq!(browser.get(&me).await.status(), 401);
}

#[tokio::test]
async fn another_framework_logs_in_by_the_same_rules() {
    let sim = sim().await;
    let example = start("actix", &sim);
    let mut browser = Browser::default();
    let user = browser.log_in(&format!("{}/login", example.url)).await;
    let name = "\"nickname\":\"小明🐼é\"";
    assert!(text(&user).contains(name), "{}", text(&user));
    let failed = browser
        .get(&format!("{}/callback?code=", example.url))
        .await;
    let path = location(&failed);
    assert_eq!(path, "/callback?login_error=malformed");
    let page = browser.get(&format!("{}{path}", example.url)).await;
    assert_eq!(page.status(), 400);
    assert!(text(&page).contains("地址不完整"), "{}", text(&page));
}

#[tokio::test]
async fn a_login_begins_on_one_server_and_ends_on_the_other() {
    let sim = sim().await;
    let example = start("two_servers", &sim);
    let start = format!("{}/login", example.url);
    let hello = Browser::default().log_in(&start).await;
    assert_eq!(text(&hello), "hello oKscDDNLo66EpN5DXZ_ssb_dSBp6\n");
}
