//! Authorization requests that wait for a login. A row grants nothing to the one who knows its ID.

use std::{sync::atomic::Ordering, time::Duration};

use super::{Durability, Store, StoreError, Undo, row};
use crate::oidc::{AuthorizationRequest, IssuerId, RequestId, Timestamp};

/// How long a request waits for a login.
const LIFETIME: Duration = Duration::from_mins(10);

const INSERT: &str = "insert into requests (id, issuer, client, body, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6)";
const SELECT: &str = "select body from requests where id = $1 and issuer = $2 and expires_at > $3";
const COUNT: &str = "select count(*) from requests";

impl Store {
    /// Stores a request for ten minutes.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooManyRequests`] if `limit` requests wait: any visitor can make one, and each is a row.
    pub(crate) async fn insert_request(
        &self,
        id: RequestId,
        request: &AuthorizationRequest,
        limit: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let (issuer, client) = (request.issuer.to_string(), request.client.to_string());
        // Texts and numbers always serialize.
        let body = serde_json::to_string(request).unwrap_or_default();
        // Counted before it is stored: many may come at once.
        if self.waiting_requests().fetch_add(1, Ordering::Relaxed) >= i64::from(limit) {
            self.waiting_requests().fetch_sub(1, Ordering::Relaxed);
            return Err(StoreError::TooManyRequests);
        }
        let inserted = self
            .write(Durability::Relaxed, Undo::Nothing, move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(INSERT).bind(id.to_string()).bind(issuer);
                    let query = query.bind(client).bind(body).bind(now.millis());
                    let query = query.bind(now.after(LIFETIME).millis());
                    query.execute(connection).await?;
                    Ok(())
                })
            })
            .await;
        if inserted.is_err() {
            self.waiting_requests().fetch_sub(1, Ordering::Relaxed);
        }
        inserted
    }

    /// The request that waits at this issuer.
    pub(crate) async fn request(
        &self,
        id: RequestId,
        issuer: IssuerId,
        now: Timestamp,
    ) -> Result<Option<AuthorizationRequest>, StoreError> {
        let query = sqlx::query(SELECT).bind(id.to_string());
        let query = query.bind(issuer.to_string()).bind(now.millis());
        let row = query.fetch_optional(self.readers()).await?;
        Ok(row.map(|row| row::json(&row, "body")).transpose()?)
    }

    /// Counts the rows. Between two counts this process knows only its own.
    pub(super) async fn count_requests(&self) -> Result<(), StoreError> {
        let count: i64 = sqlx::query_scalar(COUNT).fetch_one(self.readers()).await?;
        self.waiting_requests().store(count, Ordering::Relaxed);
        Ok(())
    }
}
