//! The first screen of the simulated phone, whose user is chosen once.

use crate::{demo::Demo, window::Window};

#[tokio::test]
async fn a_phone_has_a_user_and_scans_with_one_tap() {
    let demo = Demo::start();
    let site = Window::small_and_dark().await;
    let phone = site.tab().await;
    phone.goto(&format!("{}/_sim/phone", demo.simulator)).await;
    phone.wait_for("#nothing").await;
    phone.fits().await;
    phone.reads("#me", "林小雨").await;
    phone.hold_as("layla").await;
    phone.reads("#me", "ليلى بنت أحمد (layla)").await;

    // What waits to be scanned is there without loading the page again.
    site.goto(&demo.site).await;
    site.click("#login").await;
    site.wait_for("#sim_phone").await;
    phone.wait_for(".scan").await;
    phone.picture("phone-home").await;
    phone.click(".scan").await;
    phone.reads("#me", "ليلى بنت أحمد (layla)").await;
    phone.click("button.allow").await;
    site.reads("#nickname", "ليلى بنت أحمد (layla)").await;
}

#[tokio::test]
async fn a_phone_opens_mini_programs_and_urls() {
    let demo = Demo::start();
    let phone = Window::small_and_dark().await;
    let home = format!("{}/_sim/phone?screen=open", demo.simulator);
    phone.goto(&home).await;
    phone.click(".dock a:last-of-type").await;
    phone.click(".mini-program").await;
    let code = phone.text("#code").await;
    assert!(code.len() == 32 && code.starts_with("071"), "{code}");
    phone.click("#copy").await;
    phone.reads(".toast", "已复制").await;
    phone.picture("phone-mini-program").await;

    // Not the site's own, which would begin again without its cookie.
    let callback = format!("{}elsewhere", demo.site)
        .replace(':', "%3A")
        .replace('/', "%2F");
    let login = format!(
        "{}/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri={callback}&response_type=code\
         &scope=snsapi_userinfo&state=s1#wechat_redirect",
        demo.simulator
    );
    phone.goto(&home).await;
    phone.write("#address", &login).await;
    phone.click("form[action='/_sim/phone/open'] button").await;
    phone.reads("h1", "登录“示例公众号”？").await;

    // A browser that loses its cookies comes back by another name of this machine, and remembers the switch.
    phone.goto(&home).await;
    phone.write("#address", &login).await;
    phone.click("input[name=forgets]").await;
    phone.picture("phone-forgets").await;
    phone.click("form[action='/_sim/phone/open'] button").await;
    phone.click("button.allow").await;
    phone
        .arrives(&demo.site.replace("127.0.0.1", "localhost"))
        .await;
    phone.goto(&home).await;
    phone.wait_for("input[name=forgets]:checked").await;
    phone.click("input[name=forgets]").await;
    phone.write("#address", &login).await;
    phone.click("form[action='/_sim/phone/open'] button").await;
    phone.click("button.allow").await;
    phone.arrives(&demo.site).await;

    phone.goto(&home).await;
    phone.write("#address", "https://www.example.com/").await;
    phone.click("form[action='/_sim/phone/open'] button").await;
    phone
        .reads(
            "body",
            "address: expected the URL of a QR code (/connect/confirm) or of an official account's login (/connect/oauth2/authorize)",
        )
        .await;
}
