//! The gateway in a real browser, with a client on another site.

use std::sync::Arc;

use axum::{
    Form, Router,
    extract::{Query, State},
    response::{Html, Redirect},
    routing::get,
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::net::TcpListener;
use weixin_gateway::{Config, Gateway};
use weixin_sim::{Effect, Fault, Sim};

use crate::window::{DARK, LIGHT, Window};

const SECRET: &str = "0123456789abcdefghijABCDEFGHIJ_-";
const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
const NAME: &str = "ليلى بنت أحمد (layla)";
const INSIDE_WECHAT: &str =
    "--user-agent=Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50";
const PHONE: &str = "--user-agent=Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile Safari/604.1";

#[derive(Clone)]
pub(crate) struct World {
    sim: Arc<Sim>,
    /// At `localhost`, while the client is at 127.0.0.1: another site to the browser.
    pub(crate) issuer: String,
    pub(crate) client: String,
    _folder: Arc<TempDir>,
}

type Fields = std::collections::HashMap<String, String>;

impl World {
    pub(crate) async fn start() -> Self {
        let sim = Sim::start().await.unwrap();
        let bind = async || TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (gateway, site) = (bind().await, bind().await);
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        let issuer = format!("http://localhost:{}", port(&gateway));
        let client = format!("http://127.0.0.1:{}", port(&site));
        let folder = TempDir::new().unwrap();
        let config = config(&sim, &folder, &issuer, &client);
        let opened = Gateway::open(Config::parse(&config).unwrap()).await;
        let serving = opened.unwrap().serve(gateway, std::future::pending());
        tokio::spawn(serving);
        let world = Self {
            sim: Arc::new(sim),
            issuer,
            client,
            _folder: Arc::new(folder),
        };
        let router = Router::new()
            .route("/log-in", get(log_in))
            .route(
                "/callback",
                get(async |state, Query(fields)| callback(state, fields).await)
                    .post(async |state, Form(fields)| callback(state, fields).await),
            )
            .route("/logged-out", get(logged_out))
            .with_state(world.clone());
        tokio::spawn(async move { axum::serve(site, router).await });
        world
    }

    /// Opens the client's log-in in this window, with these parameters of the authorization request.
    pub(crate) async fn log_in(&self, window: &Window, parameters: &str) {
        let url = format!("{}/log-in?{parameters}", self.client);
        window.goto(&url).await;
    }

    /// Allows the login that waits.
    pub(crate) async fn allow(&self, user: &str) {
        let uuid = self.sim.until(|sim| sim.pending().pop()).await;
        self.sim.allow(&uuid, user).unwrap();
    }
}

fn config(sim: &Sim, folder: &TempDir, issuer: &str, client: &str) -> String {
    let (folder, sim) = (folder.path().display(), sim.url());
    std::fs::write(format!("{folder}/gateway.key"), MASTER_KEY).unwrap();
    let secret = "s".repeat(32);
    format!(
        r#"
[server]
key_file = "{folder}/gateway.key"
[store]
url = "sqlite:{folder}/gateway.db"
[app.website]
app_id = "wx0123456789abcdef"
app_secret = "{secret}"
endpoint = "{sim}"
[app.official_account]
app_id = "wx0123456789abcde0"
app_secret = "{secret}"
endpoint = "{sim}"
[[issuer]]
url = "{issuer}"
apps = ["website", "official_account"]
[[client]]
id = "wiki"
name = "Wiki"
secret = "{SECRET}"
redirect_uris = ["{client}/callback"]
post_logout_redirect_uris = ["{client}/logged-out"]
"#
    )
}

/// The client's own log-in: a redirect to the gateway.
async fn log_in(State(world): State<World>, Query(more): Query<Fields>) -> Redirect {
    let mut url = url::Url::parse(&format!("{}/authorize", world.issuer)).unwrap();
    let redirect_uri = format!("{}/callback", world.client);
    url.query_pairs_mut()
        .extend_pairs([
            ("response_type", "code"),
            ("client_id", "wiki"),
            ("scope", "openid profile"),
            ("state", "s"),
        ])
        .append_pair("redirect_uri", &redirect_uri)
        .extend_pairs(more);
    Redirect::to(url.as_str())
}

/// The client's callback: the name of the user, or the error.
async fn callback(State(world): State<World>, fields: Fields) -> Html<String> {
    let Some(code) = fields.get("code") else {
        return Html(format!("<p id=error>{}</p>", fields["error"]));
    };
    let redirect_uri = format!("{}/callback", world.client);
    let form = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", &redirect_uri)
        .finish();
    let http = reqwest::Client::builder().build().unwrap();
    let tokens = http.post(format!("{}/token", world.issuer));
    let tokens = tokens.basic_auth("wiki", Some(SECRET)).body(form);
    let tokens = tokens.header("content-type", "application/x-www-form-urlencoded");
    let tokens: Value = tokens.send().await.unwrap().json().await.unwrap();
    let Some(token) = tokens["access_token"].as_str() else {
        return Html(format!("<p id=error>{}</p>", tokens["error"]));
    };
    let claims = http.get(format!("{}/userinfo", world.issuer));
    let claims = claims.bearer_auth(token).send().await.unwrap();
    let claims: Value = claims.json().await.unwrap();
    let text = |name: &str| claims[name].as_str().unwrap_or_default().to_owned();
    Html(format!(
        "<!doctype html><meta charset=utf-8><p id=name>{}</p><p id=sub>{}</p><p id=id-token>{}</p>",
        text("name"),
        text("sub"),
        tokens["id_token"].as_str().unwrap_or_default()
    ))
}

/// Where the client's users are after a logout.
async fn logged_out(Query(fields): Query<Fields>) -> Html<String> {
    let state = fields.get("state").map_or("none", String::as_str);
    Html(format!("<p id=state>{state}</p>"))
}

#[tokio::test]
async fn a_first_login_scans_and_a_second_one_needs_no_wechat() {
    let world = World::start().await;
    let window = Window::open(&[]).await;
    world.log_in(&window, "").await;
    window.wait_for("#wx_default_tip").await;
    window.picture("gateway-qr").await;
    world.allow("layla").await;
    window.reads("#name", NAME).await;
    let (sub, calls) = (window.text("#sub").await, world.sim.request_count());
    world.log_in(&window, "").await;
    window.reads("#sub", &sub).await;
    world.log_in(&window, "prompt=none").await;
    window.reads("#sub", &sub).await;
    world.log_in(&window, "response_mode=form_post").await;
    window.reads("#sub", &sub).await;
    assert_eq!(world.sim.request_count(), calls);
    world.log_in(&window, "prompt=login").await;
    window.wait_for("#wx_default_tip").await;
    world.allow("xiaoming").await;
    window.reads("#name", "小明🐼é").await;
    assert_ne!(window.text("#sub").await, sub);
}

#[tokio::test]
async fn without_a_session_prompt_none_shows_nothing() {
    let world = World::start().await;
    let window = Window::open(&[]).await;
    world.log_in(&window, "prompt=none").await;
    window.reads("#error", "login_required").await;
    assert_eq!(world.sim.request_count(), 0);
}

#[tokio::test]
async fn two_tabs_log_in_at_once() {
    let world = World::start().await;
    let one = Window::open(&[]).await;
    world.log_in(&one, "").await;
    one.wait_for("#wx_default_tip").await;
    let first = world.sim.pending().remove(0);
    let two = one.tab().await;
    world.log_in(&two, "").await;
    two.wait_for("#wx_default_tip").await;
    let second = world
        .sim
        .until(|sim| sim.pending().into_iter().find(|it| *it != first));
    world.sim.allow(&second.await, "layla").unwrap();
    two.reads("#name", NAME).await;
    world.sim.allow(&first, "layla").unwrap();
    one.reads("#name", NAME).await;
    assert_eq!(one.text("#sub").await, two.text("#sub").await);
}

#[tokio::test]
async fn a_browser_that_lost_its_cookies_keeps_its_request() {
    let world = World::start().await;
    let window = Window::open(&[]).await;
    world.log_in(&window, "prompt=login").await;
    window.shows("#wx_default_tip").await;
    let other = window.tab().await;
    other.goto(&format!("{}/healthz", world.issuer)).await;
    other.lose_cookies().await;
    world.allow("layla").await;
    // The callback finds no cookie: the login starts again by itself.
    world.allow("layla").await;
    window.reads("#name", NAME).await;
}

#[tokio::test]
async fn a_callback_that_comes_twice_is_one_user() {
    let world = World::start().await;
    world.sim.fault(Fault::new(Effect::CallbackTwice));
    let window = Window::open(&[]).await;
    world.log_in(&window, "").await;
    world.allow("layla").await;
    window.reads("#name", NAME).await;
    let sub = window.text("#sub").await;
    // The code in the client's own URL was used: its back button has nothing to redeem.
    window.goto(&window.url().await).await;
    window.reads("#error", "\"invalid_grant\"").await;
    world.log_in(&window, "").await;
    window.reads("#sub", &sub).await;
}

#[tokio::test]
async fn a_user_who_declines_is_back_at_the_client() {
    let world = World::start().await;
    let window = Window::open(&[INSIDE_WECHAT, "--window-size=420,800"]).await;
    world.log_in(&window, "").await;
    window.reads("h1", "登录“示例公众号”？").await;
    window.click("button.cancel").await;
    window.reads("#error", "access_denied").await;
    world.log_in(&window, "").await;
    window.click("button.allow").await;
    window.wait_for("#name").await;
}

/// The form ends at another site: a `form-action` would stop it there. And what browsers say of its origin must pass.
#[tokio::test]
async fn a_page_asks_whether_the_client_may_have_it() {
    let world = World::start().await;
    let wide = ["--accept-lang=en", "--window-size=1280,900"];
    for (window, title, name) in [
        (Window::small_and_dark().await, "是否登录“Wiki”？", "zh"),
        (Window::open(&wide).await, "Log in to Wiki?", "en"),
    ] {
        world.log_in(&window, "prompt=consent").await;
        world.allow("layla").await;
        window.reads("h1", title).await;
        let url = window.url().await;
        assert!(url.contains("/consent/") && !url.contains('?'), "{url}");
        window.fits().await;
        window.picture(&format!("gateway-consent-{name}")).await;
        window.click("button.second").await;
        window.reads("#error", "access_denied").await;
        for mode in ["query", "form_post"] {
            let parameters = format!("prompt=consent&response_mode={mode}");
            world.log_in(&window, &parameters).await;
            window.click("form button").await;
            window.reads("#name", NAME).await;
        }
        // By the keyboard.
        world.log_in(&window, "prompt=consent").await;
        window.press_until_focused("form button").await;
        window.press_enter().await;
        window.reads("#name", NAME).await;
    }
}

#[tokio::test]
async fn a_phone_shows_both_buttons_of_the_question_without_scrolling() {
    let world = World::start().await;
    for (language, mode, title, name) in [
        ("--accept-lang=zh-CN", LIGHT, "是否登录“Wiki”？", "zh-light"),
        ("--accept-lang=zh-CN", DARK, "是否登录“Wiki”？", "zh-dark"),
        ("--accept-lang=en", LIGHT, "Log in to Wiki?", "en-light"),
        ("--accept-lang=en", DARK, "Log in to Wiki?", "en-dark"),
    ] {
        let window = Window::small(&[language, mode]).await;
        world.log_in(&window, "prompt=consent").await;
        // The longest name.
        world.allow("long").await;
        window.reads("h1", title).await;
        window.fits().await;
        window.is_in_view("form button").await;
        assert_eq!(window.count("form button").await, 2);
        window
            .picture(&format!("gateway-consent-small-{name}"))
            .await;
        window.click("form button").await;
        window.wait_for("#name").await;
    }
}

#[tokio::test]
async fn while_wechat_is_down_a_page_says_so_and_leads_back() {
    let world = World::start().await;
    for (language, title, name) in [
        ("--accept-lang=zh-CN", "暂时无法连接微信", "zh"),
        ("--accept-lang=en", "WeChat is not available", "en"),
    ] {
        let down = Fault::new(Effect::Reset).path("/sns/oauth2/access_token");
        let down = world.sim.fault(down.times(1));
        let window = Window::open(&[language, "--window-size=420,800"]).await;
        world.log_in(&window, "").await;
        world.allow("layla").await;
        window.reads("h1", title).await;
        window.fits().await;
        window.picture(&format!("gateway-down-{name}")).await;
        window.click("main a.second").await;
        window.reads("#error", "temporarily_unavailable").await;
        down.remove();
        world.log_in(&window, "").await;
        world.allow("layla").await;
        window.reads("#name", NAME).await;
    }
}

#[tokio::test]
async fn after_wechat_was_down_the_same_request_goes_on() {
    let world = World::start().await;
    let down = Fault::new(Effect::Reset).path("/sns/oauth2/access_token");
    world.sim.fault(down.times(1));
    let window = Window::open(&["--accept-lang=en"]).await;
    world.log_in(&window, "").await;
    world.allow("layla").await;
    window.reads("h1", "WeChat is not available").await;
    window.click("main a").await;
    window.wait_for("#wx_default_tip").await;
    world.allow("layla").await;
    window.reads("#name", NAME).await;
}

#[tokio::test]
async fn a_phone_gets_a_hint_and_wechats_browser_its_own_page() {
    let world = World::start().await;
    let phone = Window::open(&[PHONE, "--window-size=420,800"]).await;
    world.log_in(&phone, "").await;
    phone.reads("h1", "使用微信登录").await;
    phone.fits().await;
    phone.picture("gateway-phone").await;
    let inside = Window::open(&[INSIDE_WECHAT, "--window-size=420,800"]).await;
    world.log_in(&inside, "ui_locales=en").await;
    inside.click("button.allow").await;
    inside.wait_for("#name").await;
}

#[tokio::test]
async fn pages_of_the_gateway_say_what_to_do() {
    let world = World::start().await;
    for (language, invalid, expired, name) in [
        ("--accept-lang=zh-CN", "登录链接无效", "登录已过期", "zh"),
        (
            "--accept-lang=en",
            "This login link does not work",
            "This login has expired",
            "en",
        ),
    ] {
        let window = Window::open(&[language, "--window-size=420,800"]).await;
        let url = format!(
            "{}/authorize?client_id=wiki&redirect_uri=https://x.example/",
            world.issuer
        );
        window.goto(&url).await;
        window.reads("h1", invalid).await;
        window.fits().await;
        window.picture(&format!("gateway-invalid-{name}")).await;
        let url = format!("{}/login/aaaaaaaaaaaaaaaaaaaaaaaaaa", world.issuer);
        window.goto(&url).await;
        window.reads("h1", expired).await;
        window.fits().await;
        window.picture(&format!("gateway-expired-{name}")).await;
    }
}
