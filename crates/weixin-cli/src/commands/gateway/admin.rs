//! Opens the store of a gateway for a command, and puts its errors into words.

use std::path::Path;

use weixin_gateway::{Admin, AdminError, Config, Gateway, StoreFailure, StoreState};

use super::{config, progress};
use crate::{
    error::CliError,
    message::{Message, message},
    output::Output,
};

/// Runs a command with the store of a configuration file, which is created if there is none. A gateway may be running. The
/// store is closed whatever comes of the command: what it has written must not stay in SQLite's log.
pub(super) async fn with_store<T>(
    output: Output,
    file: &Path,
    command: impl AsyncFnOnce(&Admin, &Config) -> Result<T, CliError>,
) -> Result<T, CliError> {
    with_store_of(output, &config::load(file)?, command).await
}

/// The same with a store that must be there.
pub(super) async fn with_existing_store<T>(
    output: Output,
    file: &Path,
    command: impl AsyncFnOnce(&Admin, &Config) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let config = config::load(file)?;
    // What is not there is no place to look for users: the file may name another one by mistake.
    let state = progress::noted(output, Gateway::inspect(&config), progress::waiting);
    let state = state.await.map_err(|error| config::not_started(&error))?;
    if state == StoreState::Missing {
        return Err(CliError::Other(message(
            "数据库不存在：请检查配置文件中的 store.url，或先启动网关",
            "there is no database: check store.url in the configuration file, or start the gateway first",
        )));
    }
    with_store_of(output, &config, command).await
}

async fn with_store_of<T>(
    output: Output,
    config: &Config,
    command: impl AsyncFnOnce(&Admin, &Config) -> Result<T, CliError>,
) -> Result<T, CliError> {
    let opened = progress::noted(output, Admin::open(config), progress::waiting);
    let admin = opened.await.map_err(|error| config::not_started(&error))?;
    let outcome = command(&admin, config).await;
    admin.close().await;
    outcome
}

/// A client with this ID, in the file or in the database, enabled or not: during a leak, a mistake must not look like success.
pub(super) async fn expect_client(
    admin: &Admin,
    config: &Config,
    id: &str,
) -> Result<(), CliError> {
    let stored = admin.clients(config).await;
    let stored = stored.map_err(|error| config::not_started(&error))?;
    let (in_file, stored) = (config.clients().into_iter(), stored.into_iter());
    let mut ids = in_file.map(|it| it.id).chain(stored.map(|it| it.id));
    if ids.any(|known| known == id) {
        return Ok(());
    }
    Err(CliError::Other(message(
        format!(
            "没有 ID 为 {id} 的客户端，也没有它的授权：用 `weixin gateway client list` 查看各客户端"
        ),
        format!(
            "no client has the ID {id}, and there are no grants of it: `weixin gateway client list` lists the clients"
        ),
    )))
}

pub(super) fn failed(error: &AdminError) -> CliError {
    CliError::Other(match error {
        AdminError::Store(failure) => return store_failed(failure),
        AdminError::Changed => message(
            "该用户刚刚被修改，请重试",
            "the user has just changed: try again",
        ),
        AdminError::DisabledDiffers => message(
            "其中一个用户已停用，另一个没有：请先全部停用或全部启用",
            "one of the users is disabled and the other is not: disable or enable both first",
        ),
        AdminError::Merged { user, kept } => message(
            format!("用户 {user} 已合并到 {kept}：请使用 {kept}"),
            format!("user {user} was merged into {kept}: use {kept}"),
        ),
        AdminError::NotMerged(user) => message(
            format!("用户 {user} 没有被合并到其他用户"),
            format!("user {user} is not merged into another one"),
        ),
        AdminError::SameUser => message("两个用户相同", "both users are the same"),
        AdminError::UnknownUser(user) => message(
            format!("没有 ID 为 {user} 的用户：用 `weixin gateway user find` 查找"),
            format!("no user has the ID {user}: look it up with `weixin gateway user find`"),
        ),
        other => config::causes(other),
    })
}

fn store_failed(failure: &StoreFailure) -> CliError {
    let text = Message::of(|language| failure.text(language));
    CliError::Gateway(text, failure.remedy().map(Message::from))
}
