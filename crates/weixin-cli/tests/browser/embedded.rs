//! The QR page in a frame of a site, shown by `wxLogin.js`.

use axum::{Router, extract::RawQuery, response::Html, routing::get};
use tokio::net::TcpListener;
use weixin_sim::Sim;

use crate::window::Window;

/// A site of another origin than the simulator's, which embeds its QR page.
pub(crate) async fn site(sim: &Sim) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let (simulator, callback) = (sim.url().to_owned(), format!("{origin}/callback"));
    let page = move |RawQuery(options): RawQuery| {
        let options = options.unwrap_or_default().replace("%27", "'");
        let page = format!(
            "<!doctype html><meta charset=utf-8><h1>a site</h1><div id=box></div>
             <script src='{simulator}/connect/zh_CN/htmledition/js/wxLogin.js'></script>
             <script>new WxLogin({{ id: 'box', appid: 'wx0123456789abcdef', scope: 'snsapi_login',
               redirect_uri: encodeURIComponent('{callback}'), state: 's1', {options} }});</script>"
        );
        async { Html(page) }
    };
    let done = "<!doctype html><p id=done></p><script>document.getElementById('done').textContent =
                location.search + (window.top === window.self ? ' on top' : ' in a frame')</script>";
    let router = Router::new()
        .route("/", get(page))
        .route("/callback", get(Html(done)));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

/// Allows the pending login; returns the query of the callback.
fn allow(sim: &Sim) -> String {
    let callback = sim.allow(&sim.pending()[0], "xiaoming").unwrap();
    format!("?{}", callback.split_once('?').unwrap().1)
}

#[tokio::test]
async fn a_login_in_a_frame_stays_in_it_if_the_site_wants_that() {
    let sim = Sim::start().await.unwrap();
    let window = Window::open(&[]).await;
    window
        .goto(&format!(
            "{}/?self_redirect:true,style:'white'",
            site(&sim).await
        ))
        .await;
    let frame = window.framed("iframe");
    frame
        .reads("#wx_default_tip p", "请使用微信扫描二维码登录")
        .await;
    window.picture("embedded").await;
    let query = allow(&sim);
    frame.reads("#done", &format!("{query} in a frame")).await;
    window.reads("h1", "a site").await;
}

#[tokio::test]
async fn a_login_in_a_frame_of_another_origin_takes_the_whole_window_after_a_click_in_it() {
    for options in ["", "self_redirect:false,stylelite:1"] {
        let sim = Sim::start().await.unwrap();
        let window = Window::open(&[]).await;
        window
            .goto(&format!("{}/?{options}", site(&sim).await))
            .await;
        let frame = window.framed("iframe");
        // Without it the browser forbids a frame to move its window.
        frame.click("#sim_phone").await;
        frame.shows(".js_wx_after_scan").await;
        window.picture(&format!("embedded-{}", options.len())).await;
        let query = allow(&sim);
        window.reads("#done", &format!("{query} on top")).await;
    }
}
