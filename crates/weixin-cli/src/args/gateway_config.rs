//! The configuration file of a command of `weixin gateway`.

use std::path::PathBuf;

/// The variable that names the configuration file.
pub(crate) const CONFIG_VARIABLE: &str = "WEIXIN_GATEWAY_CONFIG";

/// The configuration file, unless another one is named.
pub(crate) const CONFIG_FILE: &str = "gateway.toml";

/// The configuration file of a command.
#[derive(Debug, clap::Args)]
pub(crate) struct GatewayConfig {
    /// The configuration file
    #[arg(long, value_name = "FILE", env = CONFIG_VARIABLE, default_value = CONFIG_FILE)]
    pub(crate) config: PathBuf,
}
