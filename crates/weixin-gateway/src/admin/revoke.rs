//! The end of sessions and grants by the operator.

use std::time::Duration;

use weixin::clock::{Clock, SystemClock};

use super::{Admin, AdminError, RevokeTarget, Revoked, users::event};
use crate::{
    audit::{Event, EventKind},
    oidc::ClientId,
    store::{
        audit,
        merges::Ended,
        revoke_many::{self, Remaining},
    },
};

/// The pause between two batches.
pub(super) const PAUSE: Duration = Duration::from_millis(25);

impl Admin {
    /// Ends sessions and grants, with all their tokens.
    ///
    /// # Errors
    ///
    /// [`AdminError::UnknownUser`] and [`AdminError::Store`].
    pub async fn revoke(&self, target: RevokeTarget) -> Result<Revoked, AdminError> {
        match target {
            RevokeTarget::All => {
                let detail = Some("all".to_owned());
                self.begin_revocation(None, detail).await?;
                self.in_batches(None).await
            }
            RevokeTarget::Client(client) => {
                // No client has an ID of another form.
                let Ok(client) = client.parse::<ClientId>() else {
                    return Ok(Revoked::default());
                };
                self.begin_revocation(Some(client.clone()), None).await?;
                self.grants_of(client).await
            }
            RevokeTarget::User(user) => self.revoke_user(&user).await,
        }
    }

    async fn revoke_user(&self, id: &str) -> Result<Revoked, AdminError> {
        let (user, now) = (self.kept(id).await?, self.now().await?);
        let (event_id, event) = event(EventKind::GrantRevoked, Some(user), None, now)?;
        let work = self.change(move |connection| {
            Box::pin(async move {
                let ended = revoke_many::of_user(connection, user, now).await?;
                audit::insert(connection, event_id, event).await?;
                Ok(ended)
            })
        });
        Ok(work.await?.into())
    }

    /// Records what is revoked. The codes of a client come first: one that is redeemed meanwhile gives a grant, which is
    /// revoked after it.
    async fn begin_revocation(
        &self,
        client: Option<ClientId>,
        detail: Option<String>,
    ) -> Result<(), AdminError> {
        let now = self.now().await?;
        let (event_id, event) = event(EventKind::GrantRevoked, None, detail, now)?;
        let event = Event { client, ..event };
        let work = self.change(move |connection| {
            Box::pin(async move {
                if let Some(client) = &event.client {
                    revoke_many::codes_of_client(connection, client, now).await?;
                }
                audit::insert(connection, event_id, event).await
            })
        });
        Ok(work.await?)
    }

    /// What is there ends first, however long the wait for the redemptions takes that run.
    async fn grants_of(&self, client: ClientId) -> Result<Revoked, AdminError> {
        let mut revoked = self.in_batches(Some(client.clone())).await?;
        if self.database.finish_redemptions().await? {
            revoked.grants += self.in_batches(Some(client)).await?.grants;
        }
        Ok(revoked)
    }

    /// Until nothing is left that began before.
    async fn in_batches(&self, client: Option<ClientId>) -> Result<Revoked, AdminError> {
        let now = self.now().await?;
        let mut total = Ended::default();
        let mut remaining = match client {
            Some(_) => Remaining::grants(),
            None => Remaining::all(),
        };
        while !remaining.is_empty() {
            let client = client.clone();
            let batch = self.change(move |connection| {
                Box::pin(async move {
                    revoke_many::batch(connection, client.as_ref(), remaining, now).await
                })
            });
            let (ended, next) = batch.await?;
            total.sessions += ended.sessions;
            total.grants += ended.grants;
            remaining = next;
            // Else a gateway that waits for the file might never find it free.
            SystemClock.sleep(PAUSE).await;
        }
        Ok(total.into())
    }
}
