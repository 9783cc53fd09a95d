//! `weixin gateway serve`

use serde_json::json;
use tracing_subscriber::EnvFilter;
use weixin_gateway::Gateway;

use super::{config, metrics, service_manager};
use crate::{
    args::GatewayServe, error::CliError, listen, message::message, output::Output,
    shutdown::Shutdown,
};

/// What is logged without `RUST_LOG`.
const LOG: &str = "info,sqlx=warn";

pub(super) async fn run(args: GatewayServe, output: Output) -> Result<(), CliError> {
    let mut shutdown = Shutdown::watch()?;
    start_log();
    let config = config::load(&args.file.config)?;
    if let Some(address) = config.metrics_listen() {
        metrics::serve(address).await?;
    }
    let gateway = Gateway::open(config).await;
    let gateway = gateway.map_err(|error| config::not_started(&error))?;
    let address = args.listen.unwrap_or(gateway.listen());
    let listener = match listen::bind(address, "weixin gateway serve --listen").await {
        Ok(listener) => listener,
        Err(error) => {
            gateway.close().await;
            return Err(error);
        }
    };
    let address = listener.local_addr()?;
    output.result(
        || {
            message(
                format!("正在监听 {address}"),
                format!("listening on {address}"),
            )
        },
        &json!({ "listen": address.to_string() }),
    )?;
    service_manager::ready();
    let stop = async {
        shutdown.requested().await;
        service_manager::stopping();
    };
    let served = gateway.serve(listener, stop).await;
    served.map_err(|error| CliError::Other(config::causes(&error)))
}

/// Logs JSON to standard error: one object in each line.
fn start_log() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(LOG));
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(true)
        .with_span_list(false)
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();
}
