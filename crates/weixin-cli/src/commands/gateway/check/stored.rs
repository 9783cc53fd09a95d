//! What the store has: signing keys, whether the key file decrypts them and which of its lines they need; and clients.

use weixin_gateway::{
    Admin, ClientOverview, Config, Gateway, KeyFileDifference, KeyOverview, LOST_KEY, StartError,
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
}

/// Nothing, as long as there is no store.
pub(super) async fn examine(config: &Config) -> Stored {
    if !matches!(Gateway::inspect(config).await, Ok(StoreState::Current)) {
        return Stored::default();
    }
    read(config).await.unwrap_or_else(|error| {
        let remedy = error.remedy().map_or_else(
            || message("请检查数据库", "check the database"),
            Message::from,
        );
        let error = config::start_error(&error);
        Stored {
            results: vec![CheckResult::failed(Check::Store, error, remedy)],
            clients: Vec::new(),
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
    let unused = stored.iter().filter_map(unused);
    Ok(Stored {
        results: results.chain(unused).collect(),
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
    let command = if problem.is_disabled() {
        "enable"
    } else {
        "show"
    };
    let remedy = message(
        format!("`weixin gateway client {command} {id}`"),
        format!("`weixin gateway client {command} {id}`"),
    );
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
