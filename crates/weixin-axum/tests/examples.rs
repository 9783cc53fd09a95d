//! Each example, as whoever copies it starts it: a login from its page to its end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "no forms here")]
mod running;

use self::running::{Browser, location, program, sim, start, text};

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

/// What an example says that ends at once, because of these settings.
fn complaint(example: &str, settings: &[(&str, &str)]) -> String {
    let mut example = program(example);
    let ended = example.env("PORT", "0").envs(settings.iter().copied());
    let ended = ended.output().unwrap();
    assert!(!ended.status.success());
    String::from_utf8(ended.stderr).unwrap()
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let app = ("WEIXIN_APP_ID", "wx0123456789abcdef");
    let secret = ("WEIXIN_APP_SECRET", "0123456789abcdef0123456789abcdef");
    let uri = |uri| ("WEIXIN_REDIRECT_URI", uri);
    for (name, settings) in [
        ("PORT", vec![("PORT", "http")]),
        ("DATABASE", vec![("DATABASE", "/nowhere/site.db")]),
        ("WEIXIN_SIM", vec![("WEIXIN_SIM", "nonsense")]),
        ("WEIXIN_APP_SECRET", vec![app]),
        ("WEIXIN_APP_ID", vec![secret]),
        ("WEIXIN_APP_ID", vec![uri("https://shop.example/callback")]),
        ("WEIXIN_REDIRECT_URI", vec![app, secret]),
        ("WEIXIN_APP_ID", vec![("WEIXIN_APP_ID", "YOUR ID"), secret]),
        ("WEIXIN_APP_SECRET", vec![app, ("WEIXIN_APP_SECRET", "")]),
        (
            "WEIXIN_REDIRECT_URI",
            vec![app, secret, uri("shop.example")],
        ),
        (
            "WEIXIN_REDIRECT_URI",
            vec![app, secret, uri("http://shop.example/callback")],
        ),
    ] {
        let says = complaint("website", &settings);
        assert!(says.starts_with(&format!("Error: \"{name}: ")), "{says}");
    }
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
