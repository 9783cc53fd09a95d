//! Responses of a server that is not WeChat, or is broken: whatever they are, an error shows no secret.

use std::{error::Error, sync::Arc};

use http::{Response, StatusCode};
use weixin::{
    AppId, AppSecret, Code, MiniProgram, OfficialAccount, RedirectUri, Website,
    mini_program::{JsCode, PhoneCode},
    store::MemoryStore,
    tokens::{AccessToken, Bearer, RefreshToken},
    transport::{self, RetryPolicy, Transport},
};

/// In every secret that is sent.
const SECRET: &str = "hunter2";

/// Returns the same bytes to each call; the first of them chooses the HTTP status.
pub(crate) fn canned(data: &[u8]) -> impl Transport + 'static {
    let data: Arc<[u8]> = data.into();
    transport::from_fn(move |_request| {
        let (status, body) = match data.split_first() {
            Some((b'5', body)) => (StatusCode::BAD_GATEWAY, body),
            Some((b'3', body)) => (StatusCode::FOUND, body),
            Some((_, body)) => (StatusCode::OK, body),
            None => (StatusCode::OK, &[][..]),
        };
        let mut response = Response::new(body.to_vec());
        *response.status_mut() = status;
        async { Ok(response) }
    })
}

fn id() -> AppId {
    "wx0123456789abcdef".parse().unwrap()
}

fn secret() -> AppSecret {
    AppSecret::new(SECRET).unwrap()
}

fn website(data: &[u8]) -> Website {
    Website::builder(id(), secret())
        .retry_policy(RetryPolicy::none())
        .build_with(canned(data))
}

fn official_account(data: &[u8]) -> OfficialAccount {
    OfficialAccount::builder(id(), secret())
        .retry_policy(RetryPolicy::none())
        .build_with(canned(data))
}

fn mini_program(data: &[u8]) -> MiniProgram {
    MiniProgram::builder(id(), secret())
        .retry_policy(RetryPolicy::none())
        .build_with(canned(data))
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

/// `/sns/oauth2/access_token` and `/sns/oauth2/refresh_token`
pub fn token_response(data: &[u8]) {
    let website = website(data);
    let refresh_token = RefreshToken::new(SECRET).unwrap();
    let exchanged = run(website.exchange(Code::new(SECRET).unwrap()));
    let refreshed = run(website.refresh(&refresh_token));
    for token in [exchanged, refreshed].into_iter().flatten() {
        let _ = (token.user_ids(), format!("{token:?}"));
    }
}

/// `/sns/userinfo`
pub fn user_response(data: &[u8]) {
    let website = website(data);
    let (access_token, openid) = (AccessToken::new(SECRET).unwrap(), "oA".parse().unwrap());
    let bearer = Bearer {
        access_token: &access_token,
        openid: &openid,
    };
    if let Some(user) = run(website.user(bearer)) {
        let _ = (user.real_nickname(), user.avatar());
    }
}

/// `/sns/auth`
pub fn check_response(data: &[u8]) {
    let website = website(data);
    let (access_token, openid) = (AccessToken::new(SECRET).unwrap(), "oA".parse().unwrap());
    let bearer = Bearer {
        access_token: &access_token,
        openid: &openid,
    };
    if let Some(status) = run(website.check(bearer)) {
        assert!(!format!("{status:?}").contains(SECRET), "{status:?}");
    }
}

/// `/sns/jscode2session`
pub fn session_response(data: &[u8]) {
    let app = mini_program(data);
    if let Some(session) = run(app.session(JsCode::new(SECRET).unwrap())) {
        assert!(!format!("{session:?}").contains(SECRET), "{session:?}");
    }
}

/// `/cgi-bin/stable_token`, and `/wxa/business/getuserphonenumber` if that went well
pub fn app_token_response(data: &[u8]) {
    let app = mini_program(data);
    let tokens = app.app_tokens(MemoryStore::new());
    run(app.phone_number(&tokens, PhoneCode::new(SECRET).unwrap()));
}

/// `/connect/qrconnect` and `/connect/oauth2/authorize`, as they are probed
pub fn login_page(data: &[u8]) {
    let redirect_uri: RedirectUri = "https://shop.example/".parse().unwrap();
    let _ = run(website(data).probe(&redirect_uri));
    let _ = run(official_account(data).probe(&redirect_uri));
}
