//! A stop that cuts nothing.

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{node::Node, site::Site};

async fn node(site: &Site, delay: &str) -> Node {
    let database = format!("url = \"sqlite:{}\"", site.path("gateway.db").display());
    let config = site
        .config(&database, "")
        .replace("\"0s\"", &format!("\"{delay}\""));
    Node::start(&site.write("gateway.toml", &config))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_node_that_stops_is_not_ready_and_still_serves_for_a_while() {
    for signal in ["-TERM", "-INT"] {
        let site = Site::new("http://localhost".to_owned()).await;
        let node = node(&site, "2s").await;
        assert_eq!(node.readiness().await, (200, "ok\n".to_owned()));
        node.signal(signal);
        assert_eq!(node.until_ready(503).await, "the gateway is stopping\n");
        // A new connection, while the load balancer has not noticed.
        let url = format!("http://{}/jwks", node.address);
        assert_eq!(reqwest::get(url).await.unwrap().status(), 200);
        assert_eq!(node.wait().await.code(), Some(0), "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_that_runs_when_a_node_stops_gets_its_response() {
    let site = Site::new("http://localhost".to_owned()).await;
    let node = node(&site, "0s").await;
    let mut stream = TcpStream::connect(node.address).await.unwrap();
    // The head has arrived, and the gateway waits for the body.
    let head = "POST /token HTTP/1.1\r\nhost: localhost\r\nexpect: 100-continue\r\n\
        content-type: application/x-www-form-urlencoded\r\ncontent-length: 12\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut continued = [0; 25];
    stream.read_exact(&mut continued).await.unwrap();
    assert_eq!(&continued, b"HTTP/1.1 100 Continue\r\n\r\n");
    node.signal("-TERM");
    // Connections are refused from now on, and this one goes on.
    while TcpStream::connect(node.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stream.write_all(b"grant_type=x").await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    assert!(
        response.starts_with("HTTP/1.1 401 Unauthorized\r\n"),
        "{response}"
    );
    assert_eq!(node.wait().await.code(), Some(0));
}
