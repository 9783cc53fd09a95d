//! Findings: requests that the simulator accepts and reports.
#![expect(clippy::unwrap_used, reason = "a test")]

use reqwest::{Client, redirect::Policy};
use serde_json::Value;
use weixin_sim::{App, Sim, SimBuilder};

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
async fn a_correct_login_has_no_findings() {
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

/// A request, with the rule and the text of its finding.
type Breach = (String, &'static str, String);

fn breach(request: impl Into<String>, rule: &'static str, sent: &str) -> Breach {
    (request.into(), rule, sent.to_owned())
}

fn breaches_of_a_website() -> Vec<Breach> {
    let good = login("https://www.example.com/cb", STATE);
    let callbacks = [
        ("https://localhost/cb", "callback-host"),
        ("https://127.0.0.1/cb", "callback-host"),
        ("http://www.example.com/cb", "callback-http"),
        ("https://other.example.com/cb", "callback-domain"),
    ]
    .map(|(callback, rule)| breach(login(callback, STATE), rule, callback));
    let scope = good.replace("snsapi_login", "snsapi_userinfo");
    let secret = format!("https://www.example.com/{}", "s".repeat(32));
    let others = [
        breach(good.replace(STATE, ""), "state-missing", "state="),
        breach(good.replace(STATE, "STATE"), "state-short", "state=STATE"),
        breach(
            scope,
            "scope",
            "scope=snsapi_userinfo at /connect/qrconnect",
        ),
        breach(
            format!("{good}&access_token=66_x"),
            "token-exposed",
            "access_token of the login page",
        ),
        breach(
            login(&secret, STATE),
            "token-exposed",
            "redirect_uri of the login page",
        ),
        breach(
            good.replace(STATE, "0123456789%2Babcdef"),
            "state-damaged",
            "state=0123456789+abcdef",
        ),
        breach(
            good.replace("%3A%2F%2F", "://"),
            "redirect-uri-raw",
            "redirect_uri=https://www.example.com/cb",
        ),
    ];
    callbacks.into_iter().chain(others).collect()
}

fn breaches_inside_wechat() -> Vec<Breach> {
    let redirect_uri = "redirect_uri=https%3A%2F%2Fwww.example.com%2Fcb";
    let good = format!(
        "GET /connect/oauth2/authorize?appid=wx0123456789abcde0&{redirect_uri}&response_type=code&scope=snsapi_base&state={STATE}"
    );
    let ordered = format!("appid=wx0123456789abcde0&{redirect_uri}");
    let unordered = format!("{redirect_uri}&appid=wx0123456789abcde0");
    let long = "x".repeat(129);
    vec![
        breach(
            good.replace(&ordered, &unordered),
            "order",
            "redirect_uri, appid, response_type, scope, state",
        ),
        breach(
            good.replace(STATE, &long),
            "state-long",
            &format!("state={long}"),
        ),
        breach(
            good.replace(STATE, "0123456789-_abcdef.%2F=="),
            "state-shape",
            "state=0123456789-_abcdef./==",
        ),
        breach(
            good.replace(STATE, "0123456789%26abcdef"),
            "state-damaged",
            "state=0123456789&abcdef",
        ),
        breach(good.replace("scope=", "Scope="), "parameter-case", "Scope"),
        breach(
            good.replace("abcde0", "abcdef"),
            "scope",
            "scope=snsapi_base at /connect/oauth2/authorize",
        ),
    ]
}

fn breaches_of_the_api() -> Vec<Breach> {
    [
        ("POST /sns/auth", "", "post"),
        ("GET /sns/userinfo", "?secret=hunter2", "secret-misplaced"),
        (
            "GET /sns/oauth2/refresh_token",
            "?secret=hunter2",
            "secret-misplaced",
        ),
        (
            "GET /sns/oauth2/access_token",
            "?refresh_token=hunter2",
            "refresh-elsewhere",
        ),
    ]
    .map(|(sent, query, rule)| breach(format!("{sent}{query}"), rule, sent))
    .into()
}

#[tokio::test]
async fn each_broken_rule_is_reported() {
    let breaches = [
        breaches_of_a_website(),
        breaches_inside_wechat(),
        breaches_of_the_api(),
    ];
    for (request, rule, sent) in breaches.concat() {
        let sim = start().await;
        send(&sim, &request).await;
        assert_eq!(found(&sim), [(rule, sent)], "{request}");
    }
}

/// WeChat has no such apps: their IDs always belong to an Open Platform account.
#[tokio::test]
async fn an_unbound_website_or_mobile_app_is_reported() {
    let unbound = [
        App::default(),
        App::official_account(),
        App::mobile_app(),
        App::mini_program(),
    ]
    .map(App::unbound);
    let builder = unbound.into_iter().fold(Sim::builder(), SimBuilder::app);
    let sim = builder.start().await.unwrap();
    for app in sim.apps() {
        send(&sim, &exchange("x").replace(APP, app.id())).await;
    }
    let expected = ["wx0123456789abcdef", "wx0123456789abcde1"]
        .map(|app| ("unbound", format!("bound = false of {app}")));
    assert_eq!(found(&sim), expected);
}

#[tokio::test]
async fn port_and_host_are_reported_together() {
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
async fn repeated_codes_and_states_are_reported_and_counted() {
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
async fn a_profile_request_with_snsapi_base_is_reported() {
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
async fn a_reloading_qr_page_does_not_count_as_a_repeated_state() {
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

#[tokio::test]
async fn old_hosts_plain_http_and_codes_in_the_referer_are_reported() {
    let sim = start().await;
    let client = Client::builder().build().unwrap();
    for (host, path, referer) in [
        ("long.open.weixin.qq.com", "/connect/qrcode/x", ""),
        ("api.weixin.qq.com", "/sns/auth", ""),
        (
            "127.0.0.1",
            "/mmopen/vi_32/x/132",
            "https://www.example.com/cb?code=071x&state=y",
        ),
    ] {
        let request = client.get(format!("{}{path}", sim.url()));
        let request = request.header("host", host).header("referer", referer);
        request.send().await.unwrap();
    }
    assert_eq!(
        found(&sim),
        [
            (
                "old-host",
                "long.open.weixin.qq.com/connect/qrcode/x".to_owned()
            ),
            (
                "plain-http",
                "GET http://api.weixin.qq.com/sns/auth".to_owned()
            ),
            (
                "token-exposed",
                "code in Referer of /mmopen/vi_32/x/132".to_owned()
            ),
        ]
    );
}
