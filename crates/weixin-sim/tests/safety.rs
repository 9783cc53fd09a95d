//! Safety: no request makes the simulator read files or call other hosts, and every page says that it is a simulator.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    io::{ErrorKind, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use weixin_sim::Sim;

/// Sends a raw request; returns the whole response.
fn ask(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_mins(5)))
        .unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

fn address(sim: &Sim) -> SocketAddr {
    sim.url().trim_start_matches("http://").parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_path_or_header_makes_it_read_a_file_or_call_another_host() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let other = elsewhere.local_addr().unwrap();
    let sim = Sim::start().await.unwrap();
    let login = format!(
        "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2F{}%2F&href=http%3A%2F%2F{}%2Fa.css",
        other.to_string().replace(':', "%3A"),
        other.to_string().replace(':', "%3A"),
    );
    let paths = [
        login.as_str(),
        "/../../../../../../../../etc/passwd",
        "/_sim/../../../../../../etc/passwd",
        "/_sim/..%2f..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/connect/qrcode/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "/mmopen/vi_32/..%2f..%2f..%2f..%2fetc%2fpasswd/0",
        "/connect/zh_CN/htmledition/js/../../../../../../etc/passwd",
        "/connect/confirm?uuid=file:///etc/passwd",
        "/_sim/phone/open?address=file:///etc/passwd",
        "/_sim/inside?to=file:///etc/passwd",
        "/sns/userinfo?access_token=file:///etc/passwd&openid=/etc/passwd",
    ];
    let absolute = format!("http://{other}/sns/userinfo");
    let opened = format!("/_sim/phone/open?address=http://{other}/connect/confirm");
    for path in paths.into_iter().chain([absolute.as_str(), &opened]) {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {other}\r\nX-Forwarded-Host: {other}\r\nForwarded: host={other}\r\n\
             X-Original-URL: file:///etc/passwd\r\nX-Rewrite-URL: /etc/passwd\r\nReferer: http://{other}/\r\n\
             Connection: close\r\n\r\n"
        );
        let sim = address(&sim);
        let answer = tokio::task::spawn_blocking(move || ask(sim, &request));
        let answer = answer.await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 "), "{path}: {answer}");
        assert!(!answer.contains("root:"), "{path}: {answer}");
    }
    let called = elsewhere.accept().unwrap_err();
    assert_eq!(called.kind(), ErrorKind::WouldBlock);
}

#[tokio::test]
async fn every_page_says_that_this_is_a_simulator() {
    let sim = Sim::start().await.unwrap();
    let inside =
        "/connect/oauth2/authorize?response_type=code&redirect_uri=http%3A%2F%2Flocalhost%2F";
    let login = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F";
    let client = reqwest::Client::builder()
        .user_agent("MicroMessenger")
        .build()
        .unwrap();
    let open = async |path: String| {
        let answer = client.get(format!("{}{path}", sim.url())).send().await;
        answer.unwrap().text().await.unwrap()
    };
    let mut pages = vec![
        ("QR page", open(login.to_owned()).await),
        ("QR page in English", open(format!("{login}&lang=en")).await),
        ("newer QR page", open(format!("{login}&stylelite=1")).await),
        ("error page", open("/connect/qrconnect".to_owned()).await),
        ("dashboard", open("/_sim/".to_owned()).await),
        ("findings", open("/_sim/findings".to_owned()).await),
        ("phone", open("/_sim/phone".to_owned()).await),
        ("dialog", open(inside.to_owned()).await),
        (
            "question",
            open(format!(
                "{inside}&appid=wx0123456789abcde0&scope=snsapi_userinfo"
            ))
            .await,
        ),
        ("unknown QR code", open("/connect/confirm".to_owned()).await),
    ];
    let uuid = sim.pending().remove(0);
    pages.push((
        "scanned",
        open(format!("/connect/confirm?uuid={uuid}")).await,
    ));
    let outside = reqwest::get(format!("{}{inside}&appid=wx0123456789abcde0", sim.url())).await;
    pages.push(("outside WeChat", outside.unwrap().text().await.unwrap()));
    for (name, page) in pages {
        let page = page.to_lowercase();
        assert!(
            page.contains("模拟") && (page.contains("simulat")),
            "{name}: {page}"
        );
    }
}
