//! No log at any level shows a secret. Alone in its file: subscribers of other tests' threads would
//! meddle with what is logged.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the log needs less of it than the login")]
mod support;

use std::{
    fmt::{Debug, Formatter},
    io::Write,
    sync::{Arc, Mutex},
};

use tracing_subscriber::fmt::MakeWriter;
use weixin::{
    AppKind, AppSecret, AppToken, AppTokens, Callback, Client, Code, Endpoints, MemoryStore,
    PhoneNumber, Session, Vault,
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

/// Everything that a mini program's server holds.
struct MiniProgram {
    code: String,
    session: Session,
    tokens: AppTokens,
    token: Arc<AppToken>,
    phone: PhoneNumber,
}

/// A phone number is for the user's own eyes: whoever prints it has asked for it.
impl Debug for MiniProgram {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MiniProgram")
            .field("session", &self.session)
            .field("tokens", &self.tokens)
            .field("token", &self.token)
            .finish_non_exhaustive()
    }
}

async fn mini_program(sim: &Sim) -> MiniProgram {
    let app = "wx0123456789abcde2";
    let client = Client::builder(
        app.parse().unwrap(),
        AppSecret::new(support::APP_SECRET).unwrap(),
    )
    .kind(AppKind::MiniProgram)
    .endpoints(Endpoints::single(sim.url().parse().unwrap()))
    .build()
    .unwrap();
    let code = sim.wx_login(app, "layla").unwrap();
    let session = client
        .session(Code::new(code.as_str()).unwrap())
        .await
        .unwrap();
    let tokens = AppTokens::new(client.clone(), MemoryStore::new());
    let token = tokens.get().await.unwrap();
    client
        .check_session(&tokens, &session.openid, &session.session_key)
        .await
        .unwrap();
    let phone = Code::new(sim.phone_code(app, "layla").unwrap()).unwrap();
    let phone = client.phone_number(&tokens, phone).await.unwrap();
    MiniProgram {
        code,
        session,
        tokens,
        token,
        phone,
    }
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
    let client = support::client(&sim);
    let login = client.login_url(support::redirect_uri()).unwrap();
    client.probe(&login).await.unwrap_err();
    let query = support::callback(&login).await;
    let code = Callback::parse(&query)
        .unwrap()
        .verify(login.state())
        .unwrap();
    let code_text = code.expose().to_owned();
    let token = client.exchange(code).await.unwrap();
    let user = client.user(&token).await.unwrap();
    client.check(&token).await.unwrap();
    client.refresh(&token.refresh_token).await.unwrap();
    client
        .exchange(Code::new(code_text.as_str()).unwrap())
        .await
        .unwrap_err();
    let kept = Vault::new(client.clone(), MemoryStore::new());
    kept.keep(&token).await.unwrap();
    let live = kept.token(&token.openid).await.unwrap();
    let renewed = kept.renew(&live).await.unwrap();
    kept.user(&token.openid).await.unwrap();
    let mini = mini_program(&sim).await;
    format!("{client:?} {token:?} {login:?} {kept:?} {live:?} {renewed:?} {mini:?}")
        .lines()
        .for_each(|line| tracing::info!("{line}"));

    let log = log.text();
    for seen in [
        user.openid.as_str(),
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
    let secrets = [
        ("app secret", support::APP_SECRET),
        ("code", &code_text),
        ("access token", token.access_token.expose()),
        ("refresh token", token.refresh_token.expose()),
        ("renewed access token", renewed.access_token().expose()),
        ("session key", mini.session.session_key.expose()),
        ("app token", mini.token.access_token().expose()),
        ("phone number", &mini.phone.phone_number),
        ("mini program's code", &mini.code),
    ];
    for (name, secret) in secrets {
        // The simulator's own redirect, seen by the test's browser, is no log of ours.
        let line = log.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "the {name} is in the log");
    }
}
