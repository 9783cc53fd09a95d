//! What a gateway needs around it: a folder for its database, and Redis if the configuration has it.

use std::{error::Error, path::Path, time::Duration};

use weixin::Language;
use weixin_gateway::Config;

use super::super::{
    super::doctor::check::{Check, CheckResult},
    config,
};
use crate::{
    lang::Pick,
    message::{Message, message},
};

/// The longest wait for Redis.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whether the next start can create and write the files of SQLite: the database, its log and its lock.
pub(super) fn folder(config: &Config) -> Option<CheckResult> {
    let folder = config.database_folder()?;
    // It has no name, or is removed at once.
    let error = tempfile::tempfile_in(&folder).err()?;
    let name = folder.display();
    let detail = not_writable(&folder, &Message::from(&error));
    let remedy = if folder.is_dir() {
        message(
            format!(
                "[store] url：让网关的用户可以写入 {name}，例如 chown weixin-gateway {name}；或以网关的用户运行本命令（sudo -u weixin-gateway）"
            ),
            format!(
                "[store] url: let the user of the gateway write to {name}, such as by chown weixin-gateway {name}, or run this \
                 command as that user (sudo -u weixin-gateway)"
            ),
        )
    } else {
        message(
            format!("[store] url：创建目录 {name}，所有者为网关的用户；或填写正确的路径"),
            format!(
                "[store] url: create the folder {name}, owned by the user of the gateway, or correct the path"
            ),
        )
    };
    Some(CheckResult::failed(Check::Store, detail, remedy))
}

fn not_writable(folder: &Path, reason: &Message) -> Message {
    let name = folder.display();
    let label = message(
        format!("无法写入 {name}"),
        format!("{name} cannot be written to"),
    );
    Message::of(|language| {
        let colon = language.pick("：", ": ");
        format!("{}{colon}{}", label.pick(language), reason.pick(language))
    })
}

/// Without it, who is between the gateway and its database reads the password and all rows.
pub(super) fn tls(config: &Config) -> Option<CheckResult> {
    config.has_unverified_database().then(|| {
        let detail = message(
            "到 PostgreSQL 的连接可能被窃听：没有校验服务器的证书",
            "the connection to PostgreSQL can be intercepted: the certificate of the server is not verified",
        );
        let remedy = message(
            "在 [store] url 中加上 sslmode=verify-full；如果证书由自己的 CA 签发，再加上 sslrootcert=文件",
            "add sslmode=verify-full to [store] url, and sslrootcert=FILE if the certificate is of an authority of your own",
        );
        CheckResult::warning(Check::Store, detail, remedy)
    })
}

/// Why Redis cannot be reached. Its library speaks English only; the most frequent errors are translated here.
fn redis_error(error: &dyn Error) -> Message {
    const KNOWN: [(&str, &str); 9] = [
        ("Connection refused", "连接被拒绝"),
        ("Connection reset", "连接被重置"),
        ("No such file or directory", "文件或目录不存在"),
        ("Permission denied", "没有权限"),
        ("lookup address", "无法解析主机名"),
        ("timed out", "连接超时"),
        ("Password authentication failed", "密码错误"),
        ("WRONGPASS", "用户名或密码错误"),
        ("NOAUTH", "需要密码"),
    ];
    // The error itself is that of any store, which the database is elsewhere.
    let english = config::causes(error.source().unwrap_or(error));
    let text = english.pick(Language::English);
    let known = KNOWN.iter().find(|(part, _)| text.contains(part));
    let reason = known.map_or(text, |(_, chinese)| chinese);
    message(
        format!("无法连接：{reason}"),
        format!("no connection: {text}"),
    )
}

/// Whether the nodes can share callbacks.
pub(super) async fn redis(config: &Config) -> Option<CheckResult> {
    let asked = tokio::time::timeout(PATIENCE, config.inspect_redis()).await;
    let reason = match asked {
        Ok(None) => return None,
        Ok(Some(Ok(()))) => {
            let detail = message("可以使用", "it is ready");
            return Some(CheckResult::ok(Check::Redis, detail));
        }
        Ok(Some(Err(error))) => redis_error(&error),
        Err(_) => message("5 秒内没有响应", "no response within 5 seconds"),
    };
    let remedy = message(
        "检查 [store] redis 的主机、端口和密码，以及 Redis 是否运行。在此之前网关照常运行，但重复的回调只有在同一个节点上才能识别",
        "check host, port and password in [store] redis, and whether Redis runs. Until then the gateway works, but a callback that \
         comes twice is recognized on the same node only",
    );
    Some(CheckResult::warning(Check::Redis, reason, remedy))
}
