//! `/sns/userinfo` against a bare axum handler that returns the same bytes, under the same load.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use weixin_sim::Sim;

/// Sequential requests per connection in one round.
const REQUESTS: usize = 50;
const CONNECTIONS: usize = 16;

/// Reads one response; returns its length with the head.
async fn ask(connection: &mut TcpStream, request: &[u8], buffer: &mut [u8]) -> usize {
    connection.write_all(request).await.unwrap();
    let mut read = 0;
    loop {
        read += connection.read(&mut buffer[read..]).await.unwrap();
        let head = buffer[..read]
            .windows(4)
            .position(|four| four == b"\r\n\r\n");
        if let Some(head) = head {
            let text = std::str::from_utf8(&buffer[..head]).unwrap();
            let length = text.split("content-length: ").nth(1).unwrap();
            let length: usize = length.split("\r\n").next().unwrap().parse().unwrap();
            if read == head + 4 + length {
                return read;
            }
        }
    }
}

/// Runs a round of requests on all connections concurrently.
async fn round(connections: &mut Vec<TcpStream>, request: &'static [u8]) {
    let tasks: Vec<_> = connections
        .drain(..)
        .map(|mut connection| {
            tokio::spawn(async move {
                let mut buffer = [0; 4096];
                for _ in 0..REQUESTS {
                    black_box(ask(&mut connection, request, &mut buffer).await);
                }
                connection
            })
        })
        .collect();
    for task in tasks {
        connections.push(task.await.unwrap());
    }
}

/// Logs in; returns the path of the profile.
async fn logged_in(sim: &Sim) -> String {
    let get = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", sim.url())).await.unwrap();
        answer.text().await.unwrap()
    };
    let login = "/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F";
    get(login).await;
    let callback = sim.allow(&sim.pending()[0], "xiaoming").unwrap();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let secret = "s".repeat(32);
    let exchange = format!(
        "/sns/oauth2/access_token?appid=wx0123456789abcdef&secret={secret}&code={code}&grant_type=authorization_code"
    );
    let token = get(&exchange).await;
    let token: Value = serde_json::from_str(&token).unwrap();
    let text = |name: &str| token[name].as_str().unwrap().to_owned();
    format!(
        "/sns/userinfo?access_token={}&openid={}",
        text("access_token"),
        text("openid")
    )
}

/// Serves a handler that only returns these bytes.
async fn bare(body: String) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let answer = move || async move { ([(CONTENT_TYPE, "text/plain")], body) };
    let router = Router::new().route("/sns/userinfo", get(answer));
    tokio::spawn(async move { axum::serve(listener, router).await });
    origin
}

fn userinfo(criterion: &mut Criterion) {
    let runtime = Runtime::new().unwrap();
    let (sim, path, peer) = runtime.block_on(async {
        let sim = Sim::start().await.unwrap();
        let path = logged_in(&sim).await;
        let answer = reqwest::get(format!("{}{path}", sim.url())).await.unwrap();
        let peer = bare(answer.text().await.unwrap()).await;
        (sim, path, peer)
    });
    let request = format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    let request: &'static [u8] = request.into_bytes().leak();
    let mut group = criterion.benchmark_group("userinfo");
    group.throughput(Throughput::Elements((REQUESTS * CONNECTIONS) as u64));
    for (name, origin) in [("sim", sim.url()), ("bare_axum", &*peer)] {
        let address = origin.trim_start_matches("http://");
        let mut connections = runtime.block_on(async {
            let mut connections = Vec::new();
            for _ in 0..CONNECTIONS {
                connections.push(TcpStream::connect(address).await.unwrap());
            }
            connections
        });
        group.bench_function(name, |bencher| {
            bencher.iter(|| runtime.block_on(round(&mut connections, request)));
        });
    }
    group.finish();
}

criterion_group!(benches, userinfo);
criterion_main!(benches);
