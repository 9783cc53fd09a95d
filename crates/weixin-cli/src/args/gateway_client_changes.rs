//! The arguments of `weixin gateway client set`, `disable` and `enable`.

use clap::{ArgAction, ArgGroup};
use serde_json::Value;

use super::{
    gateway_config::GatewayConfig,
    parse::{redirect_uri, setting},
};

/// Change settings of a client, such as its redirect URIs
#[derive(Debug, clap::Args)]
#[command(
    group = ArgGroup::new("changes").required(true).multiple(true).args(["redirect_uri", "name", "set"]),
    after_help = "\
What is not named stays. --redirect-uri replaces all redirect URIs. --set takes each setting of a \
[[client]] table except id, issuer and secrets; its value is JSON, or a text, and null removes it.

Examples:
  weixin gateway client set wiki --redirect-uri https://wiki.example.com/oidc/callback
  weixin gateway client set wiki --set require_pkce=true --set home=null
  weixin gateway client set wiki --set 'claims={\"email\": \"{sub}@wechat.example.com\"}'"
)]
pub(crate) struct ClientSet {
    /// The client ID
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    /// A redirect URI of the client, in place of all that it has; repeatable
    #[arg(long, value_name = "URI", action = ArgAction::Append, value_parser = redirect_uri)]
    pub(crate) redirect_uri: Vec<String>,

    /// The name that pages show to users
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,

    /// Another setting; repeatable
    #[arg(long, value_name = "KEY=VALUE", action = ArgAction::Append, value_parser = setting)]
    pub(crate) set: Vec<(String, Value)>,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Reject all requests and tokens of a client, until it is enabled again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Users stay logged in to the gateway. Tokens that have not expired are valid again after \
`weixin gateway client enable`; to end them, use `weixin gateway revoke --client`.

Examples:
  weixin gateway client disable wiki")]
pub(crate) struct ClientDisable {
    /// The client ID
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Serve a disabled client again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin gateway client enable wiki")]
pub(crate) struct ClientEnable {
    /// The client ID
    #[arg(value_name = "ID")]
    pub(crate) id: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}
