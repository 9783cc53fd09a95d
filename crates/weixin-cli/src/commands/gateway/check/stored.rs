//! What the store has: signing keys, whether the key file decrypts them and which of its lines they need; and clients.

use serde_json::Value;
use weixin_gateway::{
    Admin, ClientOverview, Config, KeyFileDifference, KeyOverview, LOST_KEY, StartError,
    StoreState, StoredClientOverview,
};

use super::super::{
    super::doctor::check::{Check, CheckResult},
    config, keys,
};
use crate::{
    lang::Pick,
    message::{Message, message},
};

/// What was found in the store.
#[derive(Default)]
pub(super) struct Stored {
    pub(super) results: Vec<CheckResult>,
    pub(super) clients: Vec<ClientOverview>,
    /// Those that are not served. `None`: the store could not be read.
    pub(super) unused: Option<Vec<String>>,
}

/// Nothing, as long as there is no store. `None`: that it cannot be opened is reported.
pub(super) async fn examine(config: &Config, state: Option<StoreState>) -> Stored {
    match state {
        Some(StoreState::Current) => {}
        Some(StoreState::Missing) => {
            return Stored {
                unused: Some(Vec::new()),
                ..Stored::default()
            };
        }
        _ => return Stored::default(),
    }
    read(config).await.unwrap_or_else(|error| {
        let remedy = error.remedy().map_or_else(
            || message("请检查数据库", "check the database"),
            Message::from,
        );
        let error = config::start_error(&error);
        Stored {
            results: vec![CheckResult::failed(Check::Store, error, remedy)],
            ..Stored::default()
        }
    })
}

async fn read(config: &Config) -> Result<Stored, StartError> {
    let admin = Admin::open(config).await?;
    let read = read_from(&admin, config).await;
    admin.close().await;
    read
}

async fn read_from(admin: &Admin, config: &Config) -> Result<Stored, StartError> {
    let (keys, stored) = (admin.keys(config).await?, admin.clients(config).await?);
    let clients = admin.served_clients(config).await?;
    let difference = admin.key_file(config).await?;
    // Without a key that decrypts them, no other remedy helps.
    let is_lost = keys.iter().any(|key| key.master_key.is_none());
    let difference = difference.filter(|_| !is_lost);
    let results = difference.map(key_file).into_iter();
    let results = results.chain(keys.iter().filter_map(result));
    let are_unused = stored.iter().filter(|client| client.problem.is_some());
    Ok(Stored {
        unused: Some(are_unused.map(|client| client.id.clone()).collect()),
        results: results.chain(stored.iter().filter_map(unused)).collect(),
        clients,
    })
}

/// A node with this key file does not start.
fn key_file(difference: KeyFileDifference) -> CheckResult {
    let description = difference.description();
    let detail = message(
        format!("密钥文件{}", description.zh),
        format!("the key file {}", description.en),
    );
    CheckResult::failed(
        Check::SigningKeys,
        detail,
        Message::from(difference.remedy()),
    )
}

fn unused(client: &StoredClientOverview) -> Option<CheckResult> {
    let problem = client.problem.as_ref()?;
    let id = &client.id;
    let remedy = if problem.has_no_issuer() {
        of_lost_issuer(client)
    } else if problem.is_disabled() {
        Message::untranslated(format!("`weixin gateway client enable {id}`"))
    } else {
        Message::untranslated(format!("`weixin gateway client show {id}`"))
    };
    let detail = Message::of(|language| {
        let label = language.pick(
            "未使用数据库中的客户端",
            "the client of the database is not served",
        );
        let colon = language.pick("：", ": ");
        format!("{label}{colon}{}", problem.text(language))
    });
    Some(CheckResult::warning(Check::Client, detail, remedy).at(id))
}

/// A client belongs to one issuer for as long as it exists.
fn of_lost_issuer(client: &StoredClientOverview) -> Message {
    let id = &client.id;
    let issuer = client.settings.get("issuer").and_then(Value::as_str);
    let issuer = issuer.unwrap_or_default();
    message(
        format!(
            "在配置文件中恢复 url 为 {issuer} 的 [[issuer]]；或运行 `weixin gateway client remove {id}` 移除它，再用 `weixin gateway client add` 添加到另一个 issuer"
        ),
        format!(
            "put the [[issuer]] with the url {issuer} back into the configuration file; or remove the client with \
             `weixin gateway client remove {id}`, and add it to another issuer with `weixin gateway client add`"
        ),
    )
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
        CheckResult::failed(Check::SigningKeys, detail, Message::from(LOST_KEY))
    })
}
