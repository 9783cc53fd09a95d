//! Each example, as whoever copies it starts it: a login from its page to its end.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{
    env,
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, Stdio},
};

use http::{HeaderMap, Request, header::LOCATION};
use weixin::{Https, Transport};
use weixin_sim::Sim;

/// A running example.
struct Example {
    process: Child,
    url: String,
}

impl Drop for Example {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Two neighbouring ports that were free a moment ago.
fn free_port() -> u16 {
    (0..100)
        .find_map(|_| {
            let first = TcpListener::bind("127.0.0.1:0").ok()?;
            let port = first.local_addr().ok()?.port();
            TcpListener::bind(("127.0.0.1", port.checked_add(1)?)).ok()?;
            Some(port)
        })
        .unwrap()
}

fn start(example: &str, sim: &Sim) -> Example {
    let here = env::current_exe().unwrap();
    let program = here.parent().unwrap().join("../examples").join(example);
    let mut process = Command::new(program)
        .env("WEIXIN_SIM", sim.url())
        .env("PORT", free_port().to_string())
        .env(
            "REDIS_URL",
            env::var("WEIXIN_TEST_REDIS").unwrap_or_default(),
        )
        .env("STORE_KEY", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let url = line
        .strip_prefix("open ")
        .unwrap_or_else(|| panic!("{line}"));
    let url = url.to_owned();
    Example { process, url }
}

/// What a browser gets, once the example listens.
async fn get(url: &str, headers: &HeaderMap) -> http::Response<Vec<u8>> {
    for _ in 0..1000 {
        let mut request = Request::get(url);
        request.headers_mut().unwrap().extend(headers.clone());
        let request = request.body(Vec::new()).unwrap();
        match Https::new().unwrap().send(request).await {
            Ok(answer) => return answer,
            Err(_) => tokio::task::yield_now().await,
        }
    }
    panic!("{url} does not listen")
}

fn location(answer: &http::Response<Vec<u8>>) -> String {
    answer.headers()[LOCATION].to_str().unwrap().to_owned()
}

/// The cookies that an answer sets, as the next request sends them.
fn cookies(answer: &http::Response<Vec<u8>>) -> HeaderMap {
    let set = answer.headers().get_all("set-cookie").iter();
    let pairs: Vec<_> = set
        .map(|cookie| cookie.to_str().unwrap().split(';').next().unwrap())
        .collect();
    HeaderMap::from_iter([("cookie".parse().unwrap(), pairs.join("; ").parse().unwrap())])
}

/// From "log in" to the answer of the callback.
async fn log_in(example: &Example) -> http::Response<Vec<u8>> {
    let start = get(&format!("{}/login", example.url), &HeaderMap::new()).await;
    let page = get(
        location(&start).split('#').next().unwrap(),
        &HeaderMap::new(),
    )
    .await;
    get(&location(&page), &cookies(&start)).await
}

fn text(answer: &http::Response<Vec<u8>>) -> &str {
    std::str::from_utf8(answer.body()).unwrap()
}

async fn sim() -> Sim {
    Sim::builder().seed(1).auto_allow().start().await.unwrap()
}

#[tokio::test]
async fn a_single_page_hears_of_its_pop_up_and_keeps_the_user_in_a_signed_cookie() {
    let sim = sim().await;
    let example = start("spa", &sim);
    let done = log_in(&example).await;
    let origin = format!("data-origin=\"{}\"", example.url);
    assert!(text(&done).contains(&origin), "{}", text(&done));
    let session = cookies(&done);
    let me = get(&format!("{}/api/me", example.url), &session).await;
    assert_eq!(
        text(&me),
        r#"{"name":"小明🐼é","openid":"oKscDDNLo66EpN5DXZ_ssb_dSBp6"}"#
    );
    let forged = session["cookie"].to_str().unwrap().replace("oKsc", "oKsd");
    let forged = HeaderMap::from_iter([("cookie".parse().unwrap(), forged.parse().unwrap())]);
    let me = get(&format!("{}/api/me", example.url), &forged).await;
    assert_eq!(me.status(), 401);
}

#[tokio::test]
async fn another_framework_logs_in_by_the_same_rules() {
    let sim = sim().await;
    let example = start("actix", &sim);
    let user = log_in(&example).await;
    assert!(
        text(&user).contains("\"nickname\":\"小明🐼é\""),
        "{}",
        text(&user)
    );
    let refused = get(
        &format!("{}/callback?code=", example.url),
        &HeaderMap::new(),
    )
    .await;
    assert_eq!(refused.status(), 400);
    assert!(text(&refused).contains("地址不完整"), "{}", text(&refused));
}

#[tokio::test]
async fn a_login_begins_on_one_server_and_ends_on_the_other() {
    let sim = sim().await;
    let example = start("two_servers", &sim);
    let hello = log_in(&example).await;
    assert_eq!(text(&hello), "hello oKscDDNLo66EpN5DXZ_ssb_dSBp6\n");
}
