//! Neither an error nor its `Debug`, its sources or a panic's message show a secret.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    error::Error as StdError,
    fmt::{Debug, Write},
    panic::AssertUnwindSafe,
};

use tokio::net::TcpSocket;
use weixin::{
    AccessToken, AppSecret, AuthorizeRequest, Callback, Client, Code, CsrfToken, Endpoints,
    LoginRequest, RedirectUri, RefreshToken,
};
use weixin_sim::Sim;

/// An error, its `Debug`, its causes and theirs.
fn everything(error: &dyn StdError) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        write!(text, " {cause} {cause:?}").unwrap();
        source = cause.source();
    }
    text
}

fn client(origin: &str) -> Client {
    let secret = AppSecret::new("hunter2secret").unwrap();
    let builder = Client::builder("wx1".parse().unwrap(), secret);
    builder
        .endpoints(Endpoints::single(origin.parse().unwrap()))
        .build()
        .unwrap()
}

async fn every_error(client: &Client) -> Vec<String> {
    let access_token = AccessToken::new("hunter2access").unwrap();
    let refresh_token = RefreshToken::new("hunter2refresh").unwrap();
    let bearer = (&access_token, &"oA".parse().unwrap());
    vec![
        everything(
            &client
                .exchange(Code::new("hunter2code").unwrap())
                .await
                .unwrap_err(),
        ),
        everything(&client.refresh(&refresh_token).await.unwrap_err()),
        everything(&client.user(bearer).await.unwrap_err()),
        client
            .check(bearer)
            .await
            .map_or_else(|error| everything(&error), |status| format!("{status:?}")),
    ]
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    // Nothing listens at this port, and no other program gets it while it is bound.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let refused = format!("http://{}", closed.local_addr().unwrap());
    let unknown_host = "http://does-not-exist.invalid";
    let tls_to_plain = Sim::start().await.unwrap();
    let not_tls = tls_to_plain.url().replace("http:", "https:");
    for origin in [&refused, unknown_host, &not_tls, tls_to_plain.url()] {
        for error in every_error(&client(origin)).await {
            assert!(error.len() > 20, "{error}");
            assert!(!error.contains("hunter2"), "{origin}: {error}");
        }
    }
}

/// What a program prints that panics: the message that the panic hook gets.
fn panic_message(panics: impl FnOnce()) -> String {
    let payload = std::panic::catch_unwind(AssertUnwindSafe(panics)).unwrap_err();
    payload.downcast_ref::<String>().unwrap().clone()
}

/// The careless ways to take a result apart, each of which panics with `Debug` of what is in it.
#[expect(clippy::panic, reason = "it is what is tested")]
fn every_panic<T: Debug, E: Debug>(ok: impl Fn() -> Result<T, E>) -> String {
    let message = if ok().is_ok() {
        panic_message(|| drop(ok().unwrap_err()))
    } else {
        panic_message(|| drop(ok().unwrap()))
    };
    message + &panic_message(|| panic!("{:#?}", ok().ok()))
}

const STATE: &str = "hunter2state0000000000";

#[test]
fn no_panic_shows_a_secret() {
    let client = client("http://127.0.0.1:1");
    let callback: RedirectUri = "https://shop.example/".parse().unwrap();
    let csrf = || CsrfToken::from_state(STATE).unwrap();
    let request = || LoginRequest::new(callback.clone()).csrf(csrf());
    let inside = || AuthorizeRequest::new(callback.clone()).csrf(csrf());
    let query = format!("code=hunter2code&state={STATE}");
    let endpoints = Endpoints::default();
    let app = "wx1".parse().unwrap();
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap()
    };
    let code = || Code::new("hunter2code");
    // What panics, and a word of each message, which shows that it is there to be searched.
    let panics = [
        (every_panic(|| AppSecret::new("hunter2")), "AppSecret(..)"),
        (every_panic(|| AppSecret::new("hunter2 ")), "InvalidSecret"),
        (every_panic(code), "Code(..)"),
        (every_panic(|| Ok::<_, ()>(client.clone())), "AppSecret(..)"),
        (every_panic(|| request().url(&endpoints, &app)), "LoginUrl"),
        (every_panic(|| inside().url(&endpoints, &app)), "LoginUrl"),
        (
            every_panic(|| request().embedded(&endpoints, &app, "qr")),
            "EmbeddedQr",
        ),
        (every_panic(|| Ok::<_, ()>(request())), "LoginRequest"),
        (every_panic(|| Ok::<_, ()>(inside())), "AuthorizeRequest"),
        (every_panic(|| Callback::parse(&query)), "Callback"),
        (
            every_panic(|| Callback::parse(&format!("{query}&code=hunter2"))),
            "given twice",
        ),
        (
            every_panic(|| Callback::parse(&query)?.verify(&csrf())),
            "Code(..)",
        ),
        (
            every_panic(|| {
                Callback::parse(&query)?.verify(&CsrfToken::from_state("hunter2").unwrap())
            }),
            "CsrfMismatch",
        ),
        (
            every_panic(|| runtime().block_on(client.exchange(code().unwrap()))),
            "TransportError",
        ),
    ];
    for (message, word) in panics {
        assert!(message.contains(word), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
