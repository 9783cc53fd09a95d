//! No log at any level shows a secret, of logins or of attacks. Alone in its file: the log of the whole process is read.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(
    dead_code,
    unused_imports,
    reason = "the log needs less of it than the attacks"
)]
#[path = "provider/world/mod.rs"]
mod world;

use axum::{body::Body, http::Request};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use weixin_sim::{Effect, Fault};

use self::world::{
    APP_SECRET, Browser, Log, MASTER_KEY, SECRET, Tokens, World,
    browser::{param, query},
    devices::{ENGLISH, FRAME, JSON, WECHAT},
    relying_party::VERIFIER,
};

const STATE: &str = "STATE-OF-THE-CLIENT";
const NONCE: &str = "NONCE-OF-THE-CLIENT";

/// What must be in no log, each with its name.
struct Secrets(Vec<(&'static str, String)>);

impl Secrets {
    fn new() -> Self {
        let known = [
            ("client secret", SECRET),
            ("app secret", APP_SECRET),
            ("master key", MASTER_KEY),
            ("state of the client", STATE),
            ("nonce", NONCE),
            ("verifier", VERIFIER),
        ];
        Self(
            known
                .map(|(name, secret)| (name, secret.to_owned()))
                .to_vec(),
        )
    }

    fn add(&mut self, name: &'static str, secret: impl Into<String>) {
        let secret = secret.into();
        if !secret.is_empty() {
            self.0.push((name, secret));
        }
    }

    fn add_url(&mut self, url: &str) {
        for (name, value) in query(url) {
            match &*name {
                "code" if value != "authdeny" => self.add("code", value),
                "state" if value != STATE => {
                    self.add("state at WeChat", value.replace("#wechat_redirect", ""));
                }
                _ => {}
            }
        }
    }

    fn add_cookies(&mut self, browser: &Browser) {
        for (name, value) in &browser.cookies {
            self.add("cookie", value.trim_end_matches('~'));
            let state = name.contains("weixin-").then(|| &name[name.len() - 22..]);
            self.add("state in a cookie's name", state.unwrap_or_default());
        }
    }
}

const OF_CLIENT: [(&str, &str); 3] = [
    ("state", STATE),
    ("nonce", NONCE),
    ("scope", "openid profile email offline_access wechat"),
];

/// A login to its end, and each of its texts in the wrong place.
async fn log_in(world: &World, secrets: &mut Secrets, headers: &[world::devices::Header]) {
    let web = world.web();
    let mut browser = Browser::with(headers);
    let callback = web.wechat_callback(&mut browser, &OF_CLIENT).await;
    secrets.add_cookies(&browser);
    secrets.add_url(&callback);
    // In a frame, in another browser, twice, and without its cookie.
    for mut other in [
        Browser::with(&[FRAME]),
        Browser::with(&[ENGLISH]),
        Browser::with(&[JSON]),
    ] {
        other.open(world, &callback).await;
        secrets.add_cookies(&other);
        other
            .open(world, &format!("{callback}&login_error=used"))
            .await;
    }
    let url = browser.follow(world, &callback).await;
    secrets.add_url(&url);
    secrets.add_cookies(&browser);
    browser.open(world, &callback).await;
    redeem(world, secrets, &mut browser, &param(&url, "code")).await;
}

/// Redeems a code, and sends it and its tokens to the wrong places.
async fn redeem(world: &World, secrets: &mut Secrets, browser: &mut Browser, code: &str) {
    let web = world.web();
    for (client, changes) in [
        (world.other(), &[][..]),
        (web.with_secret("wrongwrongwrongwrongwrongwrongwrong"), &[]),
        (web, &[("redirect_uri", "https://evil.example")]),
        (web, &[("code_verifier", "short")]),
        (web, &[("grant_type", "password")]),
        (web, &[("client_id", "other")]),
    ] {
        client.redeem(code, changes).await;
    }
    let changed = format!("{code}A");
    web.redeem(&changed, &[]).await;
    let tokens = web.tokens(code).await;
    secrets.add("access token", &tokens.access_token);
    secrets.add("ID token", &tokens.id_token);
    web.userinfo(&tokens.access_token).await;
    web.userinfo(&tokens.id_token).await;
    world
        .other()
        .userinfo(&format!("{}A", tokens.access_token))
        .await;
    web.redeem(code, &[]).await;
    refresh(world, secrets, &tokens).await;
    // The code in a URL, and the token in one.
    browser.open(world, &format!("/token?code={code}")).await;
    browser
        .open(
            world,
            &format!("/userinfo?access_token={}", tokens.access_token),
        )
        .await;
    browser.open(world, &format!("/login/{code}")).await;
    let hint = [
        &OF_CLIENT[..],
        &[("id_token_hint", &tokens.id_token), ("prompt", "none")],
    ]
    .concat();
    secrets.add_url(&web.callback(browser, &hint).await);
    let repeated = format!(
        "{}&state={STATE}&nonce={NONCE}",
        web.authorize_url(&OF_CLIENT)
    );
    browser.open(world, &repeated).await;
}

/// Uses, introspects and revokes tokens, and sends them to the wrong places.
async fn refresh(world: &World, secrets: &mut Secrets, tokens: &Tokens) {
    let web = world.web();
    let token = tokens.refresh_token();
    secrets.add("refresh token", token);
    let changed = format!("{token}A");
    for client in [world.other(), web, web.with_secret("wrong")] {
        for token in [token, &changed, &tokens.access_token] {
            client.refresh(token, &[("scope", "openid")]).await;
            client.introspect(token).await;
        }
        client.revoke(&changed).await;
    }
    world.other().revoke(token).await;
    let next = web.refreshed(token).await;
    secrets.add("access token", &next.access_token);
    secrets.add("ID token", &next.id_token);
    world.execute("alter table grants rename to gone").await;
    web.refresh(token, &[]).await;
    web.introspect(token).await;
    web.revoke(token).await;
    world.execute("alter table gone rename to grants").await;
    web.revoke(token).await;
    web.refresh(token, &[]).await;
}

/// Requests of programs and logouts, with their secrets also where none belongs.
async fn other_requests(world: &World, secrets: &mut Secrets) {
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let code = web.code(&mut browser, &OF_CLIENT).await;
    let tokens = web.tokens(&code).await;
    secrets.add("code", &code);
    secrets.add("access token", &tokens.access_token);
    secrets.add("ID token", &tokens.id_token);
    secrets.add_cookies(&browser);
    // Headers that the log takes something from.
    for value in [&*code, &tokens.access_token, SECRET] {
        let value: &'static str = value.to_owned().leak();
        let mut stranger = Browser::with(&[("traceparent", value), ("x-forwarded-for", value)]);
        stranger.address = Some(([192, 0, 2, 1], 1).into());
        stranger.open(world, &web.authorize_url(&OF_CLIENT)).await;
        stranger.open(world, &format!("/{value}?{value}")).await;
    }
    let params = web.params(&OF_CLIENT);
    let params: Vec<_> = params.iter().map(|(name, it)| (&**name, &**it)).collect();
    let secret = [("client_secret", SECRET), ("client_id", "web")];
    for path in ["/par", "/token", "/introspect", "/revoke"] {
        let more = [("token", &*tokens.access_token), ("code", &code)];
        browser
            .post(world, path, &[&params, &secret[..1], &more[..]].concat())
            .await;
        browser
            .post(world, path, &[&secret[..], &more].concat())
            .await;
    }
    for params in [
        &[][..],
        &[("id_token_hint", &*tokens.access_token)],
        &[("id_token_hint", &tokens.id_token), ("state", STATE)],
    ] {
        let page = web.log_out(&mut browser, params).await;
        for (name, value) in page.fields() {
            secrets.add(
                "token of a form",
                if name == "confirmation" {
                    value
                } else {
                    String::new()
                },
            );
        }
    }
}

/// Each kind of failure that holds something.
async fn fail(world: &World, secrets: &mut Secrets) {
    for (effect, path) in [
        (Effect::Errcode(40029), "/sns/oauth2/access_token"),
        (Effect::Errcode(-1), "/sns/oauth2/access_token"),
        (Effect::Cut, "/sns/oauth2/access_token"),
        (Effect::ResetAfter, "/sns/oauth2/access_token"),
        (Effect::Html(502), "/sns/oauth2/access_token"),
        (Effect::Errcode(48001), "/sns/userinfo"),
        (Effect::Reset, "/sns/userinfo"),
    ] {
        world.sim.fault(Fault::new(effect).path(path));
        let mut browser = Browser::with(&[ENGLISH]);
        let callback = world.web().wechat_callback(&mut browser, &OF_CLIENT).await;
        secrets.add_cookies(&browser);
        secrets.add_url(&callback);
        let page = browser.open(world, &callback).await;
        secrets.add_url(page.location());
        secrets.add_cookies(&browser);
        browser.open(world, page.location()).await;
    }
    // A store that fails in each step.
    let mut browser = Browser::with(&[ENGLISH]);
    let url = world.web().callback(&mut browser, &OF_CLIENT).await;
    secrets.add_url(&url);
    secrets.add_cookies(&browser);
    let callback = world
        .web()
        .wechat_callback(&mut Browser::default(), &OF_CLIENT)
        .await;
    secrets.add_url(&callback);
    world
        .execute("alter table requests rename to a; alter table sessions rename to b")
        .await;
    browser
        .open(world, &world.web().authorize_url(&OF_CLIENT))
        .await;
    browser.open(world, &callback).await;
    world.web().redeem(&param(&url, "code"), &[]).await;
    world
        .execute("alter table a rename to requests; alter table b rename to sessions")
        .await;
}

/// The same over TCP, where the server logs too.
async fn over_tcp(world: World, secrets: &mut Secrets) {
    let mut browser = Browser::default();
    let url = world.web().callback(&mut browser, &OF_CLIENT).await;
    secrets.add_url(&url);
    secrets.add_cookies(&browser);
    let cookies: Vec<_> = browser
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let form = world.web().token_form(&param(&url, "code"), &[]);
    let form = format!("{form}&client_id=web&client_secret={SECRET}");
    let authorize = world.web().authorize_url(&OF_CLIENT);
    let authorize = authorize.strip_prefix(world::ISSUER).unwrap();
    let requests = [
        format!(
            "GET {authorize} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncookie: {}\r\n\r\n",
            cookies.join("; ")
        ),
        format!(
            "POST /token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            form.len()
        ),
        format!(
            "GET {authorize}\0 HTTP/1.1\r\ncookie: {}\r\n\r\n",
            cookies.join("; ")
        ),
    ];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let gateway = world.gateway;
    let running = tokio::spawn(gateway.serve(listener, async {
        let _ = stopped.await;
    }));
    for (request, expected) in requests.iter().zip(["303", "200", "400"]) {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        assert_eq!(response.split(' ').nth(1), Some(expected), "{response}");
        if let Some((_, rest)) = response.split_once("code=") {
            secrets.add("code", rest.split('&').next().unwrap());
        }
        if let Some((_, rest)) = response.split_once("\"access_token\":\"") {
            secrets.add("access token", rest.split('"').next().unwrap());
        }
    }
    stop.send(()).unwrap();
    running.await.unwrap().unwrap();
}

#[tokio::test]
async fn no_log_shows_a_secret_of_a_login_or_of_an_attack() {
    // By every dependency too.
    let log = Log::default();
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_ansi(false)
        .with_writer(log.clone())
        .init();
    let world = World::start().await;
    let mut secrets = Secrets::new();
    log_in(&world, &mut secrets, &[]).await;
    log_in(&world, &mut secrets, &[WECHAT]).await;
    other_requests(&world, &mut secrets).await;
    fail(&world, &mut secrets).await;
    for secret in world
        .secrets("select secret from sessions union select secret from grants")
        .await
    {
        secrets.add(
            "secret of a row",
            format!("{secret:?}").trim_matches(['[', ']']),
        );
        secrets.add("secret of a row", data_encoding::HEXLOWER.encode(&secret));
        secrets.add(
            "secret of a row",
            data_encoding::BASE64URL_NOPAD.encode(&secret),
        );
    }
    let request = Request::post("/authorize").header("content-type", "text/plain");
    world
        .respond(request.body(Body::from(STATE)).unwrap())
        .await;
    over_tcp(world, &mut secrets).await;
    let log = log.text();
    for seen in [
        "weixin_gateway",
        "weixin.exchange",
        "hyper",
        "sqlx",
        "TRACE",
        "a login failed",
        "a request failed",
    ] {
        assert!(
            log.contains(seen),
            "the log is not complete: {seen} is missing"
        );
    }
    assert!(secrets.0.len() > 80, "{}", secrets.0.len());
    for (name, secret) in secrets.0 {
        let line = log.lines().find(|line| line.contains(&secret));
        assert_eq!(line, None, "the {name} is in the log");
    }
}
