//! A site with its simulator, and browsers that visit both.

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
    extract::{RawQuery, State},
    http::{HeaderMap, Request, StatusCode, header},
    response::{IntoResponse, Redirect},
    routing::get,
};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use weixin::{Answer, AppKind, AppSecret, Client, Endpoints, Https, Transport};
use weixin_axum::{LoginError, StartLogin, VerifiedCode, Visitor, WebLogin, WebLoginBuilder};
use weixin_sim::Sim;

/// The bundled transport, counted, and stopped in front of the answer while the gate is shut.
#[derive(Clone, Debug)]
pub(crate) struct Gate {
    https: Https,
    exchanges: Arc<AtomicUsize>,
    pub(crate) open: Arc<Semaphore>,
}

impl Gate {
    pub(crate) fn new(permits: usize) -> Self {
        let https = Https::new().unwrap();
        Self {
            https,
            exchanges: Arc::default(),
            open: Arc::new(Semaphore::new(permits)),
        }
    }

    pub(crate) fn exchanges(&self) -> usize {
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

/// One server of a site.
#[derive(Clone)]
pub(crate) struct Site {
    pub(crate) sim: Arc<Sim>,
    pub(crate) gate: Gate,
    router: Router,
}

impl Site {
    /// A site with a website app and an official account.
    pub(crate) async fn start(redirect_uri: &str, gate: Gate) -> Self {
        let sim = Sim::builder().auto_allow().start().await.unwrap();
        Self::with(Arc::new(sim), redirect_uri, gate, |builder| builder)
    }

    pub(crate) async fn local() -> Self {
        Self::start("http://localhost/authorization", Gate::new(100)).await
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
        let client = |app: &str, kind| {
            let secret = AppSecret::new("s".repeat(32)).unwrap();
            Client::builder(app.parse().unwrap(), secret)
                .kind(kind)
                .endpoints(Endpoints::single(sim.url().parse().unwrap()))
                .build_with(gate.clone())
        };
        WebLogin::builder(redirect_uri.parse().unwrap())
            .app(client("wx0123456789abcdef", AppKind::Website))
            .app(client("wx0123456789abcde0", AppKind::OfficialAccount))
    }

    pub(crate) fn of(sim: Arc<Sim>, gate: Gate, login: WebLoginBuilder) -> Self {
        let router = Router::new()
            .route("/login", get(login_page))
            .route("/authorization", get(authorization))
            .with_state(login.build().unwrap());
        Self { sim, gate, router }
    }
}

async fn login_page(
    State(weixin): State<WebLogin>,
    visitor: Visitor,
) -> Result<StartLogin, LoginError> {
    Ok(weixin.start(&visitor)?.return_to("/cart".parse().unwrap()))
}

async fn authorization(
    State(weixin): State<WebLogin>,
    RawQuery(query): RawQuery,
    code: VerifiedCode,
) -> Result<impl IntoResponse, LoginError> {
    let login = weixin.exchange(code).await?;
    let openid = if query.is_some_and(|query| query.ends_with("&only=ids")) {
        login.token.openid.clone()
    } else {
        login.user().await?.openid
    };
    let to = login
        .return_to
        .map_or_else(|| "/".to_owned(), |path| path.to_string());
    Ok((
        login.forget,
        [("x-user", openid.to_string())],
        Redirect::to(&to),
    ))
}

/// Cookies and nothing else of a browser.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: BTreeMap<String, String>,
    /// What else it sends with every request.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
}

pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Browser {
    /// One that sends these headers with every request.
    pub(crate) fn with(headers: &[(&'static str, &'static str)]) -> Self {
        Self {
            headers: headers.to_vec(),
            ..Self::default()
        }
    }
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
}

impl Browser {
    pub(crate) async fn open(&mut self, site: &Site, path: &str) -> Page {
        let cookies: Vec<_> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        let mut request = Request::get(path).header(header::COOKIE, cookies.join("; "));
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
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
        let answer = Https::new().unwrap().send(request).await.unwrap();
        let callback = answer.headers()[header::LOCATION].to_str().unwrap();
        callback
            .split_once("://")
            .and_then(|(_, rest)| rest.split_once('/'))
            .map(|(_, path)| format!("/{path}"))
            .unwrap()
    }
}
