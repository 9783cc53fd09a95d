//! The audit log.

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE32_NOPAD;
use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{Durability, JobResult, Store, StoreError, Undo, row};
use crate::{
    audit::Event,
    oidc::{ClientId, RequestId, Timestamp},
    random::{self, NoRandomBytes},
};

const INSERT: &str = "insert into audit (id, at, event, client, user_id, reference, detail)
    values ($1, $2, $3, $4, $5, $6, $7) on conflict (id) do nothing";
const SELECT_ID: &str = "select 1 from audit where id = $1";
const SELECT: &str = "select at, event, client, user_id, detail from audit
    where reference = $1 order by at, id";

/// An event as it was recorded.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct StoredEvent {
    pub(crate) at: Timestamp,
    pub(crate) kind: String,
    pub(crate) client: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) detail: Option<String>,
}

/// The primary key of an event.
#[derive(Clone, Debug)]
pub(crate) struct EventId(String);

impl EventId {
    pub(crate) fn random() -> Result<Self, NoRandomBytes> {
        Ok(Self::of(&random::bytes::<16>()?))
    }

    /// The ID of the only event of its kind for a request and a user; the first word of its detail belongs to the kind.
    pub(crate) fn once(request: RequestId, event: &Event) -> Self {
        let detail = event.detail.as_deref().unwrap_or_default();
        let reason = detail.split(' ').next().unwrap_or_default();
        let user = event.user.map(|user| user.to_string()).unwrap_or_default();
        let kind = event.kind.as_str();
        Self::hashed(&format!("{request} {kind} {reason} {user}"))
    }

    /// The ID of the only event about a row of the outbox of logouts.
    pub(crate) fn undelivered(row: &str) -> Self {
        Self::hashed(&format!("logout.undelivered {row}"))
    }

    fn hashed(text: &str) -> Self {
        Self::of(&digest(&SHA256, text.as_bytes()).as_ref()[..16])
    }

    fn of(bytes: &[u8]) -> Self {
        Self(BASE32_NOPAD.encode(bytes).to_ascii_lowercase())
    }
}

impl Store {
    /// Records an event. Power loss may take the last ones.
    pub(crate) async fn record(&self, event: Event) -> Result<(), StoreError> {
        self.record_as(EventId::random()?, event).await
    }

    /// Records an event of a request and its user, unless it was recorded for them: visitors repeat requests as often as they like.
    pub(crate) async fn record_once(
        &self,
        request: RequestId,
        event: Event,
    ) -> Result<(), StoreError> {
        // A visitor who repeats it costs a read, and no write.
        if self.is_recorded(request, &event).await? {
            return Ok(());
        }
        self.record_as(EventId::once(request, &event), event).await
    }

    /// Whether an event of this kind and reason was recorded for a request.
    pub(crate) async fn is_recorded(
        &self,
        request: RequestId,
        event: &Event,
    ) -> Result<bool, StoreError> {
        let id = EventId::once(request, event);
        let known = sqlx::query(SELECT_ID).bind(id.0);
        let known = self.readers().fetch_optional(known);
        Ok(self.measured("event", known).await?.is_some())
    }

    async fn record_as(&self, id: EventId, event: Event) -> Result<(), StoreError> {
        self.write(Durability::Relaxed, Undo::Nothing, move |connection| {
            Box::pin(async move { insert(connection, id, event).await })
        })
        .await
    }
}

/// Records an event in the transaction of what it tells.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    EventId(id): EventId,
    event: Event,
) -> JobResult<()> {
    let query = sqlx::query(INSERT).bind(id).bind(event.at.millis());
    let query = query.bind(event.kind.as_str());
    let query = query.bind(event.client.as_ref().map(ClientId::as_str));
    let query = query.bind(event.user.map(|user| user.to_string()));
    let query = query.bind(event.reference.map(|it| it.to_string()));
    query.bind(event.detail).execute(connection).await?;
    Ok(())
}

/// The events with a reference, the first one first.
pub(crate) async fn events(
    connection: &mut AnyConnection,
    reference: &str,
) -> JobResult<Vec<StoredEvent>> {
    let query = sqlx::query(SELECT).bind(reference);
    let rows = query.fetch_all(connection).await?;
    Ok(rows.iter().map(stored).collect::<Result<_, _>>()?)
}

fn stored(row: &AnyRow) -> sqlx::Result<StoredEvent> {
    Ok(StoredEvent {
        at: row::time(row, "at")?,
        kind: row.try_get("event")?,
        client: row.try_get("client")?,
        user: row.try_get("user_id")?,
        detail: row.try_get("detail")?,
    })
}
