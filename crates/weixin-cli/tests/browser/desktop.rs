//! WeChat for PC runs on the browser's machine: no scan is needed.

use weixin_sim::{DesktopAnswer, Sim};

use crate::{embedded::site, window::Window};

async fn login_page(sim: &Sim, more: &str) -> String {
    let callback = format!("{}/callback", site(sim).await);
    let callback = callback.replace(':', "%3A").replace('/', "%2F");
    format!(
        "{}/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=s1&redirect_uri={callback}{more}",
        sim.url()
    )
}

#[tokio::test]
async fn the_page_offers_to_log_in_without_scanning_and_does() {
    let sim = Sim::start().await.unwrap();
    sim.run_desktop("layla", DesktopAnswer::Allow).unwrap();
    let window = Window::open(&[]).await;
    for (more, picture) in [("", "desktop"), ("&stylelite=1", "desktop-lite")] {
        window.goto(&login_page(&sim, more).await).await;
        window
            .reads(".js_quick_login_nickname", "ليلى بنت أحمد (layla)")
            .await;
        window.picture(picture).await;
        window.click(".js_quick_login_btn").await;
        window.wait_for("#done").await;
        let query = window.text("#done").await;
        assert!(
            query.starts_with("?code=071") && query.ends_with("&state=s1 on top"),
            "{query}"
        );
    }
}

#[tokio::test]
async fn a_user_who_declines_or_may_only_scan_gets_the_qr_code() {
    let sim = Sim::start().await.unwrap();
    let window = Window::open(&[]).await;
    for answer in [DesktopAnswer::Refuse, DesktopAnswer::Ignore] {
        sim.run_desktop("layla", answer).unwrap();
        window.goto(&login_page(&sim, "").await).await;
        window.shows(".js_quick_login").await;
        window.click(".js_quick_login_btn").await;
        window.wait_for(".js_quick_login[hidden]").await;
    }
    // Asked, the owner decides on the phone.
    sim.run_desktop("layla", DesktopAnswer::Ask).unwrap();
    window.goto(&login_page(&sim, "").await).await;
    window.shows(".js_quick_login").await;
    let qr_codes = sim.pending().len();
    window.click(".js_quick_login_btn").await;
    let asked = sim
        .until(|sim| (sim.pending().len() > qr_codes).then(|| sim.pending()))
        .await;
    sim.allow(asked.last().unwrap(), "layla").unwrap();
    window.wait_for("#done").await;

    // The page does not even ask.
    window.goto(&login_page(&sim, "&fast_login=0").await).await;
    window.wait_for("body:not([data-app-id])").await;
}
