//! Exchange and profile against the simulator, and the same two GETs by bare reqwest with serde.
//!
//! What counts is the processor time of the client's thread, as Linux keeps it; the simulator runs
//! on threads of its own.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::{fs, thread, time::Duration};

use criterion::{
    Criterion, SamplingMode, Throughput, criterion_group, criterion_main,
    measurement::{Measurement, ValueFormatter},
};
use http::header::LOCATION;
use serde::Deserialize;
use tokio::runtime::{Builder, Runtime};
use weixin::{AppSecret, Client, Code, Endpoints};
use weixin_sim::Sim;

const APP: &str = "wx0123456789abcdef";
const SECRET: &str = "ssssssssssssssssssssssssssssssss";

/// Processor time of this thread, in nanoseconds.
struct ThreadTime;

fn thread_time() -> u64 {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    statistics.split(' ').next().unwrap().parse().unwrap()
}

impl Measurement for ThreadTime {
    type Intermediate = u64;
    type Value = u64;

    fn start(&self) -> u64 {
        thread_time()
    }

    fn end(&self, start: u64) -> u64 {
        thread_time() - start
    }

    fn add(&self, one: &u64, other: &u64) -> u64 {
        one + other
    }

    fn zero(&self) -> u64 {
        0
    }

    #[expect(clippy::cast_precision_loss, reason = "criterion counts in floats")]
    fn to_f64(&self, value: &u64) -> f64 {
        *value as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        &Microseconds
    }
}

struct Microseconds;

impl ValueFormatter for Microseconds {
    fn scale_values(&self, _: f64, values: &mut [f64]) -> &'static str {
        for value in values {
            *value /= 1000.0;
        }
        "µs of processor time"
    }

    fn scale_throughputs(&self, _: f64, _: &Throughput, _: &mut [f64]) -> &'static str {
        "-"
    }

    fn scale_for_machines(&self, _: &mut [f64]) -> &'static str {
        "ns"
    }
}

#[derive(Deserialize)]
struct Token {
    access_token: String,
    openid: String,
}

#[derive(Deserialize)]
struct User {
    nickname: String,
}

/// A simulator on threads of its own, for as long as the benchmark runs.
fn simulator() -> String {
    let (sender, receiver) = std::sync::mpsc::channel();
    thread::spawn(move || {
        Runtime::new().unwrap().block_on(async {
            let sim = Sim::builder().auto_allow().start().await.unwrap();
            sender.send(sim.url().to_owned()).unwrap();
            std::future::pending::<()>().await;
        });
    });
    receiver.recv().unwrap()
}

/// As many codes as there will be exchanges.
async fn codes(url: &str, count: u64) -> Vec<String> {
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let browser = browser.build().unwrap();
    let page = format!(
        "{url}/connect/qrconnect?appid={APP}&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F"
    );
    let mut codes = Vec::new();
    for _ in 0..count {
        let answer = browser.get(&page).send().await.unwrap();
        let callback = answer.headers()[LOCATION].to_str().unwrap();
        codes.push(callback.split(['=', '&']).nth(1).unwrap().to_owned());
    }
    codes
}

async fn by_weixin(client: &Client, code: String) {
    let token = client.exchange(Code::new(code).unwrap()).await.unwrap();
    let user = client.user(&token).await.unwrap();
    assert_eq!(user.nickname, "小明🐼é");
}

async fn by_reqwest(client: &reqwest::Client, url: &str, code: String) {
    let address = format!(
        "{url}/sns/oauth2/access_token?appid={APP}&secret={SECRET}&code={code}&grant_type=authorization_code"
    );
    let token: Token = client
        .get(address)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let Token {
        access_token,
        openid,
    } = token;
    let address =
        format!("{url}/sns/userinfo?access_token={access_token}&openid={openid}&lang=zh_CN");
    let user: User = client
        .get(address)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(user.nickname, "小明🐼é");
}

fn login(criterion: &mut Criterion<ThreadTime>) {
    let url = simulator();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("login");
    // The kernel counts in ticks, so each sample must be long.
    group
        .sampling_mode(SamplingMode::Flat)
        .sample_size(30)
        .measurement_time(Duration::from_secs(12));

    let client = Client::builder(APP.parse().unwrap(), AppSecret::new(SECRET).unwrap())
        .endpoints(Endpoints::single(url.parse().unwrap()))
        .build()
        .unwrap();
    group.bench_function("weixin", |bencher| {
        bencher.iter_custom(|count| {
            runtime.block_on(async {
                let codes = codes(&url, count).await;
                let start = thread_time();
                for code in codes {
                    by_weixin(&client, code).await;
                }
                thread_time() - start
            })
        });
    });
    let client = reqwest::Client::builder().build().unwrap();
    group.bench_function("reqwest", |bencher| {
        bencher.iter_custom(|count| {
            runtime.block_on(async {
                let codes = codes(&url, count).await;
                let start = thread_time();
                for code in codes {
                    by_reqwest(&client, &url, code).await;
                }
                thread_time() - start
            })
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().with_measurement(ThreadTime);
    targets = login
}
criterion_main!(benches);
