//! `weixin gateway serve`

use std::{
    path::{Path, PathBuf},
    thread,
};

use serde_json::json;
use tokio::sync::{Notify, oneshot};
use tracing_subscriber::EnvFilter;
use weixin_gateway::{Config, Gateway};

use super::{config, metrics, secret_files, service_manager};
use crate::{
    args::GatewayServe, error::CliError, listen, message::message, output::Output,
    shutdown::Shutdown,
};

/// What is logged without `RUST_LOG`.
const LOG: &str = "info,sqlx=warn";

pub(super) async fn run(args: GatewayServe, output: Output) -> Result<(), CliError> {
    let mut shutdown = Shutdown::watch()?;
    start_log();
    let gateway = tokio::select! {
        opened = open(&args.file.config) => opened?,
        () = stopped(&mut shutdown) => return Ok(()),
    };
    let address = args.listen.unwrap_or(gateway.listen());
    let option = match args.listen {
        Some(_) => "weixin gateway serve --listen",
        None => "[server] listen",
    };
    let listener = match listen::bind(address, option).await {
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
    let hang_up = Notify::new();
    let stop = async {
        while shutdown.next().await == "HUP" {
            hang_up.notify_one();
        }
        service_manager::stopping();
    };
    let served = tokio::select! {
        served = gateway.clone().serve(listener, stop) => served,
        () = reload(&gateway, &args.file.config, &hang_up) => Ok(()),
    };
    served.map_err(|error| CliError::Other(config::causes(&error)))
}

/// Opens the gateway of a configuration file.
async fn open(file: &Path) -> Result<Gateway, CliError> {
    let config = load(file.to_owned()).await?;
    let exposed = secret_files::all_exposed(&config);
    if let Some(address) = config.metrics_listen() {
        metrics::serve(address).await?;
    }
    let gateway = Gateway::open(config).await;
    let gateway = gateway.map_err(|error| config::not_started(&error))?;
    warn_of(&exposed);
    Ok(gateway)
}

/// Loads the configuration on a thread that no stop waits for: its file system may not respond.
async fn load(file: PathBuf) -> Result<Config, CliError> {
    let (sender, loaded) = oneshot::channel();
    thread::Builder::new().spawn(move || drop(sender.send(config::load(&file))))?;
    loaded.await.unwrap_or_else(|_| {
        Err(CliError::Other(message(
            "无法读取配置",
            "the configuration cannot be read",
        )))
    })
}

/// Warns of files of secrets that others than their owner may access.
fn warn_of(exposed: &[(PathBuf, u32)]) {
    for (file, mode) in exposed {
        tracing::warn!(
            file = %file.display(),
            mode = format_args!("{mode:o}"),
            "other users of this machine can access a file of secrets: chmod 600"
        );
    }
}

/// Waits for a signal that ends the start. The configuration of a reload is the one that is being loaded.
async fn stopped(shutdown: &mut Shutdown) {
    while shutdown.next().await == "HUP" {}
}

/// Takes over the configuration file after SIGHUP and each time that it has changed. Never returns.
async fn reload(gateway: &Gateway, file: &Path, hang_up: &Notify) {
    let signaled = async {
        loop {
            hang_up.notified().await;
            // What came of it is in the log.
            let _ = gateway.reload_file(file).await;
        }
    };
    tokio::select! {
        () = gateway.watch(file) => {},
        () = signaled => {},
    }
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
