//! The arguments of `weixin gateway client`.

use clap::{ArgAction, Subcommand};
use serde_json::Value;

use super::{
    gateway_client_changes::{ClientDisable, ClientEnable, ClientSet},
    gateway_config::GatewayConfig,
    parse::{issuer, redirect_uri, setting},
};

/// Add, change and remove clients of the database, while the gateway may be running
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A running gateway applies changes within five seconds. Change the clients of the configuration \
file in that file: a client ID is either in the file or in the database.

Examples:
  weixin gateway client add wiki --redirect-uri https://wiki.example.com/callback
  weixin gateway client list")]
pub(crate) struct GatewayClient {
    #[command(subcommand)]
    pub(crate) command: ClientCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    Add(ClientAdd),
    List(ClientList),
    Show(ClientShow),
    Set(ClientSet),
    Disable(ClientDisable),
    Enable(ClientEnable),
    Secret(ClientSecret),
    Remove(ClientRemove),
}

/// Add a client, and print its secret, which is shown only once
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The database keeps a hash of the secret: copy it to the client now. --set takes each other setting \
of a [[client]] table; its value is JSON, or a text.

Examples:
  weixin gateway client add wiki --redirect-uri https://wiki.example.com/callback
  weixin gateway client add app --public --redirect-uri http://127.0.0.1/callback
  weixin gateway client add wiki --redirect-uri https://wiki.example.com/callback --set require_pkce=true --set 'claims={\"email\": \"{sub}@wechat.example.com\"}'")]
pub(crate) struct ClientAdd {
    /// The client ID, unique among all issuers
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// A redirect URI of the client; repeatable
    #[arg(long, value_name = "URI", required = true, action = ArgAction::Append, value_parser = redirect_uri)]
    pub(crate) redirect_uri: Vec<String>,

    /// The issuer that the client is configured with, if there are several
    #[arg(long, value_name = "URL", value_parser = issuer)]
    pub(crate) issuer: Option<String>,

    /// The name that pages show to users
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// A client without a secret: a program on a user's device, or in a browser
    #[arg(long)]
    pub(crate) public: bool,

    /// Another setting; repeatable
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append, value_parser = setting)]
    pub(crate) set: Vec<(String, Value)>,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// List the clients of the configuration file and of the database
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin gateway client list
  weixin gateway client list --json")]
pub(crate) struct ClientList {
    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Print the settings of a client, without secrets
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin gateway client show wiki")]
pub(crate) struct ClientShow {
    /// The client ID
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Make a second secret for a client and print it, or remove the older one
#[derive(Debug, clap::Args)]
#[command(after_help = "\
To replace a secret without an interruption: make a second one, copy it to the client, and remove \
the older one. Until then, both are accepted.

Examples:
  weixin gateway client secret wiki
  weixin gateway client secret wiki --remove-old")]
pub(crate) struct ClientSecret {
    /// The client ID
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// Remove the older one of two secrets
    #[arg(long)]
    pub(crate) remove_old: bool,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Remove a client; its tokens become invalid
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Its users keep their `sub`, if a client with this ID is added again.

Examples:
  weixin gateway client remove wiki")]
pub(crate) struct ClientRemove {
    /// The client ID
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}
