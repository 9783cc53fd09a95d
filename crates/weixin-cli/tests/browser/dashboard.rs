//! The simulator's dashboard: each login as a sequence diagram, live, with the phone beside it.

use weixin_sim::{Bilingual, Effect, Explanation, Fault, Sim};

use crate::window::Window;

const LOGIN: &str = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&state=0123456789abcdefghij\
                     &redirect_uri=http%3A%2F%2Flocalhost%3A8080%2Fauthorization";

async fn get(sim: &Sim, path: &str) -> String {
    // Nothing serves the callback.
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let request = client.build().unwrap().get(format!("{}{path}", sim.url()));
    let answer = request.send().await.unwrap();
    answer.text().await.unwrap()
}

async fn exchange(sim: &Sim, callback: &str) {
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let secret = "s".repeat(32);
    let exchange = format!(
        "/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={secret}&code={code}&grant_type=authorization_code"
    );
    get(sim, &exchange).await;
}

/// A simulator that explains one error code.
async fn simulator() -> Sim {
    let used = Explanation::new(
        40163,
        Bilingual::new("这个 code 已被使用。", "The code has been used."),
        Bilingual::new("让用户重新登录。", "Let the user log in again."),
        Bilingual::new("由你修正", "You can fix it"),
    );
    Sim::builder().explanations([used]).start().await.unwrap()
}

#[tokio::test]
async fn the_dashboard_scans_and_allows_a_login_and_its_arrows_appear_by_themselves() {
    let sim = simulator().await;
    let window = Window::open(&["--window-size=1440,900"]).await;
    window.goto(&format!("{}/_sim/", sim.url())).await;
    window.reads("#none b", "还没有登录").await;
    window.picture("dashboard-empty").await;

    get(&sim, LOGIN).await;
    window.reads("#login-1 .chip", "等待扫描").await;
    window.reads("#status", "等待扫描").await;
    let phone = window.framed("#phone-frame");
    phone.click(".scan").await;
    window.reads("#status", "已扫描").await;
    window.wait_for("#step-a1").await;
    phone.hold_as("layla").await;
    phone.click("button.allow").await;
    phone.wait_for("#allowed").await;
    window.reads("#status", "已允许").await;
    window.reads("#step-a2 bdi", "ليلى بنت أحمد (layla)").await;

    window.fits().await;
    window.picture("dashboard").await;
}

#[tokio::test]
async fn a_failed_exchange_stands_on_its_login_with_its_explanation_and_no_secret() {
    let sim = simulator().await;
    let window = Window::open(&["--accept-lang=en", "--window-size=1440,900"]).await;
    get(&sim, LOGIN).await;
    let uuid = sim.pending().remove(0);
    sim.scan(&uuid).unwrap();
    let callback = sim.allow(&uuid, "layla").unwrap();
    exchange(&sim, &callback).await;
    window.goto(&format!("{}/_sim/", sim.url())).await;
    window.reads("#status", "Logged in").await;
    exchange(&sim, &callback).await;
    window.reads("#status", "40163").await;
    window.reads("#login-1 .chip", "40163").await;
    window.click("#step-r3 a").await;
    window
        .reads("#detail .explain .who", "· You can fix it")
        .await;
    window
        .reads("#detail .kv dd:nth-of-type(2)", "••••••••\n32 characters")
        .await;
    let curl = window.attribute("#curl", "data-copy").await;
    let expected = format!(
        "curl -G '{}/sns/oauth2/access_token' \\\n  --data-urlencode 'appid=wx0123456789abcdef' \\\n  \
         --data-urlencode \"secret=$WEIXIN_APP_SECRET\" \\\n  --data-urlencode \"code=$CODE\" \\\n  \
         --data-urlencode 'grant_type=authorization_code'",
        sim.url()
    );
    assert_eq!(curl, expected);
    // What is open stays open when something happens.
    window.click("#request-headers summary").await;
    sim.fault(Fault::new(Effect::Errcode(-1)));
    get(&sim, "/sns/auth").await;
    window.reads("#login-none .count", "1").await;
    window.wait_for("#request-headers[open]").await;
    window.picture("dashboard-detail").await;

    window.click("#language").await;
    window.reads("#login-none b", "登录之外的请求").await;
    window.reads("#detail .explain .who", "· 由你修正").await;
    window.click("#login-none").await;
    window.reads("#step-r4 .chip.fault", "errcode -1").await;
}

#[tokio::test]
async fn the_dashboard_needs_no_mouse() {
    let sim = simulator().await;
    get(&sim, LOGIN).await;
    get(&sim, LOGIN).await;
    let window = Window::open(&["--accept-lang=en", "--window-size=1440,900"]).await;
    window.goto(&format!("{}/_sim/", sim.url())).await;
    window.wait_for("#login-2[aria-current]").await;
    window.press("j").await;
    window.wait_for("#login-1[aria-current]").await;
    window.press("f").await;
    window.shows("#frozen").await;
    window.press("/").await;
    window.press("absent").await;
    window.reads("#no-match b", "No login matches").await;
    window.click("#no-match a").await;
    window.wait_for("#login-2").await;
}

#[tokio::test]
async fn a_narrow_and_dark_dashboard_shows_one_pane_at_a_time_without_scrolling_sideways() {
    let sim = simulator().await;
    get(&sim, LOGIN).await;
    let uuid = sim.pending().remove(0);
    let callback = sim.allow(&uuid, "long").unwrap();
    exchange(&sim, &callback).await;
    exchange(&sim, &callback).await;
    let small = Window::small_and_dark().await;
    small.goto(&format!("{}/_sim/", sim.url())).await;
    small.shows("#login-1").await;
    small.fits().await;
    small.picture("dashboard-small-list").await;
    small.click("#login-1").await;
    small.shows("#step-r3").await;
    small.fits().await;
    small.picture("dashboard-small-diagram").await;
    small.click("#step-r3 a").await;
    small.shows("#detail").await;
    small.fits().await;
    small.picture("dashboard-small-detail").await;
    small.click("#shut").await;
    small.click("[data-tab-to=phone]").await;
    small.shows("#phone-frame").await;
    small.fits().await;
    small.picture("dashboard-small-phone").await;
    small.goto(&format!("{}/_sim/findings", sim.url())).await;
    small.reads("#verdict h2", "构建会失败： 1 个问题").await;
    small.fits().await;
    small.picture("findings-small").await;
    small.click("#code-twice .accept").await;
    small.reads("#verdict h2", "构建会通过").await;
    small.click("#code-twice .where a").await;
    small.wait_for("#step-r3 a[aria-current]").await;
}

#[tokio::test]
async fn faults_users_and_the_clock_are_changed_by_hand() {
    let sim = simulator().await;
    get(&sim, LOGIN).await;
    let window = Window::open(&["--accept-lang=en", "--window-size=1440,900"]).await;
    window.goto(&format!("{}/_sim/", sim.url())).await;
    window.click("[data-dialog=faults]").await;
    window.click("#faults button.main").await;
    window
        .reads("#fault-list li", "errcode -1\nevery request\n0 / 1")
        .await;
    window.click("#fault-list button").await;
    window.shows("#no-faults").await;
    window.click("#faults [data-close]").await;
    window.click("#advance summary").await;
    window.click("#advance button[value='300']").await;
    window.reads("#status", "Expired").await;
    window.click("[data-dialog=people]").await;
    window.click("#user-anna summary").await;
    window.click("#user-anna button.danger").await;
    window.wait_for("#people:not(:has(#user-anna))").await;
    assert!(sim.users().iter().all(|user| user.id() != "anna"));
    window.picture("dashboard-people").await;
    window.click("#people [data-close]").await;
    window.click("[data-dialog=reset]").await;
    window.click("#reset button.danger").await;
    window.shows("#none").await;
}

#[tokio::test]
async fn worlds_are_opened_and_ended_by_hand() {
    let sim = simulator().await;
    let window = Window::open(&["--accept-lang=en", "--window-size=1440,900"]).await;
    window.goto(&format!("{}/_sim/", sim.url())).await;
    window.reads("#world", "main").await;
    window.click("#world").await;
    window.write("#world-id", "checkout").await;
    window.click("#worlds button.main").await;
    window.shows("#world-checkout").await;
    let worlds = get(&sim, "/_sim/api/worlds").await;
    let worlds: serde_json::Value = serde_json::from_str(&worlds).unwrap();
    let url = worlds[0]["url"].as_str().unwrap();
    window.picture("dashboard-worlds").await;

    // A dashboard of its own, which leads back when the world has ended.
    window.click("#world-checkout a").await;
    window.arrives(&format!("{url}/_sim/")).await;
    window.reads("#world", "checkout").await;
    let client = reqwest::Client::builder().build().unwrap();
    let checkout = format!("{}/_sim/api/worlds/checkout", sim.url());
    client.delete(checkout).send().await.unwrap();
    window.shows("#offline").await;
    window.click("#offline a").await;
    window.arrives(&format!("{}/_sim/", sim.url())).await;
    window.reads("#world", "main").await;
    assert_eq!(get(&sim, "/_sim/api/worlds").await, "[]");
}

#[tokio::test]
async fn the_answer_to_logins_without_the_phone_is_chosen_by_hand() {
    let sim = simulator().await;
    let window = Window::open(&["--accept-lang=en", "--window-size=1440,900"]).await;
    window.goto(&format!("{}/_sim/", sim.url())).await;
    window.click("#auto-allow summary").await;
    window.click("#auto-answer option[value=allow]").await;
    window.click("#auto-user option[value=layla]").await;
    window.click("#auto-allow button.main").await;
    window
        .reads("#auto-allow summary", "Auto-allow: allow")
        .await;
    get(&sim, LOGIN).await;
    window.reads("#status", "Allowed").await;
    window.reads("#step-a1 bdi", "ليلى بنت أحمد (layla)").await;

    window.click("#auto-allow summary").await;
    window.click("#auto-answer option[value=deny]").await;
    window
        .click("#auto-app option[value=wx0123456789abcdef]")
        .await;
    window.click("#auto-allow button.main").await;
    window.shows("#auto-apps").await;
    window.click("#auto-allow summary").await;
    window.click("#auto-apps button").await;
    window.wait_for("#auto-allow:not(:has(#auto-apps))").await;
}
