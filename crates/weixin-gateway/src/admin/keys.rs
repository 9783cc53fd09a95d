//! The signing keys.

use std::time::SystemTime;

use super::Admin;
use crate::{
    announced_keys::KeyFileDifference,
    audit::{Event, EventKind},
    config::Config,
    key_file,
    keys::{Phase, SealedKey},
    oidc::{Algorithm, Timestamp},
    rotation::{self, OldKeys},
    start_error::StartError,
    store::StoreError,
};

/// A signing key.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct KeyOverview {
    /// Its ID in ID tokens and in the JWKS.
    pub kid: String,
    /// The algorithm of its signatures.
    pub alg: &'static str,
    /// What it is used for now.
    pub state: KeyState,
    /// When it appeared in the JWKS.
    pub published_at: SystemTime,
    /// When it begins to sign.
    pub active_at: SystemTime,
    /// When it stops signing, if its successor is known.
    pub retired_at: Option<SystemTime>,
    /// When it leaves the JWKS, if its successor is known.
    pub removed_at: Option<SystemTime>,
    /// The line of the key file that decrypts it, from 1, without empty lines. None: no line does.
    pub master_key: Option<usize>,
}

/// What a signing key is used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum KeyState {
    /// In the JWKS, and does not sign yet.
    Published,
    /// Signs ID tokens.
    Signing,
    /// In the JWKS, and signs no more.
    Retired,
}

impl Admin {
    /// The signing keys that are not removed.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store fails.
    pub async fn keys(&self, config: &Config) -> Result<Vec<KeyOverview>, StartError> {
        let (rows, now) = (self.database.keys().await?, self.database_time().await?);
        let overview = |row: &SealedKey| overview(row, config, now);
        Ok(rows.iter().filter_map(overview).collect())
    }

    /// Begins to sign with a new key: of this algorithm, or of each one that has a key. It signs at once if the old keys are
    /// revoked, and otherwise 70 seconds after it has appeared in the JWKS, or 130 seconds with PostgreSQL. Returns whether
    /// there is such an algorithm.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store fails, no key can be made, or the clocks of this machine and of the database differ by more
    /// than a minute: by a wrong one, keys that were revoked would sign again later.
    pub async fn rotate_keys(
        &self,
        config: &Config,
        algorithm: Option<&str>,
        old: OldKeys,
    ) -> Result<bool, StartError> {
        let rows = self.database.keys().await?;
        let is_meant = |it: &Algorithm| {
            let has_key = rows.iter().any(|row| row.algorithm == *it);
            has_key && algorithm.is_none_or(|name| name == it.as_str())
        };
        let algorithms = Algorithm::ALL.into_iter().filter(is_meant);
        let algorithms: Vec<_> = algorithms.collect();
        for algorithm in &algorithms {
            let (store, master) = (&self.database, &config.server.keys);
            rotation::rotate_now(store, master, *algorithm, old, self.now().await?).await?;
        }
        Ok(!algorithms.is_empty())
    }

    /// Encrypts the signing keys with the first master key, so that the others can be removed from the key file. Returns how
    /// many were encrypted with another one. From now on, this key file is that of the nodes: one that has another is not
    /// ready.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store fails, no line of the key file decrypts a key, or the clocks differ as for
    /// [`rotate_keys`](Self::rotate_keys).
    pub async fn reseal_keys(&self, config: &Config) -> Result<usize, StartError> {
        let (rows, now) = (self.database.keys().await?, self.now().await?);
        let mut count = 0;
        for row in rows.iter().filter(|row| row.phase(now) != Phase::Removed) {
            let resealed = row.resealed(&config.server.keys);
            let sealed =
                resealed.map_err(|error| StartError::of_key(error, &config.server.key_file))?;
            let Some(sealed) = sealed else {
                continue;
            };
            let old = row.sealed.clone();
            if !self
                .database
                .reseal_key(row.kid.clone(), old, sealed)
                .await?
            {
                // Another command was faster.
                continue;
            }
            self.record(EventKind::KeyResealed, row.kid.to_string(), now)
                .await?;
            count += 1;
        }
        key_file::declare(&self.database, &config.server, now).await?;
        Ok(count)
    }

    /// How the key file of a configuration differs from that of the nodes.
    ///
    /// # Errors
    ///
    /// [`StartError`] if the store fails.
    pub async fn key_file(&self, config: &Config) -> Result<Option<KeyFileDifference>, StartError> {
        Ok(key_file::inspect(&self.database, &config.server).await?)
    }

    async fn record(
        &self,
        kind: EventKind,
        detail: String,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let detail = Some(detail);
        let event = Event::new(now, kind);
        self.database.record(Event { detail, ..event }).await
    }
}

fn overview(row: &SealedKey, config: &Config, now: Timestamp) -> Option<KeyOverview> {
    let state = match row.phase(now) {
        Phase::Published => KeyState::Published,
        Phase::Signing => KeyState::Signing,
        Phase::Retired => KeyState::Retired,
        Phase::Removed => return None,
    };
    let master = &config.server.keys;
    let line = master.line_of(row.kid.as_str().as_bytes(), &row.sealed);
    Some(KeyOverview {
        kid: row.kid.to_string(),
        alg: row.algorithm.as_str(),
        state,
        published_at: row.published_at.into(),
        active_at: row.active_at.into(),
        retired_at: row.retired_at.map(SystemTime::from),
        removed_at: row.removed_at.map(SystemTime::from),
        master_key: line.map(|index| index + 1),
    })
}
