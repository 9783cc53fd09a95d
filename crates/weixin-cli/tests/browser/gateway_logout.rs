//! The logout of the gateway in a real browser.

use crate::{
    gateway::World,
    window::{DARK, LIGHT, Window},
};

/// A browser whose user has logged in.
async fn logged_in(world: &World, window: &Window, user: &str) -> String {
    world.log_in(window, "prompt=login").await;
    world.allow(user).await;
    window.wait_for("#name").await;
    window.text("#id-token").await
}

/// The URL to which a client sends its users. The hint is left out if it is empty.
fn logout_url(world: &World, hint: &str, state: &str) -> String {
    let mut url = url::Url::parse(&format!("{}/end_session", world.issuer)).unwrap();
    let back = format!("{}/logged-out", world.client);
    let hint = [("id_token_hint", hint)];
    url.query_pairs_mut()
        .extend_pairs(hint.iter().filter(|(_, hint)| !hint.is_empty()))
        .extend_pairs([
            ("client_id", "wiki"),
            ("post_logout_redirect_uri", &back),
            ("state", state),
        ]);
    url.into()
}

async fn assert_logged_out(world: &World, window: &Window) {
    world.log_in(window, "prompt=none").await;
    window.reads("#error", "login_required").await;
}

#[tokio::test]
async fn a_client_logs_its_user_out_and_gets_its_state_back() {
    let world = World::start().await;
    let window = Window::open(&[]).await;
    let hint = logged_in(&world, &window, "layla").await;
    let state = "a b&c=\u{5fae}\u{4fe1}";
    window.goto(&logout_url(&world, &hint, state)).await;
    window.reads("#state", state).await;
    assert_logged_out(&world, &window).await;
    // Again, as after a click on the back button.
    window.goto(&logout_url(&world, &hint, "2")).await;
    window.reads("#state", "2").await;
}

#[tokio::test]
async fn without_a_hint_a_page_asks_and_the_browser_stays() {
    let world = World::start().await;
    let chinese = ["确定退出登录吗？", "您已退出登录"];
    let english = ["Log out?", "You are logged out"];
    for (language, mode, titles, name) in [
        ("--accept-lang=zh-CN", LIGHT, chinese, "zh-light"),
        ("--accept-lang=zh-CN", DARK, chinese, "zh-dark"),
        ("--accept-lang=en", LIGHT, english, "en-light"),
        ("--accept-lang=en", DARK, english, "en-dark"),
    ] {
        let window = Window::small(&[language, mode]).await;
        logged_in(&world, &window, "layla").await;
        let [question, done] = titles;
        for url in [
            format!("{}/end_session", world.issuer),
            logout_url(&world, "", "s"),
        ] {
            window.goto(&url).await;
            window.reads("h1", question).await;
            window.fits().await;
            window.is_in_view("h1, p, button").await;
        }
        window.picture(&format!("gateway-logout-{name}")).await;
        // A user who closes the page stays logged in.
        world.log_in(&window, "prompt=none").await;
        window.wait_for("#name").await;
        window.goto(&logout_url(&world, "", "s")).await;
        window.press_until_focused("form button").await;
        window
            .picture(&format!("gateway-logout-focus-{name}"))
            .await;
        window.press_enter().await;
        window.reads("h1", done).await;
        let url = window.url().await;
        assert!(url.starts_with(&world.issuer), "{url}");
        window.fits().await;
        window.picture(&format!("gateway-logged-out-{name}")).await;
        assert_logged_out(&world, &window).await;
    }
}

/// The form of the page ends at another site: a `form-action` would stop it there.
#[tokio::test]
async fn a_hint_of_another_user_asks_and_leads_back_to_the_client() {
    let world = World::start().await;
    let window = Window::open(&["--accept-lang=en"]).await;
    let hint = logged_in(&world, &window, "layla").await;
    logged_in(&world, &window, "xiaoming").await;
    window.goto(&logout_url(&world, &hint, "s")).await;
    window.reads("h1", "Log out?").await;
    window.picture("gateway-logout-wide").await;
    window.press_until_focused("form button").await;
    window.press_enter().await;
    window.reads("#state", "s").await;
    assert_logged_out(&world, &window).await;
}
