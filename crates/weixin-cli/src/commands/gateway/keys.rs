//! `weixin gateway keys`

use std::path::Path;

use serde_json::{Value, json};
use weixin::Language;
use weixin_gateway::{Admin, Config, KeyOverview, KeyState, OldKeys};

use super::{admin, config, date};
use crate::{
    args::{GatewayKeys, KeysCommand, KeysReseal, KeysRotate},
    error::CliError,
    lang::Pick,
    message::{Message, message},
    output::Output,
};

pub(super) async fn run(args: GatewayKeys, output: Output) -> Result<(), CliError> {
    match args.command {
        KeysCommand::List(args) => list(&args.file.config, output).await,
        KeysCommand::Rotate(args) => rotate(&args, output).await,
        KeysCommand::Reseal(args) => reseal(&args, output).await,
    }
}

async fn keys(admin: &Admin, config: &Config) -> Result<Vec<KeyOverview>, CliError> {
    let keys = admin.keys(config).await;
    keys.map_err(|error| config::not_started(&error))
}

async fn list(file: &Path, output: Output) -> Result<(), CliError> {
    let keys = admin::with_store(output, file, keys).await?;
    let all: Vec<_> = keys.iter().map(as_json).collect();
    output.result(
        || {
            if keys.is_empty() {
                return message(
                    "还没有签名密钥，启动网关时生成",
                    "there are no signing keys yet: the gateway makes them when it starts",
                );
            }
            Message::of(|language| {
                let lines = keys.iter().map(|key| line(key, language));
                lines.collect::<Vec<_>>().join("\n")
            })
        },
        &Value::Array(all),
    )
}

fn as_json(key: &KeyOverview) -> Value {
    json!({
        "kid": key.kid,
        "alg": key.alg,
        "state": state(key.state).1,
        "published_at": date::rfc3339(key.published_at),
        "active_at": date::rfc3339(key.active_at),
        "retired_at": key.retired_at.map(date::rfc3339),
        "removed_at": key.removed_at.map(date::rfc3339),
        "master_key": key.master_key,
    })
}

/// In Chinese and English.
const fn state(state: KeyState) -> (&'static str, &'static str) {
    match state {
        KeyState::Published => ("已公布", "published"),
        KeyState::Signing => ("正在签名", "signing"),
        KeyState::Retired => ("已停用", "retired"),
        _ => ("未知", "unknown"),
    }
}

fn line(key: &KeyOverview, language: Language) -> String {
    let (chinese, english) = state(key.state);
    let state = language.pick(chinese, english);
    let (label, time) = match key.state {
        KeyState::Published => (["启用时间", "signs from"], Some(key.active_at)),
        KeyState::Retired => (["移除时间", "leaves the JWKS on"], key.removed_at),
        _ => (["启用时间", "since"], Some(key.active_at)),
    };
    let [chinese, english] = label;
    let label = language.pick(chinese, english);
    let time = time.map(|time| format!("{label} {}", date::utc(time)));
    let head = format!("{:5}  {}  {state}", key.alg, key.kid);
    let needed = needed(key).map(|text| text.pick(language).to_owned());
    let parts = [Some(head), time, needed];
    parts.into_iter().flatten().collect::<Vec<_>>().join("  ")
}

/// What the key needs, beside the first line of the key file.
pub(super) fn needed(key: &KeyOverview) -> Option<Message> {
    match key.master_key {
        Some(1) => None,
        Some(number) => Some(message(
            format!("需要密钥文件的第 {number} 行"),
            format!("needs line {number} of the key file"),
        )),
        None => Some(message(
            "密钥文件中没有能解密它的行",
            "no line of the key file decrypts it",
        )),
    }
}

async fn rotate(args: &KeysRotate, output: Output) -> Result<(), CliError> {
    let old = if args.revoke {
        OldKeys::Revoke
    } else {
        OldKeys::Keep
    };
    let rotated = admin::with_store(output, &args.file.config, async |admin, config| {
        let rotated = admin.rotate_keys(config, args.alg.as_deref(), old).await;
        let rotated = rotated.map_err(|error| config::not_started(&error))?;
        Ok((rotated, keys(admin, config).await?))
    });
    let (rotated, keys) = rotated.await?;
    if !rotated {
        return Err(CliError::Other(message(
            "没有这种算法的签名密钥：没有客户端使用它",
            "there is no signing key of this algorithm: no client uses it",
        )));
    }
    let meant = |key: &&KeyOverview| args.alg.as_deref().is_none_or(|alg| alg == key.alg);
    // The last of each algorithm: it signs, or will do so.
    let newest = keys.chunk_by(|one, next| one.alg == next.alg);
    let newest = newest.filter_map(<[_]>::last).filter(meant);
    let newest: Vec<_> = newest.collect();
    let new: Vec<_> = newest.iter().map(|key| key.kid.as_str()).collect();
    let text = if args.revoke {
        message(
            "已启用新的签名密钥，旧密钥已从 JWKS 中移除；运行中的网关最多 5 秒内生效。有多个节点时，全部生效之前，\
             客户端读到的 JWKS 中可能还没有新密钥",
            "a new key signs, and the old ones have left the JWKS; a running gateway follows within 5 seconds. Until all \
             nodes do, clients may read a JWKS that lacks the new key",
        )
    } else {
        let begins = newest.iter().map(|key| key.active_at).max();
        let begins = begins.map(date::utc).unwrap_or_default();
        message(
            format!("新的签名密钥从 {begins} 起签名，旧密钥在 JWKS 中再保留 91 天"),
            format!(
                "a new key signs from {begins} on, and the old ones stay in the JWKS for 91 days"
            ),
        )
    };
    output.result(|| text, &json!({ "signing": new, "revoked": args.revoke }))
}

async fn reseal(args: &KeysReseal, output: Output) -> Result<(), CliError> {
    let resealed = admin::with_store(output, &args.file.config, async |admin, config| {
        let count = admin.reseal_keys(config).await;
        let count = count.map_err(|error| config::not_started(&error))?;
        Ok((count, !keys(admin, config).await?.is_empty()))
    });
    let (count, has_keys) = resealed.await?;
    let text = match (has_keys, count) {
        (false, _) => message(
            "没有签名密钥，启动网关时生成；现在以这个密钥文件为准",
            "there are no signing keys, and the gateway makes some when it starts; this key file is the valid one now",
        ),
        (true, 0) => message(
            "签名密钥已经全部使用密钥文件的第一行；现在以这个密钥文件为准",
            "all signing keys were encrypted with the first line of the key file already; this key file is the valid one now",
        ),
        (true, count) => message(
            format!(
                "已重新加密 {count} 个签名密钥，现在全部使用密钥文件的第一行。30 天后可以删除其他行"
            ),
            format!(
                "encrypted {count} signing key{} again: the first line of the key file decrypts all of them. \
                 The other lines can be removed after 30 days",
                if count == 1 { "" } else { "s" }
            ),
        ),
    };
    output.result(|| text, &json!({ "resealed": count }))
}
