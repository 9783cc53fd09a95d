//! Neither an error nor its `Debug`, its sources or a panic's message show a secret.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{error::Error as StdError, fmt::Write, panic::AssertUnwindSafe};

use tokio::net::TcpSocket;
use weixin::{AccessToken, AppSecret, Client, Code, Endpoints, RefreshToken};
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

#[test]
fn no_panic_message_shows_a_secret() {
    let client = client("http://127.0.0.1:1");
    let panic = std::panic::catch_unwind(AssertUnwindSafe(|| {
        let code = Code::new("hunter2").unwrap();
        panic!(
            "{client:?} {code:?} {:?}",
            AppSecret::new("hunter2").unwrap()
        );
    }));
    let message = panic.unwrap_err().downcast_ref::<String>().unwrap().clone();
    assert!(
        message.contains("AppSecret(..)") && !message.contains("hunter2"),
        "{message}"
    );
}
