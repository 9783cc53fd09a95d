//! The arguments and their help.

mod common;
mod compare;
mod diagnosis;
mod gateway;
mod gateway_client;
mod gateway_client_changes;
mod gateway_config;
mod gateway_copy_store;
mod gateway_keys;
mod gateway_user;
mod login;
mod other_apps;
mod parse;
mod preferences;
mod running_sim;
mod shell;
mod sim;
mod trial;
mod user_token;

use std::ffi::OsString;

use clap::{
    ColorChoice, CommandFactory, Parser, Subcommand,
    error::{ContextKind, ContextValue, ErrorKind},
};
use weixin::Language;

use self::parse::language;
pub(crate) use self::{
    common::{AppArgs, AppIdArgs, EndpointArgs, Kind, SIMULATOR, TokenArgs, UserTokenArgs},
    compare::Compare,
    diagnosis::{Doctor, Explain},
    gateway::{
        Gateway, GatewayBackup, GatewayCheck, GatewayCommand, GatewayDemo, GatewayInit,
        GatewayMigrate, GatewayReload, GatewayServe,
    },
    gateway_client::{
        ClientAdd, ClientCommand, ClientRemove, ClientSecret, ClientShow, GatewayClient,
    },
    gateway_client_changes::{ClientDisable, ClientEnable, ClientSet},
    gateway_config::{CONFIG_FILE, CONFIG_VARIABLE},
    gateway_copy_store::GatewayCopyStore,
    gateway_keys::{GatewayKeys, KeysCommand, KeysReseal, KeysRotate},
    gateway_user::{
        GatewayExplainLogin, GatewayRevoke, GatewayUser, GatewayUserCommand, UserForget,
    },
    login::{Login, LoginUrl},
    other_apps::{AppToken, AppTokenKind, AuthorizeUrl, PhoneNumber, Session},
    preferences::Preferences,
    running_sim::{Findings, Health, Phone},
    shell::{Completions, Man},
    sim::{Exec, Sim, SimCommand, SimOptions},
    trial::{Demo, Scan},
    user_token::{Check, Exchange, Refresh, User},
};
use crate::{
    error::CliError,
    exit_code::ExitCode,
    help::{self, UsageError},
    message::{Message, message},
    terminal,
};

const FIRST_STEPS: &str = "\
First steps:
  weixin demo                  WeChat login on this machine, in your browser
  weixin sim                   a WeChat simulator for your program
  weixin login --sim           a login from the terminal, with `weixin sim`
  weixin gateway               WeChat login for any OpenID Connect client";

/// Log in with WeChat from the shell, and simulate WeChat on your machine
#[derive(Debug, Parser)]
#[command(
    name = "weixin",
    version,
    after_help = format!("{}\n\n{FIRST_STEPS}", ExitCode::help(Language::English)),
    propagate_version = true
)]
pub(crate) struct Args {
    #[command(flatten)]
    _preferences: PreferenceArgs,

    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command, for clap. [`Preferences`] reads them before.
#[derive(Debug, clap::Args)]
struct PreferenceArgs {
    /// Print results and errors as JSON
    #[arg(long, global = true)]
    json: bool,

    /// The language of help, texts and errors; by default, the terminal's (`LC_ALL`, `LC_MESSAGES`, `LANG`)
    #[arg(long, global = true, value_parser = language())]
    lang: Option<Language>,

    /// Color the output; `auto` is on a terminal, unless `NO_COLOR` is set
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: ColorChoice,
}

/// The meaning of a command line.
pub(crate) enum Request {
    Run(Box<Command>),
    /// A help page or the version.
    Print(String),
}

impl Request {
    pub(crate) fn parse(line: &[OsString], language: Language) -> Result<Self, CliError> {
        let error = match Args::try_parse_from(preferences::first(line)) {
            Ok(args) => return Ok(Self::Run(Box::new(args.command))),
            Err(error) => error,
        };
        match error.kind() {
            ErrorKind::DisplayHelp => Ok(Self::Print(help(line, language))),
            ErrorKind::DisplayVersion => Ok(Self::Print(error.to_string())),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Err(CliError::CommandLine(
                UsageError::without_command(&help(line, language)),
            )),
            _ => {
                let tip = tip(&error, line);
                Err(CliError::CommandLine(UsageError::new(error, tip)))
            }
        }
    }
}

/// The help page that a command line asks for.
fn help(line: &[OsString], language: Language) -> String {
    let command = help::with_pages(Args::command(), language, terminal::columns());
    match command.try_get_matches_from(preferences::first(line)) {
        Err(page) => page.render().ansi().to_string(),
        Ok(_) => String::new(),
    }
}

/// The tip for a command that `weixin sim exec` is to run, without `--` before it.
fn tip(error: &clap::Error, line: &[OsString]) -> Option<Message> {
    let Some(ContextValue::String(unexpected)) = error.get(ContextKind::InvalidArg) else {
        return None;
    };
    let line: Vec<_> = line.iter().map(|word| word.to_string_lossy()).collect();
    let exec = line.windows(2).position(|words| words == ["sim", "exec"])? + 2;
    let command = line[exec..].iter().position(|word| word == unexpected)? + exec;
    let is_command = error.kind() == ErrorKind::UnknownArgument && !unexpected.starts_with('-');
    is_command.then(|| {
        let corrected = format!(
            "weixin {} -- {}",
            line[1..command].join(" "),
            line[command..].join(" ")
        );
        message(
            format!("要运行的程序写在 -- 之后：{corrected}"),
            format!("the command comes after --: {corrected}"),
        )
    })
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(Demo),
    Sim(Box<Sim>),
    Scan(Scan),
    Gateway(Box<Gateway>),
    Login(Login),
    LoginUrl(LoginUrl),
    Exchange(Exchange),
    Refresh(Refresh),
    Check(Check),
    User(User),
    AuthorizeUrl(AuthorizeUrl),
    Session(Session),
    PhoneNumber(PhoneNumber),
    AppToken(AppToken),
    Doctor(Doctor),
    Explain(Explain),
    Completions(Completions),
    Man(Man),
}
