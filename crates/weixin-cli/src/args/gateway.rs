//! The arguments of `weixin gateway`.

use std::{net::SocketAddr, path::PathBuf};

use clap::{ArgAction, Subcommand};

use super::{
    gateway_client::GatewayClient,
    gateway_config::GatewayConfig,
    gateway_copy_store::GatewayCopyStore,
    gateway_keys::GatewayKeys,
    gateway_user::{GatewayExplainLogin, GatewayRevoke, GatewayUser},
    parse::{address, issuer, redirect_uri},
};

/// Let users of any OpenID Connect client log in with WeChat
#[derive(Debug, clap::Args)]
#[command(
    after_help = "\
The gateway is an OpenID Provider: a program that supports OpenID Connect sends its users to the \
gateway, they log in with WeChat, and the program gets an ID token. Without a command, the demo \
runs: `weixin gateway demo`.

Examples:
  weixin gateway                see a whole login, with each request and token
  weixin gateway init --issuer https://login.example.com
  weixin gateway check          test the configuration
  weixin gateway serve",
    args_conflicts_with_subcommands = true
)]
pub(crate) struct Gateway {
    #[command(subcommand)]
    pub(crate) command: Option<GatewayCommand>,

    #[command(flatten)]
    pub(crate) demo: GatewayDemo,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GatewayCommand {
    Demo(GatewayDemo),
    Init(GatewayInit),
    Check(GatewayCheck),
    Serve(GatewayServe),
    Reload(GatewayReload),
    Client(GatewayClient),
    Keys(GatewayKeys),
    Backup(GatewayBackup),
    CopyStore(GatewayCopyStore),
    Migrate(GatewayMigrate),
    User(GatewayUser),
    ExplainLogin(GatewayExplainLogin),
    Revoke(GatewayRevoke),
}

/// See a whole login: a gateway, a client and a WeChat simulator on this machine, with each request and token on a page
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Everything is temporary: the database, the keys and the client's secret. The demo listens on this \
machine only, and does not start where there is a configuration of a real gateway.

Examples:
  weixin gateway demo
  weixin gateway demo --listen 127.0.0.1:0 --no-open

For a client of yours, with the client ID and secret that the demo prints:
  weixin gateway demo --redirect-uri http://localhost:3000/callback")]
pub(crate) struct GatewayDemo {
    /// The address on which the demo listens, on this machine only; port 0 is any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090", value_parser = address)]
    pub(crate) listen: SocketAddr,

    /// A redirect URI of your own client, which may then use the demo's client ID and secret; repeatable
    #[arg(long, value_name = "URI", action = ArgAction::Append, value_parser = redirect_uri)]
    pub(crate) redirect_uri: Vec<String>,

    /// Do not open a browser
    #[arg(long)]
    pub(crate) no_open: bool,

    /// The demo rejects a configuration file
    #[arg(long, value_name = "FILE", hide = true)]
    pub(crate) config: Option<PathBuf>,
}

/// Write a configuration file, gateway.toml, and its key file, gateway.key
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Both files are written into the current folder. An existing file is kept as it is, and only the missing \
one is written. For an issuer such as http://localhost:8080, the gateway listens on that port.

Examples:
  weixin gateway init --issuer https://login.example.com")]
pub(crate) struct GatewayInit {
    /// The URL that clients are configured with
    #[arg(long, value_name = "URL", value_parser = issuer, default_value = "https://login.example.com")]
    pub(crate) issuer: String,
}

/// Run the gateway of a configuration file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Logs are JSON on standard error, one line for each request, without queries and secrets; RUST_LOG \
changes their level. After SIGTERM or Ctrl-C, /readyz fails at once, connections are accepted for \
5 seconds (`stop_delay`), and running requests have 20 seconds to end.
SIGHUP loads the configuration file again, as does a change of the file.

Examples:
  weixin gateway serve
  weixin gateway serve --config /etc/weixin/gateway.toml --listen 127.0.0.1:8081")]
pub(crate) struct GatewayServe {
    #[command(flatten)]
    pub(crate) file: GatewayConfig,

    /// The address on which to listen; by default, `listen` of the configuration
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    pub(crate) listen: Option<SocketAddr>,
}

/// Check a changed configuration file, which a running gateway loads within ten seconds
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A running gateway reads its configuration file, key file and secret files every five seconds, and \
loads them when one has changed and two reads have found the same, so that a file that is still being \
written is not loaded; after SIGHUP, at once. A file with an error changes nothing. The log says what \
was loaded, which clients are no longer in the file, what was rejected, and what needs a restart: the \
listen address and the store.

Exit code 0: the file can be loaded; 5: a setting is wrong.

Examples:
  weixin gateway reload
  weixin gateway reload --config /etc/weixin/gateway.toml")]
pub(crate) struct GatewayReload {
    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Check a configuration file, its database and its WeChat apps, and print what each client needs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Loads the file, inspects the database, and asks WeChat's login page whether it accepts each \
callback. Nothing is changed, and a gateway may be running.

Exit code 0: nothing failed; 4: WeChat could not be asked; 5: a setting is wrong.

Examples:
  weixin gateway check
  weixin gateway check --config /etc/weixin/gateway.toml --json")]
pub(crate) struct GatewayCheck {
    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Copy the database to a new file, while the gateway may be running
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Only the owner may read the copy. The key file is not in it: without that file, the copy is useless.

Examples:
  weixin gateway backup \"gateway-$(date +%F).db\"")]
pub(crate) struct GatewayBackup {
    /// The new file; an existing file is not overwritten
    #[arg(value_name = "FILE")]
    pub(crate) to: PathBuf,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Create or update the tables of the database, for configurations with `migrate = false`
#[derive(Debug, clap::Args)]
#[command(after_help = "\
By default, `serve` does this when it starts. With PostgreSQL, gateways of the version before may be \
running: a version only adds to the tables. A file of SQLite must not be in use.

Examples:
  weixin gateway migrate --config /etc/weixin/gateway.toml")]
pub(crate) struct GatewayMigrate {
    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}
