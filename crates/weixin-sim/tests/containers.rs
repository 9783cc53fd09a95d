//! A simulator in a container: hosts and ports of callbacks, and the URLs that it writes.
#![expect(clippy::unwrap_used, reason = "a test")]

use reqwest::{Client, redirect::Policy};
use serde_json::{Value, json};
use weixin_sim::{App, RuleClass, Sim, SimBuilder};

const APP: &str = "wx0123456789abcdef";

fn everywhere() -> SimBuilder {
    Sim::builder().listen("0.0.0.0:0".parse().unwrap())
}

fn client() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

/// Sends a request with this host; returns status and body.
async fn get(sim: &Sim, path: &str, host: &str) -> (u16, String) {
    let request = client().get(format!("{}{path}", sim.url()));
    let request = request.header("x-forwarded-proto", "https");
    let response = request.header("host", host).send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// URL of the avatar, for a server that calls the API by this host.
async fn avatar(sim: &Sim, host: &str) -> String {
    let code = sim.send_auth("wx0123456789abcde1", "layla").unwrap();
    let exchange = format!(
        "/sns/oauth2/access_token?appid=wx0123456789abcde1&secret={}&code={code}&grant_type=authorization_code",
        "s".repeat(32)
    );
    let token: Value = serde_json::from_str(&get(sim, &exchange, host).await.1).unwrap();
    let (token, openid) = (&token["access_token"], &token["openid"]);
    let (token, openid) = (token.as_str().unwrap(), openid.as_str().unwrap());
    let profile = format!("/sns/userinfo?access_token={token}&openid={openid}");
    let profile: Value = serde_json::from_str(&get(sim, &profile, host).await.1).unwrap();
    let avatar = profile["headimgurl"].as_str().unwrap();
    avatar.split("/mmopen").next().unwrap().to_owned()
}

#[tokio::test]
async fn registered_hosts_have_any_port_and_ports_are_findings() {
    let app = App::new(APP, "x")
        .callback_domain("www.example.com")
        .callback_domain("my_site")
        .callback_domain("192.168.1.7");
    let sim = Sim::builder().app(app).start().await.unwrap();
    let rejected = RuleClass::Rejected;
    for (callback, expected) in [
        (
            "https%3A%2F%2Fwww.example.com%3A8443%2F",
            vec![("callback-port", rejected)],
        ),
        (
            "http%3A%2F%2Fmy_site%3A8080%2F",
            vec![
                ("callback-http", RuleClass::Unsafe),
                ("callback-port", rejected),
            ],
        ),
        (
            "http%3A%2F%2F192.168.1.7%3A3000%2F",
            vec![("callback-host", rejected), ("callback-port", rejected)],
        ),
    ] {
        let login = format!(
            "/connect/qrconnect?appid={APP}&scope=snsapi_login&redirect_uri={callback}&state=0123456789abcdef{callback}"
        );
        let (_, page) = get(&sim, &login, "127.0.0.1").await;
        assert!(page.contains("/connect/qrcode/"), "{callback}");
        let findings = sim.findings().into_iter();
        let found: Vec<_> = findings
            .filter(|finding| finding.rule.id.starts_with("callback"))
            .map(|finding| (finding.rule.id, finding.rule.class))
            .collect();
        assert_eq!(found, expected, "{callback}");
        sim.reset();
    }
    let other = format!(
        "/connect/qrconnect?appid={APP}&scope=snsapi_login&redirect_uri=https%3A%2F%2Fexample.com%3A8443%2F"
    );
    let (_, page) = get(&sim, &other, "127.0.0.1").await;
    assert!(page.contains("redirect_uri 参数错误") && page.contains("my_site"));
}

#[tokio::test]
async fn callback_domains_are_names_with_underscores_or_ip_addresses() {
    let sim = Sim::start().await.unwrap();
    let put = async |domain: &str| {
        let url = format!("{}/_sim/api/apps/wx2", sim.url());
        let body = json!({ "secret": "x", "callback_domains": [domain] });
        client()
            .put(url)
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    for (domain, status) in [
        ("a_b", 200),
        ("fd00::1", 200),
        ("[fd00::1]", 200),
        ("a:80", 400),
        ("::", 200),
        (":", 400),
    ] {
        assert_eq!(put(domain).await, status, "{domain}");
    }
}

#[tokio::test]
async fn avatars_are_where_the_client_reaches_a_simulator_that_listens_on_all_addresses() {
    let sim = everywhere().start().await.unwrap();
    assert!(sim.url().starts_with("http://127.0.0.1:"));
    assert_eq!(
        avatar(&sim, "weixin-sim:9300").await,
        "http://weixin-sim:9300"
    );
    assert_eq!(
        avatar(&sim, "api.weixin.qq.com").await,
        "https://thirdwx.qlogo.cn"
    );
    // On one address, that is where it is.
    let local = Sim::start().await.unwrap();
    assert_eq!(avatar(&local, "localhost").await, local.url());
}

#[tokio::test]
async fn the_public_url_is_written_where_the_request_does_not_tell_and_its_host_is_trusted() {
    let url = "https://sim.example.com:8443/ignored".parse().unwrap();
    let sim = everywhere().public_url(url).start().await.unwrap();
    let public = "https://sim.example.com:8443";
    assert_eq!(avatar(&sim, "weixin-sim:9300").await, public);
    assert_eq!(
        get(&sim, "/_sim/api/health", "sim.example.com").await.0,
        200
    );
    assert_eq!(
        get(&sim, "/_sim/api/health", "other.example.com").await.0,
        421
    );
    let login = format!(
        "/connect/qrconnect?appid={APP}&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F"
    );
    let polls = |page: &str| {
        let (_, rest) = page.split_once("fordevtool = \"").unwrap();
        rest.split_once("/connect").unwrap().0.to_owned()
    };
    let (_, page) = get(&sim, &login, "sim.example.com:8443").await;
    assert_eq!(polls(&page), public);
    let (_, page) = get(&sim, &login, "localhost:9300").await;
    assert_eq!(polls(&page), "http://localhost:9300");
    // A world is at the same host.
    let world = sim.world().await.unwrap();
    let (_, worlds) = get(&sim, "/_sim/api/worlds", "localhost").await;
    let port = world.url().rsplit(':').next().unwrap();
    let listed: Value = serde_json::from_str(&worlds).unwrap();
    assert_eq!(listed[0]["url"], format!("https://sim.example.com:{port}"));
}

#[tokio::test]
async fn worlds_of_a_simulator_on_all_addresses_are_where_the_client_reaches_it() {
    let sim = everywhere().start().await.unwrap();
    let world = sim.world().await.unwrap();
    let (_, worlds) = get(&sim, "/_sim/api/worlds", "weixin-sim:9300").await;
    let port = world.url().rsplit(':').next().unwrap();
    let listed: Value = serde_json::from_str(&worlds).unwrap();
    assert_eq!(listed[0]["url"], format!("http://weixin-sim:{port}"));
}

#[tokio::test]
async fn a_proxy_on_this_machine_says_that_its_client_used_https() {
    let sim = Sim::start().await.unwrap();
    let request = client().get(format!("{}/sns/auth", sim.url()));
    let request = request.header("host", "api.weixin.qq.com");
    let errcode = async |request: reqwest::RequestBuilder| {
        let body = request.send().await.unwrap().bytes().await.unwrap();
        serde_json::from_slice::<Value>(&body).unwrap()["errcode"].clone()
    };
    let plain = request.try_clone().unwrap();
    assert_eq!(errcode(plain).await, 43003);
    let secure = request.header("x-forwarded-proto", "https");
    assert_eq!(errcode(secure).await, 41001);
}
