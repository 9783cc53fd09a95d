//! The example in this process, its simulator, and what a test does with both.

use std::{
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use http::{Request, Response};
use sqlx::Row;
use tokio::{net::TcpListener, sync::Notify};
use weixin::{
    AppSecret, Endpoints, Website,
    clock::{Clock, SystemClock},
    transport::{Https, ResponseFuture, Transport},
};
use weixin_axum::WebLogin;
use weixin_sim::Sim;

use crate::{
    running::{Browser, location, text},
    site::{Database, Site},
};

pub(crate) const EMAIL: &str = "email=joe%40shop.example&password=correct+horse";

/// The session's cookie.
pub(crate) const SESSION: &str = "session";

/// What only a visitor without a session sees.
pub(crate) const LOGGED_OUT: &str = "使用微信登录";

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) url: String,
    pub(crate) site: Site,
    pub(crate) clock: Arc<MovedClock>,
    pub(crate) wechat: WeChat,
}

impl World {
    /// With a database in memory.
    pub(crate) async fn new() -> Self {
        Self::with(None).await
    }

    /// With a database file in a directory.
    pub(crate) async fn in_directory(directory: &Path) -> Self {
        Self::with(Some(&directory.join("site.db"))).await
    }

    async fn with(file: Option<&Path>) -> Self {
        let sim = Sim::builder().seed(1).start().await.unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let (clock, wechat) = (Arc::<MovedClock>::default(), WeChat::default());
        let database = Database::open(file, clock.clone()).await.unwrap();
        let login = web_login(&sim, &url, wechat.clone());
        let site = Site::new(login, url.clone(), database).unwrap();
        let server = axum::serve(listener, site.clone().router());
        tokio::spawn(server.into_future());
        Self {
            sim,
            url,
            site,
            clock,
            wechat,
        }
    }

    pub(crate) fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    pub(crate) async fn get(&self, browser: &mut Browser, path: &str) -> Response<Vec<u8>> {
        browser.get(&self.at(path)).await
    }

    pub(crate) async fn post(
        &self,
        browser: &mut Browser,
        path: &str,
        form: &str,
    ) -> Response<Vec<u8>> {
        browser.post(&self.at(path), form).await
    }

    /// A browser in which an account with a password has just been registered.
    pub(crate) async fn registered(&self, form: &str) -> Browser {
        let mut browser = Browser::default();
        let done = self.post(&mut browser, "/register", form).await;
        assert_eq!(done.status(), 303, "{}", text(&done));
        browser
    }

    /// Scans the QR code to which a browser was redirected, and allows; returns the callback's URL.
    pub(crate) async fn scan(&self, started: &Response<Vec<u8>>, user: &str) -> String {
        let page = location(started);
        let page = page.split('#').next().unwrap();
        Browser::default().get(page).await;
        let code = self.sim.pending().pop().unwrap();
        self.sim.allow(&code, user).unwrap()
    }

    /// A login with WeChat, up to the response to its callback.
    pub(crate) async fn log_in(&self, browser: &mut Browser, user: &str) -> Response<Vec<u8>> {
        let callback = self.allowed(browser, user).await;
        browser.get(&callback).await
    }

    /// A login with WeChat up to its callback, whose URL is returned.
    pub(crate) async fn allowed(&self, browser: &mut Browser, user: &str) -> String {
        let started = self.get(browser, "/login").await;
        self.scan(&started, user).await
    }

    /// The same, to link WeChat to the account of [`EMAIL`].
    pub(crate) async fn link(&self, browser: &mut Browser, user: &str) -> Response<Vec<u8>> {
        let started = self.post(browser, "/link", EMAIL).await;
        let callback = self.scan(&started, user).await;
        browser.get(&callback).await
    }

    /// What a browser's start page says.
    pub(crate) async fn home(&self, browser: &Browser) -> String {
        let page = browser.clone().get(&self.url).await;
        text(&page).to_owned()
    }

    /// Everything that is stored of accounts: "nothing was changed" is said of this.
    pub(crate) async fn stored(&self) -> Vec<String> {
        let mut stored = Vec::new();
        for statement in [
            "SELECT json_array('user', id, name, email, password, wechat) FROM users ORDER BY id",
            "SELECT json_array('identity', identity, user) FROM identities ORDER BY identity",
        ] {
            stored.extend(self.rows(statement).await);
        }
        stored
    }

    /// A statement's only column.
    pub(crate) async fn rows(&self, statement: &'static str) -> Vec<String> {
        let rows = sqlx::query(statement).fetch_all(&self.site.database.pool);
        let rows = rows.await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }

    pub(crate) async fn count(&self, statement: &'static str) -> i64 {
        let row = sqlx::query(statement).fetch_one(&self.site.database.pool);
        row.await.unwrap().get(0)
    }
}

/// The login of a site at `url`, in which the simulator is WeChat.
pub(crate) fn web_login(sim: &Sim, url: &str, wechat: WeChat) -> WebLogin {
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    let client = Website::builder("wx0123456789abcdef".parse().unwrap(), secret)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
        .build_with(wechat);
    WebLogin::new(client, format!("{url}/callback").parse().unwrap()).unwrap()
}

/// The time of this machine, and what a test has added to it.
#[derive(Debug, Default)]
pub(crate) struct MovedClock(Mutex<Duration>);

impl MovedClock {
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for MovedClock {
    fn now(&self) -> SystemTime {
        SystemClock.now() + *self.0.lock().unwrap()
    }
}

/// The simulator, in which a user's UnionID can change: the app moves to another Open Platform account. Its responses can
/// be held.
#[derive(Clone, Debug)]
pub(crate) struct WeChat {
    https: Https,
    unionid: Arc<Mutex<Option<&'static str>>>,
    held: Arc<Mutex<Option<&'static str>>>,
    reached: Arc<Notify>,
    resume: Arc<Notify>,
}

impl Default for WeChat {
    fn default() -> Self {
        Self {
            https: Https::new().unwrap(),
            unionid: Arc::default(),
            held: Arc::default(),
            reached: Arc::default(),
            resume: Arc::default(),
        }
    }
}

impl WeChat {
    pub(crate) fn change_unionid(&self, unionid: &'static str) {
        *self.unionid.lock().unwrap() = Some(unionid);
    }

    /// Holds the next call of this path until [`resume`](Self::resume).
    pub(crate) fn hold(&self, path: &'static str) {
        *self.held.lock().unwrap() = Some(path);
    }

    /// Waits for the call that is held.
    pub(crate) async fn reached(&self) {
        self.reached.notified().await;
    }

    pub(crate) fn resume(&self) {
        self.resume.notify_one();
    }

    /// Whether this is the call to be held; it is one only.
    fn is_held(&self, path: &str) -> bool {
        let mut held = self.held.lock().unwrap();
        held.take_if(|held| *held == path).is_some()
    }
}

impl Transport for WeChat {
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_> {
        Box::pin(async move {
            if self.is_held(request.uri().path()) {
                self.reached.notify_one();
                self.resume.notified().await;
            }
            let mut response = self.https.send(request).await?;
            if let Some(unionid) = *self.unionid.lock().unwrap() {
                let mut body: serde_json::Value = serde_json::from_slice(response.body()).unwrap();
                body["unionid"] = unionid.into();
                *response.body_mut() = serde_json::to_vec(&body).unwrap();
            }
            Ok(response)
        })
    }
}
