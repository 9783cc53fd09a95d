//! A token that the vault has at hand, beside the least that handing one out can cost; and what 100 000 users weigh.
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
    Answer, AppKind, AppSecret, Client, Clock, Code, MemoryStore, OpenId, SystemClock, Transport,
    Vault,
};

const USERS: usize = 100_000;

/// Answers each exchange as WeChat does, with tokens of the longest that have been seen and another user each time.
#[derive(Debug, Default)]
struct Logins(Mutex<usize>);

impl Transport for Logins {
    fn send(&self, _: Request<Vec<u8>>) -> Answer<'_> {
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

async fn vault_of(users: usize) -> Vault {
    let client = Client::builder(
        "wx0123456789abcde1".parse().unwrap(),
        AppSecret::new("s").unwrap(),
    )
    .kind(AppKind::MobileApp)
    .build_with(Logins::default());
    let vault = Vault::new(client.clone(), MemoryStore::new());
    for _ in 0..users {
        let token = client.exchange(Code::new("071").unwrap()).await.unwrap();
        vault.keep(&token).await.unwrap();
    }
    vault
}

fn hit(criterion: &mut Criterion) {
    let runtime = runtime();
    let mut group = criterion.benchmark_group("vault_hit");
    let vault = runtime.block_on(vault_of(1_000));
    let user: OpenId = openid(500).parse().unwrap();
    group.bench_function("weixin", |bencher| {
        bencher
            .to_async(&runtime)
            .iter(|| async { black_box(vault.token(&user).await.unwrap()) });
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

/// Alone in its process: what others have used and given back would count for nothing.
fn weigh() {
    let before = resident();
    let runtime = runtime();
    let vault = runtime.block_on(vault_of(USERS));
    // In use, so that as many as can be are at hand a second time.
    for number in 1..=USERS {
        let user = openid(number).parse().unwrap();
        runtime.block_on(vault.token(&user)).unwrap();
    }
    let bytes = resident() - before;
    println!("vault_memory: {USERS} users in {} MB", bytes / 1_000_000);
    drop(vault);
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
