//! Clients of the store: the members of `[[client]]`, with hashes in the place of secrets.

use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{
    client::ClientEntry, client_auth::Secrets, error::ConfigError, file::Config, serde_error,
};
use crate::{
    oidc::{Client, ClientId, Timestamp},
    secret::SecretHash,
};

/// The member of the body with the hashes. No member of `[[client]]` has this name.
const SECRETS: &str = "secrets";

/// A client as the store has it.
#[derive(Clone, Debug, Default)]
pub(crate) struct ClientBody {
    /// The members of `[[client]]`, without those of secrets.
    pub(crate) settings: Map<String, Value>,
    /// The older first.
    pub(crate) secrets: Vec<StoredSecret>,
}

/// What is kept of a secret.
#[derive(Clone, Debug)]
pub(crate) struct StoredSecret {
    pub(crate) hash: SecretHash,
    pub(crate) created_at: Timestamp,
}

/// A secret in the body.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct SecretEntry {
    sha256: String,
    created_at: Timestamp,
}

impl ClientBody {
    /// The body of a row. `None` if it is not as it was written.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut settings: Map<String, Value> = serde_json::from_str(text).ok()?;
        let secrets = settings.remove(SECRETS)?;
        let secrets: Vec<SecretEntry> = serde_json::from_value(secrets).ok()?;
        let secrets = secrets.iter().map(StoredSecret::parse);
        Some(Self {
            secrets: secrets.collect::<Option<_>>()?,
            settings,
        })
    }

    /// The text for a row.
    pub(crate) fn to_text(&self) -> String {
        let entry = |secret: &StoredSecret| SecretEntry {
            sha256: BASE64URL_NOPAD.encode(secret.hash.as_bytes()),
            created_at: secret.created_at,
        };
        let secrets: Vec<_> = self.secrets.iter().map(entry).collect();
        let mut body = self.settings.clone();
        // Texts and numbers always serialize.
        body.insert(
            SECRETS.to_owned(),
            serde_json::to_value(secrets).unwrap_or_default(),
        );
        Value::Object(body).to_string()
    }

    /// Whether it is the client of this row, and not that of another one.
    pub(crate) fn is_of(&self, id: &ClientId) -> bool {
        self.settings.get("id").and_then(Value::as_str) == Some(id.as_str())
    }
}

impl StoredSecret {
    fn parse(entry: &SecretEntry) -> Option<Self> {
        let bytes = BASE64URL_NOPAD.decode(entry.sha256.as_bytes()).ok()?;
        Some(Self {
            hash: SecretHash::from_bytes(bytes.try_into().ok()?),
            created_at: entry.created_at,
        })
    }
}

impl Config {
    /// The client of a body, by the rules of the file.
    pub(crate) fn stored_client(&self, body: &ClientBody) -> Result<Client, ConfigError> {
        let entry = Value::Object(body.settings.clone());
        let entry: ClientEntry = serde_error::from_json("client", entry)?;
        let hashes = body.secrets.iter().map(|secret| secret.hash).collect();
        entry.check(&self.issuers, Secrets::Stored(hashes), None)
    }
}
