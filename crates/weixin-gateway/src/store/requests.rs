//! Authorization requests that wait for a login. A row grants nothing to the one who knows its ID.

use std::time::Duration;

use sqlx::Row;

use super::{
    Durability, Store, StoreError, Undo,
    audit::{self, EventId},
    row,
};
use crate::{
    audit::Event,
    oidc::{AuthorizationRequest, ClientId, IssuerId, RequestId, Timestamp},
};

/// How long a request waits for a login.
const LIFETIME: Duration = Duration::from_mins(10);

/// How long a pushed request waits for the browser (RFC 9126 §2.2).
pub(crate) const PUSHED_LIFETIME: Duration = Duration::from_secs(90);

/// How long a request waits that the user has answered: a browser may send the answer again. Later, the next person at the
/// device finds its page in the history.
const ANSWERED_LIFETIME: Duration = Duration::from_mins(1);

const INSERT: &str = "insert into requests (id, issuer, client, body, created_at, expires_at)
    values ($1, $2, $3, $4, $5, $6)";
/// One that was pushed and not opened waits for no login yet. It is known by its lifetime.
const SELECT: &str = "select body from requests
    where id = $1 and issuer = $2 and expires_at > $3 and expires_at >= created_at + $4";
const SELECT_PUSHED: &str = "select body, created_at, expires_at from requests
    where id = $1 and issuer = $2 and client = $3 and expires_at > $4";
/// It gets the lifetime of all others: the browser may load the URL again.
const OPEN: &str = "update requests set expires_at = created_at + $1
    where id = $2 and client = $3 and expires_at > $4 and expires_at < created_at + $1";
/// As if it had come earlier: by its lifetime it stays one that waits for a login.
const ANSWER: &str = "update requests set created_at = $1 - $2, expires_at = $1
    where id = $3 and expires_at > $1";
const COUNT: &str = "select client, count(*) as waiting,
    count(case when expires_at < created_at + $1 then 1 end) as pushed
    from requests group by client";

/// A request that is to wait.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewRequest<'a> {
    pub(crate) id: RequestId,
    pub(crate) request: &'a AuthorizationRequest,
    is_pushed: bool,
}

/// A pushed request as it is stored.
#[derive(Debug, PartialEq)]
pub(crate) struct PushedRequest {
    pub(crate) request: AuthorizationRequest,
    /// Whether it waits for a login.
    pub(crate) is_opened: bool,
}

impl<'a> NewRequest<'a> {
    /// A request that a browser has brought.
    pub(crate) const fn of_browser(id: RequestId, request: &'a AuthorizationRequest) -> Self {
        let is_pushed = false;
        Self {
            id,
            request,
            is_pushed,
        }
    }

    /// A request that a client has pushed.
    pub(crate) const fn pushed(id: RequestId, request: &'a AuthorizationRequest) -> Self {
        let is_pushed = true;
        Self {
            id,
            request,
            is_pushed,
        }
    }

    /// How long it is kept.
    const fn wait(self) -> Duration {
        if self.is_pushed {
            PUSHED_LIFETIME
        } else {
            LIFETIME
        }
    }

    /// The client that has pushed it.
    fn pushed_by(&self) -> Option<&'a str> {
        self.is_pushed.then(|| self.request.client.as_str())
    }
}

impl Store {
    /// Stores a request for the time that it may wait.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooManyRequests`] if `limit` requests wait: any visitor can make one, and each is a row. Of those that
    /// are pushed, a client has a share.
    pub(crate) async fn insert_request(
        &self,
        new: NewRequest<'_>,
        limit: u32,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let NewRequest { id, request, .. } = new;
        let (issuer, client) = (request.issuer.to_string(), request.client.to_string());
        // Texts and numbers always serialize.
        let body = serde_json::to_string(request).unwrap_or_default();
        let expires_at = now.after(new.wait());
        if !self.waiting_requests().add(new.pushed_by(), limit) {
            return Err(StoreError::TooManyRequests);
        }
        let inserted = self
            .write(Durability::Relaxed, Undo::Nothing, move |connection| {
                Box::pin(async move {
                    let query = sqlx::query(INSERT).bind(id.to_string()).bind(issuer);
                    let query = query.bind(client).bind(body).bind(now.millis());
                    let query = query.bind(expires_at.millis());
                    query.execute(connection).await?;
                    Ok(())
                })
            })
            .await;
        if inserted.is_err() {
            self.waiting_requests().remove(new.pushed_by());
        }
        inserted
    }

    /// The request that waits for a login at this issuer.
    pub(crate) async fn request(
        &self,
        id: RequestId,
        issuer: IssuerId,
        now: Timestamp,
    ) -> Result<Option<AuthorizationRequest>, StoreError> {
        let query = sqlx::query(SELECT).bind(id.to_string());
        let query = query.bind(issuer.to_string()).bind(now.millis());
        let query = query.bind(lifetime());
        let row = self
            .measured("request", self.readers().fetch_optional(query))
            .await?;
        Ok(row.map(|row| row::json(&row, "body")).transpose()?)
    }

    /// A request that this client has pushed at this issuer.
    pub(crate) async fn pushed_request(
        &self,
        id: RequestId,
        issuer: IssuerId,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<Option<PushedRequest>, StoreError> {
        let query = sqlx::query(SELECT_PUSHED).bind(id.to_string());
        let query = query.bind(issuer.to_string()).bind(client.as_str());
        let query = query.bind(now.millis());
        let Some(row) = self.readers().fetch_optional(query).await? else {
            return Ok(None);
        };
        let (created_at, expires_at) = (
            row::time(&row, "created_at")?,
            row::time(&row, "expires_at")?,
        );
        Ok(Some(PushedRequest {
            request: row::json(&row, "body")?,
            is_opened: expires_at >= created_at.after(LIFETIME),
        }))
    }

    /// Lets a pushed request of this client wait for a login, as long as any other.
    pub(crate) async fn open_pushed_request(
        &self,
        id: RequestId,
        client: &ClientId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let of = client.to_string();
        let opened = self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let query = sqlx::query(OPEN).bind(lifetime()).bind(id.to_string());
                let query = query.bind(of).bind(now.millis());
                Ok(query.execute(connection).await?.rows_affected() == 1)
            })
        });
        if opened.await? {
            self.waiting_requests().opened(client.as_str());
        }
        Ok(())
    }

    /// Records what the user has answered, unless it was recorded, and lets the request wait for another minute only.
    pub(crate) async fn record_answer(
        &self,
        request: RequestId,
        event: Event,
    ) -> Result<(), StoreError> {
        // A visitor who repeats it costs a read, and no write.
        if self.is_recorded(request, &event).await? {
            return Ok(());
        }
        let id = EventId::once(request, &event);
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move {
                let end = event.at.after(ANSWERED_LIFETIME);
                let query = sqlx::query(ANSWER).bind(end.millis()).bind(lifetime());
                let query = query.bind(request.to_string());
                query.execute(&mut *connection).await?;
                audit::insert(connection, id, event).await
            })
        })
        .await
    }

    /// Counts the rows. Between two counts this process knows only its own.
    pub(super) async fn count_requests(&self) -> Result<(), StoreError> {
        let query = sqlx::query(COUNT).bind(lifetime());
        let query = self.readers().fetch_all(query);
        let rows = self.measured("request_count", query).await?;
        let counts = rows.iter().map(|row| {
            let count = |name| row.try_get::<i64, _>(name);
            Ok((row.try_get("client")?, count("waiting")?, count("pushed")?))
        });
        let counts = counts.collect::<Result<Vec<_>, sqlx::Error>>()?;
        self.waiting_requests().replace(counts.into_iter());
        Ok(())
    }
}

fn lifetime() -> i64 {
    i64::try_from(LIFETIME.as_millis()).unwrap_or(i64::MAX)
}
