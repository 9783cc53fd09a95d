//! An authorize URL, compared with one `format!` and one percent-encoding of the same text, parsed as a `Url` as well;
//! once with the same state, once with a new one each time, on both sides.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;
use weixin::{
    AppId, AppSecret, ConsentOptions, CsrfToken, OfficialAccount, QrPageOptions, RedirectUri,
    Website,
};

const REDIRECT_URI: &str = "https://www.example.com/login/wechat/callback?next=/cart";

fn login_url(criterion: &mut Criterion) {
    let app: AppId = "wx0123456789abcdef".parse().unwrap();
    let secret = || AppSecret::new("unused").unwrap();
    let website = Website::new(app.clone(), secret()).unwrap();
    let account = OfficialAccount::new(app.clone(), secret()).unwrap();
    let (qr_page, consent) = (QrPageOptions::new(), ConsentOptions::new());
    let redirect_uri: RedirectUri = REDIRECT_URI.parse().unwrap();
    let csrf = CsrfToken::random().unwrap();
    let state = csrf.state();
    let mut group = criterion.benchmark_group("login_url");

    group.bench_function("weixin", |bencher| {
        bencher.iter(|| {
            let url = website.authorize_url(black_box(&redirect_uri), &csrf, &qr_page);
            url.unwrap()
        });
    });
    group.bench_function("weixin_with_a_new_state", |bencher| {
        bencher.iter(|| {
            let csrf = CsrfToken::random().unwrap();
            let url = website.authorize_url(black_box(&redirect_uri), &csrf, &qr_page);
            (url.unwrap(), csrf)
        });
    });
    group.bench_function("weixin_inside_wechat", |bencher| {
        bencher.iter(|| {
            let url = account.authorize_url(black_box(&redirect_uri), &csrf, &consent);
            url.unwrap()
        });
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

fn by_format(app: &str, state: &str) -> Url {
    let redirect_uri = utf8_percent_encode(black_box(REDIRECT_URI), NON_ALPHANUMERIC);
    let url = format!(
        "https://open.weixin.qq.com/connect/qrconnect?appid={app}&redirect_uri={redirect_uri}\
         &response_type=code&scope=snsapi_login&state={state}#wechat_redirect"
    );
    url.parse().unwrap()
}

criterion_group!(benches, login_url);
criterion_main!(benches);
