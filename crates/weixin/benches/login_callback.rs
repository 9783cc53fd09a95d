//! Reading what the browser brings back, beside the least that it can cost: splitting the query into a map.
#![expect(clippy::unwrap_used, reason = "a benchmark")]

use std::{collections::HashMap, hint::black_box};

use criterion::{Criterion, criterion_group, criterion_main};
use weixin::{Callback, State};

const CODE: &str = "081Kq4Ga1lOFsI0xx1Ha1w3gRp2Kq4GJ";
const STATE: &str = "3kTMdAqfnEjvWtNYb8pQzs";

fn login_callback(criterion: &mut Criterion) {
    let query = format!("code={CODE}&state={STATE}");
    let state = State::from_stored(STATE);
    let mut group = criterion.benchmark_group("login_callback");
    group.bench_function("weixin", |bencher| {
        bencher.iter(|| {
            let callback = Callback::parse(black_box(&query)).unwrap();
            callback.verify(&state).unwrap()
        });
    });
    group.bench_function("form_urlencoded", |bencher| {
        bencher.iter(|| {
            let pairs = form_urlencoded::parse(black_box(&query).as_bytes()).into_owned();
            let pairs: HashMap<String, String> = pairs.collect();
            assert_eq!(pairs["state"], STATE);
            pairs
        });
    });
}

criterion_group!(benches, login_callback);
criterion_main!(benches);
