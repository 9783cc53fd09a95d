//! The commands, one file for each.

mod app_token;
mod authorize_url;
mod check;
mod demo;
mod doctor;
mod exchange;
mod explain;
mod gateway;
mod login;
mod login_url;
mod phone_number;
mod refresh;
mod scan;
mod session;
mod shell;
mod sim;
mod user;

use crate::{args::Command, error::CliError, output::Output};

#[expect(clippy::cognitive_complexity, reason = "one line for each command")]
pub(crate) async fn run(command: Command, output: Output) -> Result<(), CliError> {
    match command {
        Command::AppToken(args) => app_token::run(args, output).await,
        Command::AuthorizeUrl(args) => authorize_url::run(&args, output),
        Command::Check(args) => check::run(args, output).await,
        Command::Completions(args) => shell::completions(&args, output),
        Command::Demo(args) => demo::run(args, output).await,
        Command::Doctor(args) => doctor::run(args, output).await,
        Command::Exchange(args) => exchange::run(args, output).await,
        Command::Explain(args) => explain::run(args, output),
        Command::Gateway(args) => gateway::run(*args, output).await,
        Command::Login(args) => login::run(args, output).await,
        Command::LoginUrl(args) => login_url::run(args, output).await,
        Command::Man(args) => shell::man(&args, output),
        Command::PhoneNumber(args) => phone_number::run(args, output).await,
        Command::Refresh(args) => refresh::run(args, output).await,
        Command::Scan(args) => scan::run(args, output).await,
        Command::Session(args) => session::run(args, output).await,
        Command::Sim(args) => sim::run(*args, output).await,
        Command::User(args) => user::run(args, output).await,
    }
}
