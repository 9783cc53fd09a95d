//! `weixin demo`: the simulator and an example site in one process.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use weixin::{AppSecret, Endpoints, Website};
use weixin_sim::Sim;

use crate::{
    args, browser, demo, error::CliError, explanations, listen, message::message, output::Output,
    shutdown::Shutdown,
};

pub(super) async fn run(args: args::Demo, output: Output) -> Result<(), CliError> {
    let mut shutdown = Shutdown::watch()?;
    start_log();
    let listener = listen::bind(args.listen, "weixin demo --listen").await?;
    let address = listener.local_addr()?;
    // A browser cannot open 0.0.0.0.
    let ip = if address.ip().is_unspecified() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        address.ip()
    };
    let origin = format!("http://{}", SocketAddr::new(ip, address.port()));
    let sim = Sim::builder().explanations(explanations::all());
    let sim = sim.start().await?;
    let site = demo::site(website(&sim)?, &origin, sim.url()).map_err(|error| {
        CliError::Usage(message(
            "--listen：演示网站只供本机使用，请用 127.0.0.1，浏览器才会保存它的 cookie",
            format!("--listen: the demo is for this machine only: use 127.0.0.1, where browsers store its cookies ({error})"),
        ))
    })?;
    let server = tokio::spawn(axum::serve(listener, site).into_future());

    output.result(
        || {
            let simulator = sim.url();
            message(
                format!("请打开 {origin}/\n模拟器在 {simulator}\n按 Ctrl-C 结束"),
                format!("open {origin}/\nthe simulator is at {simulator}\nCtrl-C ends"),
            )
        },
        &json!({ "site": format!("{origin}/"), "simulator": sim.url() }),
    )?;
    if !args.no_open {
        browser::open(&origin);
    }
    shutdown.requested().await;
    server.abort();
    Ok(())
}

/// Logs to standard error why a login failed, which the site does not tell its users. `RUST_LOG` logs more.
fn start_log() {
    let default = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    tracing_subscriber::fmt()
        .with_env_filter(default.from_env_lossy())
        .with_writer(std::io::stderr)
        .init();
}

fn website(sim: &Sim) -> Result<Website, CliError> {
    let secret = AppSecret::new("s".repeat(32))?;
    let builder = Website::builder("wx0123456789abcdef".parse()?, secret);
    let endpoints = Endpoints::single(sim.url().parse()?);
    Ok(builder.endpoints(endpoints).build()?)
}
