//! No log at any level shows a secret. Alone in its file: subscribers of other tests' threads would
//! change what is logged.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the log needs less of it than the login")]
mod support;

#[path = "support/secret_types.rs"]
mod secret_types;

use std::{
    collections::BTreeSet,
    fmt::Debug,
    io::Write,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;
use weixin::{
    AppSecret, Callback, Code, CsrfToken, Endpoints, MiniProgram, MobileApp, OfficialAccount,
    QrPageOptions, UserTokens, Website,
    app::{App, Apps},
    authorize::Device,
    mini_program::{EncryptedData, JsCode, PhoneCode},
    store::{MemoryStore, PostgresStore, Record, SqliteStore, Store, StoreKeys, Version},
    tokens::Bearer,
};
use weixin_sim::Sim;

/// Everything that was logged, by every dependency too.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap()).into_owned()
    }
}

/// The secrets that must not be in the log, with their names.
type Secrets = Vec<(&'static str, String)>;

fn secret(name: &'static str, secret: &str) -> (&'static str, String) {
    (name, secret.to_owned())
}

/// The types of what was logged.
type Shown = BTreeSet<String>;

/// Logs a value as a careless program does.
fn log<T: Debug>(shown: &mut Shown, value: &T) {
    tracing::error!("{value:#?}");
    tracing::trace!(?value);
    let name = std::any::type_name::<T>();
    let name = name.split('<').next().unwrap();
    shown.insert(name.rsplit("::").next().unwrap().to_owned());
}

/// Logs these values.
macro_rules! log_all {
    ($shown:ident, [$($value:expr),+ $(,)?]) => { $( log($shown, &$value); )+ };
}

/// A login by QR code, every call with its token, and the error of a used code.
async fn website(sim: &Sim, shown: &mut Shown) -> Secrets {
    let website = support::website(sim);
    let elsewhere = "https://www.example.com/".parse().unwrap();
    website.probe(&elsewhere).await.unwrap_err();
    website.probe(&support::redirect_uri()).await.unwrap_err();
    let (url, csrf) = support::authorize_url(&website);
    let query = support::callback(&url).await;
    let callback = Callback::parse(&query).unwrap();
    log(shown, &callback);
    let code = callback.verify(&csrf).unwrap();
    log(shown, &code);
    let code_text = code.expose().to_owned();
    let token = website.exchange(code).await.unwrap();
    website.user(&token).await.unwrap();
    website.check(&token).await.unwrap();
    website.refresh(&token.refresh_token).await.unwrap();
    let used = Code::new(code_text.as_str()).unwrap();
    website.exchange(used).await.unwrap_err();
    let tokens = UserTokens::new(&website, MemoryStore::new());
    tokens.insert(&token).await.unwrap();
    let stored = tokens.get(website.id(), &token.openid).await.unwrap();
    let renewed = tokens.renew(&stored).await.unwrap();
    tokens.user(website.id(), &token.openid).await.unwrap();
    log_all!(
        shown,
        [
            website,
            website.client(),
            token,
            csrf,
            tokens,
            *stored,
            *renewed,
            Bearer::from(&token)
        ]
    );
    log_all!(
        shown,
        [
            &token.access_token,
            &token.refresh_token,
            Bearer::from(&*stored)
        ]
    );
    vec![
        secret("app secret", support::APP_SECRET),
        secret("CSRF token", csrf.expose()),
        secret("state", &csrf.state()),
        secret("code", &code_text),
        secret("access token", token.access_token.expose()),
        secret("refresh token", token.refresh_token.expose()),
        secret("renewed access token", renewed.access_token().expose()),
    ]
}

/// The starts of a login, and the stores.
async fn starts_and_stores(shown: &mut Shown) -> Secrets {
    const STATE: &str = "0123456789abcdefghijkl";
    const CSRF: &str = "lkjihgfedcba9876543210";
    const STORE_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let secret_ = || AppSecret::new(support::APP_SECRET).unwrap();
    let app = || "wx0123456789abcdef".parse().unwrap();
    let redirect_uri = "https://shop.example/".parse().unwrap();
    let website = Website::new(app(), secret_()).unwrap();
    let account = OfficialAccount::new(app(), secret_()).unwrap();
    let qr = |csrf: &CsrfToken| {
        let qr = website.embedded_qr(&redirect_uri, csrf, &QrPageOptions::new());
        qr.unwrap()
    };
    let csrf = CsrfToken::new(CSRF).unwrap().bound_to("/cart");
    let apps = Apps::from(website.clone()).official_account(account.clone());
    log_all!(
        shown,
        [
            qr(&csrf),
            qr(&CsrfToken::from_state(STATE).unwrap()),
            csrf,
            apps,
            apps.for_device(Device::Desktop).unwrap(),
            apps.for_device(Device::WeChat).unwrap(),
            App::from(website.clone()),
            App::from(account.clone()),
            account,
            MobileApp::new(app(), secret_()).unwrap(),
            secret_(),
            Website::builder(app(), secret_())
        ]
    );
    let keys = || StoreKeys::new(STORE_KEY).unwrap();
    let expires = std::time::SystemTime::UNIX_EPOCH;
    let record = || Record::new(b"hunter2record".to_vec(), Version(1), expires);
    let memory = MemoryStore::new();
    let written = memory.compare_exchange("app/1", None, Some(record()));
    assert!(written.await.unwrap());
    let sqlite = SqliteStore::connect("sqlite::memory:", keys());
    let sqlite = sqlite.await.unwrap();
    let written = sqlite.compare_exchange("app/1", None, Some(record()));
    assert!(written.await.unwrap());
    // Never connected: its `Debug` is what matters.
    let pool = sqlx::PgPool::connect_lazy("postgres://joe:hunter2password@localhost/shop");
    let postgres = PostgresStore::new(pool.unwrap(), keys());
    log_all!(shown, [keys(), record(), memory, sqlite, postgres]);
    vec![
        secret("state", STATE),
        secret("CSRF token", CSRF),
        secret("state of the CSRF token", &csrf.state()),
        secret("store key", STORE_KEY),
        secret("password of the database", "hunter2password"),
        secret("record", "hunter2record"),
        // As `Debug` shows bytes.
        secret("record", "104, 117, 110"),
    ]
}

/// A mini program's login, and the user's phone number.
async fn mini_program(sim: &Sim, shown: &mut Shown) -> Secrets {
    let id = "wx0123456789abcde2";
    let app_secret = AppSecret::new(support::APP_SECRET).unwrap();
    let app = MiniProgram::builder(id.parse().unwrap(), app_secret)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
        .build()
        .unwrap();
    let js_code = sim.wx_login(id, "layla").unwrap();
    let session = app.session(JsCode::new(js_code.as_str()).unwrap());
    let session = session.await.unwrap();
    let tokens = app.app_tokens(MemoryStore::new());
    let token = tokens.get().await.unwrap();
    let is_latest = app.check_session(&tokens, &session.openid, &session.session_key);
    assert!(is_latest.await.unwrap());
    let phone_code = sim.phone_code(id, "layla").unwrap();
    let phone = PhoneCode::new(phone_code.as_str()).unwrap();
    let phone = app.phone_number(&tokens, phone).await.unwrap();
    let payload = EncryptedData {
        encrypted_data: String::new(),
        iv: String::new(),
    };
    log_all!(
        shown,
        [
            app,
            App::from(app.clone()),
            JsCode::new(js_code.as_str()).unwrap(),
            PhoneCode::new(phone_code.as_str()).unwrap(),
            session,
            session.session_key,
            tokens,
            *token,
            payload
        ]
    );
    vec![
        secret("code of wx.login", &js_code),
        secret("phone number code", &phone_code),
        secret("session key", session.session_key.expose()),
        secret("app token", token.access_token().expose()),
        secret("phone number", &phone.phone_number),
    ]
}

#[tokio::test]
async fn no_log_at_any_level_shows_a_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
        .with_writer(log.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let sim = Sim::builder().auto_allow().start().await.unwrap();
    let mut shown = Shown::new();
    let mut secrets = website(&sim, &mut shown).await;
    secrets.extend(mini_program(&sim, &mut shown).await);
    secrets.extend(starts_and_stores(&mut shown).await);
    // This one needs a server. Its `Debug` is not derived.
    shown.insert("RedisStore".to_owned());
    let holders = secret_types::holders();
    let not_shown: Vec<_> = holders
        .iter()
        .filter(|name| !shown.contains(*name))
        .collect();
    assert!(not_shown.is_empty(), "not logged: {not_shown:?}");

    let log = log.text();
    for seen in [
        r#"openid="o"#,
        "weixin.exchange",
        "weixin.user",
        "weixin.renew",
        "weixin.session",
        "weixin.phone_number",
        "40163",
        "hyper",
    ] {
        assert!(
            log.contains(seen),
            "the log is not complete: {seen} is missing"
        );
    }
    for (name, secret) in secrets {
        let encoded: String = form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        let line = log
            .lines()
            .find(|line| line.contains(&secret) || line.contains(&encoded));
        assert_eq!(line, None, "the {name} is in the log");
    }
}
