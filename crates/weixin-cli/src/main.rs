//! The `weixin` command: WeChat login from the shell, and a WeChat simulator.

mod args;
mod browser;
mod commands;
mod control_rules;
mod demo;
mod endpoints;
mod error;
mod exit_code;
mod explanations;
mod gateway_demo;
mod help;
mod lang;
mod layout;
mod listen;
mod message;
mod output;
mod rules;
mod sdk_error;
mod settings;
mod shutdown;
mod style;
mod terminal;
mod user_token;

use std::{env, ffi::OsString};

use self::{
    args::{Command, Preferences, Request},
    error::CliError,
    exit_code::ExitCode,
    output::Output,
};

fn main() -> std::process::ExitCode {
    let line: Vec<_> = env::args_os().collect();
    let preferences = Preferences::of(&line);
    let output = Output::new(preferences);
    let code = match execute(&line, preferences, output) {
        Ok(()) => ExitCode::Success,
        Err(error) => {
            output.error(&error);
            error.exit_code()
        }
    };
    code.into()
}

/// Does what a command line asks for.
fn execute(line: &[OsString], preferences: Preferences, output: Output) -> Result<(), CliError> {
    match Request::parse(line, preferences.language)? {
        Request::Print(page) => output.page(&page),
        Request::Run(command) => run(*command, output),
    }
}

fn run(command: Command, output: Output) -> Result<(), CliError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    runtime.block_on(commands::run(command, output))
}
