//! What the simulator lets pass and reports.
#![expect(clippy::unwrap_used, reason = "a test")]

use reqwest::{Client, redirect::Policy};
use serde_json::Value;
use weixin_sim::{App, Sim};

const APP: &str = "wx0123456789abcdef";
const STATE: &str = "0123456789abcdefghijkl";

async fn start() -> Sim {
    let website = App::default().callback_domain("www.example.com");
    let inside = App::official_account().callback_domain("www.example.com");
    Sim::builder()
        .auto_allow()
        .app(website)
        .app(inside)
        .start()
        .await
        .unwrap()
}

async fn send(sim: &Sim, request: &str) -> reqwest::Response {
    let (method, path) = request.split_once(' ').unwrap();
    let client = Client::builder().redirect(Policy::none()).build().unwrap();
    let url = format!("{}{path}", sim.url());
    client
        .request(method.parse().unwrap(), url)
        .send()
        .await
        .unwrap()
}

fn login(redirect_uri: &str, state: &str) -> String {
    let redirect_uri = redirect_uri.replace(':', "%3A").replace('/', "%2F");
    format!(
        "GET /connect/qrconnect?appid={APP}&redirect_uri={redirect_uri}&response_type=code&scope=snsapi_login&state={state}"
    )
}

fn exchange(code: &str) -> String {
    let secret = "s".repeat(32);
    format!(
        "GET /sns/oauth2/access_token?appid={APP}&secret={secret}&code={code}&grant_type=authorization_code"
    )
}

async fn code(sim: &Sim) -> String {
    let page = send(sim, &login("https://www.example.com/cb", STATE)).await;
    let callback = page.headers()["location"].to_str().unwrap().to_owned();
    callback.split(['=', '&']).nth(1).unwrap().to_owned()
}

fn found(sim: &Sim) -> Vec<(&'static str, String)> {
    sim.findings()
        .into_iter()
        .map(|finding| (finding.rule.id, finding.sent))
        .collect()
}

#[tokio::test]
async fn a_login_as_wechat_wants_it_finds_nothing() {
    let sim = start().await;
    let code = code(&sim).await;
    let token: Value = send(&sim, &exchange(&code)).await.json().await.unwrap();
    let [access_token, openid] =
        ["access_token", "openid"].map(|name| token[name].as_str().unwrap());
    send(
        &sim,
        &format!("GET /sns/userinfo?access_token={access_token}&openid={openid}"),
    )
    .await;
    sim.expect_no_findings();
}

#[tokio::test]
async fn each_rule_is_found_when_it_is_broken() {
    let order = "GET /connect/oauth2/authorize?redirect_uri=https%3A%2F%2Fwww.example.com%2Fcb&appid=wx0123456789abcde0&response_type=code&scope=snsapi_base&state=0123456789abcdefghijkl";
    let table = [
        (
            login("https://localhost/cb", STATE),
            "callback-host",
            "https://localhost/cb",
        ),
        (
            login("https://127.0.0.1/cb", STATE),
            "callback-host",
            "https://127.0.0.1/cb",
        ),
        (
            login("http://www.example.com/cb", STATE),
            "callback-http",
            "http://www.example.com/cb",
        ),
        (
            login("https://www.example.com/cb", ""),
            "state-missing",
            "state=",
        ),
        (
            login("https://www.example.com/cb", "STATE"),
            "state-short",
            "state=STATE",
        ),
        (
            order.to_owned(),
            "order",
            "redirect_uri, appid, response_type, scope, state",
        ),
        ("POST /sns/auth".to_owned(), "post", "POST /sns/auth"),
        (
            "GET /sns/userinfo?secret=hunter2".to_owned(),
            "secret-misplaced",
            "GET /sns/userinfo",
        ),
        (
            "GET /sns/oauth2/refresh_token?secret=hunter2".to_owned(),
            "secret-misplaced",
            "GET /sns/oauth2/refresh_token",
        ),
        (
            "GET /sns/oauth2/access_token?refresh_token=hunter2".to_owned(),
            "refresh-elsewhere",
            "GET /sns/oauth2/access_token",
        ),
    ];
    for (request, rule, sent) in table {
        let sim = start().await;
        send(&sim, &request).await;
        assert_eq!(found(&sim), [(rule, sent.to_owned())], "{request}");
    }
}

#[tokio::test]
async fn a_port_is_found_beside_the_host() {
    let sim = start().await;
    send(&sim, &login("http://localhost:8080/cb", STATE)).await;
    let callback = "http://localhost:8080/cb".to_owned();
    assert_eq!(
        found(&sim),
        [
            ("callback-host", callback.clone()),
            ("callback-port", callback)
        ]
    );
}

#[tokio::test]
async fn what_is_done_twice_is_found_and_counted() {
    let sim = start().await;
    let code = code(&sim).await;
    for _ in 0..3 {
        send(&sim, &exchange(&code)).await;
    }
    send(&sim, &login("https://www.example.com/cb", STATE)).await;
    let counted: Vec<_> = sim
        .findings()
        .iter()
        .map(|finding| (finding.rule.id, finding.times))
        .collect();
    assert_eq!(counted, [("code-twice", 2), ("state-repeated", 1)]);
    assert!(!format!("{:?}", sim.findings()).contains(&code));
}

#[tokio::test]
async fn a_profile_with_the_silent_scope_is_found() {
    let sim = start().await;
    let inside = format!(
        "GET /connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri=https%3A%2F%2Fwww.example.com%2F&response_type=code&scope=snsapi_base&state={STATE}"
    );
    let page = send(&sim, &inside).await;
    let code = page.headers()["location"]
        .to_str()
        .unwrap()
        .split(['=', '&'])
        .nth(1)
        .unwrap()
        .to_owned();
    let token = send(&sim, &exchange(&code).replace(APP, "wx0123456789abcde0")).await;
    let token: Value = token.json().await.unwrap();
    let [access_token, openid] =
        ["access_token", "openid"].map(|name| token[name].as_str().unwrap());
    send(
        &sim,
        &format!("GET /sns/userinfo?access_token={access_token}&openid={openid}"),
    )
    .await;
    assert_eq!(
        found(&sim),
        [("profile-with-base", "GET /sns/userinfo".to_owned())]
    );
    let page = send(&sim, "GET /_sim/findings").await.text().await.unwrap();
    assert!(
        page.contains("profile-with-base") && page.contains("48001 api unauthorized"),
        "{page}"
    );
}

#[tokio::test]
async fn a_qr_page_that_loads_itself_again_repeats_no_state() {
    let sim = start().await;
    for _ in 0..2 {
        let client = Client::builder().redirect(Policy::none()).build().unwrap();
        let path = login("https://www.example.com/cb", STATE).replace("GET ", "");
        let request = client.get(format!("{}{path}", sim.url()));
        request
            .header("sec-fetch-site", "same-origin")
            .send()
            .await
            .unwrap();
    }
    sim.expect_no_findings();
}
