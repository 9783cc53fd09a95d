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
                    "{name} 没有错误。运行中的网关最多 10 秒内尝试载入改动过的文件；它还会把密钥文件与数据库和其他节点比较，\
                     可能因此拒绝。结果见网关的日志；被拒绝时，指标 weixin_gateway_reload_failures_total 增加，之前的配置继续使用。\
                     监听地址和数据库的改动需要重新启动"
                ),
                format!(
                    "{name} has no errors. A running gateway tries to load a file that has changed within 10 seconds. It also \
                     compares the key file with the database and the other nodes, and may reject it. The result is in the log \
                     of the gateway: if the file is rejected, the metric weixin_gateway_reload_failures_total increases, and \
                     the configuration before stays in use. Another listen address or store needs a restart"
                ),
            )
        },
        &json!({ "config": name, "within_seconds": 10 }),
    )
}
