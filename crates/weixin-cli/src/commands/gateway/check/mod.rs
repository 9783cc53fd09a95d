//! `weixin gateway check`: what would fail when the gateway starts or a user logs in, and what the clients need.

mod apps;
mod clients;
mod email;
mod environment;
mod ports;
mod server;
mod stored;

use std::path::Path;

use weixin_gateway::{Config, ConfigError, Gateway, IssuerOverview, StartError, StoreState};

use super::{
    super::doctor::{
        self,
        check::{Check, CheckResult},
        report::Report,
    },
    config, progress, secret_files,
};
use crate::{
    args::GatewayCheck,
    error::CliError,
    message::{Message, message},
    output::Output,
};

pub(super) async fn run(args: GatewayCheck, output: Output) -> Result<(), CliError> {
    let mut report = Report::new(output);
    let file = args.file.config.display().to_string();
    let config = match config::try_load(&args.file.config)? {
        Ok(config) => config,
        Err(error) => {
            report.add([configuration(&error, &file)])?;
            return report.finish();
        }
    };
    let read = message(format!("{file} 没有错误"), format!("{file} has no errors"));
    report.add([CheckResult::ok(Check::Configuration, read)])?;
    // Elsewhere, permissions are not examined.
    let files = config.secret_files().filter(|_| cfg!(unix));
    report.add(files.map(secret_file))?;
    report.add(server::examine(&config).await)?;
    let state = progress::noted(output, Gateway::inspect(&config), progress::waiting).await;
    report.add([store(&config, &state)])?;
    report.add(environment::tls(&config))?;
    report.add(environment::redis(&config).await)?;
    let stored = stored::examine(&config, state.ok()).await;
    report.add(stored.results.iter().cloned())?;
    let issuers = config.issuers();
    let issuers = issuers.map_err(|error| config::not_started(&error))?;
    let mut apps = issuers.iter().flat_map(|issuer| &issuer.apps);
    if apps.any(|app| app.endpoint.is_none()) {
        report.add([apps::clock(doctor::clock().await?)])?;
    }
    report.add(issuers.iter().filter_map(trailing_slash))?;
    for issuer in &issuers {
        for app in &issuer.apps {
            let results = apps::examine(issuer, app).await;
            report.add(results.into_iter().map(|result| result.at(&app.name)))?;
        }
    }
    let clients = [&config.clients()[..], &stored.clients].concat();
    clients::examine(&clients, &issuers, &stored, &mut report)?;
    report.finish()
}

/// The error of a configuration file, or of a file of secrets that it names.
fn configuration(error: &ConfigError, file: &str) -> CheckResult {
    let secret_file = error.secret_file();
    let wrong = secret_file.map_or_else(|| file.to_owned(), |file| file.display().to_string());
    let remedy = match secret_file.map(Path::try_exists) {
        Some(Ok(false)) => message(
            format!("请创建或恢复 {wrong}，或在 {file} 中修改它的路径"),
            format!("create or restore {wrong}, or correct its path in {file}"),
        ),
        _ => message(format!("请修改 {wrong}"), format!("change {wrong}")),
    };
    let error = Message::of(|language| error.text(language));
    CheckResult::failed(Check::Configuration, error, remedy)
}

/// Whether others may read a file of secrets.
fn secret_file(file: &Path) -> CheckResult {
    let name = file.display();
    let Some(mode) = secret_files::exposed(file) else {
        let detail = message(
            format!("只有所有者可以读取 {name}"),
            format!("only the owner may read {name}"),
        );
        return CheckResult::ok(Check::SecretFile, detail);
    };
    CheckResult::warning(
        Check::SecretFile,
        message(
            format!("其他用户也可以访问 {name}（权限 {mode:o}）"),
            format!("other users of this machine can access {name} (mode {mode:o})"),
        ),
        message(format!("chmod 600 {name}"), format!("chmod 600 {name}")),
    )
}

fn store(config: &Config, state: &Result<StoreState, StartError>) -> CheckResult {
    // The driver would say less.
    if let (Ok(StoreState::Missing | StoreState::Outdated) | Err(_), Some(result)) =
        (state, environment::folder(config))
    {
        return result;
    }
    let detail = match state {
        Ok(StoreState::Missing) => message(
            "尚不存在，启动时创建",
            "it does not exist yet: the next start creates it",
        ),
        Ok(StoreState::Outdated) => message(
            "表不存在或来自较早的版本，启动时创建或更新",
            "its tables are missing or of an earlier version: the next start creates or updates them",
        ),
        Ok(_) => message("可以使用", "it is ready"),
        Err(error) => {
            let remedy = error.remedy().map_or_else(
                || message("请检查 [store] url", "check [store] url"),
                Message::from,
            );
            return CheckResult::failed(Check::Store, config::start_error(error), remedy);
        }
    };
    CheckResult::ok(Check::Store, detail)
}

/// Clients compare the issuer as text, and most of them expect none.
fn trailing_slash(issuer: &IssuerOverview) -> Option<CheckResult> {
    let url = &issuer.url;
    let without = url.strip_suffix('/')?;
    let detail = message(
        format!("issuer {url} 以斜杠结尾：客户端的配置也必须带斜杠"),
        format!("the issuer {url} ends with a slash, which clients must be configured with, too"),
    );
    let remedy = message(
        format!("[[issuer]] url 改为 {without}，除非已有客户端使用带斜杠的 issuer"),
        format!(
            "[[issuer]] url: use {without}, unless clients already have the one with the slash"
        ),
    );
    Some(CheckResult::warning(Check::Configuration, detail, remedy))
}
