//! No log at any level shows a secret. Alone in its file: subscribers of other tests' threads would
//! meddle with what is logged.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the log needs less of it than the login")]
mod support;

use std::{
    fmt::Debug,
    io::Write,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;
use weixin::{
    AppKind, AppSecret, AppTokens, Callback, Client, Code, Endpoints, MemoryStore, Vault,
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

/// As a careless program does.
fn log_all(values: &[&dyn Debug]) {
    for value in values {
        tracing::info!("{value:?}");
    }
}

/// A login by QR code, everything that can be done with its token, and what goes wrong with a code that is spent.
async fn website(sim: &Sim) -> Secrets {
    let client = support::client(sim);
    let login = client.login_url(support::redirect_uri()).unwrap();
    client.probe(&login).await.unwrap_err();
    let query = support::callback(&login).await;
    let code = Callback::parse(&query)
        .unwrap()
        .verify(login.csrf())
        .unwrap();
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
    log_all(&[&client, &token, &login, &vault, &kept, &renewed]);
    vec![
        secret("app secret", support::APP_SECRET),
        secret("code", &code_text),
        secret("access token", token.access_token.expose()),
        secret("refresh token", token.refresh_token.expose()),
        secret("renewed access token", renewed.access_token().expose()),
    ]
}

/// A mini program's login, and the user's phone number.
async fn mini_program(sim: &Sim) -> Secrets {
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
    log_all(&[&client, &session, &tokens, &token]);
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
    let mut secrets = website(&sim).await;
    secrets.extend(mini_program(&sim).await);

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
        // The simulator's own redirect, seen by the test's browser, is no log of ours.
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "the {name} is in the log");
    }
}
