//! The proxy of the environment is used for WeChat and not for this machine. The environment is that of a process, so
//! that each test runs itself once more in a process of its own.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    io::{Read, Write},
    net::TcpListener,
    process::Command,
    thread,
};

use http::Request;
use weixin::{AppSecret, Client, Https, Transport};

/// In the second process, what it asks for.
const URL: &str = "WEIXIN_TEST_URL";

const PROXIES: [&str; 6] = [
    "ALL_PROXY",
    "all_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "HTTPS_PROXY",
    "https_proxy",
];

/// Answers every request with these words, and returns its address.
fn server(words: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
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
    address
}

/// This test once more, with a proxy in its environment; what it prints.
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
fn the_proxy_is_asked_for_wechat_and_not_for_this_machine() {
    if let Ok(url) = std::env::var(URL) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let request = Request::get(url).body(Vec::new()).unwrap();
        let answer = runtime
            .unwrap()
            .block_on(Https::new().unwrap().send(request));
        let answer = answer.unwrap().into_body();
        writeln!(
            std::io::stdout(),
            "answered: {}",
            String::from_utf8(answer).unwrap()
        )
        .unwrap();
        return;
    }
    let test = "the_proxy_is_asked_for_wechat_and_not_for_this_machine";
    let proxy = format!("http://{}", server("by the proxy"));
    let direct = server("by itself");
    let port = direct.rsplit(':').next().unwrap();
    for (url, expected) in [
        (
            "http://api.weixin.invalid/sns/auth".to_owned(),
            "answered: by the proxy\n",
        ),
        (format!("http://{direct}/sns/auth"), "answered: by itself\n"),
        (
            format!("http://localhost:{port}/sns/auth"),
            "answered: by itself\n",
        ),
    ] {
        let printed = with_proxy(test, &proxy, &url);
        assert!(printed.contains(expected), "{url}: {printed}");
    }
}

#[test]
fn the_password_of_a_proxy_is_not_shown() {
    if std::env::var(URL).is_ok() {
        let secret = AppSecret::new("s").unwrap();
        let client = Client::builder("wx1".parse().unwrap(), secret)
            .build()
            .unwrap();
        writeln!(std::io::stdout(), "{client:?} {:?}", Https::new()).unwrap();
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

#[test]
fn every_spelling_of_this_machine_is_known() {
    for (url, expected) in [
        ("http://localhost/", true),
        ("http://LOCALHOST:8080/", true),
        ("http://127.0.0.1/", true),
        ("http://127.8.9.10/", true),
        ("http://[::1]:8080/", true),
        ("http://192.0.2.1/", false),
        ("http://[2001:db8::1]/", false),
        ("http://localhost.example/", false),
        ("https://api.weixin.qq.com/", false),
        ("data:text/plain,localhost", false),
    ] {
        assert_eq!(Https::is_loopback(&url.parse().unwrap()), expected, "{url}");
    }
}
