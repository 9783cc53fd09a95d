//! The commands of official accounts and mini programs, against a simulator.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the simulator runs in the test itself")]
mod running;

use serde_json::{Value, json};
use weixin_sim::Sim;

use self::running::{Printed, weixin};

const MINI_PROGRAM: &str = "wx0123456789abcde2";
const CALLBACK: &str = "http://localhost:8080/callback";

fn against(sim: &Sim, args: &[&str]) -> Printed {
    let sim = format!("--sim={}", sim.url());
    weixin(&[args, &[sim.as_str()]].concat())
}

fn printed_json(sim: &Sim, args: &[&str]) -> Value {
    let printed = against(sim, &[&["--json"], args].concat());
    assert_eq!(
        (printed.code, printed.stderr.as_str()),
        (Some(0), ""),
        "{printed:?}"
    );
    serde_json::from_str(&printed.stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mini_programs_code_is_exchanged_for_a_session_whose_key_is_hidden() {
    let sim = Sim::start().await.unwrap();
    let code = || sim.wx_login(MINI_PROGRAM, "layla").unwrap();
    let session = printed_json(&sim, &["session", &code()]);
    assert_eq!(session["session_key"].as_str().unwrap().len(), 24);

    let used = code();
    let printed = against(&sim, &["session", &used]);
    let rows: Vec<_> = printed
        .stdout
        .lines()
        .map(|line| line.split_once("  ").unwrap())
        .collect();
    let rows: Vec<_> = rows
        .iter()
        .map(|(name, value)| (*name, value.trim()))
        .collect();
    assert_eq!(
        rows,
        [
            ("OpenID", session["openid"].as_str().unwrap()),
            ("UnionID", session["unionid"].as_str().unwrap()),
            ("session key", "hidden; --json prints it"),
        ]
    );
    let again = against(&sim, &["session", &used]);
    assert_eq!(again.code, Some(3));
    assert!(again.stderr.contains("40163"), "{}", again.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_number_is_read_and_an_app_token_is_hidden() {
    let sim = Sim::start().await.unwrap();
    let code = sim.phone_code(MINI_PROGRAM, "layla").unwrap();
    let phone = printed_json(&sim, &["phone-number", &code]);
    assert_eq!(phone["countryCode"], "86");

    let token = printed_json(&sim, &["app-token"]);
    let token = token["access_token"].as_str().unwrap();
    for kind in ["mini-program", "official-account"] {
        let printed = against(&sim, &["app-token", "--kind", kind]);
        assert_eq!(printed.code, Some(0), "{printed:?}");
        assert!(!printed.stdout.contains(token), "{printed:?}");
    }
    let legacy = printed_json(&sim, &["app-token", "--legacy"]);
    assert_ne!(legacy["access_token"], token);
    let website = against(&sim, &["app-token", "--kind", "website"]);
    assert_eq!(
        (website.code, website.stderr.lines().next().unwrap()),
        (
            Some(2),
            "error: invalid value 'website' for '--kind <KIND>'"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_urls_of_login_pages_have_the_options() {
    let sim = Sim::start().await.unwrap();
    let url = |args: &[&str]| {
        let login = printed_json(&sim, &[args, &["--redirect-uri", CALLBACK]].concat());
        let (url, state) = (
            login["url"].as_str().unwrap(),
            login["state"].as_str().unwrap(),
        );
        url.replace(sim.url(), "").replace(state, "STATE")
    };
    let encoded = "http%3A%2F%2Flocalhost%3A8080%2Fcallback";
    assert_eq!(
        url(&["authorize-url"]),
        format!(
            "/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri={encoded}&response_type=code&scope=snsapi_userinfo&state=STATE&connect_redirect=1#wechat_redirect"
        )
    );
    assert_eq!(
        url(&[
            "authorize-url",
            "--silent",
            "--force-popup",
            "--force-snapshot"
        ]),
        format!(
            "/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri={encoded}&response_type=code&scope=snsapi_base&state=STATE&connect_redirect=1&forcePopup=true&forceSnapShot=true#wechat_redirect"
        )
    );
    assert_eq!(
        url(&[
            "login-url",
            "--white",
            "--lite-style",
            "--no-fast-login",
            "--stylesheet",
            "https://shop.example/qr.css"
        ]),
        format!(
            "/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri={encoded}&response_type=code&scope=snsapi_login&state=STATE&style=white&href=https%3A%2F%2Fshop.example%2Fqr.css&stylelite=1&fast_login=0#wechat_redirect"
        )
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_qr_code_is_printed_as_html_and_as_json() {
    let sim = Sim::start().await.unwrap();
    let args = ["login-url", "--redirect-uri", CALLBACK, "--embed", "qr"];
    let mut qr = printed_json(&sim, &args);
    assert_eq!(qr["settings"]["state"], qr["state"]);
    qr["settings"]["state"] = json!("STATE");
    qr.as_object_mut().unwrap().remove("state");
    let text = qr.to_string().replace(sim.url(), "");
    insta::assert_snapshot!(text, @r#"
    {"script_url":"/connect/zh_CN/htmledition/js/wxLogin.js","settings":{"appid":"wx0123456789abcdef","id":"qr","redirect_uri":"http%3A%2F%2Flocalhost%3A8080%2Fcallback","scope":"snsapi_login","state":"STATE"}}
    "#);
    let html = against(&sim, &args).stdout;
    assert!(
        html.starts_with("<div id=\"qr\"></div>\n<script src="),
        "{html}"
    );
    let bad = against(
        &sim,
        &[
            "login-url",
            "--redirect-uri",
            CALLBACK,
            "--embed",
            "\"><script>",
        ],
    );
    assert_eq!(bad.code, Some(2));
}
