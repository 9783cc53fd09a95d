//! The audit log.

use data_encoding::BASE32_NOPAD;

use super::{Durability, Store, StoreError, Undo};
use crate::{audit::Event, oidc::ClientId, random};

const INSERT: &str = "insert into audit (id, at, event, client, user_id, reference, detail)
    values ($1, $2, $3, $4, $5, $6, $7)";

impl Store {
    /// Records an event. Power loss may take the last ones.
    pub(crate) async fn record(&self, event: Event) -> Result<(), StoreError> {
        let id = BASE32_NOPAD
            .encode(&random::bytes::<16>()?)
            .to_ascii_lowercase();
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(INSERT).bind(id).bind(event.at.millis());
                let query = query.bind(event.kind.as_str());
                let query = query.bind(event.client.as_ref().map(ClientId::as_str));
                let query = query.bind(event.user.map(|user| user.to_string()));
                let query = query.bind(event.reference.map(|it| it.to_string()));
                query.bind(event.detail).execute(connection).await?;
                Ok(())
            })
        })
        .await
    }
}
