//! The arguments of `weixin gateway keys`.

use clap::Subcommand;

use super::gateway_config::GatewayConfig;

/// List and replace the keys that sign ID tokens, while the gateway may be running
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Keys rotate by themselves every 90 days. A running gateway applies changes within five seconds.

Examples:
  weixin gateway keys list
  weixin gateway keys rotate --now --revoke")]
pub(crate) struct GatewayKeys {
    #[command(subcommand)]
    pub(crate) command: KeysCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    List(KeysList),
    Rotate(KeysRotate),
    Reseal(KeysReseal),
}

/// List the signing keys, and the line of the key file that each needs
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  weixin gateway keys list
  weixin gateway keys list --json")]
pub(crate) struct KeysList {
    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Sign with a new key before the next rotation
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The new key appears in the JWKS, and signs 70 seconds later: within ten seconds all nodes publish it, and clients may \
keep the JWKS for a minute. With PostgreSQL it signs 130 seconds later, since the clocks of nodes may differ. The old key \
stays in the JWKS for 91 days, so that clients accept the ID tokens that it has signed.

If it has leaked, --revoke removes it from the JWKS at once, and the gateway no longer accepts its \
ID tokens as hints. The new key then signs at once: for up to five seconds, a node may sign with a key \
that another node does not publish yet, and clients may reject the ID token. Clients that cache the JWKS without looking up unknown keys reject new ID tokens \
until they read it again.

Examples:
  weixin gateway keys rotate --now
  weixin gateway keys rotate --now --revoke
  weixin gateway keys rotate --now --alg ES256")]
pub(crate) struct KeysRotate {
    /// Do not wait for the next rotation
    #[arg(long, required = true)]
    pub(crate) now: bool,

    /// Remove the old key from the JWKS: it has leaked
    #[arg(long)]
    pub(crate) revoke: bool,

    /// The algorithm whose key is replaced; by default, the keys of all algorithms
    #[arg(long, value_name = "ALG", value_parser = ["RS256", "ES256", "EdDSA"])]
    pub(crate) alg: Option<String>,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}

/// Encrypt the signing keys with the first line of the key file
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Run it before you remove an old line from the key file: without its line, a signing key is lost and \
the gateway does not start.

Examples:
  weixin gateway keys reseal")]
pub(crate) struct KeysReseal {
    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}
