//! Answers of a server that is not WeChat, or is broken: whatever comes, an error shows no secret.

use std::{error::Error, sync::Mutex};

use http::{Request, Response, StatusCode};
use weixin::{
    AccessToken, Answer, AppKind, AppSecret, AppTokens, Client, Code, MemoryStore, RedirectUri,
    RefreshToken, Retries, Transport,
};

/// In every secret that is sent.
const SECRET: &str = "hunter2";

/// Answers each call with the same bytes; the first of them chooses the HTTP status.
#[derive(Debug, Default)]
pub(crate) struct Canned(Mutex<Vec<u8>>);

impl Transport for Canned {
    fn send(&self, _: Request<Vec<u8>>) -> Answer<'_> {
        let data = self.0.lock().unwrap().clone();
        let (status, body) = match data.split_first() {
            Some((b'5', body)) => (StatusCode::BAD_GATEWAY, body),
            Some((b'3', body)) => (StatusCode::FOUND, body),
            Some((_, body)) => (StatusCode::OK, body),
            None => (StatusCode::OK, &[][..]),
        };
        let mut answer = Response::new(body.to_vec());
        *answer.status_mut() = status;
        Box::pin(async { Ok(answer) })
    }
}

fn client(kind: AppKind, data: &[u8]) -> Client {
    Client::builder(
        "wx0123456789abcdef".parse().unwrap(),
        AppSecret::new(SECRET).unwrap(),
    )
    .kind(kind)
    .retries(Retries::none())
    .build_with(Canned(Mutex::new(data.to_vec())))
}

/// Runs a call to its end; there is nothing to wait for.
fn run<T, E: Error>(call: impl Future<Output = Result<T, E>>) -> Option<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    match runtime.block_on(call) {
        Ok(output) => Some(output),
        Err(error) => {
            shows_no_secret(&error);
            None
        }
    }
}

fn shows_no_secret(error: &dyn Error) {
    let mut next = Some(error);
    while let Some(error) = next {
        let text = format!("{error} {error:?}");
        assert!(!text.contains(SECRET), "{text}");
        next = error.source();
    }
}

fn code() -> Code {
    Code::new(SECRET).unwrap()
}

/// `/sns/oauth2/access_token` and `/sns/oauth2/refresh_token`
pub fn token_answer(data: &[u8]) {
    let client = client(AppKind::Website, data);
    let refresh_token = RefreshToken::new(SECRET).unwrap();
    let exchanged = run(client.exchange(code()));
    let refreshed = run(client.refresh(&refresh_token));
    for token in [exchanged, refreshed].into_iter().flatten() {
        let _ = (token.ids(client.app()), format!("{token:?}"));
    }
}

/// `/sns/userinfo`
pub fn user_answer(data: &[u8]) {
    let client = client(AppKind::Website, data);
    let access_token = AccessToken::new(SECRET).unwrap();
    let openid = "oA".parse().unwrap();
    if let Some(user) = run(client.user((&access_token, &openid))) {
        let _ = (
            user.real_nickname(),
            user.avatar(),
            user.has_sex_or_region(),
        );
    }
}

/// `/sns/auth`
pub fn check_answer(data: &[u8]) {
    let client = client(AppKind::Website, data);
    let access_token = AccessToken::new(SECRET).unwrap();
    let openid = "oA".parse().unwrap();
    if let Some(status) = run(client.check((&access_token, &openid))) {
        assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
    }
}

/// `/sns/jscode2session`
pub fn session_answer(data: &[u8]) {
    let client = client(AppKind::MiniProgram, data);
    if let Some(session) = run(client.session(code())) {
        assert!(!format!("{session:?}").contains(SECRET), "{session:?}");
    }
}

/// `/cgi-bin/stable_token`, and `/wxa/business/getuserphonenumber` if that went well
pub fn app_token_answer(data: &[u8]) {
    let client = client(AppKind::MiniProgram, data);
    let tokens = AppTokens::new(client.clone(), MemoryStore::new());
    run(client.phone_number(&tokens, code()));
}

/// `/connect/qrconnect` and `/connect/oauth2/authorize`, as they are probed
pub fn login_page(data: &[u8]) {
    let callback: RedirectUri = "https://shop.example/".parse().unwrap();
    let website = client(AppKind::Website, data);
    let account = client(AppKind::OfficialAccount, data);
    let _ = run(website.probe(&website.login_url(&callback).unwrap()));
    let _ = run(account.probe(&account.authorize_url(&callback).unwrap()));
}
