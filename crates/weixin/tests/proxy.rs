//! The proxy of the environment is used for WeChat and not for this machine. The environment belongs to a process, so each
//! test runs itself again in a process of its own.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use http::Request;
use weixin::{
    AppSecret, Website,
    transport::{Https, Transport},
};

/// In the second process, the URL that it requests.
const URL: &str = "WEIXIN_TEST_URL";

const PROXIES: [&str; 6] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
];

/// Responds to every request with these words; its address, and the number of its connections so far.
fn server(words: &'static str) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            count.fetch_add(1, Ordering::SeqCst);
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                if stream.read(&mut byte).unwrap() == 0 {
                    break;
                }
                request.push(byte[0]);
            }
            let length = words.len();
            write!(
                stream,
                "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{words}"
            )
            .unwrap();
        }
    });
    (address, connections)
}

/// Runs the test again with a proxy in its environment, and returns what it prints.
fn with_proxy(test: &str, proxy: &str, url: &str) -> String {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", test, "--nocapture"]).env(URL, url);
    child
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env_remove("REQUEST_METHOD");
    child.envs(PROXIES.map(|name| (name, proxy)));
    let output = child.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_proxy_is_used_for_wechat_and_not_for_this_machine() {
    if let Ok(url) = std::env::var(URL) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let request = Request::get(url).body(Vec::new()).unwrap();
        let response = runtime
            .unwrap()
            .block_on(Https::new().unwrap().send(request));
        let words = response.map_or_else(
            |error| error.to_string(),
            |response| String::from_utf8(response.into_body()).unwrap(),
        );
        writeln!(std::io::stdout(), "response: {words}").unwrap();
        return;
    }
    let test = "the_proxy_is_used_for_wechat_and_not_for_this_machine";
    let (proxy, proxied) = server("by the proxy");
    let proxy = format!("http://{proxy}");
    let (direct, _) = server("by itself");
    let port = direct.rsplit(':').next().unwrap();
    for (url, expected) in [
        (
            "http://api.weixin.invalid/sns/auth".to_owned(),
            "response: by the proxy\n",
        ),
        (format!("http://{direct}/sns/auth"), "response: by itself\n"),
        (
            format!("http://localhost:{port}/sns/auth"),
            "response: by itself\n",
        ),
    ] {
        let printed = with_proxy(test, &proxy, &url);
        assert!(printed.contains(expected), "{url}: {printed}");
    }
    // Every spelling of this machine. Some have no server: what counts is whether the proxy gets the request.
    for (url, is_proxied) in [
        (format!("http://LOCALHOST:{port}/"), false),
        ("http://localhost:1/".to_owned(), false),
        ("http://127.0.0.1:1/".to_owned(), false),
        ("http://127.8.9.10:1/".to_owned(), false),
        ("http://[::1]:1/".to_owned(), false),
        ("http://192.0.2.1/".to_owned(), true),
        ("http://[2001:db8::1]/".to_owned(), true),
        ("http://localhost.example/".to_owned(), true),
        ("https://api.weixin.qq.com/".to_owned(), true),
    ] {
        let before = proxied.load(Ordering::SeqCst);
        let printed = with_proxy(test, &proxy, &url);
        let connections = proxied.load(Ordering::SeqCst) - before;
        assert_eq!(connections > 0, is_proxied, "{url}: {printed}");
    }
}

#[test]
fn the_password_of_a_proxy_is_not_shown() {
    if std::env::var(URL).is_ok() {
        let secret = AppSecret::new("s").unwrap();
        let website = Website::new("wx1".parse().unwrap(), secret).unwrap();
        writeln!(std::io::stdout(), "{website:?} {:?}", Https::new()).unwrap();
        return;
    }
    let proxy = "http://joe:hunter2@127.0.0.1:1";
    let printed = with_proxy("the_password_of_a_proxy_is_not_shown", proxy, "");
    assert!(printed.contains("Https"), "{printed}");
    // In base64, as `Proxy-Authorization` has it.
    for password in ["hunter2", "am9lOmh1bnRlcjI"] {
        assert!(!printed.contains(password), "{printed}");
    }
}
