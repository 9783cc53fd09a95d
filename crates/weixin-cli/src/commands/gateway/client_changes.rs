//! `weixin gateway client set`, `disable` and `enable`

use std::path::Path;

use serde_json::{Map, Value, json};

use super::{
    admin,
    client_error::{failed, not_switched},
};
use crate::{
    args::{ClientDisable, ClientEnable, ClientSet},
    error::CliError,
    message::message,
    output::Output,
};

pub(super) async fn set(args: ClientSet, output: Output) -> Result<(), CliError> {
    let (file, id) = (args.file.config.clone(), args.id.clone());
    let settings = settings(args)?;
    let changed = admin::with_store(output, &file, async |admin, config| {
        let changed = admin.update_client(config, &id, &settings).await;
        changed.map_err(|error| failed(&id, &error))
    });
    changed.await?;
    let keys: Vec<_> = settings.keys().cloned().collect();
    let (english, chinese) = (keys.join(", "), keys.join("、"));
    output.result(
        || {
            message(
                format!("已修改 {id} 的 {chinese}，运行中的网关 5 秒内生效"),
                format!("changed {english} of {id}: a running gateway follows within 5 seconds"),
            )
        },
        &json!({ "client_id": id, "changed": keys }),
    )
}

/// The members of a table `[[client]]` that change.
fn settings(args: ClientSet) -> Result<Map<String, Value>, CliError> {
    let uris = (!args.redirect_uri.is_empty()).then(|| args.redirect_uri.into());
    let named = [("redirect_uris", uris), ("name", args.name.map(Into::into))];
    each_once(named, args.set)
}

/// What the options of a command name, and what `--set` does. A setting that both name would be lost without a word.
pub(super) fn each_once(
    named: impl IntoIterator<Item = (&'static str, Option<Value>)>,
    set: Vec<(String, Value)>,
) -> Result<Map<String, Value>, CliError> {
    let named = named.into_iter();
    let named = named.filter_map(|(key, value)| Some((key.to_owned(), value?)));
    let mut settings: Map<String, Value> = named.collect();
    for (key, value) in set {
        let twice = message(
            format!("--set {key}：该设置给出了两次"),
            format!("--set {key}: the setting is given twice"),
        );
        if settings.insert(key, value).is_some() {
            return Err(CliError::Usage(twice));
        }
    }
    Ok(settings)
}

pub(super) async fn disable(args: ClientDisable, output: Output) -> Result<(), CliError> {
    set_disabled(&args.file.config, &args.id, true, output).await
}

pub(super) async fn enable(args: ClientEnable, output: Output) -> Result<(), CliError> {
    set_disabled(&args.file.config, &args.id, false, output).await
}

async fn set_disabled(
    file: &Path,
    id: &str,
    is_disabled: bool,
    output: Output,
) -> Result<(), CliError> {
    let changed = admin::with_store(output, file, async |admin, config| {
        let changed = admin.set_client_disabled(config, id, is_disabled).await;
        changed.map_err(|error| not_switched(id, &error))
    });
    changed.await?;
    output.result(
        || {
            if is_disabled {
                message(
                    format!("已停用 {id}，它的请求和 Token 在 5 秒内被拒绝"),
                    format!("disabled {id}: its requests and tokens are rejected within 5 seconds"),
                )
            } else {
                message(
                    format!("已启用 {id}，运行中的网关 5 秒内生效；未过期的 Token 恢复有效"),
                    format!(
                        "enabled {id}: a running gateway follows within 5 seconds, and tokens that have not expired are valid again"
                    ),
                )
            }
        },
        &json!({ "client_id": id, "disabled": is_disabled }),
    )
}
