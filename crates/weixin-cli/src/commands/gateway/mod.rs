//! `weixin gateway`

mod admin;
mod backup;
mod check;
mod client;
mod client_changes;
mod client_error;
mod config;
mod copy_store;
mod date;
mod demo;
mod explain_login;
mod init;
mod key;
mod keys;
mod login_events;
mod metrics;
mod migrate;
mod progress;
mod reload;
mod revoke;
mod secret_files;
mod serve;
mod service_manager;
mod user;

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
        Some(GatewayCommand::Client(args)) => client::run(args, output).await,
        Some(GatewayCommand::Keys(args)) => keys::run(args, output).await,
        Some(GatewayCommand::Backup(args)) => backup::run(args, output).await,
        Some(GatewayCommand::CopyStore(args)) => copy_store::run(args, output).await,
        Some(GatewayCommand::Migrate(args)) => migrate::run(args, output).await,
        Some(GatewayCommand::User(args)) => user::run(args, output).await,
        Some(GatewayCommand::ExplainLogin(args)) => explain_login::run(args, output).await,
        Some(GatewayCommand::Revoke(args)) => revoke::run(args, output).await,
    }
}
