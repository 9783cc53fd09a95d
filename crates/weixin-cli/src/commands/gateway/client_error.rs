//! The errors of `weixin gateway client`, in words.

use weixin_gateway::ClientError;

use super::config;
use crate::{
    error::CliError,
    message::{Message, message},
};

/// That a client cannot be disabled or enabled. A table of the file has no key for that.
pub(super) fn not_switched(id: &str, error: &ClientError) -> CliError {
    match error {
        ClientError::InFile => CliError::Other(message(
            format!(
                "{id} 是配置文件中的客户端：请在配置文件中删除它的 [[client]]，或在每一行前加 #；运行中的网关 10 秒内生效"
            ),
            format!(
                "{id} is a client of the configuration file: remove its [[client]] there, or put a # before each of its lines; \
                 a running gateway follows within 10 seconds"
            ),
        )),
        error => failed(id, error),
    }
}

/// That a client gets no secret by a command. Its table has keys for two of them.
pub(super) fn no_secret(id: &str, error: &ClientError) -> CliError {
    match error {
        ClientError::InFile => CliError::Other(message(
            format!(
                "{id} 是配置文件中的客户端：请在它的 [[client]] 中把新的 client_secret 写入 secret_file，旧的写入 previous_secret_file，\
                 客户端更换之后再删除旧的"
            ),
            format!(
                "{id} is a client of the configuration file: in its [[client]], write the new secret to secret_file and the old one to \
                 previous_secret_file, and remove the old one once the client has the new one"
            ),
        )),
        error => failed(id, error),
    }
}

pub(super) fn failed(id: &str, error: &ClientError) -> CliError {
    CliError::Other(match error {
        ClientError::InFile => message(
            format!("{id} 是配置文件中的客户端：请在配置文件中修改"),
            format!("{id} is a client of the configuration file: change it there"),
        ),
        ClientError::Exists => message(
            format!(
                "已有 ID 为 {id} 的客户端：用 `weixin gateway client set {id}` 修改它，用 `weixin gateway client secret {id}` 生成另一个 client_secret；或换一个 ID"
            ),
            format!(
                "there is a client {id} already: change it with `weixin gateway client set {id}`, make another secret for it with \
                 `weixin gateway client secret {id}`, or use another ID"
            ),
        ),
        ClientError::Unknown => message(
            format!("没有 ID 为 {id} 的客户端：用 `weixin gateway client list` 查看"),
            format!("there is no client {id}: see `weixin gateway client list`"),
        ),
        ClientError::Public => message(
            format!("{id} 是公开客户端，没有 client_secret"),
            format!("{id} is a public client, which has no secret"),
        ),
        ClientError::TwoSecrets => message(
            format!(
                "{id} 已有两个 client_secret：请先运行 weixin gateway client secret {id} --remove-old"
            ),
            format!(
                "{id} has two secrets: first run weixin gateway client secret {id} --remove-old"
            ),
        ),
        ClientError::OneSecret => message(
            format!("{id} 只有一个 client_secret，不能移除"),
            format!("{id} has one secret only, which it needs"),
        ),
        ClientError::Invalid(error) => {
            return CliError::Usage(Message::of(|language| error.text(language)));
        }
        ClientError::Failed(error) => return config::not_started(error),
        error => config::causes(error),
    })
}
