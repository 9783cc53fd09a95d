//! The `weixin` command: WeChat login from the shell, and WeChat simulated on this machine.

mod args;
mod browser;
mod commands;
mod demo;
mod failure;
mod language;
mod listen;
mod output;
mod settings;

use std::process::ExitCode;

use clap::Parser;

use self::{args::Args, output::Output};

fn main() -> ExitCode {
    let args = Args::parse();
    let output = Output::new(args.json);
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failure::Failure::from)
        .and_then(|runtime| runtime.block_on(commands::run(args.command, output)));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            output.failure(&failure);
            failure.exit_code()
        }
    }
}
