//! A browser, a site and a simulator: what happens to a login, and to an attack on one.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Redirect},
    routing::get,
};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use weixin::{Answer, AppSecret, Client, Endpoints, Https, Transport};
use weixin_axum::{LoginError, StartLogin, VerifiedCode, WebLogin};
use weixin_sim::Sim;

/// The bundled transport, counted, and stopped in front of the answer while the gate is shut.
#[derive(Clone, Debug)]
struct Gate {
    https: Https,
    exchanges: Arc<AtomicUsize>,
    open: Arc<Semaphore>,
}

impl Gate {
    fn new(permits: usize) -> Self {
        let https = Https::new().unwrap();
        Self {
            https,
            exchanges: Arc::default(),
            open: Arc::new(Semaphore::new(permits)),
        }
    }

    fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::SeqCst)
    }
}

impl Transport for Gate {
    fn send(&self, request: Request<Vec<u8>>) -> Answer<'_> {
        Box::pin(async move {
            if request.uri().path() == "/sns/oauth2/access_token" {
                self.exchanges.fetch_add(1, Ordering::SeqCst);
                self.open.acquire().await.unwrap().forget();
            }
            self.https.send(request).await
        })
    }
}

struct Site {
    _sim: Sim,
    gate: Gate,
    router: Router,
}

impl Site {
    async fn start(redirect_uri: &str, gate: Gate) -> Self {
        let sim = Sim::builder().auto_allow().start().await.unwrap();
        let secret = AppSecret::new("s".repeat(32)).unwrap();
        let client = Client::builder("wx0123456789abcdef".parse().unwrap(), secret)
            .endpoints(Endpoints::single(sim.url().parse().unwrap()))
            .build_with(gate.clone());
        let router = Router::new()
            .route("/login", get(login))
            .route("/authorization", get(authorization))
            .with_state(WebLogin::new(client, redirect_uri.parse().unwrap()).unwrap());
        Self {
            _sim: sim,
            gate,
            router,
        }
    }

    async fn local() -> Self {
        Self::start("http://localhost/authorization", Gate::new(100)).await
    }
}

async fn login(State(weixin): State<WebLogin>) -> Result<StartLogin, LoginError> {
    Ok(weixin.start()?.return_to("/cart".parse().unwrap()))
}

async fn authorization(
    State(weixin): State<WebLogin>,
    code: VerifiedCode,
) -> Result<impl IntoResponse, LoginError> {
    let login = weixin.exchange(code).await?;
    let user = weixin.client().user(&login.token).await?;
    let to = login
        .return_to
        .map_or_else(|| "/".to_owned(), |path| path.to_string());
    Ok((
        login.forget,
        [("x-user", user.openid.to_string())],
        Redirect::to(&to),
    ))
}

/// Cookies and nothing else of a browser.
#[derive(Clone, Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
}

struct Page {
    status: StatusCode,
    headers: HeaderMap,
    body: String,
}

impl Page {
    fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    fn user(&self) -> Option<&str> {
        self.headers
            .get("x-user")
            .map(|user| user.to_str().unwrap())
    }
}

impl Browser {
    async fn open(&mut self, site: &Site, path: &str) -> Page {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let request = Request::get(path).header(header::COOKIE, cookies.join("; "));
        let request = request.body(Body::empty()).unwrap();
        let response = site.router.clone().oneshot(request).await.unwrap();
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Page {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Follows "log in with WeChat" to the callback's path, without opening it.
    async fn log_in(&mut self, site: &Site) -> String {
        let page = self.open(site, "/login").await;
        self.visit_wechat(page.location()).await
    }

    async fn visit_wechat(&self, login_url: &str) -> String {
        let request = Request::get(login_url.split('#').next().unwrap())
            .body(Vec::new())
            .unwrap();
        let answer = Https::new().unwrap().send(request).await.unwrap();
        let callback = answer.headers()[header::LOCATION].to_str().unwrap();
        callback
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'))
            .map(|(_, path)| format!("/{path}"))
            .unwrap()
    }
}

#[tokio::test]
async fn a_login_keeps_its_state_in_a_cookie_and_ends_where_it_began() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let page = browser.open(&site, "/login").await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    let state = page
        .location()
        .split("state=")
        .nth(1)
        .unwrap()
        .split('#')
        .next()
        .unwrap();
    assert_eq!(
        cookie,
        format!(
            "weixin-{}={state}.%2Fcart; HttpOnly; SameSite=Lax; Path=/; Max-Age=600",
            &state[..8]
        )
    );

    let callback = browser.visit_wechat(page.location()).await;
    let page = browser.open(&site, &callback).await;
    assert_eq!(
        (page.status, page.location()),
        (StatusCode::SEE_OTHER, "/cart")
    );
    assert!(page.user().is_some());
    assert!(
        page.headers[header::SET_COOKIE]
            .to_str()
            .unwrap()
            .ends_with("Max-Age=60")
    );
}

#[tokio::test]
async fn a_callback_that_comes_again_gets_the_same_answer_from_one_exchange() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let first = browser.open(&site, &callback).await;
    let again = browser.open(&site, &callback).await;
    assert_eq!(
        (again.status, again.user()),
        (StatusCode::SEE_OTHER, first.user())
    );
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn sixteen_callbacks_at_once_make_one_exchange() {
    let site = Arc::new(Site::local().await);
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (site, callback, mut browser) = (Arc::clone(&site), callback.clone(), browser.clone());
        tasks.spawn(async move {
            browser
                .open(&site, &callback)
                .await
                .user()
                .map(str::to_owned)
        });
    }
    let users = tasks.join_all().await;
    assert!(
        users.iter().all(|user| user.is_some() && *user == users[0]),
        "{users:?}"
    );
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn a_browser_that_drops_its_first_callback_is_logged_in_by_the_second() {
    let site = Site::start("http://localhost/authorization", Gate::new(0)).await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    {
        let mut dropped = browser.clone();
        let first = dropped.open(&site, &callback);
        let started = async {
            while site.gate.exchanges() == 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = first => panic!("answered although WeChat did not"),
            () = started => {}
        }
    }
    site.gate.open.add_permits(1);
    let page = browser.open(&site, &callback).await;
    assert!(page.user().is_some(), "{}", page.body);
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn two_tabs_log_in_side_by_side() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let one = browser.log_in(&site).await;
    let two = browser.log_in(&site).await;
    assert_eq!(browser.cookies.len(), 2);
    assert!(browser.open(&site, &one).await.user().is_some());
    assert!(browser.open(&site, &two).await.user().is_some());
}

#[tokio::test]
async fn a_used_callback_is_refused_in_another_browser() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    assert!(browser.open(&site, &callback).await.user().is_some());

    let thief = Browser::default().open(&site, &callback).await;
    assert_eq!((thief.status, thief.user()), (StatusCode::GONE, None));
    insta::assert_snapshot!(thief.body, @r"
    This login has been used already. Please start it again.
    此次登录已被使用，请重新登录。
    ");
}

#[tokio::test]
async fn an_unused_callback_starts_again_once_in_a_browser_without_cookies_and_then_explains() {
    let site = Site::local().await;
    let callback = Browser::default().log_in(&site).await;

    let mut forgetful = Browser::default();
    let page = forgetful.open(&site, &callback).await;
    assert_eq!((page.status, page.user()), (StatusCode::SEE_OTHER, None));
    assert!(
        page.location().contains("/connect/qrconnect?"),
        "{}",
        page.location()
    );
    assert_eq!(site.gate.exchanges(), 0);

    let second = forgetful.visit_wechat(page.location()).await;
    assert!(second.contains("login_restarted=1"), "{second}");
    let explained = Browser::default().open(&site, &second).await;
    assert_eq!(
        (explained.status, explained.user()),
        (StatusCode::BAD_REQUEST, None)
    );
    assert!(
        explained.body.contains("Allow cookies"),
        "{}",
        explained.body
    );

    // A browser that does keep its cookies gets through at the second try.
    assert!(forgetful.open(&site, &second).await.user().is_some());
}

#[tokio::test]
async fn an_attackers_callback_does_not_log_a_victim_in() {
    let site = Site::local().await;
    let attackers = Browser::default().log_in(&site).await;
    let mut victim = Browser::default();
    victim.log_in(&site).await;
    let page = victim.open(&site, &attackers).await;
    assert_eq!((page.status, page.user()), (StatusCode::FORBIDDEN, None));
    assert_eq!(site.gate.exchanges(), 0);
}

#[tokio::test]
async fn a_cookie_with_the_right_name_and_the_wrong_state_is_worth_nothing() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let callback = browser.log_in(&site).await;
    for value in browser.cookies.values_mut() {
        value.replace_range(
            21..22,
            if value[21..].starts_with('x') {
                "y"
            } else {
                "x"
            },
        );
    }
    let page = browser.open(&site, &callback).await;
    assert_eq!((page.status, page.user()), (StatusCode::FORBIDDEN, None));
    assert_eq!(site.gate.exchanges(), 0);
}

#[tokio::test]
async fn another_code_does_not_come_with_a_spent_state() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let one = browser.log_in(&site).await;
    let two = browser.log_in(&site).await;
    assert!(browser.open(&site, &one).await.user().is_some());
    let code = |path: &str| path.split(['=', '&']).nth(1).unwrap().to_owned();
    let mixed = one.replace(&code(&one), &code(&two));
    let page = browser.open(&site, &mixed).await;
    assert_eq!((page.status, page.user()), (StatusCode::GONE, None));
    assert_eq!(site.gate.exchanges(), 1);
}

#[tokio::test]
async fn a_declined_login_ends_and_its_state_with_it() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    let page = browser.open(&site, "/login").await;
    let state = page
        .location()
        .split("state=")
        .nth(1)
        .unwrap()
        .split('#')
        .next()
        .unwrap();
    for query in [
        format!("state={state}"),
        format!("code=authdeny&reason=&state={state}"),
    ] {
        let mut browser = browser.clone();
        let page = browser
            .open(&site, &format!("/authorization?{query}"))
            .await;
        assert_eq!((page.status, page.user()), (StatusCode::FORBIDDEN, None));
        assert!(browser.cookies.is_empty());
    }
}

#[tokio::test]
async fn what_wechat_never_sends_is_refused() {
    let site = Site::local().await;
    let mut browser = Browser::default();
    browser.log_in(&site).await;
    for query in [
        "",
        "?code=",
        "?error=access_denied",
        "?code=a&code=b&state=c",
        "?code=%00&state=a",
    ] {
        let page = browser.open(&site, &format!("/authorization{query}")).await;
        assert_eq!(
            (page.status, page.user()),
            (StatusCode::BAD_REQUEST, None),
            "{query}"
        );
    }
}

#[tokio::test]
async fn on_https_the_cookie_is_bound_to_the_host() {
    let site = Site::start("https://www.example.com/authorization", Gate::new(1)).await;
    let page = Browser::default().open(&site, "/login").await;
    let cookie = page.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.starts_with("__Host-weixin-"), "{cookie}");
    assert!(
        cookie.ends_with("; HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"),
        "{cookie}"
    );
}

#[test]
fn plain_http_elsewhere_is_refused_with_the_reason() {
    let secret = AppSecret::new("secret").unwrap();
    let client = Client::builder("wx1".parse().unwrap(), secret)
        .build()
        .unwrap();
    let error = WebLogin::new(client, "http://www.example.com/".parse().unwrap()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "redirect_uri must start with https:// (http:// is for localhost and 127.0.0.1 only): no browser keeps the login's cookie on plain http"
    );
}
