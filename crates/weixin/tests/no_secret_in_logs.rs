//! No log at any level shows a secret. Alone in its file: subscribers of other tests' threads would
//! meddle with what is logged.
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
    AppKind, AppSecret, AppTokens, Apps, AuthorizeRequest, Bearer, Callback, Client, Code,
    CsrfToken, Device, EncryptedData, Endpoints, LoginRequest, MemoryStore, Record, RedirectUri,
    SqlStore, Store, StoreKeys, Vault,
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

/// What must not be in the log, by its name.
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

/// A login by QR code, everything that can be done with its token, and what goes wrong with a code that is spent.
async fn website(sim: &Sim, shown: &mut Shown) -> Secrets {
    let client = support::client(sim);
    let login = client.login_url(support::redirect_uri()).unwrap();
    client.probe(&login).await.unwrap_err();
    let query = support::callback(&login).await;
    let callback = Callback::parse(&query).unwrap();
    log(shown, &callback);
    let code = callback.verify(login.csrf()).unwrap();
    log(shown, &code);
    let code_text = code.expose().to_owned();
    let token = client.exchange(code).await.unwrap();
    client.user(&token).await.unwrap();
    client.check(&token).await.unwrap();
    client.refresh(&token.refresh_token).await.unwrap();
    let spent = Code::new(code_text.as_str()).unwrap();
    client.exchange(spent).await.unwrap_err();
    let vault = Vault::new(client.clone(), MemoryStore::new());
    vault.keep(&token).await.unwrap();
    let kept = vault.token(&token.openid).await.unwrap();
    let renewed = vault.renew(&kept).await.unwrap();
    vault.user(&token.openid).await.unwrap();
    log_all!(
        shown,
        [
            client,
            token,
            login,
            vault,
            *kept,
            *renewed,
            login.csrf(),
            Bearer::from(&token)
        ]
    );
    log_all!(
        shown,
        [
            &token.access_token,
            &token.refresh_token,
            Bearer::from(&*kept)
        ]
    );
    vec![
        secret("app secret", support::APP_SECRET),
        secret("CSRF token", login.csrf().expose()),
        secret("state", &login.csrf().state()),
        secret("code", &code_text),
        secret("access token", token.access_token.expose()),
        secret("refresh token", token.refresh_token.expose()),
        secret("renewed access token", renewed.access_token().expose()),
    ]
}

/// The ways to begin a login, and what is kept.
async fn beginnings_and_stores(shown: &mut Shown) -> Secrets {
    const STATE: &str = "0123456789abcdefghijkl";
    const STORE_KEY: &str = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let csrf = || CsrfToken::from_state(STATE).unwrap();
    let secret_ = || AppSecret::new(support::APP_SECRET).unwrap();
    let app = || "wx0123456789abcdef".parse().unwrap();
    let callback: RedirectUri = "https://shop.example/".parse().unwrap();
    let client = Client::builder(app(), secret_()).build().unwrap();
    let request = LoginRequest::new(callback.clone()).csrf(csrf());
    let inside = AuthorizeRequest::new(callback.clone()).csrf(csrf());
    let qr = client.embedded_qr("qr", request.clone()).unwrap();
    let apps = Apps::new().with(client);
    let start = apps.start(Device::Desktop, &callback).unwrap();
    log_all!(
        shown,
        [
            request,
            inside,
            qr,
            apps,
            start,
            secret_(),
            Client::builder(app(), secret_())
        ]
    );
    let keys = || StoreKeys::new(STORE_KEY).unwrap();
    let expires = std::time::SystemTime::UNIX_EPOCH;
    let record = || Record::new(b"hunter2record".to_vec(), 1.into(), expires);
    let memory = MemoryStore::new();
    memory.replace("app/1", None, Some(record())).await.unwrap();
    let sql = SqlStore::connect("sqlite::memory:", keys()).await.unwrap();
    sql.replace("app/1", None, Some(record())).await.unwrap();
    log_all!(shown, [keys(), record(), memory, sql]);
    vec![
        secret("state", STATE),
        secret("state", &start.url.csrf().state()),
        secret("store key", STORE_KEY),
        secret("record", "hunter2record"),
        // As `Debug` shows bytes.
        secret("record", "104, 117, 110"),
    ]
}

/// A mini program's login, and the user's phone number.
async fn mini_program(sim: &Sim, shown: &mut Shown) -> Secrets {
    let app = "wx0123456789abcde2";
    let app_secret = AppSecret::new(support::APP_SECRET).unwrap();
    let client = Client::builder(app.parse().unwrap(), app_secret)
        .kind(AppKind::MiniProgram)
        .endpoints(Endpoints::single(sim.url().parse().unwrap()))
        .build()
        .unwrap();
    let code = sim.wx_login(app, "layla").unwrap();
    let session = client.session(Code::new(code.as_str()).unwrap());
    let session = session.await.unwrap();
    let tokens = AppTokens::new(client.clone(), MemoryStore::new());
    let token = tokens.get().await.unwrap();
    let is_latest = client.check_session(&tokens, &session.openid, &session.session_key);
    assert!(is_latest.await.unwrap());
    let phone = Code::new(sim.phone_code(app, "layla").unwrap()).unwrap();
    let phone = client.phone_number(&tokens, phone).await.unwrap();
    let payload = EncryptedData {
        encrypted_data: String::new(),
        iv: String::new(),
    };
    log_all!(
        shown,
        [
            client,
            session,
            session.session_key,
            tokens,
            *token,
            payload
        ]
    );
    vec![
        secret("code of wx.login", &code),
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
    secrets.extend(beginnings_and_stores(&mut shown).await);
    // One more needs a server, and writes its `Debug` by hand.
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
