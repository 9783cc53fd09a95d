//! The clients of the store.

use std::time::SystemTime;

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use thiserror::Error;

use super::Admin;
use crate::{
    audit::EventKind,
    clients::{self, ClientProblem},
    config::{ClientBody, Config, ConfigError, StoredSecret},
    oidc::{ClientId, Timestamp},
    overview::ClientOverview,
    random,
    secret::SecretHash,
    start_error::StartError,
    store::{self, StoreError, StoredClient},
};

/// The longest time that two commands may disturb each other.
const TRIES: usize = 3;

/// The most secrets of a client: while one replaces the other.
const MAX_SECRETS: usize = 2;

/// A client of the store.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StoredClientOverview {
    /// The client ID.
    pub id: String,
    /// The members that a table `[[client]]` would have.
    pub settings: Map<String, Value>,
    /// What these members and the defaults of all others mean, unless they are invalid.
    pub meaning: Option<ClientOverview>,
    /// When each of its secrets was made, the older first.
    pub secrets: Vec<SystemTime>,
    /// When it was last changed.
    pub updated_at: SystemTime,
    /// Why a gateway with this configuration does not serve it.
    pub problem: Option<ClientProblem>,
}

/// A client of the store cannot be added or changed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ClientError {
    /// It is in the configuration file, which is where it is changed.
    #[error("a client of the configuration file has this ID")]
    InFile,
    /// A client of the store has this ID.
    #[error("a stored client has this ID")]
    Exists,
    /// No client of the store has this ID.
    #[error("no stored client has this ID")]
    Unknown,
    /// A setting is invalid.
    #[error(transparent)]
    Invalid(ConfigError),
    /// A public client has no secret.
    #[error("the client is public: it has no secret")]
    Public,
    /// It has two secrets: the older one must be removed first.
    #[error("the client has two secrets")]
    TwoSecrets,
    /// It has one secret, which it needs.
    #[error("the client has one secret only")]
    OneSecret,
    /// The store failed, or other commands have changed the client at the same time.
    #[error(transparent)]
    Failed(#[from] StartError),
}

impl From<StoreError> for ClientError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl Admin {
    /// The clients of the store.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store fails.
    pub async fn clients(&self, config: &Config) -> Result<Vec<StoredClientOverview>, StartError> {
        let rows = self.database.clients().await?;
        Ok(rows.iter().map(|row| overview(config, row)).collect())
    }

    /// What the clients of the store that are served mean, as [`Config::clients`] says it of those of the file.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store fails.
    pub async fn served_clients(&self, config: &Config) -> Result<Vec<ClientOverview>, StartError> {
        let rows = self.database.clients().await?;
        let served = rows
            .iter()
            .filter_map(|row| clients::used(config, row).ok());
        Ok(served
            .filter_map(|client| config.overview(&client))
            .collect())
    }

    /// Adds a client with the members of a table `[[client]]`, without those of secrets. Returns its secret, which is not
    /// stored, unless it is public.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if a member is invalid, or the ID is that of another client of this deployment.
    pub async fn add_client(
        &self,
        config: &Config,
        mut settings: Map<String, Value>,
    ) -> Result<Option<String>, ClientError> {
        let now = self.now().await?;
        let is_public = settings.get("public") == Some(&Value::Bool(true));
        // A second issuer in the file must not make the client one of either.
        if let ([only], false) = (&config.issuers[..], settings.contains_key("issuer")) {
            let url = only.issuer.as_str().to_owned();
            settings.insert("issuer".to_owned(), url.into());
        }
        let mut body = ClientBody {
            settings,
            secrets: Vec::new(),
        };
        let secret = if is_public {
            None
        } else {
            Some(new_secret(&mut body, now)?)
        };
        let client = config.stored_client(&body).map_err(ClientError::Invalid)?;
        if is_in_file(config, &client.id) {
            return Err(ClientError::InFile);
        }
        let (id, issuer, text) = (client.id.clone(), client.issuer, body.to_text());
        let kind = EventKind::ClientAdded;
        let is_added = self.change_client(kind, client.id, now, move |connection| {
            Box::pin(
                async move { store::clients::insert(connection, &id, issuer, &text, now).await },
            )
        });
        if !is_added.await? {
            return Err(ClientError::Exists);
        }
        Ok(secret)
    }

    /// Makes a second secret for a client and returns it. Both are accepted until the older one is removed.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no such client of the store, or it has no place for another secret.
    pub async fn add_client_secret(
        &self,
        config: &Config,
        id: &str,
    ) -> Result<String, ClientError> {
        let now = self.now().await?;
        let change = |body: &mut ClientBody| match body.secrets.len() {
            0 => Err(ClientError::Public),
            MAX_SECRETS.. => Err(ClientError::TwoSecrets),
            _ => new_secret(body, now),
        };
        self.change_body(config, id, EventKind::ClientSecretAdded, change)
            .await
    }

    /// Removes the older one of a client's two secrets.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no such client of the store, or it has no two secrets.
    pub async fn remove_old_client_secret(
        &self,
        config: &Config,
        id: &str,
    ) -> Result<(), ClientError> {
        let change = |body: &mut ClientBody| match body.secrets.len() {
            0 => Err(ClientError::Public),
            1 => Err(ClientError::OneSecret),
            _ => {
                body.secrets.remove(0);
                Ok(())
            }
        };
        self.change_body(config, id, EventKind::ClientSecretRemoved, change)
            .await
    }

    /// Removes a client, and revokes its grants: its tokens stay invalid if a client is added with this ID later. If it is
    /// cut off, the client stays, disabled.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no such client of the store.
    pub async fn remove_client(&self, config: &Config, id: &str) -> Result<(), ClientError> {
        let row = self.stored_client(config, id).await?;
        if self.remove_in_batches(row.id).await? {
            Ok(())
        } else {
            Err(ClientError::Unknown)
        }
    }

    pub(super) async fn change_body<T>(
        &self,
        config: &Config,
        id: &str,
        kind: EventKind,
        change: impl Fn(&mut ClientBody) -> Result<T, ClientError>,
    ) -> Result<T, ClientError> {
        for _ in 0..TRIES {
            let (row, now) = (self.stored_client(config, id).await?, self.now().await?);
            let mut body = ClientBody::parse(&row.body).ok_or(ClientError::Unknown)?;
            let changed = change(&mut body)?;
            let (client, text) = (row.id.clone(), body.to_text());
            let is_changed = self.change_client(kind, client, now, move |connection| {
                Box::pin(async move { store::clients::update(connection, row, text, now).await })
            });
            if is_changed.await? {
                return Ok(changed);
            }
        }
        Err(StoreError::Conflict.into())
    }

    pub(super) async fn stored_client(
        &self,
        config: &Config,
        id: &str,
    ) -> Result<StoredClient, ClientError> {
        let id: ClientId = id.parse().map_err(|_| ClientError::Unknown)?;
        let rows = self.database.clients().await?;
        let found = rows.into_iter().find(|row| row.id == id);
        // One that the file hides can be removed.
        found.ok_or(if is_in_file(config, &id) {
            ClientError::InFile
        } else {
            ClientError::Unknown
        })
    }
}

pub(super) fn is_in_file(config: &Config, id: &ClientId) -> bool {
    config.clients.iter().any(|client| client.id == *id)
}

/// 32 random bytes in base64url, whose hash is added to the body. A secret that begins with `-` would be an option to the
/// programs of clients: there is another one then.
fn new_secret(body: &mut ClientBody, now: Timestamp) -> Result<String, ClientError> {
    let secret = loop {
        let bytes = random::bytes::<32>().map_err(StoreError::from)?;
        let secret = BASE64URL_NOPAD.encode(&bytes);
        if !secret.starts_with('-') {
            break secret;
        }
    };
    body.secrets.push(StoredSecret {
        hash: SecretHash::of(secret.as_bytes()),
        created_at: now,
    });
    Ok(secret)
}

fn overview(config: &Config, row: &StoredClient) -> StoredClientOverview {
    let body = ClientBody::parse(&row.body).unwrap_or_default();
    let secrets = body.secrets.iter();
    let problem = clients::used(config, row).err();
    let meaning = config.stored_client(&body).ok();
    StoredClientOverview {
        id: row.id.to_string(),
        meaning: meaning.and_then(|client| config.overview(&client)),
        secrets: secrets.map(|secret| secret.created_at.into()).collect(),
        settings: body.settings,
        updated_at: row.updated_at.into(),
        problem,
    }
}
