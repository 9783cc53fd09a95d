//! Makes the signing keys that are due, and opens all of them. Each node does so; of several, one wins.

use std::time::Duration;

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
    time::CLOCK_TOLERANCE,
};

/// What happens to the keys of before when an operator asks for a new one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum OldKeys {
    /// They stay in the JWKS for 91 days, as after every rotation.
    Keep,
    /// They leave the JWKS, and ID tokens that they have signed are no hints any more: one has leaked.
    Revoke,
}

/// How long a new key is at least published before it signs, if the old one stays: within ten seconds all nodes have read it,
/// and for a minute more caches keep the JWKS of before. On PostgreSQL, a fast node comes to that time earlier: see
/// [`known_to_all`].
const KNOWN_TO_ALL: Duration = Duration::from_secs(70);

/// How often a command tries again when nodes are faster.
const TRIES: usize = 3;

/// The time for which keys are due.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Due {
    now: Timestamp,
    is_known: bool,
}

impl Due {
    pub(crate) const fn at(now: Timestamp, is_known: bool) -> Self {
        Self { now, is_known }
    }

    /// Whether the time is known.
    pub(crate) const fn is_known(self) -> bool {
        self.is_known
    }
}

/// All keys, after those that are due for RS256 and these algorithms have been made. While the time is not known, none is: it
/// could be of next year, and the present one would sign until then.
pub(crate) async fn rotate(
    store: &Store,
    master: &MasterKeys,
    needed: &[Algorithm],
    due: Due,
) -> Result<Vec<SealedKey>, StartError> {
    let rows = store.keys().await?;
    if !due.is_known {
        return Ok(rows);
    }
    let due = next_keys(&rows, needed, due.now);
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
    due: Due,
) -> Result<KeySet, StartError> {
    let now = due.now;
    open_keys(&store.keys().await?, server, now)?;
    key_file::announce(store, server, node, now).await?;
    let rows = rotate(store, &server.keys, needed, due).await?;
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

fn known_to_all(store: &Store) -> Duration {
    KNOWN_TO_ALL.saturating_add(store.clock_tolerance())
}

/// Begins to sign with a new key, and ends those before it: at once if they are revoked, or else as soon as all nodes
/// publish it.
pub(crate) async fn rotate_now(
    store: &Store,
    master: &MasterKeys,
    algorithm: Algorithm,
    old: OldKeys,
    now: Timestamp,
) -> Result<(), StartError> {
    // A node that rotates at the same time may be faster.
    for _ in 0..TRIES {
        let rows = store.keys().await?;
        let last = last_of(&rows, algorithm);
        // One that a wrong clock has made may be published for a year.
        let published = last.filter(|last| {
            last.phase(now) == Phase::Published
                && last.published_at <= now.after(2 * CLOCK_TOLERANCE)
        });
        // Clients know one that is published. If keys have leaked, it may be among them.
        let is_done = if let (Some(next), OldKeys::Keep) = (published, old) {
            begin_published(store, next, now).await?
        } else {
            let number = last.map_or(1, |last| last.number + 1);
            add_now(store, master, (algorithm, number), old, now).await?
        };
        if is_done {
            return record_rotation(store, algorithm, old, now).await;
        }
    }
    Err(StoreError::Conflict.into())
}

/// Lets a key sign that is published. Returns whether it will.
async fn begin_published(
    store: &Store,
    next: &SealedKey,
    now: Timestamp,
) -> Result<bool, StoreError> {
    let active_at = now.max(next.published_at.after(known_to_all(store)));
    // The same command has just been run.
    if next.active_at <= active_at {
        return Ok(true);
    }
    let others_removed_at = active_at.after(KEPT_AFTER);
    let next = next.clone();
    store.activate_key(next, others_removed_at, active_at).await
}

/// Makes the key of this number. Returns whether no other node was faster.
async fn add_now(
    store: &Store,
    master: &MasterKeys,
    (algorithm, number): (Algorithm, i64),
    old: OldKeys,
    now: Timestamp,
) -> Result<bool, StartError> {
    let (next, others_removed_at) = match old {
        OldKeys::Keep => {
            let active_at = now.after(known_to_all(store));
            let next = NextKey {
                active_at,
                ..NextKey::at_once(algorithm, number, now)
            };
            (next, active_at.after(KEPT_AFTER))
        }
        OldKeys::Revoke => {
            // A slow node must not go on signing with the keys that have leaked, nor must they come back by a clock that is wrong
            // some day: they have always been removed.
            let at = now.before(store.clock_tolerance());
            (
                NextKey::at_once(algorithm, number, at),
                Timestamp::from_millis(0),
            )
        }
    };
    add(store, master, next, others_removed_at).await
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
