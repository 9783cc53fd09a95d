//! Neither an error nor its `Debug`, its sources or a panic's message show a secret.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    error::Error as StdError,
    fmt::{Debug, Write},
    panic::AssertUnwindSafe,
};

use tokio::net::TcpSocket;
use weixin::{
    AppSecret, Callback, Code, ConsentOptions, CsrfToken, Endpoints, OfficialAccount,
    QrPageOptions, RedirectUri, Website,
    tokens::{AccessToken, Bearer, RefreshToken},
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

fn website(origin: &str) -> Website {
    let secret = AppSecret::new("hunter2secret").unwrap();
    let builder = Website::builder("wx1".parse().unwrap(), secret);
    builder
        .endpoints(Endpoints::single(origin.parse().unwrap()))
        .build()
        .unwrap()
}

async fn every_error(website: &Website) -> Vec<String> {
    let access_token = AccessToken::new("hunter2access").unwrap();
    let refresh_token = RefreshToken::new("hunter2refresh").unwrap();
    let bearer = Bearer {
        access_token: &access_token,
        openid: &"oA".parse().unwrap(),
    };
    vec![
        everything(
            &website
                .exchange(Code::new("hunter2code").unwrap())
                .await
                .unwrap_err(),
        ),
        everything(&website.refresh(&refresh_token).await.unwrap_err()),
        everything(&website.user(bearer).await.unwrap_err()),
        website
            .check(bearer)
            .await
            .map_or_else(|error| everything(&error), |status| format!("{status:?}")),
    ]
}

/// URL of a port at which nothing listens; no other program gets it while the socket is bound.
fn closed_port() -> (TcpSocket, String) {
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let url = format!("http://{}", closed.local_addr().unwrap());
    (closed, url)
}

#[tokio::test]
async fn no_error_shows_a_secret() {
    let (_closed, closed_port) = closed_port();
    let unknown_host = "http://does-not-exist.invalid";
    let tls_to_plain = Sim::start().await.unwrap();
    let not_tls = tls_to_plain.url().replace("http:", "https:");
    for origin in [&closed_port, unknown_host, &not_tls, tls_to_plain.url()] {
        for error in every_error(&website(origin)).await {
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
#[expect(clippy::too_many_lines, reason = "a table")]
fn no_panic_shows_a_secret() {
    let (_closed, closed_port) = closed_port();
    let website = website(&closed_port);
    let secret = AppSecret::new("hunter2secret").unwrap();
    let account = OfficialAccount::builder("wx1".parse().unwrap(), secret);
    let account = account.build().unwrap();
    // No host of WeChat's, so that the error shows.
    let elsewhere: RedirectUri = "http://localhost/".parse().unwrap();
    let redirect_uri: RedirectUri = "https://shop.example/".parse().unwrap();
    let csrf = || CsrfToken::from_state(STATE).unwrap();
    let query = format!("code=hunter2code&state={STATE}");
    let (qr_page, consent) = (QrPageOptions::new(), ConsentOptions::new());
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
        (every_panic(|| AppSecret::new("hunter2 ")), "ParseError"),
        (every_panic(code), "Code(..)"),
        (every_panic(|| CsrfToken::new("hunter2")), "CsrfToken(..)"),
        (every_panic(|| CsrfToken::new("hunter2 ")), "ParseError"),
        (every_panic(|| Ok::<_, ()>(csrf())), "CsrfToken(..)"),
        (
            every_panic(|| Ok::<_, ()>(website.clone())),
            "AppSecret(..)",
        ),
        (
            every_panic(|| Ok::<_, ()>(account.clone())),
            "AppSecret(..)",
        ),
        (
            every_panic(|| account.authorize_url(&elsewhere, &csrf(), &consent)),
            "ParseError",
        ),
        (
            every_panic(|| {
                let csrf = CsrfToken::from_state("hunter2-state").unwrap();
                account.authorize_url(&redirect_uri, &csrf, &consent)
            }),
            "ParseError",
        ),
        (
            every_panic(|| website.embedded_qr(&redirect_uri, &csrf(), &qr_page)),
            "EmbeddedQr",
        ),
        (every_panic(|| Callback::parse(&query)), "Callback"),
        (
            every_panic(|| Callback::parse(&format!("{query}&code=hunter2"))),
            "one `code`",
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
            every_panic(|| runtime().block_on(website.exchange(code().unwrap()))),
            "TransportError",
        ),
    ];
    for (message, word) in panics {
        assert!(message.contains(word), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}
