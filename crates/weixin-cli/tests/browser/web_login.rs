//! A site of weixin-axum's in a real browser: cookies lost, callbacks twice, tabs, frames, pop-ups and problems.

use std::{sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::{FromRef, State},
    http::{HeaderMap, header::CONTENT_SECURITY_POLICY},
    response::{Html, IntoResponse},
    routing::get,
};
use serde_json::json;
use tokio::net::TcpListener;
use url::Url;
use weixin::{AppKind, AppSecret, Client, Endpoints};
use weixin_axum::{
    Ending, LoginError, PopUpDone, ReturnPath, StartLogin, VerifiedCode, Visitor, WebLogin,
};
use weixin_sim::{Effect, Fault, Lifetimes, Sim};

use crate::window::Window;

#[derive(Clone)]
struct Site {
    sim: Arc<Sim>,
    login: WebLogin,
    origin: String,
}

impl FromRef<Site> for WebLogin {
    fn from_ref(site: &Site) -> Self {
        site.login.clone()
    }
}

impl Site {
    async fn start() -> Self {
        Self::in_front_of(Sim::start().await.unwrap()).await
    }

    /// At `localhost`, whose cookies are not those of 127.0.0.1.
    async fn in_front_of(sim: Sim) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let origin = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let client = |app: &str, kind| {
            let secret = AppSecret::new("s".repeat(32)).unwrap();
            Client::builder(app.parse().unwrap(), secret)
                .kind(kind)
                .endpoints(Endpoints::single(sim.url().parse().unwrap()))
                .build()
                .unwrap()
        };
        let login = WebLogin::builder(format!("{origin}/callback").parse().unwrap())
            .app(client("wx0123456789abcdef", AppKind::Website))
            .app(client("wx0123456789abcde0", AppKind::OfficialAccount))
            .build()
            .unwrap();
        let site = Self {
            sim: Arc::new(sim),
            login,
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
                get(async |site, headers: HeaderMap| embedded(site, &headers, Ending::Window)),
            )
            .route(
                "/embedded/frame",
                get(async |site, headers: HeaderMap| embedded(site, &headers, Ending::Frame)),
            )
            .route("/scripted", get(scripted))
            .with_state(site.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        site
    }

    /// Somebody follows "log in" in this window.
    async fn begin(&self, window: Window) -> Window {
        window.goto(&self.origin).await;
        window.click("#login").await;
        window
    }

    /// Somebody allows the login that waits.
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

const POP_UP: &str = r#"<p id=who>nobody</p><button id=login>log in</button><script>
let popUp;
document.getElementById("login").onclick = () => { popUp = window.open("/login", "login"); };
addEventListener("message", event => {
  if (event.origin === location.origin && event.source === popUp)
    document.getElementById("who").textContent = event.data;
});
</script>"#;

async fn begin(State(site): State<Site>, headers: HeaderMap) -> Result<StartLogin, LoginError> {
    let cart: ReturnPath = "/cart".parse().unwrap();
    Ok(site.login.start(&headers)?.return_to(cart))
}

/// A pop-up tells its opener; a window of its own says so itself.
async fn callback_page(
    State(site): State<Site>,
    visitor: Visitor,
    code: VerifiedCode,
) -> Result<impl IntoResponse, LoginError> {
    let login = site.login.exchange(code).await?;
    let name = login.user().await?.nickname;
    if visitor.wants_json {
        return Ok(Json(json!({ "name": name })).into_response());
    }
    let opener = Url::parse(&site.origin).unwrap();
    let done = PopUpDone::new(&opener, &name, &visitor);
    let page = done.forgetting(login.forget).into_http();
    // What the test reads; a browser does not close a window that no script has opened.
    let page = page.map(|body| body.replace("</main>", &format!("<b id=done>{name}</b></main>")));
    Ok(page.map(axum::body::Body::from))
}

fn embedded(
    State(site): State<Site>,
    headers: &HeaderMap,
    ending: Ending,
) -> Result<impl IntoResponse + use<>, LoginError> {
    let login = site.login.embed(headers, "qr", ending)?;
    let page = format!(
        "<!doctype html><meta charset=utf-8><h1>a site</h1>{}",
        login.frame()
    );
    let policy = [(CONTENT_SECURITY_POLICY, login.policy())];
    Ok((login, policy, Html(page)))
}

/// By WeChat's own script.
async fn scripted(
    State(site): State<Site>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, LoginError> {
    let login = site.login.embed(&headers, "qr", Ending::Frame)?;
    let page = format!(
        "<!doctype html><h1>a site</h1><div id=qr></div>{}",
        login.script()
    );
    let policy = [(CONTENT_SECURITY_POLICY, login.policy())];
    Ok((login, policy, Html(page)))
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
async fn inside_wechat_the_official_account_asks_and_whoever_says_no_may_try_again() {
    let site = Site::start().await;
    let window = site
        .begin(Window::open(&[INSIDE_WECHAT, "--window-size=420,800"]).await)
        .await;
    window.reads("h1", "登录 示例公众号").await;
    window.click("button.cancel").await;
    window.reads("h1", "您已取消登录").await;
    let address = window.address().await;
    assert!(
        address.ends_with("/callback?login_error=declined&return_to=/cart"),
        "{address}"
    );
    window.picture("login-declined-zh").await;
    window.click("main a").await;
    window.click("button.allow").await;
    window.wait_for("#done").await;
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn a_snapshot_user_is_told_to_use_the_full_service() {
    let site = Site::start().await;
    let window = site
        .begin(Window::open(&[INSIDE_WECHAT, "--window-size=420,800"]).await)
        .await;
    window.wait_for("button.allow").await;
    let login = window.address().await;
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
    let callback = window.address().await;
    window.back().await;
    // A new QR code, which nobody has to scan: whoever goes on from here is logged in already.
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
    let callback = window.address().await;
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
async fn a_state_that_comes_back_altered_logs_nobody_in() {
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
    let site = Site::in_front_of(sim).await;
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
async fn wechat_away_is_a_page_whose_button_begins_a_new_login() {
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
async fn a_slow_wechat_is_asked_once_although_the_visitor_loses_patience() {
    let site = Site::start().await;
    let window = site.begin(Window::open(&[]).await).await;
    window.shows("#wx_default_tip").await;
    site.sim
        .fault(Fault::new(Effect::DelayMs(1500)).path("/sns/oauth2/access_token"));
    let uuid = site.sim.until(|sim| sim.pending().pop()).await;
    let callback = site.sim.allow(&uuid, "layla").unwrap();
    // The page's own visit is under way when the address is opened again.
    let again = window.tab().await;
    again.goto(&callback).await;
    again.reads("#done", NAME).await;
    window.reads("#done", NAME).await;
    assert_eq!(site.exchanges(), 1);
}

#[tokio::test]
async fn a_phone_is_told_what_to_do_in_both_languages() {
    let site = Site::start().await;
    let agent = "--user-agent=Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148 Safari/604.1";
    for (language, title) in [("zh-CN", "用微信登录"), ("en", "Log in with WeChat")] {
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
