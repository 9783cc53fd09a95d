//! `weixin gateway demo`: one login, shown step by step.

use crate::{demo::Demo, window::Window};

/// The texts of a page that depend on its language.
struct Texts {
    language: &'static str,
    steps: [&'static str; 7],
    by_session: &'static str,
    signature: &'static str,
    login_required: &'static str,
}

const ENGLISH: Texts = Texts {
    language: "en",
    steps: [
        "Discovery",
        "Authorization request",
        "Login with WeChat",
        "Authorization response",
        "Token request",
        "ID token",
        "Userinfo",
    ],
    by_session: "WeChat was not asked this time: the browser still has a session at the gateway (single sign-on).",
    signature: "The signature is valid: RS256, by the key of jwks_uri that has this kid",
    login_required: "Not logged in: login_required",
};

const CHINESE: Texts = Texts {
    language: "zh-CN",
    steps: [
        "Discovery",
        "授权请求",
        "微信登录",
        "授权响应",
        "换取 token",
        "校验 ID Token",
        "UserInfo",
    ],
    by_session: "这次没有请求微信：浏览器在网关的会话仍然有效（单点登录）。",
    signature: "签名有效：算法是 RS256，公钥来自 jwks_uri，kid 相同",
    login_required: "没有登录：login_required",
};

/// Presses a button of the page, and opens the authorization URL.
async fn begin(page: &Window, button: &str) {
    page.click(button).await;
    page.wait_for("#started").await;
    page.wait_for("#step-2.done").await;
    page.wait_for("#step-3:not(.done)").await;
    page.click("#continue").await;
}

/// Allows the login on the phone beside the QR code.
async fn scan(page: &Window) {
    page.wait_for("#sim_phone").await;
    let phone = page.second_window("#sim_phone").await;
    phone.click("button.allow").await;
    phone.wait_for("#allowed").await;
    page.wait_for("#user").await;
}

/// One login, step by step. Returns the user's `sub`.
async fn walk(page: &Window, demo: &Demo, texts: &Texts) -> String {
    let Texts { language, .. } = texts;
    page.goto(&demo.site).await;
    page.wait_for(&format!("html[lang={language}] #welcome"))
        .await;
    page.picture(&format!("gateway-welcome-{language}")).await;
    begin(page, "#start").await;
    scan(page).await;
    page.reads("#name", "林小雨").await;
    page.picture(&format!("gateway-user-{language}")).await;
    for (number, title) in (1..).zip(texts.steps) {
        page.reads(&format!("#step-{number}.done h2"), title).await;
    }
    // No code stays in the address bar.
    assert_eq!(page.url().await, demo.site);
    requests(page, demo, texts).await
}

/// What the steps show.
async fn requests(page: &Window, demo: &Demo, texts: &Texts) -> String {
    page.reads("#step-6 .checks .passed span", texts.signature)
        .await;
    let checks = page.count("#step-6 .checks .passed").await;
    assert_eq!((checks, page.count(".checks .bad").await), (7, 0));
    let request = page.text("#step-5 .http pre").await;
    for part in [
        &*format!("POST {}token", demo.site),
        "Authorization: Basic ",
        "code_verifier=",
    ] {
        assert!(request.contains(part), "{request}");
    }
    let sub = page.text("#sub").await;
    assert!(page.text("#step-7 .http").await.contains(&sub));
    sub
}

/// What else can be tried.
async fn try_more(page: &Window, demo: &Demo, texts: &Texts, sub: &str) {
    let Texts { language, .. } = texts;
    // A session needs no WeChat, with and without prompt=none.
    for button in ["#again", "#none"] {
        begin(page, button).await;
        page.reads("#session", texts.by_session).await;
        page.reads("#sub", sub).await;
    }
    // A refusal, and a browser without a session.
    begin(page, "#refuse").await;
    page.reads("#error", "access_denied").await;
    page.wait_for("#step-4.failed").await;
    page.wait_for("#step-5:not(.done):not(.failed)").await;
    page.click("#forget").await;
    page.wait_for("#welcome").await;
    page.goto(&format!("{}demo/start?try=none", demo.site))
        .await;
    page.click("#continue").await;
    page.reads("#problem h1", texts.login_required).await;
    page.picture(&format!("gateway-login-required-{language}"))
        .await;
}

#[tokio::test]
async fn a_newcomer_sees_each_step_in_english() {
    let demo = Demo::gateway();
    let page = Window::open(&["--accept-lang=en"]).await;
    let sub = walk(&page, &demo, &ENGLISH).await;
    try_more(&page, &demo, &ENGLISH, &sub).await;
}

#[tokio::test]
async fn a_newcomer_sees_each_step_in_chinese() {
    let demo = Demo::gateway();
    let page = Window::open(&[]).await;
    let sub = walk(&page, &demo, &CHINESE).await;
    try_more(&page, &demo, &CHINESE, &sub).await;
    // The reader's choice wins over the browser's language, and a finished login is shown in it, too.
    page.click("header .quiet").await;
    page.reads("html[lang=en] #problem h1", ENGLISH.login_required)
        .await;
}

#[tokio::test]
async fn prompt_login_asks_wechat_in_spite_of_the_session() {
    let demo = Demo::gateway();
    let page = Window::open(&["--accept-lang=en"]).await;
    page.goto(&demo.site).await;
    begin(&page, "#start").await;
    scan(&page).await;
    let sub = page.text("#sub").await;
    begin(&page, "#force").await;
    page.wait_for("#sim_phone").await;
    demo.allow("layla").await;
    page.reads("#name", "ليلى بنت أحمد (layla)").await;
    assert_ne!(page.text("#sub").await, sub);
    assert_eq!(page.count("#session").await, 0);
}

#[tokio::test]
async fn a_response_that_this_browser_did_not_ask_for_is_rejected() {
    let demo = Demo::gateway();
    let page = Window::open(&["--accept-lang=en"]).await;
    page.goto(&format!(
        "{}demo/callback?code=wxc_x&state=stolen",
        demo.site
    ))
    .await;
    page.wait_for("#problem").await;
    page.wait_for("#step-4.failed .checks .bad").await;
    page.picture("gateway-unexpected").await;
}

#[tokio::test]
async fn the_steps_fit_a_phone_in_the_dark() {
    let demo = Demo::gateway();
    let page = Window::small_and_dark().await;
    page.goto(&demo.site).await;
    page.fits().await;
    page.picture("gateway-small-dark-welcome").await;
    page.click("#start").await;
    page.wait_for("#started").await;
    page.fits().await;
    page.picture("gateway-small-dark-started").await;
    page.click("#continue").await;
    scan(&page).await;
    page.fits().await;
    page.picture("gateway-small-dark-user").await;
    page.click("#step-6 summary").await;
    page.fits().await;
}
