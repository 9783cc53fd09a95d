//! Spans and events of every call in the log, counters and latencies for a dashboard.
//!
//! `cargo run --example observed --features metrics` makes a few calls to a simulator. No secret is in any of it.
#![expect(clippy::print_stdout, reason = "an example")]

use std::{error::Error, io};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tracing_subscriber::fmt::format::FmtSpan;
use weixin::{AppSecret, Code, Endpoints, Website};
use weixin_sim::{Effect, Fault, Sim};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    // A program would install metrics-exporter-prometheus or the like.
    let recorder = DebuggingRecorder::new();
    let counted = recorder.snapshotter();
    recorder.install()?;
    tracing_subscriber::fmt()
        .with_env_filter("weixin=debug")
        .with_span_events(FmtSpan::CLOSE)
        .with_writer(io::stderr)
        .init();

    let sim = Sim::start().await?;
    let secret = AppSecret::new("s".repeat(32))?;
    let website = Website::builder("wx0123456789abcdef".parse()?, secret)
        .endpoints(Endpoints::single(sim.url().parse()?))
        .build()?;
    sim.fault(Fault::new(Effect::Errcode(-1)));
    for _ in 0..2 {
        if let Err(error) = website.exchange(Code::new("made-up")?).await {
            println!("{error}");
        }
    }

    let mut counters: Vec<_> = counted.snapshot().into_vec();
    counters.sort_by_key(|(key, ..)| key.key().to_string());
    for (key, _, _, value) in counters {
        if let DebugValue::Counter(count) = value {
            println!("{}: {count}", key.key());
        }
    }
    Ok(())
}
