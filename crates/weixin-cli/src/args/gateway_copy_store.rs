//! The arguments of `weixin gateway copy-store`.

use super::gateway_config::GatewayConfig;

/// Copy the database from SQLite to PostgreSQL, or back, while no gateway is running
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Users keep their `sub`, their sessions and their refresh tokens, and clients keep the signing keys. \
Everything is copied, or nothing: if the command fails, the new database has no rows, and you can \
run it again. The old database is not changed.

Stop the gateway first, on all nodes. The new database must be empty; its tables are created. \
Afterwards, change `store.url`, keep the key file, and start the gateway. Put the password of \
PostgreSQL into the file that `PGPASSFILE` names, or into `PGPASSWORD`: other users of this machine can \
see the arguments of a program.

Examples:
  weixin gateway copy-store --to \"postgres://gateway@db.example.com/gateway?sslmode=verify-full\"
  weixin gateway copy-store --to sqlite:/var/lib/weixin-gateway/gateway.db")]
pub(crate) struct GatewayCopyStore {
    /// The new database: `postgres://USER@HOST/DATABASE` or `sqlite:FILE`
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,

    #[command(flatten)]
    pub(crate) file: GatewayConfig,
}
