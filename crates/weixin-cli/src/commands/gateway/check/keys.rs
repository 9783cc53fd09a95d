//! The signing keys: whether the key file decrypts them, and which of its lines they need.

use weixin_gateway::{Admin, Config, Gateway, KeyOverview, StoreState};

use super::super::{
    super::doctor::check::{Check, CheckResult},
    config, keys,
};
use crate::message::{Message, message};

/// Nothing, as long as there is no store.
pub(super) async fn examine(config: &Config) -> Vec<CheckResult> {
    if !matches!(Gateway::inspect(config).await, Ok(StoreState::Current)) {
        return Vec::new();
    }
    let keys = async {
        let admin = Admin::open(config).await?;
        let keys = admin.keys(config).await;
        admin.close().await;
        keys
    };
    match keys.await {
        Ok(keys) => keys.iter().filter_map(result).collect(),
        Err(error) => {
            let remedy = message("请检查数据库", "check the database");
            let error = config::causes(&error);
            vec![CheckResult::failed(Check::SigningKeys, error, remedy)]
        }
    }
}

fn result(key: &KeyOverview) -> Option<CheckResult> {
    let needed = keys::needed(key)?;
    let kid = key.kid.clone();
    let detail = Message::of(move |language| format!("{kid} {}", needed.pick(language)));
    Some(if key.master_key.is_some() {
        let remedy = message(
            "删除密钥文件的旧行之前，运行 `weixin gateway keys reseal`",
            "before you remove an old line from the key file: `weixin gateway keys reseal`",
        );
        CheckResult::warning(Check::SigningKeys, detail, remedy)
    } else {
        let remedy = message(
            "把原来的密钥作为第二行放回密钥文件，否则网关无法启动",
            "put the former key back into the key file as its second line: the gateway does not start without it",
        );
        CheckResult::failed(Check::SigningKeys, detail, remedy)
    })
}
