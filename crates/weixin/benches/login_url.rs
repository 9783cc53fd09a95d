//! Making a login URL, against one `format!` and one percent-encoding of the same text; once with a
//! state that is there, once with a new one each time, on both sides.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use weixin::{
    AppId, AppSecret, AuthorizeRequest, Client, CsrfToken, Endpoints, LoginRequest, RedirectUri,
};

const REDIRECT_URI: &str = "https://www.example.com/login/wechat/callback?next=/cart";

fn login_url(criterion: &mut Criterion) {
    let app: AppId = "wx0123456789abcdef".parse().unwrap();
    let endpoints = Endpoints::default();
    let redirect_uri: RedirectUri = REDIRECT_URI.parse().unwrap();
    let csrf = CsrfToken::random().unwrap();
    let state = csrf.state();
    let mut group = criterion.benchmark_group("login_url");

    group.bench_function("weixin", |bencher| {
        let request = LoginRequest::new(redirect_uri.clone()).csrf(csrf.clone());
        bencher.iter(|| black_box(&request).url(&endpoints, &app).unwrap());
    });
    group.bench_function("weixin_with_a_new_state", |bencher| {
        let secret = AppSecret::new("unused").unwrap();
        let client = Client::builder(app.clone(), secret).build().unwrap();
        bencher.iter(|| client.login_url(black_box(&redirect_uri)).unwrap());
    });
    group.bench_function("weixin_inside_wechat", |bencher| {
        let request = AuthorizeRequest::new(redirect_uri.clone()).csrf(csrf.clone());
        bencher.iter(|| black_box(&request).url(&endpoints, &app).unwrap());
    });
    group.bench_function("format", |bencher| {
        bencher.iter(|| by_format(black_box(app.as_str()), black_box(&state)));
    });
    group.bench_function("format_with_a_new_state", |bencher| {
        bencher.iter(|| {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes).unwrap();
            let state = format!("{:032x}", u128::from_ne_bytes(bytes));
            by_format(black_box(app.as_str()), &state)
        });
    });
}

fn by_format(app: &str, state: &str) -> String {
    let redirect_uri = utf8_percent_encode(black_box(REDIRECT_URI), NON_ALPHANUMERIC);
    format!(
        "https://open.weixin.qq.com/connect/qrconnect?appid={app}&redirect_uri={redirect_uri}\
         &response_type=code&scope=snsapi_login&state={state}#wechat_redirect"
    )
}

criterion_group!(benches, login_url);
criterion_main!(benches);
