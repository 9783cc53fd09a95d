//! The metrics of `weixin gateway serve`, at an address of their own, as Prometheus reads them.

use std::{net::SocketAddr, time::Duration};

use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

use crate::{error::CliError, listen, message::Message};

/// The upper bounds of durations, in seconds: from a read of the database to a time-out of WeChat.
const BUCKETS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];

/// How often the recorded durations are put into their buckets, so that their list does not grow between two reads.
const UPKEEP: Duration = Duration::from_secs(5);

/// The version of Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Records the metrics of this program from now on, and serves them at the address of `[metrics] listen` until it ends.
pub(super) async fn serve(address: SocketAddr) -> Result<(), CliError> {
    let listener = listen::bind(address, "[metrics] listen").await?;
    let address = listener.local_addr()?;
    let metrics = install()?;
    tokio::spawn(keep(metrics.clone()));
    let page = move || async move { ([(CONTENT_TYPE, TEXT)], metrics.render()) };
    let router = Router::new().route("/metrics", get(page));
    tokio::spawn(weixin_gateway::serve_metrics(listener, router));
    tracing::info!(%address, "metrics");
    Ok(())
}

fn install() -> Result<PrometheusHandle, CliError> {
    let installed = PrometheusBuilder::new()
        .set_buckets(&BUCKETS)
        .and_then(PrometheusBuilder::install_recorder);
    installed.map_err(|error| CliError::Other(Message::untranslated(error.to_string())))
}

async fn keep(metrics: PrometheusHandle) {
    loop {
        tokio::time::sleep(UPKEEP).await;
        metrics.run_upkeep();
    }
}
