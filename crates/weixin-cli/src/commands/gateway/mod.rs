//! `weixin gateway`

mod backup;
mod check;
mod config;
mod demo;
mod init;
mod key;
mod metrics;
mod reload;
mod serve;
mod service_manager;

use crate::{
    args::{Gateway, GatewayCommand},
    error::CliError,
    output::Output,
};

pub(super) async fn run(args: Gateway, output: Output) -> Result<(), CliError> {
    match args.command {
        None => demo::run(args.demo, output).await,
        Some(GatewayCommand::Demo(args)) => demo::run(args, output).await,
        Some(GatewayCommand::Init(args)) => init::run(&args, output),
        Some(GatewayCommand::Check(args)) => check::run(args, output).await,
        Some(GatewayCommand::Serve(args)) => serve::run(args, output).await,
        Some(GatewayCommand::Reload(args)) => reload::run(&args, output),
        Some(GatewayCommand::Backup(args)) => backup::run(args, output).await,
    }
}
