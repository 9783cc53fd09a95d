//! The removal of a client, with its grants, its logout tokens and what users have allowed it: in batches, so that logins do
//! not wait.
//!
//! The row of the client comes last. Until then the client is disabled, and the command can be repeated if it was cut off.

use std::time::Duration;

use sqlx::AnyConnection;

use super::{
    JobResult, clients,
    revoke_many::{self, last_of_batch},
};
use crate::{
    oidc::{ClientId, Timestamp},
    time::REFRESH,
};

/// Until then, a gateway that has not read the clients again may go on issuing codes for the one that is removed.
const NOTICED_AFTER: Duration = REFRESH.saturating_mul(2);

const LAST_GRANT: &str = last_of_batch!("id", "grants");
const LAST_CONSENT: &str = last_of_batch!("user_id", "consents");
/// Else they would be valid again for a client that is added with this ID later, and it would be told of the logouts of their
/// sessions: so also those that were revoked before.
const REVOKE: &str = "update grants set revoked_at = coalesce(revoked_at, $1),
    revoked_reason = 'client_removed'
    where id > $2 and id <= $3 and client = $4
    and (revoked_reason is null or revoked_reason <> 'client_removed')";
/// Another client that gets the ID later has been allowed nothing.
const DELETE_CONSENTS: &str = "delete from consents
    where user_id > $1 and user_id <= $2 and client = $3";
/// Not one that was added, or enabled again, since another command has removed the client of this ID.
const DELETE: &str = "delete from clients where id = $1 and disabled_at is not null";
const IS_DISABLED: &str = "select 1 from clients where id = $1 and disabled_at is not null";
/// No gateway can deliver them, and another client that gets the ID within the hour must not receive them.
const DELETE_LOGOUTS: &str = "delete from logouts where client = $1";

/// The grants and consents that are still to be read: those with greater IDs.
#[derive(Clone, Debug)]
pub(crate) struct Remaining {
    grants: Option<String>,
    consents: Option<String>,
}

impl Remaining {
    pub(crate) const fn all() -> Self {
        Self {
            grants: Some(String::new()),
            consents: Some(String::new()),
        }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.grants.is_none() && self.consents.is_none()
    }
}

/// Disables the client, and revokes its codes, also those that it is still issued. Returns whether there is one.
pub(crate) async fn begin(
    connection: &mut AnyConnection,
    client: &ClientId,
    now: Timestamp,
) -> JobResult<bool> {
    let is_there = clients::set_disabled(connection, client, true, now).await?;
    if is_there {
        revoke_codes(connection, client, now).await?;
    }
    Ok(is_there)
}

/// Revokes the grants of a batch, and removes the consents of another one. Nothing remains if another command has removed the
/// client.
pub(crate) async fn batch(
    connection: &mut AnyConnection,
    client: &ClientId,
    remaining: Remaining,
    now: Timestamp,
) -> JobResult<Remaining> {
    let mut next = Remaining {
        grants: None,
        consents: None,
    };
    let query = sqlx::query(IS_DISABLED).bind(client.to_string());
    if query.fetch_optional(&mut *connection).await?.is_none() {
        return Ok(next);
    }
    if let Some(after) = remaining.grants
        && let Some(last) = revoke_many::last(connection, LAST_GRANT, &after).await?
    {
        let query = sqlx::query(REVOKE).bind(now.millis()).bind(after);
        let query = query.bind(last.clone()).bind(client.to_string());
        query.execute(&mut *connection).await?;
        next.grants = Some(last);
    }
    if let Some(after) = remaining.consents
        && let Some(last) = revoke_many::last(connection, LAST_CONSENT, &after).await?
    {
        let query = sqlx::query(DELETE_CONSENTS).bind(after).bind(last.clone());
        query.bind(client.to_string()).execute(connection).await?;
        next.consents = Some(last);
    }
    Ok(next)
}

/// Removes the client, and the logout tokens that it has not received. Its codes are revoked again, as the batches may have
/// taken long. Returns whether there was one.
pub(crate) async fn end(
    connection: &mut AnyConnection,
    client: &ClientId,
    now: Timestamp,
) -> JobResult<bool> {
    let query = sqlx::query(DELETE).bind(client.to_string());
    let done = query.execute(&mut *connection).await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    let query = sqlx::query(DELETE_LOGOUTS).bind(client.to_string());
    query.execute(&mut *connection).await?;
    revoke_codes(connection, client, now).await?;
    Ok(true)
}

async fn revoke_codes(
    connection: &mut AnyConnection,
    client: &ClientId,
    now: Timestamp,
) -> JobResult<()> {
    revoke_many::codes_of_client(connection, client, now.after(NOTICED_AFTER)).await
}
