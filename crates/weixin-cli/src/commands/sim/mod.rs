//! `weixin sim`

mod exec;
mod findings;
mod init;
mod phone;
mod trust;

use std::{fmt::Display, fs, net::SocketAddr, path::Path};

use serde_json::{Map, Value, json};
use weixin_sim::{App, Authority, DesktopAnswer, Sim, SimBuilder};

use crate::{
    args::{self, SimCommand, SimOptions},
    failure::Failure,
    listen::End,
    output::Output,
};

pub(super) async fn run(args: args::Sim, output: Output) -> Result<(), Failure> {
    match &args.command {
        Some(SimCommand::Init { file }) => init::run(file, output),
        Some(SimCommand::Exec(args)) => exec::run(args, output).await,
        Some(SimCommand::Phone(args)) => phone::run(args, output).await,
        None => listen(&args, output).await,
    }
}

/// The simulator by itself, until it is told to end.
async fn listen(args: &args::Sim, output: Output) -> Result<(), Failure> {
    if !args.i_know_this_is_not_wechat {
        check_loopback("--listen", Some(args.listen))?;
        check_loopback("--tls", args.tls)?;
        check_loopback("--proxy", args.proxy)?;
    }
    let mut end = End::watch()?;
    let sim = start(&args.options, args.listen).await?;
    let places = places(&sim, args).await?;
    output.note(
        "WeChat login simulated, for development and tests only: whoever reaches it is anybody.",
    );
    let line = |Place { says, at, .. }: &Place| format!("{says} {at}");
    let (lines, json): (Vec<_>, Map<_, _>) = places
        .iter()
        .map(|place| (line(place), (place.name.to_owned(), json!(place.at))))
        .unzip();
    output.result(|| lines.join("\n"), &Value::Object(json));
    end.wanted().await;
    if args.options.fail_on_findings {
        findings::report(&sim.findings(), output)
    } else {
        Ok(())
    }
}

/// Where the simulator, or something of it, is.
struct Place {
    name: &'static str,
    says: &'static str,
    at: String,
}

/// Listens wherever the arguments say.
async fn places(sim: &Sim, args: &args::Sim) -> Result<Vec<Place>, Failure> {
    let place = |name, says, at| Place { name, says, at };
    let mut places = vec![place("url", "listening on", sim.url().to_owned())];
    let Some(directory) = &args.ca_dir else {
        return Ok(places);
    };
    let authority = authority(directory)?;
    let failed = |address, source| Failure::Listen { address, source };
    if let Some(address) = args.tls {
        let tls = sim.serve_tls(address, &authority).await;
        let tls = tls.map_err(|source| failed(address, source))?;
        places.push(place("tls", "TLS as WeChat's hosts on", tls.to_string()));
    }
    if let Some(address) = args.proxy {
        let proxy = sim.serve_proxy(address, &authority).await;
        let proxy = proxy.map_err(|source| failed(address, source))?;
        let proxy = format!("http://{proxy}");
        places.push(place("proxy", "proxy to WeChat's hosts on", proxy));
    }
    let certificate = directory.join("ca.pem").display().to_string();
    places.push(place("ca", "certificate authority in", certificate));
    Ok(places)
}

fn check_loopback(option: &str, address: Option<SocketAddr>) -> Result<(), Failure> {
    let Some(address) = address.filter(|address| !address.ip().is_loopback()) else {
        return Ok(());
    };
    Err(Failure::Usage(format!(
        "{option} {address}: other machines could reach it, and whoever reaches it is anybody. \
         Use 127.0.0.1, or add --i-know-this-is-not-wechat"
    )))
}

async fn start(options: &SimOptions, address: SocketAddr) -> Result<Sim, Failure> {
    let mut builder = builder(options)?.listen(address);
    if options.auto_allow {
        builder = builder.auto_allow();
    }
    if options.strict_order {
        builder = builder.strict_order();
    }
    if options.quotas {
        builder = builder.quotas();
    }
    if let Some(seed) = options.seed {
        builder = builder.seed(seed);
    }
    if let Some(content_type) = options.token_content_type.clone() {
        builder = builder.token_content_type(content_type);
    }
    let sim = builder.start().await;
    let sim = sim.map_err(|source| Failure::Listen { address, source })?;
    if let Some(person) = &options.desktop {
        let runs = sim.run_desktop(person, DesktopAnswer::Allow);
        runs.map_err(|error| Failure::Usage(format!("--desktop: {error}")))?;
    }
    Ok(sim)
}

/// Apps and people, from the file or the arguments.
fn builder(options: &SimOptions) -> Result<SimBuilder, Failure> {
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
    let problem = |error: &dyn Display| Failure::Usage(format!("{}: {error}", file.display()));
    let text = fs::read_to_string(file).map_err(|error| problem(&error))?;
    Sim::builder()
        .config(&text)
        .map_err(|error| problem(&error))
}

fn authority(directory: &Path) -> Result<Authority, Failure> {
    let problem = |error| Failure::Usage(format!("--ca-dir {}: {error}", directory.display()));
    Authority::kept_in(directory).map_err(problem)
}
