//! Counters and latencies. Alone in its file: a process has one recorder.

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use weixin::{
    AppSecret, Endpoints, Website,
    tokens::{AccessToken, Bearer},
    transport::RetryPolicy,
};
use weixin_sim::{Answer, Effect, Fault, Sim};

#[tokio::test]
async fn calls_errors_and_latencies_are_counted_by_path_and_without_secrets() {
    let recorder = DebuggingRecorder::new();
    let counted = recorder.snapshotter();
    recorder.install().unwrap();
    let sim = Sim::start().await.unwrap();
    let website = Website::builder(
        "wx0123456789abcdef".parse().unwrap(),
        AppSecret::new("s".repeat(32)).unwrap(),
    )
    .endpoints(Endpoints::single(sim.url().parse().unwrap()))
    .retry_policy(RetryPolicy::none())
    .build()
    .unwrap();
    let token = AccessToken::new("hunter2").unwrap();
    let bearer = Bearer {
        access_token: &token,
        openid: &"oUnknown".parse().unwrap(),
    };
    let made_up = Effect::Answer(Answer::new(r#"{"errcode":123456789,"errmsg":"?"}"#));
    for effect in [
        None,
        Some(Effect::Reset),
        Some(Effect::Html(502)),
        Some(made_up),
    ] {
        if let Some(effect) = effect {
            sim.fault(Fault::new(effect));
        }
        website.user(bearer).await.unwrap_err();
    }

    let mut lines: Vec<_> = counted
        .snapshot()
        .into_vec()
        .into_iter()
        .map(|(key, unit, description, value)| {
            assert!(unit.and(description).is_some(), "{key:?}");
            let labels = key.key().labels();
            let labels: Vec<_> = labels
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let value = match value {
                DebugValue::Histogram(values) => format!("{} times", values.len()),
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(level) => level.to_string(),
            };
            format!("{} {} {value}", key.key().name(), labels.join(" "))
        })
        .collect();
    lines.sort();
    assert_eq!(
        lines,
        [
            "weixin_call_seconds path=/sns/userinfo 4 times",
            "weixin_calls_total path=/sns/userinfo 4",
            "weixin_errors_total path=/sns/userinfo error=40001 1",
            "weixin_errors_total path=/sns/userinfo error=broken 1",
            "weixin_errors_total path=/sns/userinfo error=status 1",
            "weixin_errors_total path=/sns/userinfo error=unknown_code 1",
        ]
    );
}
