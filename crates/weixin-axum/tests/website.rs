//! The example of a site with accounts: what its sessions and its links are worth.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod running;

use weixin_sim::Sim;

use self::running::{Browser, Example, location, sim, start, text};

const EMAIL: &str = "email=joe%40shop.example&password=correct+horse";

/// The session's cookie.
const SESSION: &str = "id";

async fn site() -> (Sim, Example) {
    let sim = sim().await;
    let example = start("website", &sim);
    (sim, example)
}

#[tokio::test]
async fn a_user_of_wechats_has_a_profile_and_logs_out() {
    let (_sim, site) = site().await;
    let mut browser = Browser::default();
    let done = browser.log_in(&format!("{}/login", site.url)).await;
    assert_eq!(location(&done), "/");
    let profile = browser.get(&site.url).await;
    assert!(
        text(&profile).contains("<h1>小明🐼é</h1>"),
        "{}",
        text(&profile)
    );
    assert!(text(&profile).contains("已绑定"), "{}", text(&profile));
    browser.post(&format!("{}/logout", site.url), "").await;
    assert!(text(&browser.get(&site.url).await).contains("用微信登录"));
}

#[tokio::test]
async fn session_fixation_a_session_from_before_the_login_is_worth_nothing_after_it() {
    let (_sim, site) = site().await;
    let mut victim = Browser::default();
    // Whose id an attacker has planted.
    victim.post(&format!("{}/register", site.url), EMAIL).await;
    let planted = victim.0[SESSION].clone();
    victim.log_in(&format!("{}/login", site.url)).await;
    assert_ne!(victim.0[SESSION], planted);
    let mut attacker = Browser::default();
    attacker.0.insert(SESSION.to_owned(), planted);
    assert!(text(&attacker.get(&site.url).await).contains("用微信登录"));
}

#[tokio::test]
async fn wechat_is_added_to_the_account_that_is_logged_in_and_opens_it_from_then_on() {
    let (_sim, site) = site().await;
    let mut browser = Browser::default();
    browser.post(&format!("{}/register", site.url), EMAIL).await;
    let before = browser.get(&site.url).await;
    assert!(text(&before).contains("绑定微信"), "{}", text(&before));
    browser.log_in(&format!("{}/link", site.url)).await;
    let mut another = Browser::default();
    another.log_in(&format!("{}/login", site.url)).await;
    for browser in [&mut browser, &mut another] {
        let profile = browser.get(&site.url).await;
        let account = text(&profile);
        assert!(
            account.contains("joe@shop.example") && account.contains("已绑定"),
            "{account}"
        );
    }
}

#[tokio::test]
async fn a_wechat_user_of_another_account_is_not_taken_away_from_it() {
    let (_sim, site) = site().await;
    Browser::default()
        .log_in(&format!("{}/login", site.url))
        .await;
    let mut browser = Browser::default();
    browser.post(&format!("{}/register", site.url), EMAIL).await;
    let refused = browser.log_in(&format!("{}/link", site.url)).await;
    assert_eq!(refused.status(), 409);
    assert!(text(&browser.get(&site.url).await).contains("绑定微信"));
}

#[tokio::test]
async fn signing_out_everywhere_ends_the_sessions_of_other_browsers() {
    let (_sim, site) = site().await;
    let mut browsers = [Browser::default(), Browser::default()];
    for browser in &mut browsers {
        browser.log_in(&format!("{}/login", site.url)).await;
    }
    let everywhere = format!("{}/logout-everywhere", site.url);
    browsers[0].post(&everywhere, "").await;
    for browser in &mut browsers {
        assert!(text(&browser.get(&site.url).await).contains("用微信登录"));
    }
}

#[tokio::test]
async fn each_page_tells_browsers_what_they_may_do() {
    let (_sim, site) = site().await;
    let mut browser = Browser::default();
    for path in ["/", "/login", "/callback?code=", "/style.css", "/nothing"] {
        let answer = browser.get(&format!("{}{path}", site.url)).await;
        let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
        assert!(
            header("content-security-policy").contains("frame-ancestors 'none'"),
            "{path}"
        );
        assert!(
            !header("content-security-policy").contains("unsafe"),
            "{path}"
        );
        assert_eq!(
            [
                header("cache-control"),
                header("referrer-policy"),
                header("x-content-type-options")
            ],
            ["no-store", "no-referrer", "nosniff"],
            "{path}"
        );
    }
    let cookies = browser.post(&format!("{}/register", site.url), EMAIL).await;
    let cookie = cookies.headers()["set-cookie"].to_str().unwrap();
    assert!(
        cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"),
        "{cookie}"
    );
}
