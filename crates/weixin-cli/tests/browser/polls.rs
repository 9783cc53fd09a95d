//! QR pages whose polls have a port of their own.

use weixin_sim::Sim;

use crate::window::Window;

#[tokio::test]
async fn a_page_that_polls_at_another_port_follows_the_phone() {
    let polls = "127.0.0.1:0".parse().unwrap();
    let sim = Sim::builder().poll_listen(polls).start().await.unwrap();
    let window = Window::open(&[]).await;
    let callback = format!("{}/_sim/findings", sim.url()).replace(':', "%3A");
    let login = format!(
        "{}/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=s&redirect_uri={}",
        sim.url(),
        callback.replace('/', "%2F")
    );
    window.goto(&login).await;
    let uuid = sim.until(|sim| sim.pending().pop()).await;
    sim.scan(&uuid).unwrap();
    window.shows("#wx_after_scan").await;
    sim.cancel(&uuid).unwrap();
    window.shows("#wx_after_cancel").await;
    sim.allow(&uuid, "layla").unwrap();
    // The callback.
    window.wait_for("h1").await;
}
