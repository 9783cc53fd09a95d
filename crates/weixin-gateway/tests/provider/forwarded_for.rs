//! `X-Forwarded-For` as proxies write it: with a port, with brackets, and with no address at all.

use std::{net::SocketAddr, time::Duration};

use axum::{body::Body, extract::ConnectInfo, http::Request};

use crate::world::{Log, Options, World};

const LIMIT: u16 = 2;

/// A gateway that allows two logins a minute from one address, behind a proxy that it trusts.
async fn behind_a_proxy() -> World {
    World::with(Options {
        more: format!("[limits]\nlogins_per_minute = {LIMIT}\n"),
        edit: Some(|text| text.replace("[server]", "[server]\ntrusted_proxies = [\"10.0.0.0/8\"]")),
        ..Options::default()
    })
    .await
}

/// The statuses of three logins in turn, with this header.
async fn three_logins(world: &World, forwarded: &str) -> [u16; 3] {
    let mut statuses = [0; 3];
    for status in &mut statuses {
        let proxy: SocketAddr = "10.0.0.1:40000".parse().unwrap();
        let request = Request::get(world.web().authorize_url(&[]))
            .header("x-forwarded-for", forwarded)
            .extension(ConnectInfo(proxy));
        let page = world.respond(request.body(Body::empty()).unwrap()).await;
        *status = page.status.as_u16();
    }
    statuses
}

#[tokio::test]
async fn a_port_or_brackets_put_no_user_into_the_limit_of_the_proxy() {
    let world = behind_a_proxy().await;
    let (log, _guard) = Log::begin();
    for forwarded in [
        "192.0.2.1:5678",
        "192.0.2.2:5678, 10.0.0.2:80",
        "unknown, 192.0.2.3",
        "[2001:db8:1::1]",
        "[2001:db8:2::1]:80",
        "2001:db8:3::1",
    ] {
        let statuses = three_logins(&world, forwarded).await;
        assert_eq!(statuses, [303, 303, 429], "{forwarded}");
    }
    assert_eq!(three_logins(&world, "192.0.2.1:9999").await, [429; 3]);
    assert_eq!(log.lines("X-Forwarded-For"), [""; 0]);
}

#[tokio::test]
async fn what_is_no_address_is_warned_of_once_a_minute_quoted_and_short() {
    let world = behind_a_proxy().await;
    let (log, _guard) = Log::begin();
    let text = format!("192.0.2.4, \"{}", "x".repeat(100));
    for forwarded in ["unknown", "_hidden", &text] {
        three_logins(&world, forwarded).await;
        world.clock.advance(Duration::from_mins(1));
    }
    let values: Vec<_> = log
        .lines("X-Forwarded-For")
        .iter()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .inspect(|line| {
            let message = line["message"].as_str().unwrap();
            assert_eq!(line["level"], "WARN");
            assert_eq!(line["proxy"], "10.0.0.1");
            assert!(message.contains("let the proxy add the address of the browser"));
        })
        .map(|line| line["value"].as_str().unwrap().to_owned())
        .collect();
    let expected = [
        "\"unknown\"".to_owned(),
        "\"_hidden\"".to_owned(),
        format!("\"\\\"{}\"", "x".repeat(39)),
    ];
    assert_eq!(values, expected);
}
