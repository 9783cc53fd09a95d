//! The removal of a client beside a gateway that runs.

use weixin::clock::{Clock, SystemClock};

use super::{Admin, revoke::PAUSE};
use crate::{
    audit::EventKind,
    oidc::ClientId,
    store::{
        StoreError,
        client_removal::{self, Remaining},
    },
};

impl Admin {
    /// Returns whether there was such a client.
    pub(super) async fn remove_in_batches(&self, client: ClientId) -> Result<bool, StoreError> {
        let (id, now) = (client.clone(), self.now().await?);
        let begun = self.change(move |connection| {
            Box::pin(async move { client_removal::begin(connection, &id, now).await })
        });
        if !begun.await? {
            return Ok(false);
        }
        self.database.finish_redemptions().await?;
        let mut remaining = Remaining::all();
        while !remaining.is_empty() {
            let (id, now) = (client.clone(), self.now().await?);
            let batch = self.change(move |connection| {
                Box::pin(
                    async move { client_removal::batch(connection, &id, remaining, now).await },
                )
            });
            remaining = batch.await?;
            // Else a gateway that waits for the file might never find it free.
            SystemClock.sleep(PAUSE).await;
        }
        let (id, now) = (client.clone(), self.now().await?);
        let removed =
            self.change_client(EventKind::ClientRemoved, client, now, move |connection| {
                Box::pin(async move { client_removal::end(connection, &id, now).await })
            });
        removed.await
    }
}
