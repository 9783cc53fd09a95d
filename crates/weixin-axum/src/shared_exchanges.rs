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
use tokio::time::{sleep, timeout};
use tracing::Instrument;
use weixin::{
    Client, Code, Token,
    error::StoreError,
    store::{self, Store, StoreFuture, Version},
};

use crate::{
    exchange_once::{Fingerprint, Outcome, USED_STATE_TTL, nothing_was_sent},
    shared_token::SharedToken,
    state_cookie::REPLAY_WINDOW,
};

/// Time for one call of the store: one that hangs must not keep users from logging in or out.
const STORE_TIMEOUT: Duration = Duration::from_secs(2);
/// Poll interval and limit while another server exchanges: 15 seconds in total, longer than one call can take.
const POLL_INTERVAL: Duration = Duration::from_millis(50);
const MAX_POLLS: u32 = 300;
/// Attempts of a change that another server has overtaken.
const WRITE_ATTEMPTS: u32 = 5;
/// Interval at which a server removes expired records.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10 * 60);

#[derive(Debug)]
pub(crate) struct SharedExchanges {
    store: Arc<dyn Store>,
    /// The last removal of expired records by this server, in Unix seconds.
    swept: AtomicU64,
}

/// The record of one login, which all servers share.
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
    /// The time since the login was used; zero if the clock of the server that wrote it is ahead.
    fn age(&self, now: SystemTime) -> Duration {
        Duration::from_secs(unix_seconds(now).saturating_sub(self.since))
    }
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum SharedResult {
    /// Nothing is left to replay.
    Ended,
    /// The server that tried shows the reason; the others show that the login was used.
    Failed,
    Token(SharedToken),
}

/// The right to exchange the code.
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
    pub(crate) async fn exchange(
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
            Outcome::Token(token) => Some(SharedResult::Token(SharedToken::of(token))),
            Outcome::Failed(error) if nothing_was_sent(error) => None,
            _ => Some(SharedResult::Failed),
        };
        if let Some(version) = version {
            self.publish(&key, version, &record).await;
        }
        outcome
    }

    /// Claims the code: the first server to write exchanges it.
    async fn claim(&self, key: &str, mine: &Record, now: SystemTime) -> Result<Claim, StoreError> {
        for _ in 0..MAX_POLLS {
            let Some((_, found)) = self.read(key).await? else {
                match self.write(key, None, mine).await? {
                    Some(version) => return Ok(Claim::Acquired(version)),
                    // Another server was faster: its record decides.
                    None => continue,
                }
            };
            let same = bool::from(found.code.as_bytes().ct_eq(mine.code.as_bytes()));
            if !same || found.age(now) >= REPLAY_WINDOW {
                return Ok(Claim::Used);
            }
            match found.result {
                Some(SharedResult::Token(token)) => {
                    let token = token.into_token().map_err(StoreError::new)?;
                    return Ok(Claim::Done(Arc::new(token)));
                }
                Some(SharedResult::Ended | SharedResult::Failed) => return Ok(Claim::Used),
                None => sleep(POLL_INTERVAL).await,
            }
        }
        // The other server has stopped, and may have used the code.
        Ok(Claim::Used)
    }

    /// Returns `true` if a result of this server may be repeated: no other server has ended it, and the login was used less
    /// than a minute ago. If the store fails, this server decides alone.
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

    /// Shares the result; without one, since nothing was sent to WeChat, the login is unused.
    async fn publish(&self, key: &str, version: Version, record: &Record) {
        // No second attempt if the version has changed: a log-out has ended the replay in the meantime.
        let written = if record.result.is_some() {
            self.write(key, Some(version), record).await.map(drop)
        } else {
            let removed = in_time(self.store.compare_exchange(key, Some(version), None));
            removed.await.map(drop)
        };
        if let Err(error) = written {
            log(&error);
        }
    }

    /// Ends the replay of these logins, all at once, so that a store that does not respond delays a log-out by one time-out.
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
        let Some(found) = in_time(self.store.load(key)).await? else {
            return Ok(None);
        };
        let record = serde_json::from_slice(found.expose()).map_err(StoreError::new)?;
        Ok(Some((found.version(), record)))
    }

    /// Returns the new version, unless another server was faster.
    async fn write(
        &self,
        key: &str,
        current: Option<Version>,
        record: &Record,
    ) -> Result<Option<Version>, StoreError> {
        let version = Version::random().map_err(StoreError::new)?;
        let value = serde_json::to_vec(record).map_err(StoreError::new)?;
        let expires = Duration::from_secs(record.since).saturating_add(USED_STATE_TTL);
        let expires = SystemTime::UNIX_EPOCH.checked_add(expires);
        let expires = expires.unwrap_or(SystemTime::UNIX_EPOCH);
        let record = store::Record::new(value, version, expires);
        let written = self.store.compare_exchange(key, current, Some(record));
        let written = in_time(written).await?;
        Ok(written.then_some(version))
    }

    /// Removes expired records, in a task beside the login.
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

/// The result of a call of the store, which is given up after a while.
async fn in_time<T>(call: StoreFuture<'_, T>) -> Result<T, StoreError> {
    let result = timeout(STORE_TIMEOUT, call).await;
    result.unwrap_or_else(|_| {
        Err(StoreError::new(
            "the store did not respond within 2 seconds",
        ))
    })
}

/// The state itself is not stored.
fn key(state: &str) -> String {
    ["login/", &Fingerprint::of(state).hex()].concat()
}

/// A failing store is no reason to reject a login.
fn log(error: &StoreError) {
    let cause = error.source().map(ToString::to_string).unwrap_or_default();
    tracing::warn!(%error, cause, "the store of used logins failed: this server decides alone");
}

fn unix_seconds(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap_or_default().as_secs()
}

#[cfg(test)]
mod tests {
    use std::future::pending;

    use http::Response;
    use weixin::{AppSecret, Website, store::Record as Stored, transport};

    use super::*;

    /// A store behind a connection that was lost, or a table that is locked.
    #[derive(Debug)]
    struct Hangs;

    impl Store for Hangs {
        fn load<'a>(&'a self, _: &'a str) -> StoreFuture<'a, Option<Stored>> {
            Box::pin(pending())
        }

        fn compare_exchange<'a>(
            &'a self,
            _: &'a str,
            _: Option<Version>,
            _: Option<Stored>,
        ) -> StoreFuture<'a, bool> {
            Box::pin(pending())
        }

        fn remove_expired(&self, _: SystemTime) -> StoreFuture<'_, ()> {
            Box::pin(pending())
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_does_not_respond_stops_neither_a_login_nor_a_repeat_nor_a_log_out() {
        let body = r#"{"access_token":"a","expires_in":7200,"refresh_token":"r","openid":"oA","scope":"snsapi_login"}"#;
        let wechat = transport::from_fn(async move |_| Ok(Response::new(body.into())));
        let secret = AppSecret::new("s").unwrap();
        let website = Website::builder("wx0123456789abcdef".parse().unwrap(), secret);
        let website = website.build_with(wechat);
        let shared = Arc::new(SharedExchanges::new(Box::new(Hangs)));
        let begin = tokio::time::Instant::now();
        let (now, code) = (SystemTime::UNIX_EPOCH, Code::new("071").unwrap());
        let outcome = shared.exchange(website.client(), "state", code, now).await;
        assert!(matches!(outcome, Outcome::Token(_)), "{outcome:?}");
        assert!(shared.may_repeat("state", now).await);
        shared.end_replays(vec!["state".to_owned(); 20]).await;
        assert_eq!(begin.elapsed().as_secs(), 3 * STORE_TIMEOUT.as_secs());
    }
}
