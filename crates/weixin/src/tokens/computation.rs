//! A computation under a lease, and what becomes of its record.

use std::time::SystemTime;

use tokio::time::{sleep, timeout};
use tracing::{Instrument, instrument};

use super::{
    Renewable, SingleFlight, VaultError,
    cache::Cached,
    flight::{LeaseWatch, Next, POLL_INTERVAL},
    records::Leased,
    single_flight::Mode,
};
use crate::Version;

/// How often a result is written before that is given up.
const WRITE_ATTEMPTS: u32 = 3;

/// The right to compute, and what is to be known of it.
pub(super) struct Turn<'a, V> {
    pub(super) key: &'a str,
    pub(super) version: Version,
    pub(super) previous: Option<V>,
    pub(super) rejected: Option<&'a V>,
}

/// How a computation ended.
enum End<V> {
    Returned(Result<V, VaultError>),
    /// It panicked, or has taken longer than the lease.
    Interrupted,
}

/// What became of a record that was written under a lease.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Written {
    Yes,
    /// Someone else has written or removed it in the meantime.
    Superseded,
    /// The store rejects writes. The lease is still there, and ends by itself.
    Failed,
    /// The store can be neither written nor read: the key may have been removed.
    Unknown,
}

impl<V: Renewable> SingleFlight<V> {
    /// Has the lease: computes, and writes the result.
    #[instrument(name = "weixin.renew", skip_all, fields(key = turn.key), err(level = "debug"))]
    pub(super) async fn compute<I, F>(
        &self,
        turn: Turn<'_, V>,
        init: I,
    ) -> Result<Cached<V>, VaultError>
    where
        I: FnOnce(Option<V>) -> F + Send + 'static,
        F: Future<Output = Result<V, VaultError>> + Send + 'static,
    {
        match self.run(turn.previous.clone(), init).await {
            End::Returned(Ok(value)) => self.succeeded(turn, value).await,
            End::Returned(Err(error)) => self.failed(turn, error).await,
            End::Interrupted if self.settings.mode == Mode::Once => {
                // The lease ends at once, and the record stays: it may have happened.
                let lease_ends = Some(self.now());
                let leased = Leased {
                    lease_ends,
                    value: None,
                };
                self.finish(&turn, Some(&leased)).await;
                Err(VaultError::OutcomeUnknown)
            }
            End::Interrupted => self.failed(turn, VaultError::Busy).await,
        }
    }

    /// A task of its own, so that a panic is an outcome, and so that nothing of it is left when its time is over.
    async fn run<I, F>(&self, previous: Option<V>, init: I) -> End<V>
    where
        I: FnOnce(Option<V>) -> F + Send + 'static,
        F: Future<Output = Result<V, VaultError>> + Send + 'static,
    {
        let computation = async move { init(previous).await };
        let task = tokio::spawn(computation.in_current_span());
        let abort = task.abort_handle();
        let reason = match timeout(self.settings.lease, task).await {
            Ok(Ok(outcome)) => return End::Returned(outcome),
            // What it panicked with may hold a secret.
            Ok(Err(_)) => "it panicked",
            Err(_) => "it took longer than its lease",
        };
        abort.abort();
        tracing::error!(reason, "a computation was interrupted");
        End::Interrupted
    }

    async fn succeeded(&self, turn: Turn<'_, V>, value: V) -> Result<Cached<V>, VaultError> {
        let since = self.now();
        let leased = Leased::free(value.clone());
        match self.finish(&turn, Some(&leased)).await {
            Written::Superseded => self.look_again(turn, None).await,
            // What could not be written is used all the same: WeChat has made the previous one invalid.
            written => Ok(self.cached_if_known(value, since, written)),
        }
    }

    async fn failed(&self, turn: Turn<'_, V>, error: VaultError) -> Result<Cached<V>, VaultError> {
        let since = self.now();
        let is_worthless = self.settings.mode == Mode::Once || error.needs_login();
        let kept = turn.previous.clone().filter(|_| !is_worthless);
        let leased = kept.clone().map(Leased::free);
        let written = self.finish(&turn, leased.as_ref()).await;
        if written == Written::Superseded {
            return self.look_again(turn, Some(error)).await;
        }
        match kept {
            Some(value) if Some(&value) != turn.rejected && self.now() < value.expires_at() => {
                Ok(self.cached_if_known(value, since, written))
            }
            _ => Err(error),
        }
    }

    /// For those who wait only, if the key may have been removed: later callers look into the store.
    fn cached_if_known(&self, value: V, since: SystemTime, written: Written) -> Cached<V> {
        let mut cached = self.cached(value, since);
        if written == Written::Unknown {
            cached.until = since;
        }
        cached
    }

    /// Someone else has written or removed the record during the computation. Their value is the newer one; if there is
    /// none, the key was removed, and the own value is not brought back.
    async fn look_again(
        &self,
        turn: Turn<'_, V>,
        error: Option<VaultError>,
    ) -> Result<Cached<V>, VaultError> {
        let worthless = error.as_ref().is_some_and(VaultError::needs_login);
        let refused = turn.previous.filter(|_| worthless);
        let is_rejected =
            |value: &V| turn.rejected == Some(value) || refused.as_ref() == Some(value);
        let mut watch = LeaseWatch::new(self.settings.lease);
        while watch.has_time() {
            let since = self.now();
            let Some(found) = self.shared.records.load(turn.key).await? else {
                return Err(error.unwrap_or(VaultError::Unknown));
            };
            match self.next(Some(found), is_rejected, &mut watch) {
                Next::Use(value) => return Ok(self.cached(value, since)),
                Next::Wait => sleep(POLL_INTERVAL).await,
                Next::Fail(other) => return Err(error.unwrap_or(other)),
                // There is a newer one, and it has to be renewed first: the same call may succeed.
                Next::Compute {
                    previous: Some(value),
                    ..
                } if !is_rejected(&value) => return Err(VaultError::Busy),
                Next::Compute { .. } => break,
            }
        }
        Err(error.unwrap_or(VaultError::Busy))
    }

    /// Writes or removes the record in place of the lease, with patience.
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
