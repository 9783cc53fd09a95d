//! `weixin demo`: simulator and example site in one process.

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::json;
use tracing_subscriber::{EnvFilter, filter::LevelFilter};
use weixin::{AppSecret, Client, Endpoints};
use weixin_axum::WebLogin;
use weixin_sim::Sim;

use crate::{
    args, browser, demo,
    failure::Failure,
    listen::{self, End},
    output::Output,
};

pub(super) async fn run(args: args::Demo, output: Output) -> Result<(), Failure> {
    let mut end = End::watch()?;
    start_log();
    let listener = listen::bind(args.listen).await?;
    let address = listener.local_addr()?;
    // A browser cannot be sent to 0.0.0.0.
    let ip = if address.ip().is_unspecified() {
        Ipv4Addr::LOCALHOST.into()
    } else {
        address.ip()
    };
    let site = format!("http://{}", SocketAddr::new(ip, address.port()));
    let sim = Sim::start().await?;
    let login = web_login(&site, sim.url())?;
    let server =
        tokio::spawn(axum::serve(listener, demo::router(login, &site, sim.url())).into_future());

    output.result(
        || {
            format!(
                "open {site}/\n\
                 the simulator is at {}\n\
                 Ctrl-C ends",
                sim.url()
            )
        },
        &json!({ "site": format!("{site}/"), "simulator": sim.url() }),
    );
    if !args.no_open {
        browser::open(&site);
    }
    end.wanted().await;
    server.abort();
    Ok(())
}

/// Why a login failed goes to standard error: the site's visitors are not told. `RUST_LOG` asks for more.
fn start_log() {
    let default = EnvFilter::builder().with_default_directive(LevelFilter::WARN.into());
    tracing_subscriber::fmt()
        .with_env_filter(default.from_env_lossy())
        .with_writer(std::io::stderr)
        .init();
}

fn web_login(site: &str, sim: &str) -> Result<WebLogin, Failure> {
    let other = |error: &dyn std::error::Error| Failure::Other(error.to_string());
    let app = "wx0123456789abcdef"
        .parse()
        .map_err(|error| other(&error))?;
    let secret = AppSecret::new("s".repeat(32)).map_err(|error| other(&error))?;
    let sim = sim.parse().map_err(|error| other(&error))?;
    let client = Client::builder(app, secret)
        .endpoints(Endpoints::single(sim))
        .build()?;
    let redirect_uri = format!("{site}/callback")
        .parse()
        .map_err(|error| other(&error))?;
    WebLogin::new(client, redirect_uri).map_err(|error| {
        Failure::Usage(format!(
            "--listen: the demo is for this machine only, at 127.0.0.1, where browsers keep its cookies ({error})"
        ))
    })
}
