//! Used logins in a store that all servers of a site share.

use std::{
    error::Error as StdError,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;
use tokio::time::sleep;
use tracing::Instrument;
use weixin::{Client, Code, Store, StoreError, Token, Version};

use crate::exchange_once::{Fingerprint, Outcome, REPLAY_WINDOW, USED_STATE_TTL, nothing_was_sent};

/// Poll interval and limit while another server exchanges: 15 seconds in total, longer than one call can take.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const MAX_POLLS: u32 = 300;
/// How often a change that another server has overtaken is tried again.
const WRITE_ATTEMPTS: u32 = 5;
/// How often a server removes expired records.
const SWEEP_INTERVAL: Duration = Duration::from_mins(10);

#[derive(Debug)]
pub(crate) struct SharedExchanges {
    store: Arc<dyn Store>,
    /// When this server last removed what has expired, in Unix seconds.
    swept: AtomicU64,
}

/// What the servers tell each other of one login.
#[derive(Deserialize, Serialize)]
struct Record {
    /// The fingerprint of its code.
    code: String,
    /// Unix seconds.
    since: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    result: Option<SharedResult>,
}

impl Record {
    /// Zero if the clock of the server that wrote it is ahead.
    fn age(&self, now: SystemTime) -> Duration {
        Duration::from_secs(unix_seconds(now).saturating_sub(self.since))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum SharedResult {
    /// Nothing is left to replay.
    Ended,
    /// The server that has tried tells its visitor why; the others say that the login has been used.
    Failed,
    /// As WeChat wrote it, near enough.
    Token(serde_json::Value),
}

/// Who exchanges the code.
enum Claim {
    Acquired(Version),
    Done(Arc<Token>),
    Used,
}

impl SharedExchanges {
    pub(crate) fn new(store: Box<dyn Store>) -> Self {
        Self {
            store: store.into(),
            swept: AtomicU64::new(0),
        }
    }

    /// Exchanges the code, or waits for the server that does.
    pub(crate) async fn redeem(
        &self,
        client: &Client,
        state: &str,
        code: Code,
        now: SystemTime,
    ) -> Outcome {
        self.sweep(now);
        let key = key(state);
        let mut record = Record {
            code: Fingerprint::of(code.expose()).hex(),
            since: unix_seconds(now),
            result: None,
        };
        let version = match self.claim(&key, &record, now).await {
            Ok(Claim::Done(token)) => return Outcome::Repeat(token),
            Ok(Claim::Used) => return Outcome::Used,
            Ok(Claim::Acquired(version)) => Some(version),
            // A login on this server alone is better than none: WeChat itself takes a code once.
            Err(error) => {
                log(&error);
                None
            }
        };
        let outcome: Outcome = client.exchange(code).await.into();
        record.result = match &outcome {
            Outcome::Token(token) => Some(SharedResult::Token(token_json(token))),
            Outcome::Failed(error) if nothing_was_sent(error) => None,
            _ => Some(SharedResult::Failed),
        };
        if let Some(version) = version {
            self.publish(&key, version, &record).await;
        }
        outcome
    }

    /// The first to write has the code to exchange.
    async fn claim(&self, key: &str, mine: &Record, now: SystemTime) -> Result<Claim, StoreError> {
        for _ in 0..MAX_POLLS {
            let Some((_, found)) = self.read(key).await? else {
                match self.write(key, None, mine).await? {
                    Some(version) => return Ok(Claim::Acquired(version)),
                    None => continue,
                }
            };
            let same = bool::from(found.code.as_bytes().ct_eq(mine.code.as_bytes()));
            if !same || found.age(now) >= REPLAY_WINDOW {
                return Ok(Claim::Used);
            }
            match found.result {
                Some(SharedResult::Token(token)) => {
                    let token = serde_json::from_value(token).map_err(StoreError::new)?;
                    return Ok(Claim::Done(Arc::new(token)));
                }
                Some(SharedResult::Ended | SharedResult::Failed) => return Ok(Claim::Used),
                None => sleep(POLL_INTERVAL).await,
            }
        }
        Ok(Claim::Used)
    }

    /// Whether a result that this server has may still be repeated: no other server has ended it, and the login was used
    /// less than a minute ago. If the store fails, this server goes by what it knows itself.
    pub(crate) async fn may_repeat(&self, state: &str, now: SystemTime) -> bool {
        match self.read(&key(state)).await {
            Ok(Some((_, record))) => {
                record.age(now) < REPLAY_WINDOW
                    && !matches!(record.result, Some(SharedResult::Ended))
            }
            // The store could not be written when the login was used.
            Ok(None) => true,
            Err(error) => {
                log(&error);
                true
            }
        }
    }

    /// Tells the others; if nothing was sent to WeChat, that the login is unused.
    async fn publish(&self, key: &str, version: Version, record: &Record) {
        let written = if record.result.is_some() {
            self.write(key, Some(version), record).await.map(drop)
        } else {
            let removed = self.store.replace(key, Some(version), None);
            removed.await.map(drop)
        };
        if let Err(error) = written {
            log(&error);
        }
    }

    /// Ends the replay of these logins, all at once: a store that does not respond makes the log-out wait for one time-out.
    pub(crate) async fn end_replays(self: &Arc<Self>, states: Vec<String>) {
        let tasks = states.into_iter().map(|state| {
            let shared = Arc::clone(self);
            let end = async move { shared.end_replay(&key(&state)).await };
            tokio::spawn(end.in_current_span())
        });
        for task in tasks.collect::<Vec<_>>() {
            if let Ok(Err(error)) = task.await {
                log(&error);
            }
        }
    }

    /// Ends the replay of a login, if there is one. A login that has not been used stays unused, and is not kept.
    async fn end_replay(&self, key: &str) -> Result<(), StoreError> {
        for _ in 0..WRITE_ATTEMPTS {
            let Some((version, mut record)) = self.read(key).await? else {
                return Ok(());
            };
            record.result = Some(SharedResult::Ended);
            if self.write(key, Some(version), &record).await?.is_some() {
                return Ok(());
            }
        }
        Ok(())
    }

    async fn read(&self, key: &str) -> Result<Option<(Version, Record)>, StoreError> {
        let Some(found) = self.store.load(key).await? else {
            return Ok(None);
        };
        let record = serde_json::from_slice(found.expose()).map_err(StoreError::new)?;
        Ok(Some((found.version, record)))
    }

    /// The new version, if it was written.
    async fn write(
        &self,
        key: &str,
        current: Option<Version>,
        record: &Record,
    ) -> Result<Option<Version>, StoreError> {
        let version = Version::random()?;
        let value = serde_json::to_vec(record).map_err(StoreError::new)?;
        let expires = Duration::from_secs(record.since).saturating_add(USED_STATE_TTL);
        let expires = SystemTime::UNIX_EPOCH.checked_add(expires);
        let expires = expires.unwrap_or(SystemTime::UNIX_EPOCH);
        let record = weixin::Record::new(value, version, expires);
        let written = self.store.replace(key, current, Some(record)).await?;
        Ok(written.then_some(version))
    }

    /// Removes expired records now and then, beside the login that gave the occasion.
    fn sweep(&self, now: SystemTime) {
        let (seconds, swept) = (unix_seconds(now), self.swept.load(Ordering::Relaxed));
        if seconds.saturating_sub(swept) < SWEEP_INTERVAL.as_secs() {
            return;
        }
        let relaxed = Ordering::Relaxed;
        let won = self
            .swept
            .compare_exchange(swept, seconds, relaxed, relaxed);
        if won.is_err() {
            return;
        }
        let store = Arc::clone(&self.store);
        tokio::spawn(async move {
            if let Err(error) = store.remove_expired(now).await {
                log(&error);
            }
        });
    }
}

/// The state itself is kept nowhere.
fn key(state: &str) -> String {
    ["login/", &Fingerprint::of(state).hex()].concat()
}

/// One server that does not know of the others is no reason to reject a login.
fn log(error: &StoreError) {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(%error, cause, "the store of used logins failed: this server goes by what it knows itself");
}

fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

fn token_json(token: &Token) -> serde_json::Value {
    serde_json::json!({
        "access_token": token.access_token.expose(),
        "expires_in": token.expires_in.as_secs(),
        "refresh_token": token.refresh_token.expose(),
        "openid": token.openid,
        "scope": token.scope,
        "unionid": token.unionid,
        "is_snapshotuser": u8::from(token.is_snapshot_user()),
    })
}
