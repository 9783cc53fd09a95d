//! Parsing and verifying a callback, compared with the least that it can cost: splitting the query into a map.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::{collections::HashMap, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use weixin::{Callback, CsrfToken};

const CODE: &str = "081Kq4Ga1lOFsI0xx1Ha1w3gRp2Kq4GJ";

fn login_callback(criterion: &mut Criterion) {
    let csrf = CsrfToken::random().unwrap();
    let state = csrf.state();
    let query = format!("code={CODE}&state={state}");
    let mut group = criterion.benchmark_group("login_callback");
    group.bench_function("weixin", |bencher| {
        bencher.iter(|| {
            let callback = Callback::parse(black_box(&query)).unwrap();
            callback.verify(&csrf).unwrap()
        });
    });
    group.bench_function("form_urlencoded", |bencher| {
        bencher.iter(|| {
            let pairs = form_urlencoded::parse(black_box(&query).as_bytes()).into_owned();
            let pairs: HashMap<String, String> = pairs.collect();
            assert_eq!(pairs["state"], state);
            pairs
        });
    });
}

criterion_group!(benches, login_callback);
criterion_main!(benches);
