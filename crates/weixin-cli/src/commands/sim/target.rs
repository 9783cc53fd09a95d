//! The WeChat of a program: a simulator of its own, or a world of one that runs.

use std::{convert::Infallible, future::pending, io, net::SocketAddr};

use weixin_sim::{Authority, OtherHosts, Sim};

use super::{findings, log::Log, start::start, world::World};
use crate::{
    args::{self, SimOptions},
    error::CliError,
    message::message,
    output::Output,
};

pub(super) enum Target {
    Own(Sim),
    World(Box<World>),
}

impl Target {
    pub(super) async fn start(args: &args::Exec) -> Result<Self, CliError> {
        let Some(id) = &args.world else {
            let sim = start(&args.options, args.listen, "weixin sim exec --listen");
            return Ok(Self::Own(sim.await?));
        };
        if let Some(option) = of_the_simulator(&args.options) {
            return Err(CliError::Usage(message(
                format!("{option} 是运行中的模拟器的选项，不能与 --world 同用"),
                format!("{option} is an option of the simulator that runs, and not of --world"),
            )));
        }
        Ok(Self::World(Box::new(World::open(&args.sim, id).await?)))
    }

    /// The base URL, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        match self {
            Self::Own(sim) => sim.url(),
            Self::World(world) => world.url.as_str().trim_end_matches('/'),
        }
    }

    /// ID and secret of the first app.
    pub(super) async fn app(&self) -> Result<Option<(String, String)>, CliError> {
        match self {
            Self::Own(sim) => {
                let app = sim.apps().into_iter().next();
                Ok(app.map(|app| (app.id().to_owned(), app.secret().to_owned())))
            }
            Self::World(world) => world.app().await,
        }
    }

    pub(super) async fn serve_http(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        match self {
            Self::Own(sim) => sim.serve_http(address).await,
            Self::World(world) => world.relay.serve_http(address).await,
        }
    }

    pub(super) async fn serve_tls(
        &self,
        address: SocketAddr,
        authority: &Authority,
    ) -> io::Result<SocketAddr> {
        match self {
            Self::Own(sim) => sim.serve_tls(address, authority).await,
            Self::World(world) => world.relay.serve_tls(address, authority).await,
        }
    }

    pub(super) async fn serve_proxy(
        &self,
        address: SocketAddr,
        authority: &Authority,
        others: OtherHosts,
    ) -> io::Result<SocketAddr> {
        match self {
            Self::Own(sim) => sim.serve_proxy(address, authority, others).await,
            Self::World(world) => world.relay.serve_proxy(address, authority, others).await,
        }
    }

    /// Prints each request of a simulator of its own; never ends.
    pub(super) async fn follow(&self, log: &mut Log) -> Infallible {
        match self {
            Self::Own(sim) => log.follow(sim).await,
            Self::World(_) => pending().await,
        }
    }

    /// Prints the requests that are not printed yet.
    pub(super) fn finish(&self, log: Log) {
        if let Self::Own(sim) = self {
            log.finish(sim);
        }
    }

    /// Returns `true` if no request reached a simulator of its own. Others may use a world too.
    pub(super) fn has_no_requests(&self) -> bool {
        match self {
            Self::Own(sim) => sim.request_count() == 0,
            Self::World(_) => false,
        }
    }

    /// Prints the findings. Fails if one of them fails the run.
    pub(super) async fn report(&self, output: Output) -> Result<(), CliError> {
        match self {
            Self::Own(sim) => findings::report(sim, output),
            Self::World(world) => findings::report_json(&world.findings().await?, output),
        }
    }

    /// Deletes a world that was opened here.
    pub(super) async fn end(self) -> Result<(), CliError> {
        match self {
            Self::Own(_) => Ok(()),
            Self::World(world) => world.end().await,
        }
    }
}

/// An option that decides what a simulator does at its start.
fn of_the_simulator(options: &SimOptions) -> Option<&'static str> {
    let given = [
        ("--config", options.config.is_some()),
        ("--allow-host", !options.allow_host.is_empty()),
        ("--auto-allow", options.auto_allow),
        ("--strict-order", options.strict_order),
        ("--quotas", options.quotas),
        ("--desktop", options.desktop.is_some()),
        ("--seed", options.seed.is_some()),
        ("--token-content-type", options.token_content_type.is_some()),
        ("--accept", !options.accept.is_empty()),
        ("--log", options.log),
    ];
    given
        .into_iter()
        .find_map(|(option, is_given)| is_given.then_some(option))
}
