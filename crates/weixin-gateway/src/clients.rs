//! The clients of the file and those of the store as one map.

use weixin::Language;

use crate::{
    config::{ClientBody, Config, ConfigError},
    oidc::{Client, Clients},
    store::StoredClient,
};

/// Why a client of the store is not served.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct ClientProblem(Unused);

impl ClientProblem {
    /// Whether it was disabled by the operator.
    pub const fn is_disabled(&self) -> bool {
        matches!(self.0, Unused::Disabled)
    }

    /// Whether its issuer is no longer in the configuration file.
    pub const fn has_no_issuer(&self) -> bool {
        matches!(&self.0, Unused::Invalid(error) if error.is_of_issuer())
    }

    /// The reason in one language.
    pub fn text(&self, language: Language) -> String {
        let chinese = match &self.0 {
            Unused::Invalid(error) => return error.text(language),
            Unused::Disabled => "已停用",
            Unused::InFile => "配置文件中有使用此 ID 的客户端",
            Unused::Unreadable => "数据库中的内容已被改动",
        };
        match language {
            Language::English => self.to_string(),
            _ => chinese.to_owned(),
        }
    }
}

#[derive(Clone, Debug, thiserror::Error)]
enum Unused {
    #[error("it is disabled")]
    Disabled,
    #[error("a client of the configuration file has its ID")]
    InFile,
    #[error("its row is not as it was written")]
    Unreadable,
    #[error(transparent)]
    Invalid(#[from] ConfigError),
}

/// All clients. One of the file hides a stored one with its ID, at whatever issuer: an ID belongs to one client of the
/// deployment. A stored one that cannot be used is left out and logged, since it must not keep the others from being served.
pub(crate) fn all(config: &Config, stored: &[StoredClient]) -> Clients {
    let mut clients = config.clients.clone();
    for row in stored {
        match used(config, row) {
            Ok(client) => drop(clients.insert(client)),
            Err(problem) if problem.is_disabled() => {
                if let Ok(client) = readable(config, row) {
                    clients.insert_disabled(client);
                }
            }
            Err(reason) => {
                let id = row.id.as_str();
                tracing::warn!(client = id, %reason, "a stored client is not served");
            }
        }
    }
    clients
}

/// The client of a row, as far as it is served.
pub(crate) fn used(config: &Config, row: &StoredClient) -> Result<Client, ClientProblem> {
    used_client(config, row).map_err(ClientProblem)
}

fn used_client(config: &Config, row: &StoredClient) -> Result<Client, Unused> {
    if config.clients.iter().any(|client| client.id == row.id) {
        return Err(Unused::InFile);
    }
    if row.is_disabled {
        return Err(Unused::Disabled);
    }
    readable(config, row)
}

/// The client that a row describes, disabled or not.
fn readable(config: &Config, row: &StoredClient) -> Result<Client, Unused> {
    let body = ClientBody::parse(&row.body).filter(|body| body.is_of(&row.id));
    Ok(config.stored_client(&body.ok_or(Unused::Unreadable)?)?)
}
