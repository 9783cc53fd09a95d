//! `weixin gateway migrate`

use serde_json::json;
use weixin_gateway::Gateway;

use super::{config, progress};
use crate::{args::GatewayMigrate, error::CliError, message::message, output::Output};

pub(super) async fn run(args: GatewayMigrate, output: Output) -> Result<(), CliError> {
    let config = config::load(&args.file.config)?;
    let migration = Gateway::migrate(&config);
    let migrated = progress::noted(output, migration, |seconds| {
        message(
            format!("正在更新数据库的表：已用 {seconds} 秒"),
            format!("updating the tables: {seconds} s so far"),
        )
    });
    let migrated = migrated.await;
    migrated.map_err(|error| config::not_started(&error))?;
    output.result(
        || {
            message(
                "数据库的表已是最新",
                "the tables of the database are up to date",
            )
        },
        &json!({ "migrated": true }),
    )
}
