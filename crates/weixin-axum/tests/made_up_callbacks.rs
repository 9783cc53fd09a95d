//! What needs no login costs nothing: callbacks that were made up, 100 000 of them, or as many as
//! `WEIXIN_MADE_UP_CALLBACKS` says.
#![expect(
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a test"
)]

#[expect(dead_code, reason = "no browser here")]
mod support;

use std::{env, fs, sync::Arc};

use axum::http::{HeaderMap, HeaderValue, header::COOKIE};
use weixin::store::{Record, Store, StoreFuture, Version};
use weixin_axum::WebLogin;
use weixin_sim::Sim;

use self::support::{Gate, Site};

const CALLBACKS: u32 = 100_000;
/// What the allocator and the simulator's own tasks may add; a million may add no more.
const MAX_GROWTH: usize = 8 << 20;

/// The memory of this process that is in use, in bytes.
fn memory() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// A store in which every call is a failure of the test.
#[derive(Debug)]
struct Untouched;

impl Store for Untouched {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        panic!("{key} was read");
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        _: Option<Version>,
        _: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        panic!("{key} was written");
    }

    fn remove_expired(&self, _: std::time::SystemTime) -> StoreFuture<'_, ()> {
        panic!("the store was swept");
    }
}

/// 22 letters and digits, another one for each number.
fn text(number: u32) -> String {
    format!("{number:022}")
}

/// What a stranger with a program can make up, each with the headers that go with it: states that nobody has, cookies
/// made of the state, of anything and of any length, and our own parameters.
fn made_up(number: u32) -> (String, Option<String>) {
    let state = text(number);
    let name = format!("weixin-abcd-{state}");
    match number % 10 {
        0 => (format!("code=071{number}&state={state}"), None),
        1 => (
            format!("code=071{number}&state={state}&login_restarted=1"),
            None,
        ),
        2 => (
            format!("code=071{number}&state={state}"),
            Some(format!("{name}={state}")),
        ),
        3 => (
            format!("state={state}"),
            Some(format!("{name}={}", text(!number))),
        ),
        4 => (format!("code=authdeny&state={}", "s".repeat(3_000)), None),
        5 => (
            format!("code=071&state={state}"),
            Some(format!("{name}={}", "x".repeat(3_000))),
        ),
        6 => (format!("code={}&state={state}", "c".repeat(3_000)), None),
        7 => (format!("login_error={number}&return_to=/{number}"), None),
        8 => (
            format!("login_again=1&return_to=/{}", "r".repeat(500)),
            Some(format!("{name}={}", text(!number))),
        ),
        _ => (
            format!("code=071&code=072&state={state}&return_to={number}"),
            None,
        ),
    }
}

fn headers(cookie: Option<&str>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    if let Some(cookie) = cookie {
        headers.insert(COOKIE, HeaderValue::from_str(cookie).unwrap());
    }
    headers
}

/// With the name that this login gives to its cookies.
fn of_this_login(login: &WebLogin, cookie: &str) -> String {
    let start = login.start(&HeaderMap::new()).unwrap().into_http();
    let own = start.headers()["set-cookie"].to_str().unwrap().to_owned();
    cookie.replace("weixin-abcd", &own[..11])
}

#[tokio::test]
async fn made_up_callbacks_are_kept_nowhere_and_reach_neither_wechat_nor_a_store() {
    let sim = Arc::new(Sim::builder().auto_allow().start().await.unwrap());
    let gate = Gate::new(100);
    let site = Site::with(
        Arc::clone(&sim),
        "http://localhost/authorization",
        gate,
        |login| login.shared(Untouched),
    );
    let own = of_this_login(&site.login, "weixin-abcd-");
    let respond = |number| {
        let (query, cookie) = made_up(number);
        let cookie = cookie.map(|cookie| cookie.replace("weixin-abcd-", &own));
        let verified = site.login.verify(&query, &headers(cookie.as_deref()));
        assert!(verified.is_err(), "{query}");
        drop(verified.unwrap_err().into_http());
    };
    // What is made once, such as the buffers of the log, is there before it counts.
    (0..10_000).for_each(respond);
    let before = memory();
    let callbacks = env::var("WEIXIN_MADE_UP_CALLBACKS");
    let callbacks = callbacks.map_or(CALLBACKS, |number| number.parse().unwrap());
    (10_000..10_000 + callbacks).for_each(respond);
    let growth = memory().saturating_sub(before);
    println!("{callbacks} made-up callbacks: {} KiB more", growth >> 10);
    assert!(growth < MAX_GROWTH, "{growth} bytes");
    assert_eq!(site.gate.exchanges(), 0);
    assert_eq!(site.api_calls(), Vec::<String>::new());
}
