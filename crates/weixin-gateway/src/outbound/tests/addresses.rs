//! Addresses that a client must not reach through the gateway, whatever it registers.

use std::{process::Command, sync::atomic::Ordering};

use super::*;

#[tokio::test]
async fn a_name_that_resolves_to_private_addresses_is_not_connected() {
    let (outbound, _) = outbound(&[&[
        "127.0.0.2",
        "10.0.0.1",
        "::ffff:127.0.0.1",
        "64:ff9b::a00:1",
    ]]);
    let error = post(&outbound, "http://rp.example/logout").await;
    assert!(matches!(error, Err(OutboundError::NotPublic)), "{error:?}");
    let error = error.unwrap_err();
    assert_eq!(error.to_string(), "the address is not public");
}

/// DNS rebinding: what is checked is what is connected to, at each connection.
#[tokio::test]
async fn a_name_whose_second_answer_is_private_is_reached_once() {
    let (listener, port) = listener().await;
    let (outbound, answers) = outbound(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let url = format!("http://rp.example:{port}/logout");
    let (status, _) = tokio::join!(post(&outbound, &url), serve(&listener, &[OK]));
    assert_eq!(status.unwrap(), 200);
    assert_eq!(answers.questions.load(Ordering::Relaxed), 1);
    let error = post(&outbound, &url).await;
    assert!(matches!(error, Err(OutboundError::NotPublic)), "{error:?}");
    assert_eq!(answers.questions.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn an_address_in_place_of_a_name_must_be_public() {
    let (listener, port) = listener().await;
    for host in [
        "127.0.0.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "127.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
        "169.254.169.254",
        "10.0.0.1",
        "[fe80::1]",
        "[fd00::1]",
    ] {
        let error = post(&strict(), &format!("http://{host}:{port}/")).await;
        assert!(
            matches!(error, Err(OutboundError::NotPublic)),
            "{host} {error:?}"
        );
    }
    assert!(!has_connection(listener));
}

/// The operator may allow it for a client.
#[tokio::test]
async fn a_private_address_that_is_allowed_is_connected() {
    let (listener, port) = listener().await;
    let url = format!("http://127.0.0.1:{port}/").parse().unwrap();
    let outbound = strict();
    let posted = outbound.post_form(&url, "logout_token=x".to_owned(), true);
    let (status, _) = tokio::join!(posted, serve(&listener, &[OK]));
    assert_eq!(status.unwrap(), StatusCode::OK);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let ((listener, port), (target, target_port)) = (listener().await, listener().await);
    for status in [301, 302, 303, 307, 308] {
        let (outbound, _) = outbound(&[&["127.0.0.1"]]);
        let response = format!(
            "HTTP/1.1 {status} Elsewhere\r\nlocation: http://127.0.0.1:{target_port}/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        );
        let url = format!("http://rp.example:{port}/logout");
        let responses = [&*response];
        let (found, _) = tokio::join!(post(&outbound, &url), serve(&listener, &responses));
        assert_eq!(found.unwrap(), status);
    }
    assert!(!has_connection(target));
}

/// A proxy would resolve the name itself. Run again as a process of its own, since the variables belong to the process.
#[tokio::test]
async fn the_proxies_of_the_environment_are_not_used() {
    const NAME: &str = "outbound::tests::addresses::the_proxies_of_the_environment_are_not_used";
    const INSIDE: &str = "WEIXIN_TEST_BEHIND_PROXY";
    if std::env::var_os(INSIDE).is_some() {
        let (listener, port) = listener().await;
        let (outbound, _) = outbound(&[&["127.0.0.1"]]);
        let url = format!("http://rp.example:{port}/logout");
        let server = tokio::spawn(async move { serve(&listener, &[OK]).await });
        assert_eq!(post(&outbound, &url).await.unwrap(), 200);
        server.await.unwrap();
        return;
    }
    let (proxy, port) = listener().await;
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", NAME]).env(INSIDE, "1");
    for name in ["http_proxy", "https_proxy", "all_proxy"] {
        let url = format!("http://127.0.0.1:{port}");
        command.env(name, &url).env(name.to_uppercase(), url);
    }
    for name in ["no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
        command.env_remove(name);
    }
    let output = tokio::task::spawn_blocking(move || command.output().unwrap());
    let output = output.await.unwrap();
    let report = String::from_utf8_lossy(&output.stdout);
    assert!(report.contains("1 passed"), "{report}");
    assert!(!has_connection(proxy));
}
