//! The login of an official account, in a browser that looks like WeChat's own.

use weixin_sim::Sim;

use crate::{embedded::site, window::Window};

#[tokio::test]
async fn a_login_inside_wechat_asks_and_comes_back_or_is_denied() {
    let sim = Sim::start().await.unwrap();
    let callback = format!("{}/callback", site(&sim).await);
    let login = format!(
        "{}/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri={}&response_type=code\
         &scope=snsapi_userinfo&state=s1#wechat_redirect",
        sim.url(),
        callback.replace(':', "%3A").replace('/', "%2F")
    );
    let window = Window::small_and_dark().await;
    window.goto(&login).await;
    window
        .reads(".weui_msg_title", "请在微信客户端打开链接")
        .await;
    window.fits().await;
    window.picture("official-account-outside").await;
    window.click("#sim_inside").await;
    window.reads("h1", "登录“示例公众号”？").await;
    window.picture("official-account-consent").await;
    window.click("button.cancel").await;
    window
        .reads("#done", "?code=authdeny&reason=&state=s1 on top")
        .await;

    window.goto(&login).await;
    window.click("button.allow").await;
    window.wait_for("#done").await;
    let query = window.text("#done").await;
    assert!(
        query.starts_with("?code=071") && query.ends_with("&state=s1 on top"),
        "{query}"
    );

    window
        .goto(&login.replace("wx0123456789abcde0", "wx0123456789abcdef"))
        .await;
    window
        .reads("#text", "不支持微信开放平台的Appid，请使用公众号Appid")
        .await;
    window.picture("official-account-dialog").await;
}
