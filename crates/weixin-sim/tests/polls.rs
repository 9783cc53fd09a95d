//! The polls of QR pages: at a port of their own, or short enough for a browser's six connections.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{sync::Arc, time::SystemTime};

use tokio::sync::Semaphore;
use weixin_sim::Sim;

const LOGIN: &str = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login\
                     &redirect_uri=http%3A%2F%2Flocalhost%2F";

/// Connections that a browser opens to one host.
const CONNECTIONS: usize = 6;

async fn get(url: &str) -> String {
    reqwest::get(url).await.unwrap().text().await.unwrap()
}

/// Opens a QR page; returns its UUID and the URL of its polls.
async fn page(sim: &Sim) -> (String, String) {
    let page = get(&format!("{}{LOGIN}", sim.url())).await;
    let between = |start: &str, end: &str| {
        let (_, rest) = page.split_once(start).unwrap();
        rest.split_once(end).unwrap().0.to_owned()
    };
    let uuid = between("data-uuid=\"", "\"");
    let (base, short) = (
        between("script.src = \"", "\""),
        between("\"\") + \"", "&_="),
    );
    let url = if base.starts_with('/') {
        format!("{}{base}{uuid}{short}", sim.url())
    } else {
        format!("{base}{uuid}{short}")
    };
    (uuid, url)
}

#[tokio::test]
async fn seven_open_pages_are_answered_over_six_connections_of_one_port() {
    // Time stands still, so that only the machine's clock ends a poll.
    let sim = Sim::builder().frozen_at(SystemTime::UNIX_EPOCH);
    let sim = sim.start().await.unwrap();
    let connections = Arc::new(Semaphore::new(CONNECTIONS));
    let mut polls = tokio::task::JoinSet::new();
    let mut last = String::new();
    for _ in 0..=CONNECTIONS {
        let (uuid, url) = page(&sim).await;
        let connections = Arc::clone(&connections);
        polls.spawn(async move {
            let _connection = connections.acquire().await.unwrap();
            get(&url).await
        });
        last = uuid;
    }
    let answers = polls.join_all().await;
    assert_eq!(answers, ["window.wx_errcode=408;window.wx_code='';"; 7]);
    // The phone's action is reported, as by a long poll.
    sim.scan(&last).unwrap();
    let scanned = get(&format!(
        "{}/connect/l/qrconnect?uuid={last}&short=1",
        sim.url()
    ))
    .await;
    assert_eq!(scanned, "window.wx_errcode=404;window.wx_code='';");
}

#[tokio::test]
async fn with_a_port_for_polls_pages_poll_there_and_it_serves_nothing_else() {
    let sim = Sim::builder()
        .frozen_at(SystemTime::UNIX_EPOCH)
        .poll_listen("127.0.0.1:0".parse().unwrap())
        .start()
        .await
        .unwrap();
    let (uuid, url) = page(&sim).await;
    let (polls, path) = url.split_once("/connect").unwrap();
    assert_ne!(polls, sim.url());
    assert_eq!(path, format!("/l/qrconnect?uuid={uuid}"));
    let (scanned, ()) = tokio::join!(get(&url), async { sim.scan(&uuid).unwrap() });
    assert_eq!(scanned, "window.wx_errcode=404;window.wx_code='';");
    for path in ["/", "/_sim/api/health", "/sns/auth", LOGIN] {
        let response = reqwest::get(format!("{polls}{path}")).await.unwrap();
        assert_eq!(response.status().as_u16(), 404, "{path}");
    }
    // The page names the same host as its reader used.
    let localhost = sim.url().replace("127.0.0.1", "localhost");
    let page = get(&format!("{localhost}{LOGIN}")).await;
    let polls = polls.replace("127.0.0.1", "localhost");
    assert!(page.contains(&format!("fordevtool = \"{polls}/connect/l/qrconnect?uuid=")));
    // A further world has no such port.
    let world = sim.world().await.unwrap();
    let page = get(&format!("{}{LOGIN}", world.url())).await;
    assert!(page.contains("&short=1"));
}

#[tokio::test]
async fn under_wechats_host_names_polls_are_as_wechats() {
    let sim = Sim::builder().poll_listen("127.0.0.1:0".parse().unwrap());
    let sim = sim.start().await.unwrap();
    let client = reqwest::Client::builder().build().unwrap();
    let request = client.get(format!("{}{LOGIN}", sim.url()));
    let request = request.header("host", "open.weixin.qq.com");
    let page = request.send().await.unwrap().text().await.unwrap();
    assert!(
        page.contains("fordevtool = \"https://long.open.weixin.qq.com/connect/l/qrconnect?uuid=")
    );
    assert!(page.contains("script.src = \"/connect/l/qrconnect?uuid=\""));
    assert!(!page.contains("short=1"));
}
