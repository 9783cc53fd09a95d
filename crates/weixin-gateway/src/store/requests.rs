//! Authorization requests that wait for a login. A row grants nothing to the one who knows its ID.

use std::{sync::atomic::Ordering, time::Duration};

use super::{Durability, Store, StoreError, Undo, row};
use crate::oidc::{AuthorizationRequest, ClientId, IssuerId, RequestId, Timestamp};

/// How long a request waits for a login.
const LIFETIME: Duration = Duration::from_mins(10);

/// How long a pushed request waits for the browser (RFC 9126 §2.2).
pub(crate) const PUSHED_LIFETIME: Duration = Duration::from_secs(90);

const INSERT: &str = "insert into requests (id, issuer, client, body, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6)";
const SELECT: &str = "select body from requests where id = $1 and issuer = $2 and expires_at > $3";
/// The first use gives a pushed request the lifetime of all others: the browser may load the URL again.
const OPEN: &str = "update requests set expires_at = created_at + $1
    where id = $2 and issuer = $3 and client = $4 and expires_at > $5 returning body";
const COUNT: &str = "select count(*) from requests";

/// A request that is to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRequest<'a> {
    pub(crate) id: RequestId,
    pub(crate) request: &'a AuthorizationRequest,
    /// How long it is kept.
    pub(crate) wait: Duration,
}

impl<'a> NewRequest<'a> {
    /// A request that a browser has brought.
    pub(crate) const fn of_browser(id: RequestId, request: &'a AuthorizationRequest) -> Self {
        let wait = LIFETIME;
        Self { id, request, wait }
    }

    /// A request that a client has pushed.
    pub(crate) const fn pushed(id: RequestId, request: &'a AuthorizationRequest) -> Self {
        let wait = PUSHED_LIFETIME;
        Self { id, request, wait }
    }
}

impl Store {
    /// Stores a request for the time that it may wait.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooManyRequests`] if `limit` requests wait: any visitor can make one, and each is a row.
    pub(crate) async fn insert_request(
        &self,
        new: NewRequest<'_>,
        limit: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let NewRequest { id, request, wait } = new;
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
                    let query = query.bind(now.after(wait).millis());
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
        let row = self
            .read("request", query.fetch_optional(self.readers()))
            .await?;
        Ok(row.map(|row| row::json(&row, "body")).transpose()?)
    }

    /// A pushed request of this client, which the browser brings: now it waits as long as any other.
    pub(crate) async fn open_pushed_request(
        &self,
        id: RequestId,
        issuer: IssuerId,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<AuthorizationRequest>, StoreError> {
        let client = client.to_string();
        let lifetime = i64::try_from(LIFETIME.as_millis()).unwrap_or(i64::MAX);
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(OPEN).bind(lifetime).bind(id.to_string());
                let query = query.bind(issuer.to_string()).bind(client);
                let row = query.bind(now.millis()).fetch_optional(connection).await?;
                Ok(row.map(|row| row::json(&row, "body")).transpose()?)
            })
        })
        .await
    }

    /// Counts the rows. Between two counts this process knows only its own.
    pub(super) async fn count_requests(&self) -> Result<(), StoreError> {
        let query = sqlx::query_scalar(COUNT).fetch_one(self.readers());
        let count: i64 = self.read("request_count", query).await?;
        self.waiting_requests().store(count, Ordering::Relaxed);
        Ok(())
    }
}
