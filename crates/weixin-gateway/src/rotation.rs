//! Makes the signing keys that are due, and opens all of them. Each node does so; of several, one wins.

use crate::{
    audit::{Event, EventKind},
    config::ServerConfig,
    key_file,
    keys::{
        KEPT_AFTER, KeyError, KeySet, NextKey, Phase, SealedKey, SigningKey, last_of, next_keys,
    },
    master_key::MasterKeys,
    oidc::{Algorithm, Timestamp},
    start_error::StartError,
    store::{Store, StoreError},
};

/// What happens to the keys of before when a new one begins at once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OldKeys {
    /// They stay in the JWKS for 91 days, as after every rotation.
    Keep,
    /// They leave the JWKS, and ID tokens that they have signed are no hints any more: one has leaked.
    Revoke,
}

/// How often a command tries again when nodes are faster.
const TRIES: usize = 3;

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

/// The signing keys of a key file that a node begins to use. What is due is made after the file has proven right: it may lack
/// the master key of the signing keys that there are.
///
/// # Errors
///
/// [`StartError`] if the file cannot be used, or the store fails.
pub(crate) async fn begin_keys(
    store: &Store,
    server: &ServerConfig,
    node: &str,
    needed: &[Algorithm],
    now: Timestamp,
) -> Result<KeySet, StartError> {
    open_keys(&store.keys().await?, server, now)?;
    key_file::announce(store, server, node, now).await?;
    let rows = rotate(store, &server.keys, needed, now).await?;
    open_keys(&rows, server, now)
}

/// The signing keys, all of which the key file must decrypt.
///
/// # Errors
///
/// [`StartError`] if it does not.
pub(crate) fn open_keys(
    rows: &[SealedKey],
    server: &ServerConfig,
    now: Timestamp,
) -> Result<KeySet, StartError> {
    let opened = KeySet::open(rows, &server.keys, now);
    opened.map_err(|error| StartError::of_key(error, &server.key_file))
}

/// Begins to sign with a new key at once, and ends those before it.
pub(crate) async fn rotate_now(
    store: &Store,
    master: &MasterKeys,
    algorithm: Algorithm,
    old: OldKeys,
    now: Timestamp,
) -> Result<(), StartError> {
    let others_removed_at = match old {
        OldKeys::Keep => now.after(KEPT_AFTER),
        OldKeys::Revoke => now,
    };
    // A node that rotates at the same time may be faster.
    for _ in 0..TRIES {
        let rows = store.keys().await?;
        let last = last_of(&rows, algorithm);
        let published = last.filter(|last| last.phase(now) == Phase::Published);
        // Clients know one that is published. If keys have leaked, it may be among them.
        let is_done = if let (Some(next), OldKeys::Keep) = (published, old) {
            let next = next.clone();
            store.activate_key(next, others_removed_at, now).await?
        } else {
            let number = last.map_or(1, |last| last.number + 1);
            let next = NextKey::at_once(algorithm, number, now);
            add(store, master, next, others_removed_at).await?
        };
        if is_done {
            return record_rotation(store, algorithm, old, now).await;
        }
    }
    Err(StoreError::Conflict.into())
}

async fn record_rotation(
    store: &Store,
    algorithm: Algorithm,
    old: OldKeys,
    now: Timestamp,
) -> Result<(), StartError> {
    let kind = match old {
        OldKeys::Keep => EventKind::KeyRotated,
        OldKeys::Revoke => EventKind::KeyRevoked,
    };
    let detail = Some(algorithm.as_str().to_owned());
    let event = Event::new(now, kind);
    Ok(store.record(Event { detail, ..event }).await?)
}

/// Makes a key and stores it, unless another node was faster.
async fn add(
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
