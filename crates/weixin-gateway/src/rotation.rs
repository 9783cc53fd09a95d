//! Makes the signing keys that are due. Each node does so; of several, one wins.

use crate::keys::SealedKey;
use crate::{
    audit::{Event, EventKind},
    gateway::StartError,
    keys::{KEPT_AFTER, KeyError, NextKey, SigningKey, next_keys},
    master_key::MasterKeys,
    oidc::{Algorithm, Timestamp},
    store::Store,
};

/// All keys, after those that are due for RS256 and these algorithms have been made.
pub(crate) async fn rotate(
    store: &Store,
    master: &MasterKeys,
    needed: &[Algorithm],
    now: Timestamp,
) -> Result<Vec<SealedKey>, StartError> {
    let rows = store.keys().await?;
    let due = next_keys(&rows, needed, now);
    if due.is_empty() {
        return Ok(rows);
    }
    for next in due {
        let others_removed_at = next.active_at.after(KEPT_AFTER);
        add(store, master, next, others_removed_at).await?;
    }
    Ok(store.keys().await?)
}

/// Makes a key and stores it, unless another node was faster.
pub(crate) async fn add(
    store: &Store,
    master: &MasterKeys,
    next: NextKey,
    others_removed_at: Timestamp,
) -> Result<bool, StartError> {
    // RSA takes a good part of a second.
    let made = tokio::task::spawn_blocking(move || SigningKey::generate(next.algorithm)).await;
    let key = made.unwrap_or(Err(KeyError::Generate))?;
    let row = key.seal(master, next)?;
    let is_added = store.insert_key(row, others_removed_at).await?;
    if is_added {
        let detail = Some(format!("{} {}", next.algorithm.as_str(), key.kid()));
        let event = Event::new(next.published_at, EventKind::KeyCreated);
        store.record(Event { detail, ..event }).await?;
    }
    Ok(is_added)
}
