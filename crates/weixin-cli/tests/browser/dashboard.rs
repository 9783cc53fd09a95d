//! The simulator's dashboard, which shows logins and requests live.

use weixin_sim::{Effect, Fault, Sim};

use crate::window::Window;

const LOGIN: &str = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=0123456789abcdefghij\
                     &redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fauthorization";

async fn get(sim: &Sim, path: &str) -> String {
    let answer = reqwest::get(format!("{}{path}", sim.url())).await.unwrap();
    answer.text().await.unwrap()
}

#[tokio::test]
async fn the_dashboard_follows_a_login_by_itself() {
    let sim = Sim::start().await.unwrap();
    let dashboard = Window::open(&[]).await;
    dashboard.goto(&format!("{}/_sim/", sim.url())).await;
    dashboard.reads("#none", "还没有。 · None yet.").await;

    get(&sim, LOGIN).await;
    dashboard.reads("#login-1 .steps", "打开 · opened").await;
    dashboard.wait_for(".waiting").await;
    let uuid = sim.pending().remove(0);
    sim.scan(&uuid).unwrap();
    let callback = sim.allow(&uuid, "layla").unwrap();
    dashboard.reads("#login-1 b:last-of-type", "layla").await;
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let secret = "s".repeat(32);
    let exchange = format!(
        "/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={secret}&code={code}&grant_type=authorization_code"
    );
    for _ in 0..2 {
        get(&sim, &exchange).await;
    }
    dashboard
        .reads(
            "#login-1 li:last-of-type",
            "code 重复使用 · code used again",
        )
        .await;
    dashboard.reads("#request-3 b", "40163").await;
    dashboard.click("#request-3 summary").await;
    let sent = "appid=wx0123456789abcdef\nsecret=***\ncode=***\ngrant_type=authorization_code";
    dashboard.reads("#request-3 pre", sent).await;
    // What is open stays open when something happens.
    sim.fault(Fault::new(Effect::Errcode(-1)));
    get(&sim, "/sns/auth").await;
    dashboard.reads("#request-4 b", "-1").await;
    dashboard.wait_for("#request-3[open]").await;
    dashboard.fits().await;
    dashboard.picture("desk").await;

    let small = Window::small_and_dark().await;
    small.goto(&format!("{}/_sim/", sim.url())).await;
    small.wait_for("#request-4").await;
    small.fits().await;
    small.picture("desk-small").await;
    small.goto(&format!("{}/_sim/findings", sim.url())).await;
    small.wait_for("#code-twice").await;
    small.fits().await;
    small.picture("findings").await;
}
