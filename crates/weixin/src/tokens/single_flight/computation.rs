//! A computation under a lease, and the result in its record.

use std::time::SystemTime;

use tokio::time::{sleep, timeout};
use tracing::{Instrument, instrument};

use super::{
    Renewable, SingleFlight,
    cache::Cached,
    lease::{LeaseWatch, Next, POLL_INTERVAL, unknown_outcome},
    records::Leased,
    settings::Mode,
};
use crate::{error::Error, store::Version};

/// Attempts to write a result.
const WRITE_ATTEMPTS: u32 = 3;

/// The right to compute, by a lease that was written.
pub(super) struct Turn<'a, V> {
    pub(super) key: &'a str,
    pub(super) version: Version,
    pub(super) previous: Option<V>,
    pub(super) rejected: Option<&'a V>,
}

/// The end of a computation.
enum End<V> {
    Returned(Result<V, Error>),
    /// It panicked, or took longer than the lease.
    Interrupted,
}

/// The result of a write under a lease.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Written {
    Yes,
    /// Another server has written or removed the record in the meantime.
    Superseded,
    /// The store rejects writes. The lease is still there, and expires by itself.
    Failed,
    /// The store can be neither written nor read: the key may have been removed.
    Unknown,
}

impl<V: Renewable> SingleFlight<V> {
    /// Computes under the lease, and writes the result.
    #[instrument(name = "weixin.renew", skip_all, fields(key = turn.key), err(level = "debug"))]
    pub(super) async fn compute<I, F>(&self, turn: Turn<'_, V>, init: I) -> Result<Cached<V>, Error>
    where
        I: FnOnce(Option<V>) -> F + Send + 'static,
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        match self.run(turn.previous.clone(), init).await {
            End::Returned(Ok(value)) => self.succeeded(turn, value).await,
            End::Returned(Err(error)) => self.failed(turn, error).await,
            End::Interrupted if self.settings.mode == Mode::Once => {
                // The lease ends now, and the record stays: the computation may have taken effect.
                let lease_ends = Some(self.now());
                let leased = Leased {
                    lease_ends,
                    value: None,
                };
                self.finish(&turn, Some(&leased)).await;
                Err(unknown_outcome())
            }
            End::Interrupted => self.failed(turn, Error::StoreBusy).await,
        }
    }

    /// Runs the computation as a task of its own, so that a panic is an outcome, and a late one can be canceled.
    async fn run<I, F>(&self, previous: Option<V>, init: I) -> End<V>
    where
        I: FnOnce(Option<V>) -> F + Send + 'static,
        F: Future<Output = Result<V, Error>> + Send + 'static,
    {
        let computation = async move { init(previous).await };
        let task = tokio::spawn(computation.in_current_span());
        let abort = task.abort_handle();
        let reason = match timeout(self.settings.lease, task).await {
            Ok(Ok(outcome)) => return End::Returned(outcome),
            // The panic's message may contain a secret: it is not logged.
            Ok(Err(_)) => "it panicked",
            Err(_) => "it took longer than its lease",
        };
        abort.abort();
        tracing::error!(reason, "a computation was interrupted");
        End::Interrupted
    }

    async fn succeeded(&self, turn: Turn<'_, V>, value: V) -> Result<Cached<V>, Error> {
        let since = self.now();
        let leased = Leased::free(value.clone());
        match self.finish(&turn, Some(&leased)).await {
            Written::Superseded => self.read_again(turn, None).await,
            // A value that could not be written is used all the same: WeChat has invalidated the previous one.
            written => Ok(self.cached_if_known(value, since, written)),
        }
    }

    async fn failed(&self, turn: Turn<'_, V>, error: Error) -> Result<Cached<V>, Error> {
        let since = self.now();
        // In `Once` an error frees the key. If a login is needed, the previous value is of no more use.
        let is_worthless = self.settings.mode == Mode::Once || error.needs_login();
        let kept = turn.previous.clone().filter(|_| !is_worthless);
        let leased = kept.clone().map(Leased::free);
        let written = self.finish(&turn, leased.as_ref()).await;
        if written == Written::Superseded {
            return self.read_again(turn, Some(error)).await;
        }
        match kept {
            Some(value) if Some(&value) != turn.rejected && self.now() < value.expires_at() => {
                Ok(self.cached_if_known(value, since, written))
            }
            _ => Err(error),
        }
    }

    /// For the waiting callers only, if the key may have been removed: later callers read the store.
    fn cached_if_known(&self, value: V, since: SystemTime, written: Written) -> Cached<V> {
        let mut cached = self.cached(value, since);
        if written == Written::Unknown {
            cached.until = since;
        }
        cached
    }

    /// Another server has written or removed the record during the computation. Its value is the newer one; without one,
    /// the key was removed, and this computation's value is dropped.
    async fn read_again(
        &self,
        turn: Turn<'_, V>,
        error: Option<Error>,
    ) -> Result<Cached<V>, Error> {
        // WeChat no longer accepts the previous value, although another server may have written it again.
        let worthless = error.as_ref().is_some_and(Error::needs_login);
        let invalid = turn.previous.filter(|_| worthless);
        let is_rejected =
            |value: &V| turn.rejected == Some(value) || invalid.as_ref() == Some(value);
        let mut watch = LeaseWatch::new(self.settings.lease);
        while watch.has_time() {
            let since = self.now();
            let Some(found) = self.shared.records.load(turn.key).await? else {
                return Err(error.unwrap_or(self.removed()));
            };
            match Next::after(
                Some(found),
                is_rejected,
                &mut watch,
                self.settings.mode,
                self.now(),
            ) {
                Next::Use(value) => return Ok(self.cached(value, since)),
                Next::Wait => sleep(POLL_INTERVAL).await,
                Next::Fail(other) => return Err(error.unwrap_or(other)),
                // There is a newer value, which must be renewed first: the same call may succeed.
                Next::Compute {
                    previous: Some(value),
                    ..
                } if !is_rejected(&value) => return Err(Error::StoreBusy),
                // The record has nothing better than what was rejected.
                Next::Compute { .. } => break,
            }
        }
        Err(error.unwrap_or(Error::StoreBusy))
    }

    fn removed(&self) -> Error {
        match self.settings.mode {
            Mode::Renew => Error::LoginExpired,
            Mode::Fetch | Mode::Once => Error::StoreBusy,
        }
    }

    /// Writes or removes the record in place of the lease, with several attempts.
    async fn finish(&self, turn: &Turn<'_, V>, leased: Option<&Leased<V>>) -> Written {
        for _ in 0..WRITE_ATTEMPTS {
            let written = match leased {
                Some(leased) => {
                    let written = self.write(turn.key, Some(turn.version), leased).await;
                    written.map(|version| version.is_some())
                }
                None => self.shared.records.remove(turn.key, turn.version).await,
            };
            match written {
                Ok(true) => return Written::Yes,
                Ok(false) => return Written::Superseded,
                // It may have been written all the same: then the next attempt finds it in place of the lease, and it is
                // read again.
                Err(_) => sleep(POLL_INTERVAL).await,
            }
        }
        match self.shared.records.version(turn.key).await {
            Ok(Some(version)) if version == turn.version => Written::Failed,
            Ok(_) => Written::Superseded,
            Err(_) => Written::Unknown,
        }
    }
}
