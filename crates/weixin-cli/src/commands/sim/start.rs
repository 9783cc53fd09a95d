//! The start of a simulator, by its options.

use std::{fs, net::SocketAddr, path::Path};

use weixin::Language;
use weixin_sim::{App, Authority, DesktopAnswer, Sim, SimBuilder};

use crate::{
    args::SimOptions,
    error::CliError,
    explanations,
    message::{Message, message},
};

/// Rejects an address that other machines can reach, with the remedy.
pub(super) fn check_loopback(
    option: &str,
    address: Option<SocketAddr>,
    remedy: &Message,
) -> Result<(), CliError> {
    let Some(address) = address.filter(|address| !address.ip().is_loopback()) else {
        return Ok(());
    };
    Err(CliError::Usage(Message::of(|language| {
        let remedy = remedy.pick(language);
        match language {
            Language::English => format!(
                "{option} {address}: other machines can reach it, and log in as any user. {remedy}"
            ),
            _ => format!("{option} {address}：其他机器也能访问，并以任何用户登录。{remedy}"),
        }
    })))
}

/// Starts a simulator. An error names the option with which another address is chosen.
pub(super) async fn start(
    options: &SimOptions,
    address: SocketAddr,
    option: &'static str,
) -> Result<Sim, CliError> {
    start_with(options, address, option, |builder| builder).await
}

/// Starts a simulator with more options.
pub(super) async fn start_with(
    options: &SimOptions,
    address: SocketAddr,
    option: &'static str,
    more: impl FnOnce(SimBuilder) -> SimBuilder,
) -> Result<Sim, CliError> {
    let builder = builder(options)?
        .listen(address)
        .explanations(explanations::all());
    let mut builder = more(builder);
    if options.auto_allow {
        builder = builder.auto_allow();
    }
    if options.strict_order {
        builder = builder.strict_order();
    }
    if options.quotas {
        builder = builder.quotas();
    }
    for host in &options.allow_host {
        builder = builder.allow_host(host);
    }
    if let Some(seed) = options.seed {
        builder = builder.seed(seed);
    }
    if let Some(content_type) = options.token_content_type.clone() {
        builder = builder.token_content_type(content_type);
    }
    if let Some(person) = &options.desktop {
        // For further worlds, and after a reset.
        builder = builder.desktop(person, DesktopAnswer::Allow);
    }
    let accepted = options.accept.iter().flat_map(|rules| &rules.0);
    builder = accepted.fold(builder, |builder, rule| builder.accept(*rule));
    let sim = builder.start().await;
    let sim = sim.map_err(|source| CliError::Listen {
        option,
        address,
        source,
    })?;
    if let Some(person) = &options.desktop {
        let runs = sim.run_desktop(person, DesktopAnswer::Allow);
        runs.map_err(|error| {
            CliError::Usage(Message::from(error.to_string()).prefixed("--desktop"))
        })?;
    }
    Ok(sim)
}

/// Apps and users, from the file or the arguments.
fn builder(options: &SimOptions) -> Result<SimBuilder, CliError> {
    let Some(file) = &options.config else {
        let app = App::new(options.app_id.as_str(), options.app_secret.as_str());
        let others = [
            App::official_account(),
            App::mobile_app(),
            App::mini_program(),
        ];
        return Ok(others
            .into_iter()
            .fold(Sim::builder().app(app), SimBuilder::app));
    };
    let name = file.display().to_string();
    let invalid = |error: Message| CliError::Usage(error.prefixed(&name));
    let text = fs::read_to_string(file).map_err(|error| invalid(Message::from(&error)))?;
    Sim::builder()
        .config(&text)
        .map_err(|error| invalid(message(error.chinese(), error.to_string())))
}

/// The certificate authority of a directory, which is created if it is missing.
pub(super) fn authority(directory: &Path) -> Result<Authority, CliError> {
    let name = format!("--ca-dir {}", directory.display());
    Authority::kept_in(directory)
        .map_err(|error| CliError::Usage(Message::from(&error).prefixed(&name)))
}
