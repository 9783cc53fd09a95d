//! Each example, started as its readers start it: a login from its page to its end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{env, ffi::OsStr, os::unix::ffi::OsStrExt};

use http::Request;

mod running;

use self::running::{Browser, location, program, sim, start, start_with, text};

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
    let settings = settings
        .iter()
        .map(|(name, value)| (*name, value.as_bytes()));
    complaint_of_bytes(example, settings)
}

fn complaint_of_bytes<'a>(
    example: &str,
    settings: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> String {
    let settings = settings.map(|(name, value)| (name, OsStr::from_bytes(value)));
    let redis = env::var("WEIXIN_TEST_REDIS").unwrap_or_default();
    let mut example = program(example);
    let example = example.env("PORT", "0").env("REDIS_URL", redis);
    let ended = example.envs(settings).output().unwrap();
    assert!(!ended.status.success());
    String::from_utf8(ended.stderr).unwrap()
}

const APP: (&str, &str) = ("WEIXIN_APP_ID", "wx0123456789abcdef");
const SECRET: (&str, &str) = ("WEIXIN_APP_SECRET", "0123456789abcdef0123456789abcdef");

/// Settings that each example rejects, and which one is named.
fn bad_settings() -> Vec<(&'static str, Vec<(&'static str, &'static str)>)> {
    let uri = |uri| ("WEIXIN_REDIRECT_URI", uri);
    vec![
        ("PORT", vec![("PORT", "http")]),
        ("WEIXIN_SIM_URL", vec![("WEIXIN_SIM_URL", "nonsense")]),
        ("WEIXIN_APP_SECRET", vec![APP]),
        ("WEIXIN_APP_ID", vec![SECRET]),
        ("WEIXIN_APP_ID", vec![("WEIXIN_APP_ID", "YOUR ID"), SECRET]),
        ("WEIXIN_APP_SECRET", vec![APP, ("WEIXIN_APP_SECRET", "")]),
        (
            "WEIXIN_REDIRECT_URI",
            vec![APP, SECRET, uri("shop.example")],
        ),
        (
            "WEIXIN_REDIRECT_URI",
            vec![APP, SECRET, uri("http://shop.example/callback")],
        ),
    ]
}

#[test]
fn a_setting_that_cannot_be_used_is_named() {
    let uri = ("WEIXIN_REDIRECT_URI", "https://shop.example/callback");
    let needs_all = [
        ("WEIXIN_APP_ID", vec![uri]),
        ("WEIXIN_REDIRECT_URI", vec![APP, SECRET]),
    ];
    let mut more = vec![
        (
            "website",
            "DATABASE",
            vec![("DATABASE", "/nowhere/site.db")],
        ),
        ("two_servers", "REDIS_URL", vec![("REDIS_URL", "nonsense")]),
        ("two_servers", "STORE_KEY", vec![("STORE_KEY", "short")]),
        ("two_servers", "PORT", vec![("PORT", "65535")]),
    ];
    for example in ["actix", "axum_login", "minimal", "spa", "website"] {
        more.extend(needs_all.clone().map(|(name, all)| (example, name, all)));
    }
    for example in [
        "actix",
        "axum_login",
        "minimal",
        "spa",
        "two_servers",
        "website",
    ] {
        let all = bad_settings().into_iter();
        more.extend(all.map(|(name, settings)| (example, name, settings)));
    }
    for (example, name, settings) in more {
        let says = complaint(example, &settings);
        let is_named = says.starts_with(&format!("Error: \"{name}: "));
        assert!(is_named, "{example} {settings:?} {says}");
    }
}

#[test]
fn a_setting_that_cannot_be_read_is_named_and_its_value_is_not_shown() {
    let unreadable = b"hunter2\xff";
    for (example, names) in [
        ("actix", &[][..]),
        ("axum_login", &[]),
        ("minimal", &[]),
        ("spa", &[]),
        ("two_servers", &["REDIS_URL", "STORE_KEY"]),
        ("website", &[]),
    ] {
        let common = ["WEIXIN_APP_ID", "WEIXIN_APP_SECRET", "WEIXIN_REDIRECT_URI"];
        let others = ["PORT", "WEIXIN_SIM_URL"].iter().chain(names);
        for name in others.chain(&common) {
            let is_app = common.contains(name);
            let all = [APP, SECRET, ("WEIXIN_REDIRECT_URI", "http://localhost/cb")];
            let rest = all.iter().filter(|(other, _)| is_app && other != name);
            let rest = rest.map(|(name, value)| (*name, value.as_bytes()));
            let says = complaint_of_bytes(example, rest.chain([(*name, &unreadable[..])]));
            let is_named = says.starts_with(&format!("Error: \"{name}: it is not UTF-8"));
            assert!(is_named && !says.contains("hunter2"), "{example} {says}");
        }
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
    // Another part of the site has a cookie that is not ASCII. A name that a sub-domain can set is another name.
    let session = browser.0["session"].clone();
    let answers = async |cookie: &[u8]| {
        let request = Request::get(&me).header("cookie", cookie);
        Browser::default().send(request, "").await.status().as_u16()
    };
    let plain = format!("nick=小明; session={session}");
    assert_eq!(answers(plain.as_bytes()).await, 200);
    let encoded = format!("sessio%6E={session}");
    assert_eq!(answers(encoded.as_bytes()).await, 401);
    let altered = format!("session={}", session.replace("oKsc", "oKsd"));
    assert_eq!(answers(altered.as_bytes()).await, 401);
    let log_out = format!("{}/api/logout", example.url);
    browser.post(&log_out, "").await;
    assert_eq!(browser.get(&me).await.status(), 401);
}

/// The page over HTTPS, as a proxy before it passes requests on.
#[tokio::test]
async fn the_cookie_of_a_single_page_over_https_cannot_be_set_by_a_sub_domain_nor_its_log_out_sent()
{
    let uri = ("WEIXIN_REDIRECT_URI", "https://shop.example/callback");
    let example = start_with("spa", [APP, SECRET, uri]);
    let log_out = format!("{}/api/logout", example.url);
    for headers in [
        &[("sec-fetch-site", "cross-site")][..],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://shop.example"),
        ],
        &[("origin", "https://evil.shop.example")],
        &[],
    ] {
        let rejected = Browser::default().post_with(&log_out, "", headers).await;
        assert_eq!(rejected.status(), 403, "{headers:?}");
        assert!(!rejected.headers().contains_key("set-cookie"));
    }
    for headers in [
        [("sec-fetch-site", "same-origin")],
        [("origin", "https://shop.example")],
    ] {
        let done = Browser::default().post_with(&log_out, "", &headers).await;
        assert_eq!(done.status(), 204, "{headers:?}");
        let cookie = done.headers()["set-cookie"].to_str().unwrap();
        assert!(cookie.starts_with("__Host-session="), "{cookie}");
        assert!(
            cookie.contains("; Secure") && cookie.contains("; Path=/"),
            "{cookie}"
        );
    }
}

#[tokio::test]
async fn axum_login_has_one_account_for_each_wechat_user_and_its_log_out_ends_the_repeats() {
    let sim = sim().await;
    let example = start("axum_login", &sim);
    let (home, login) = (example.url.clone(), format!("{}/login", example.url));
    let mut one = Browser::default();
    let begun = one.get(&login).await;
    let page = location(&begun);
    let callback = Browser::default()
        .get(page.split('#').next().unwrap())
        .await;
    let callback = location(&callback);
    assert_eq!(location(&one.get(&callback).await), "/");
    assert!(text(&one.get(&home).await).contains("account · 账号 0 "));
    let mut other = Browser::default();
    other.log_in(&login).await;
    assert!(text(&other.get(&home).await).contains("account · 账号 0 "));
    one.post(&format!("{home}/logout"), "").await;
    one.get(&callback).await;
    assert!(text(&one.get(&home).await).contains("Log in with WeChat"));
    assert!(text(&other.get(&home).await).contains("account · 账号 0 "));

    // A sub-domain plants the session by an encoded name, and logs the user out by its own form.
    let mut planted = Browser::default();
    let session = other.0["session"].clone();
    planted.0.insert("%73ession".to_owned(), session);
    assert!(text(&planted.get(&home).await).contains("Log in with WeChat"));
    let from_sub_domain = [("sec-fetch-site", "same-site")];
    let log_out = format!("{home}/logout");
    let response = other.post_with(&log_out, "", &from_sub_domain).await;
    assert_eq!(response.status(), 403);
    assert!(text(&other.get(&home).await).contains("account · 账号 0 "));
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
