//! The `weixin` command: WeChat login from the shell, and a WeChat simulator.

mod args;
mod browser;
mod commands;
mod demo;
mod endpoints;
mod error;
mod exit_code;
mod explanations;
mod lang;
mod layout;
mod listen;
mod message;
mod output;
mod rules;
mod sdk_error;
mod settings;
mod shutdown;
mod user_token;

use self::{args::Args, error::CliError, exit_code::ExitCode, output::Output};

fn main() -> std::process::ExitCode {
    let args = Args::parse_or_exit();
    let output = Output::new(args.json, args.lang.unwrap_or_else(lang::of_terminal));
    let outcome = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CliError::from)
        .and_then(|runtime| runtime.block_on(commands::run(args.command, output)));
    let code = match outcome {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            output.error(&error);
            error.exit_code()
        }
    };
    code.into()
}
