//! `weixin gateway reload`

use serde_json::json;

use super::config;
use crate::{args::GatewayReload, error::CliError, message::message, output::Output};

/// Checks the file. A running gateway takes it over by itself: there is nothing to signal.
pub(super) fn run(args: &GatewayReload, output: Output) -> Result<(), CliError> {
    let file = &args.file.config;
    config::load(file)?;
    let name = file.display().to_string();
    output.result(
        || {
            message(
                format!(
                    "{name} 没有错误。运行中的网关最多 5 秒内载入改动过的文件，结果见它的日志；监听地址和数据库的改动需要重新启动"
                ),
                format!(
                    "{name} has no errors. A running gateway loads a file that has changed within 5 seconds, and logs the \
                     result; another listen address or store needs a restart"
                ),
            )
        },
        &json!({ "config": name, "within_seconds": 5 }),
    )
}
