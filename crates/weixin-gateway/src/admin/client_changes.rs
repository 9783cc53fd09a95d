//! Changes of the clients of the store: their settings, and whether they are served.

use serde_json::{Map, Value};

use super::{
    Admin,
    clients::{ClientError, is_in_file},
    users::event,
};
use crate::{
    audit::{Event, EventKind},
    config::{Config, ConfigError},
    oidc::{ClientId, Timestamp},
    store::{StoreError, Work, audit, clients},
};

/// What a client is known by: another one is another client.
const FIXED: [&str; 2] = ["id", "issuer"];

impl Admin {
    /// Changes settings of a client: members of a table `[[client]]`, without those of secrets. `null` removes one.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no such client of the store, or a setting is invalid or cannot be changed. Nothing has
    /// changed then.
    pub async fn update_client(
        &self,
        config: &Config,
        id: &str,
        settings: &Map<String, Value>,
    ) -> Result<(), ClientError> {
        if let Some(key) = FIXED.into_iter().find(|key| settings.contains_key(*key)) {
            return Err(ClientError::Invalid(ConfigError::fixed(key)));
        }
        let kind = EventKind::ClientChanged;
        self.change_body(config, id, kind, |body| {
            for (key, value) in settings {
                if value.is_null() {
                    body.settings.remove(key);
                } else {
                    body.settings.insert(key.clone(), value.clone());
                }
            }
            let client = config.stored_client(body);
            client.map(drop).map_err(ClientError::Invalid)
        })
        .await
    }

    /// Disables a client, or enables it again. While it is disabled, all its requests and tokens are rejected.
    ///
    /// # Errors
    ///
    /// [`ClientError`] if there is no such client of the store, or the configuration file has it.
    pub async fn set_client_disabled(
        &self,
        config: &Config,
        id: &str,
        is_disabled: bool,
    ) -> Result<(), ClientError> {
        let now = self.now().await?;
        let row = self.stored_client(config, id).await?;
        if is_in_file(config, &row.id) {
            return Err(ClientError::InFile);
        }
        let kind = if is_disabled {
            EventKind::ClientDisabled
        } else {
            EventKind::ClientEnabled
        };
        let id = row.id.clone();
        let changed = self.change_client(kind, row.id, now, move |connection| {
            Box::pin(async move { clients::set_disabled(connection, &id, is_disabled, now).await })
        });
        if changed.await? {
            Ok(())
        } else {
            Err(ClientError::Unknown)
        }
    }

    /// Changes a row, and records that in the same transaction. Returns whether there was one.
    pub(super) async fn change_client(
        &self,
        kind: EventKind,
        client: ClientId,
        now: Timestamp,
        work: impl Work<bool>,
    ) -> Result<bool, StoreError> {
        let (event_id, event) = event(kind, None, None, now)?;
        let client = Some(client);
        let event = Event { client, ..event };
        let change = self.change(move |connection| {
            Box::pin(async move {
                let is_changed = work(&mut *connection).await?;
                if is_changed {
                    audit::insert(connection, event_id, event).await?;
                }
                Ok(is_changed)
            })
        });
        change.await
    }
}
