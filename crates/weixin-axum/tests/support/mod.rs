//! A site with its simulator, and browsers that visit both.

use std::{
    fmt::Write,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::RawQuery,
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use weixin::{
    AppSecret, Endpoints, OfficialAccount, Website,
    clock::{Clock, SystemClock},
    transport::{Https, ResponseFuture, Transport, TransportErrorKind},
};
use weixin_axum::{
    EndLogin, LoginError, ReturnPath, StartLogin, VerifiedCallback, WebLogin, WebLoginBuilder,
};
use weixin_sim::{App, Sim};

/// The bundled transport, counted, and stopped before the response while the gate is shut.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    https: Https,
    exchanges: Arc<AtomicUsize>,
    pub(crate) open: Arc<Semaphore>,
    /// Whether no connection can be made.
    pub(crate) is_down: Arc<AtomicBool>,
}

impl Gate {
    pub(crate) fn new(permits: usize) -> Self {
        let https = Https::new().unwrap();
        Self {
            https,
            exchanges: Arc::default(),
            open: Arc::new(Semaphore::new(permits)),
            is_down: Arc::default(),
        }
    }

    pub(crate) fn exchanges(&self) -> usize {
        self.exchanges.load(Ordering::SeqCst)
    }
}

impl Transport for Gate {
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_> {
        Box::pin(async move {
            if self.is_down.load(Ordering::SeqCst) {
                return Err(TransportErrorKind::Connect.into());
            }
            if request.uri().path() == "/sns/oauth2/access_token" {
                self.exchanges.fetch_add(1, Ordering::SeqCst);
                self.open.acquire().await.unwrap().forget();
            }
            self.https.send(request).await
        })
    }
}

/// A clock that tests move.
#[derive(Clone, Debug)]
pub(crate) struct TestClock(Arc<Mutex<SystemTime>>);

impl Default for TestClock {
    fn default() -> Self {
        // Redis removes by its own clock what has expired.
        Self(Arc::new(Mutex::new(SystemClock.now())))
    }
}

impl TestClock {
    pub(crate) fn advance(&self, time: Duration) {
        *self.0.lock().unwrap() += time;
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

/// One server of a site.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) sim: Arc<Sim>,
    pub(crate) gate: Gate,
    pub(crate) clock: TestClock,
    pub(crate) login: WebLogin,
    router: Router,
}

impl Site {
    /// A site with a website app and an official account.
    pub(crate) async fn start(redirect_uri: &str, gate: Gate) -> Self {
        let website = App::new("wx0123456789abcdef", "s".repeat(32));
        let website = website
            .callback_domain("www.example.com")
            .callback_domain("localhost");
        let sim = Sim::builder().app(website).app(App::official_account());
        let sim = sim.auto_allow().start().await.unwrap();
        Self::with(Arc::new(sim), redirect_uri, gate, |builder| builder)
    }

    pub(crate) async fn local() -> Self {
        Self::start("http://localhost/authorization", Gate::new(100)).await
    }

    /// As on the internet: `__Host-` cookies.
    pub(crate) async fn https() -> Self {
        Self::start("https://www.example.com/authorization", Gate::new(100)).await
    }

    /// The API's paths that were called, in their order.
    pub(crate) fn api_calls(&self) -> Vec<String> {
        let paths = self.sim.requests().into_iter().map(|request| request.path);
        paths.filter(|path| path.starts_with("/sns/")).collect()
    }

    /// One more server, with options.
    pub(crate) fn with(
        sim: Arc<Sim>,
        redirect_uri: &str,
        gate: Gate,
        options: impl FnOnce(WebLoginBuilder) -> WebLoginBuilder,
    ) -> Self {
        let login = options(Self::builder(&sim, redirect_uri, &gate));
        Self::of(sim, gate, login)
    }

    pub(crate) fn builder(sim: &Sim, redirect_uri: &str, gate: &Gate) -> WebLoginBuilder {
        let secret = || AppSecret::new("s".repeat(32)).unwrap();
        let endpoints = || Endpoints::single(sim.url().parse().unwrap());
        let website = Website::builder("wx0123456789abcdef".parse().unwrap(), secret());
        let account = OfficialAccount::builder("wx0123456789abcde0".parse().unwrap(), secret());
        let account = account.endpoints(endpoints()).build_with(gate.clone());
        WebLogin::builder(redirect_uri.parse().unwrap())
            .website(website.endpoints(endpoints()).build_with(gate.clone()))
            .official_account(account)
    }

    pub(crate) fn of(sim: Arc<Sim>, gate: Gate, login: WebLoginBuilder) -> Self {
        let clock = TestClock::default();
        let login = login.clock(clock.clone()).build().unwrap();
        let router = Router::new()
            .route("/login", get(login_page))
            .route("/logout", get(log_out))
            .route("/authorization", get(authorization))
            .fallback(authorization)
            .layer(login.clone());
        Self {
            sim,
            gate,
            clock,
            login,
            router,
        }
    }

    /// What the handlers respond to a request.
    pub(crate) async fn respond(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }
}

async fn login_page(start: StartLogin) -> StartLogin {
    start.return_to("/cart".parse::<ReturnPath>().unwrap())
}

async fn log_out(_: EndLogin) {}

async fn authorization(
    RawQuery(query): RawQuery,
    callback: VerifiedCallback,
) -> Result<impl IntoResponse, LoginError> {
    let login = callback.exchange().await?;
    let openid = if query.is_some_and(|query| query.ends_with("&only=ids")) {
        login.openid().clone()
    } else {
        login.user().await?.openid
    };
    let is_repeat = login.is_repeat().to_string();
    let to = login.return_to().map_or("/", ReturnPath::as_str);
    Ok((
        [("x-user", openid.to_string()), ("x-repeat", is_repeat)],
        Redirect::to(to),
    ))
}

/// The value of a parameter in a URL's query.
pub(crate) fn param(url: &str, name: &str) -> String {
    let (_, query) = url.split_once('?').unwrap();
    let query = query.split('#').next().unwrap();
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, value) = pairs.find(|(found, _)| found == name).unwrap();
    value.into_owned()
}

/// Cookies and nothing else of a browser, in the order in which it got them.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: Vec<(String, String)>,
    /// What else it sends with every request.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers[name].to_str().unwrap()
    }

    pub(crate) fn location(&self) -> &str {
        self.headers[header::LOCATION].to_str().unwrap()
    }

    pub(crate) fn user(&self) -> Option<&str> {
        self.headers
            .get("x-user")
            .map(|user| user.to_str().unwrap())
    }

    /// Whether the site was told that this callback came before.
    pub(crate) fn is_repeat(&self) -> bool {
        self.header("x-repeat") == "true"
    }

    /// The kind of failure to whose page this redirects.
    pub(crate) fn failure(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        assert_eq!(self.user(), None);
        param(self.location(), "login_error")
    }
}

impl Browser {
    /// One that sends these headers with every request.
    pub(crate) fn with(headers: &[(&'static str, &'static str)]) -> Self {
        Self {
            headers: headers.to_vec(),
            ..Self::default()
        }
    }

    /// Stores a cookie, as a browser does: one that it has keeps its place.
    pub(crate) fn set_cookie(&mut self, name: &str, value: &str) {
        match self.cookies.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.cookies.push((name.to_owned(), value.to_owned())),
        }
    }

    /// Stores and removes the cookies of a response.
    pub(crate) fn store_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.retain(|(known, _)| known != name);
            } else {
                self.set_cookie(name, value);
            }
        }
    }

    pub(crate) fn cookie_header(&self) -> String {
        self.cookies
            .iter()
            .fold(String::new(), |mut text, (name, value)| {
                let separator = if text.is_empty() { "" } else { "; " };
                write!(text, "{separator}{name}={value}").unwrap();
                text
            })
    }

    pub(crate) async fn open(&mut self, site: &Site, path: &str) -> Page {
        let mut request = Request::get(path);
        if !self.cookies.is_empty() {
            request = request.header(header::COOKIE, self.cookie_header().as_bytes());
        }
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let response = site.respond(request.body(Body::empty()).unwrap()).await;
        self.store_cookies(response.headers());
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Page {
            status: parts.status,
            headers: parts.headers,
            body,
        }
    }

    /// Follows a failed callback to its page.
    pub(crate) async fn open_failure(&mut self, site: &Site, path: &str) -> Page {
        let failed = self.open(site, path).await;
        failed.failure();
        self.open(site, failed.location()).await
    }

    /// Follows "log in with WeChat" to the callback's path, without opening it.
    pub(crate) async fn log_in(&mut self, site: &Site) -> String {
        let page = self.open(site, "/login").await;
        self.visit_wechat(page.location()).await
    }

    pub(crate) async fn visit_wechat(&self, login_url: &str) -> String {
        let mut request = Request::get(login_url.split('#').next().unwrap());
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Vec::new()).unwrap();
        let response = Https::new().unwrap().send(request).await.unwrap();
        let callback = response.headers()[header::LOCATION].to_str().unwrap();
        callback
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'))
            .map(|(_, path)| format!("/{path}"))
            .unwrap()
    }
}
