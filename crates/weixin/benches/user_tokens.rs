//! A token that `UserTokens` has in memory, compared with the least that returning one can cost; and the memory of
//! 100 000 users.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark")]

use std::{
    collections::HashMap,
    fs,
    hint::black_box,
    sync::{Arc, Mutex},
};

use criterion::{Criterion, criterion_group};
use http::{Request, Response};
use tokio::runtime::{Builder, Runtime};
use weixin::{
    AppId, AppSecret, Code, MobileApp, OpenId, UserTokens,
    clock::{Clock, SystemClock},
    store::MemoryStore,
    transport::{ResponseFuture, Transport},
};

const USERS: usize = 100_000;

/// Responds to each exchange as WeChat does, with tokens of the greatest length observed and another user each time.
#[derive(Debug, Default)]
struct Logins(Mutex<usize>);

impl Transport for Logins {
    fn send(&self, _: Request<Vec<u8>>) -> ResponseFuture<'_> {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        let (access_token, refresh_token) = ("a".repeat(107), "r".repeat(107));
        let body = format!(
            r#"{{"access_token":"66_{access_token}","expires_in":7200,"refresh_token":"66_{refresh_token}","openid":"{}","scope":"snsapi_login","unionid":"oviR-{:023}"}}"#,
            openid(*count),
            *count,
        );
        Box::pin(async { Ok(Response::new(body.into_bytes())) })
    }
}

fn openid(number: usize) -> String {
    format!("oKscD{number:023}")
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn id() -> AppId {
    "wx0123456789abcde1".parse().unwrap()
}

async fn tokens_of(users: usize) -> UserTokens {
    let app = MobileApp::builder(id(), AppSecret::new("s").unwrap());
    let app = app.build_with(Logins::default());
    let tokens = UserTokens::new(&app, MemoryStore::new());
    for _ in 0..users {
        let token = app.exchange(Code::new("071").unwrap()).await.unwrap();
        tokens.insert(&token).await.unwrap();
    }
    tokens
}

fn hit(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("user_tokens_hit");
    let tokens = runtime.block_on(tokens_of(1_000));
    let (app, user): (AppId, OpenId) = (id(), openid(500).parse().unwrap());
    group.bench_function("weixin", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(tokens.get(&app, &user).await.unwrap()) });
    });
    let floor: Mutex<HashMap<String, Arc<String>>> = Mutex::default();
    for number in 0..1_000 {
        floor.lock().unwrap().insert(openid(number), Arc::default());
    }
    group.bench_function("locked_map", |bencher| {
        bencher.to_async(&runtime).iter(|| async {
            let found = floor.lock().unwrap().get(user.as_str()).cloned();
            black_box((found, SystemClock.now()))
        });
    });
}

/// Memory of this process in bytes.
fn resident() -> usize {
    let pages = fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// Alone in its process: memory that others have freed would be used again, and not be counted.
fn weigh() {
    let before = resident();
    let runtime = runtime();
    let (app, tokens) = (id(), runtime.block_on(tokens_of(USERS)));
    // Used, so that the cache is full.
    for number in 1..=USERS {
        let user = openid(number).parse().unwrap();
        runtime.block_on(tokens.get(&app, &user)).unwrap();
    }
    let bytes = resident() - before;
    println!(
        "user_tokens_memory: {USERS} users in {} MB",
        bytes / 1_000_000
    );
    drop(tokens);
}

criterion_group!(benches, hit);

fn main() {
    if std::env::args().any(|argument| argument == "weigh") {
        weigh();
    } else {
        benches();
        Criterion::default().configure_from_args().final_summary();
    }
}
