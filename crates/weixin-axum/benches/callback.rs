//! A callback through the layer, and through a handler that makes the same two calls without any check. WeChat responds at
//! once, so that the difference is the layer's own work.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use axum::{
    Json, Router,
    body::Body,
    extract::{Query, State},
    http::{Request, Response, header},
    routing::get,
};
use criterion::{Criterion, criterion_group, criterion_main};
use serde::Deserialize;
use tokio::runtime::Builder;
use tower::ServiceExt;
use weixin::{
    AppSecret, Code, User, Website,
    transport::{ResponseFuture, Transport},
};
use weixin_axum::{Login, LoginError, WebLogin};

/// Responds to each call as WeChat does.
#[derive(Debug)]
struct WeChat;

const TOKEN: &str = r#"{"access_token":"66_e","expires_in":7200,"refresh_token":"66_M","openid":"oKscDDNLo66EpN5DXZ_ssb_dSBp6","scope":"snsapi_login","unionid":"oviR-0ujiC7OLI45s0xt0ja1-YSI"}"#;
const USER: &str = r#"{"openid":"oKscDDNLo66EpN5DXZ_ssb_dSBp6","nickname":"小明","sex":0,"language":"","city":"","province":"","country":"","headimgurl":"","privilege":[],"unionid":"oviR-0ujiC7OLI45s0xt0ja1-YSI"}"#;

impl Transport for WeChat {
    fn send(&self, request: Request<Vec<u8>>) -> ResponseFuture<'_> {
        let body = if request.uri().path() == "/sns/userinfo" {
            USER
        } else {
            TOKEN
        };
        Box::pin(async move { Ok(Response::new(body.as_bytes().to_vec())) })
    }
}

fn website() -> Website {
    let secret = AppSecret::new("s".repeat(32)).unwrap();
    Website::builder("wx0123456789abcdef".parse().unwrap(), secret).build_with(WeChat)
}

async fn checked(login: Login) -> Result<Json<User>, LoginError> {
    Ok(Json(login.user().await?))
}

#[derive(Deserialize)]
struct Callback {
    code: String,
}

async fn unchecked(State(website): State<Website>, Query(callback): Query<Callback>) -> Json<User> {
    let token = website
        .exchange(Code::new(callback.code).unwrap())
        .await
        .unwrap();
    Json(website.user(&token).await.unwrap())
}

fn callback(criterion: &mut Criterion) {
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("callback");
    let login = WebLogin::new(
        website(),
        "https://www.example.com/callback".parse().unwrap(),
    )
    .unwrap();
    let site = Router::new()
        .route("/callback", get(checked))
        .layer(login.clone());
    let request = |path: &str, cookie: &str| {
        Request::get(path)
            .header(header::COOKIE, cookie)
            .body(Body::empty())
            .unwrap()
    };
    let headers = http::HeaderMap::new();
    group.bench_function("weixin_axum", |bencher| {
        bencher.to_async(&runtime).iter_batched(
            || {
                let start = login.start(&headers).unwrap();
                let url = start.url();
                let mut parameters = url.query_pairs();
                let (_, state) = parameters.find(|(name, _)| name == "state").unwrap();
                let path = format!("/callback?code=071vDl000X8kON13q5000PWr744vDl05&state={state}");
                let cookie = start.into_http().headers()[header::SET_COOKIE].clone();
                request(&path, cookie.to_str().unwrap().split(';').next().unwrap())
            },
            |request| async { black_box(site.clone().oneshot(request).await.unwrap()) },
            criterion::BatchSize::SmallInput,
        );
    });
    let site = Router::new()
        .route("/callback", get(unchecked))
        .with_state(website());
    group.bench_function("hand_written", |bencher| {
        bencher.to_async(&runtime).iter_batched(
            || {
                request(
                    "/callback?code=071vDl000X8kON13q5000PWr744vDl05&state=s1",
                    "a=b",
                )
            },
            |request| async { black_box(site.clone().oneshot(request).await.unwrap()) },
            criterion::BatchSize::SmallInput,
        );
    });
}

criterion_group!(benches, callback);
criterion_main!(benches);
