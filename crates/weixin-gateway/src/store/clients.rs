//! Clients that a command has added.

use sqlx::{AnyConnection, Row, any::AnyRow};

use super::{JobResult, Store, StoreError, row};
use crate::oidc::{ClientId, IssuerId, Timestamp};

const SELECT: &str = "select id, body, updated_at, disabled_at from clients order by id";
const INSERT: &str = "insert into clients (id, issuer, origin, body, updated_at)
    values ($1, $2, 'admin', $3, $4) on conflict do nothing";
/// Only the body that was read: of two commands, one wins.
const UPDATE: &str = "update clients set body = $3, updated_at = $4 where id = $1 and body = $2";
/// A second time, the first time stays.
const DISABLE: &str = "update clients set disabled_at = coalesce(disabled_at, $2), updated_at = $2
    where id = $1";
const ENABLE: &str = "update clients set disabled_at = null, updated_at = $2 where id = $1";

/// A row.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct StoredClient {
    pub(crate) id: ClientId,
    pub(crate) body: String,
    pub(crate) updated_at: Timestamp,
    pub(crate) is_disabled: bool,
}

impl Store {
    /// All clients, by their ID.
    pub(crate) async fn clients(&self) -> Result<Vec<StoredClient>, StoreError> {
        let query = self.readers().fetch_all(sqlx::query(SELECT));
        let rows = self.measured("clients", query).await?;
        Ok(rows.iter().map(client).collect::<Result<_, _>>()?)
    }
}

/// Adds a client. Returns whether its ID is a new one.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    client: &ClientId,
    issuer: IssuerId,
    body: &str,
    now: Timestamp,
) -> JobResult<bool> {
    let query = sqlx::query(INSERT).bind(client.to_string());
    let query = query.bind(issuer.to_string()).bind(body.to_owned());
    let done = query.bind(now.millis()).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Replaces a body. Returns whether it was still the one that was read.
pub(crate) async fn update(
    connection: &mut AnyConnection,
    read: StoredClient,
    body: String,
    now: Timestamp,
) -> JobResult<bool> {
    let query = sqlx::query(UPDATE).bind(read.id.to_string());
    let query = query.bind(read.body).bind(body);
    let done = query.bind(now.millis()).execute(connection).await?;
    Ok(done.rows_affected() == 1)
}

/// Disables a client, or enables it again. Returns whether there was one.
pub(crate) async fn set_disabled(
    connection: &mut AnyConnection,
    client: &ClientId,
    is_disabled: bool,
    now: Timestamp,
) -> JobResult<bool> {
    let sql = if is_disabled { DISABLE } else { ENABLE };
    let query = sqlx::query(sql).bind(client.to_string()).bind(now.millis());
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

fn client(row: &AnyRow) -> sqlx::Result<StoredClient> {
    Ok(StoredClient {
        id: row::text(row, "id")?,
        body: row.try_get("body")?,
        updated_at: row::time(row, "updated_at")?,
        is_disabled: row::optional_time(row, "disabled_at")?.is_some(),
    })
}
