//! A site with `weixin-axum` in a real browser: lost cookies, repeated callbacks, tabs, frames, pop-ups and errors.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::header::CONTENT_SECURITY_POLICY,
    response::{Html, IntoResponse},
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use weixin::{
    AppSecret, Endpoints, OfficialAccount, Website, authorize::CallbackTarget, transport::Origin,
};
use weixin_axum::{
    Browser, Login, LoginError, ReturnPath, StartLogin, WebLogin, embed::EmbeddedLogin,
};
use weixin_sim::{Effect, Fault, Lifetimes, Sim};

use crate::window::Window;

#[derive(Clone)]
struct Site {
    sim: Arc<Sim>,
    origin: String,
}

impl Site {
    async fn start() -> Self {
        Self::with_sim(Sim::start().await.unwrap()).await
    }

    /// At `localhost`, whose cookies are not those of 127.0.0.1.
    async fn with_sim(sim: Sim) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let secret = || AppSecret::new("s".repeat(32)).unwrap();
        let endpoints = Endpoints::single(sim.url().parse().unwrap());
        let website = Website::builder("wx0123456789abcdef".parse().unwrap(), secret());
        let account = OfficialAccount::builder("wx0123456789abcde0".parse().unwrap(), secret());
        let login = WebLogin::builder(format!("{origin}/callback").parse().unwrap())
            .website(website.endpoints(endpoints.clone()).build().unwrap())
            .official_account(account.endpoints(endpoints).build().unwrap())
            .build()
            .unwrap();
        let site = Self {
            sim: Arc::new(sim),
            origin,
        };
        let router = Router::new()
            .route(
                "/",
                get(Html("<h1>a site</h1><a id=login href=/login>log in</a>")),
            )
            .route("/login", get(begin))
            .route("/callback", get(callback_page))
            .route("/pop-up", get(Html(POP_UP)))
            .route(
                "/embedded/window",
                get(async |login| embedded(login, CallbackTarget::Top)),
            )
            .route(
                "/embedded/frame",
                get(async |login| embedded(login, CallbackTarget::Frame)),
            )
            .route("/scripted", get(scripted))
            .layer(login)
            .with_state(site.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        site
    }

    /// Follows "log in" in this window.
    async fn begin(&self, window: Window) -> Window {
        window.goto(&self.origin).await;
        window.click("#login").await;
        window
    }

    /// Allows the login that waits.
    async fn allow(&self) {
        let uuid = self.sim.until(|sim| sim.pending().pop()).await;
        self.sim.allow(&uuid, "layla").unwrap();
    }

    fn exchanges(&self) -> usize {
        let requests = self.sim.requests();
        let exchanges = requests
            .iter()
            .filter(|one| one.path == "/sns/oauth2/access_token");
        exchanges.count()
    }
}

const NAME: &str = "ليلى بنت أحمد (layla)";

const POP_UP: &str = r#"<p id=who>not logged in</p><button id=login>log in</button><script>
let popUp;
document.getElementById("login").onclick = () => { popUp = window.open("/login", "login"); };
addEventListener("message", event => {
  if (event.origin === location.origin && event.source === popUp)
    document.getElementById("who").textContent = event.data;
});
</script>"#;

async fn begin(start: StartLogin) -> StartLogin {
    start.return_to("/cart".parse::<ReturnPath>().unwrap())
}

/// A pop-up sends a message to its opener; any other window shows the page.
async fn callback_page(
    State(site): State<Site>,
    browser: Browser,
    login: Login,
) -> Result<impl IntoResponse, LoginError> {
    let name = login.user().await?.nickname;
    if browser.wants_json {
        return Ok(Json(json!({ "name": name })).into_response());
    }
    let opener: Origin = site.origin.parse().unwrap();
    let page = login.popup(&opener, name.as_str()).into_http();
    // The test reads this; a browser closes only windows that a script has opened.
    let page = page.map(|body| body.replace("</main>", &format!("<b id=done>{name}</b></main>")));
    Ok(page.map(axum::body::Body::from))
}

fn embedded(login: EmbeddedLogin, target: CallbackTarget) -> impl IntoResponse {
    let login = login.callback_target(target);
    let page = format!(
        "<!doctype html><meta charset=utf-8><h1>a site</h1>{}",
        login.iframe()
    );
    let policy = [(CONTENT_SECURITY_POLICY, login.content_security_policy())];
    (policy, Html(page))
}

/// With WeChat's own script.
async fn scripted(login: EmbeddedLogin) -> impl IntoResponse {
    let login = login.callback_target(CallbackTarget::Frame);
    let page = format!(
        "<!doctype html><h1>a site</h1><div id=qr></div>{}",
        login.script("qr")
    );
    let policy = [(CONTENT_SECURITY_POLICY, login.content_security_policy())];
    (policy, Html(page))
}

#[tokio::test]
async fn wechats_script_shows_the_qr_code_under_the_policy_and_the_callback_breaks_out() {
    let site = Site::start().await;
    let window = Window::open(&[]).await;
    window.goto(&format!("{}/scripted", site.origin)).await;
    window.framed("iframe").shows("#wx_default_tip").await;
    site.allow().await;
    window.reads("#done", NAME).await;
}

const INSIDE_WECHAT: &str =
    "--user-agent=Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50";

#[tokio::test]
async fn inside_wechat_the_official_account_asks_and_a_user_who_declines_can_try_again() {
    let site = Site::start().await;
    let window = site
        .begin(Window::open(&[INSIDE_WECHAT, "--window-size=420,800"]).await)
        .await;
    window.reads("h1", "登录“示例公众号”？").await;
    window.click("button.cancel").await;
    window.reads("h1", "您已取消登录").await;
    let url = window.url().await;
    assert!(
        url.ends_with("/callback?login_error=declined&return_to=/cart"),
        "{url}"
    );
    window.picture("login-declined-zh").await;
    window.click("main a").await;
    window.click("button.allow").await;
    window.wait_for("#done").await;
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn a_snapshot_user_is_asked_to_use_the_full_service() {
    let site = Site::start().await;
    let window = site
        .begin(Window::open(&[INSIDE_WECHAT, "--window-size=420,800"]).await)
        .await;
    window.wait_for("button.allow").await;
    let login = window.url().await;
    let snapshot = login.replace(
        "connect_redirect=1",
        "connect_redirect=1&forceSnapShot=true",
    );
    window.goto(&snapshot).await;
    window.reads("h1", "请使用完整服务").await;
    window.picture("login-snapshot-zh").await;
}

#[tokio::test]
async fn the_back_button_leads_to_the_qr_page_and_forward_again_to_the_same_login() {
    let site = Site::start().await;
    let window = site.begin(Window::open(&[]).await).await;
    site.allow().await;
    window.reads("#done", NAME).await;
    let callback = window.url().await;
    window.back().await;
    // A new QR code, which need not be scanned: the login is complete already.
    window.goto(&callback).await;
    window.reads("#done", NAME).await;
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn a_browser_that_lost_its_cookies_logs_in_at_the_second_try_by_itself() {
    let site = Site::start().await;
    let window = site.begin(Window::open(&[]).await).await;
    window.shows("#wx_default_tip").await;
    let other = window.tab().await;
    other.goto(&site.origin).await;
    other.lose_cookies().await;
    site.allow().await;
    // The callback finds no cookie: the login starts again, and this time comes back to one.
    site.allow().await;
    window.reads("#done", NAME).await;
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn a_callback_that_comes_twice_and_is_reloaded_and_bookmarked_is_one_login() {
    let site = Site::start().await;
    site.sim.fault(Fault::new(Effect::CallbackTwice));
    let window = site.begin(Window::open(&[]).await).await;
    site.allow().await;
    window.reads("#done", NAME).await;
    let callback = window.url().await;
    window.goto(&callback).await;
    window.reads("#done", NAME).await;
    assert_eq!(site.exchanges(), 1);
    // The bookmark in another browser, or after a minute.
    let stranger = Window::open(&[]).await;
    stranger.goto(&callback).await;
    stranger.reads("h1", "此次登录已被使用").await;
    stranger.picture("login-used-zh").await;
    stranger.click("main a").await;
    stranger.wait_for("#wx_default_tip").await;
}

#[tokio::test]
async fn a_state_that_comes_back_altered_is_no_login() {
    let site = Site::start().await;
    site.sim.fault(Fault::new(Effect::StateAltered));
    let window = site.begin(Window::open(&["--accept-lang=en"]).await).await;
    site.allow().await;
    window.reads("h1", "This login is no longer valid").await;
    window.picture("login-csrf-mismatch-en").await;
    assert_eq!(site.exchanges(), 0);
}

#[tokio::test]
async fn five_tabs_log_in_side_by_side() {
    // A browser opens six connections to a host, and each QR page holds one while it polls. Short polls let the other tabs in.
    let mut lifetimes = Lifetimes::default();
    lifetimes.poll = Duration::from_secs(1);
    let sim = Sim::builder().lifetimes(lifetimes).start().await.unwrap();
    let site = Site::with_sim(sim).await;
    let first = Window::open(&[]).await;
    first.goto(&site.origin).await;
    let mut tabs = Vec::new();
    for _ in 0..5 {
        tabs.push(first.second_window("#login").await);
    }
    for _ in 0..5 {
        site.allow().await;
    }
    for tab in &tabs {
        tab.reads("#done", NAME).await;
    }
    assert_eq!(site.exchanges(), 5);
}

#[tokio::test]
async fn a_frame_takes_the_whole_window_to_the_callback_without_a_click() {
    let site = Site::start().await;
    let window = Window::open(&[]).await;
    window
        .goto(&format!("{}/embedded/window", site.origin))
        .await;
    window.framed("iframe").shows("#wx_default_tip").await;
    window.picture("embedded-own-frame").await;
    site.allow().await;
    window.reads("#done", NAME).await;
}

#[tokio::test]
async fn a_callback_inside_a_frame_breaks_out_of_it_to_where_the_cookies_are() {
    let site = Site::start().await;
    let window = Window::open(&[]).await;
    window
        .goto(&format!("{}/embedded/frame", site.origin))
        .await;
    window.framed("iframe").shows("#wx_default_tip").await;
    site.allow().await;
    window.reads("#done", NAME).await;
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn a_pop_up_tells_its_opener_and_closes() {
    let site = Site::start().await;
    let window = Window::open(&[]).await;
    window.goto(&format!("{}/pop-up", site.origin)).await;
    window.click("#login").await;
    site.allow().await;
    window.reads("#who", NAME).await;
}

#[tokio::test]
async fn an_unreachable_wechat_is_a_page_whose_button_starts_a_new_login() {
    let site = Site::start().await;
    let window = site.begin(Window::small_and_dark().await).await;
    site.sim
        .fault(Fault::new(Effect::Reset).path("/sns/oauth2/access_token"));
    site.allow().await;
    window.reads("h1", "暂时无法连接微信").await;
    window.fits().await;
    window.picture("login-unreachable-zh-dark").await;
    window.click("main a").await;
    site.allow().await;
    window.reads("#done", NAME).await;
    assert_eq!(site.exchanges(), 2);
}

#[tokio::test]
async fn a_slow_wechat_is_called_once_although_the_callback_is_opened_again() {
    let site = Site::start().await;
    let window = site.begin(Window::open(&[]).await).await;
    window.shows("#wx_default_tip").await;
    site.sim
        .fault(Fault::new(Effect::DelayMs(1500)).path("/sns/oauth2/access_token"));
    let uuid = site.sim.until(|sim| sim.pending().pop()).await;
    let callback = site.sim.allow(&uuid, "layla").unwrap();
    // The page's own request is in progress when the URL is opened again.
    let again = window.tab().await;
    again.goto(&callback).await;
    again.reads("#done", NAME).await;
    window.reads("#done", NAME).await;
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn a_phone_gets_a_hint_in_both_languages() {
    let site = Site::start().await;
    let agent = "--user-agent=Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1";
    for (language, title) in [("zh-CN", "使用微信登录"), ("en", "Log in with WeChat")] {
        let language_argument = format!("--accept-lang={language}");
        let window = Window::open(&[agent, &language_argument, "--window-size=420,800"]).await;
        window.goto(&format!("{}/login", site.origin)).await;
        window.reads("h1", title).await;
        window.fits().await;
        window.picture(&format!("login-phone-{language}")).await;
        window.click("main a").await;
        window.wait_for("#wx_default_tip").await;
    }
}
