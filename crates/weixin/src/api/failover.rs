//! Sends calls: the host that is tried, the number of attempts, and the deadline.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use http::{Request, Response};

use super::request::{Call, Idempotency};
use crate::{
    clock::Clock,
    error::{ErrCode, Error},
    transport::{Endpoints, Origin, RetryPolicy, Transport, TransportError, TransportErrorKind},
};

/// How long a host is tried last after a failed connection.
const COOLDOWN: Duration = Duration::from_secs(60);

/// The hosts of WeChat's API, with the transport that reaches them.
#[derive(Debug)]
pub(crate) struct Hosts {
    pub(crate) endpoints: Endpoints,
    transport: Box<dyn Transport>,
    retry_policy: RetryPolicy,
    pub(crate) clock: Arc<dyn Clock>,
    /// The end of the cooldown of each host of the API.
    cooldowns: Mutex<Vec<Option<SystemTime>>>,
}

/// The reaction to a failed attempt.
#[derive(Debug, Eq, PartialEq)]
enum RetryAction {
    /// Try the next host at once: nothing was sent.
    NextHost,
    /// Try the next host after a pause.
    Backoff,
    GiveUp,
}

impl Hosts {
    pub(crate) fn new(
        endpoints: Endpoints,
        transport: Box<dyn Transport>,
        retry_policy: RetryPolicy,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let cooldowns = Mutex::new(vec![None; endpoints.api().len()]);
        Self {
            endpoints,
            transport,
            retry_policy,
            clock,
            cooldowns,
        }
    }

    /// The longest time that a call takes, attempts and pauses included.
    #[cfg(feature = "tokens")]
    pub(crate) fn longest_call(&self) -> Duration {
        let RetryPolicy {
            max_attempts,
            backoff,
            deadline,
        } = self.retry_policy;
        let timeout = self.transport.timeout();
        // The jitter makes a pause up to half as long again, and the last attempt starts one pause after the deadline.
        let pause = backoff.saturating_mul(3) / 2;
        let every_attempt = timeout.saturating_add(pause).saturating_mul(max_attempts);
        let until_deadline = deadline.saturating_add(pause).saturating_add(timeout);
        every_attempt.min(until_deadline)
    }

    /// Sends a call, and sends it again where that is harmless.
    pub(crate) async fn call<C: Call>(&self, call: &C) -> Result<C::Output, Error> {
        let started = self.clock.now();
        let outcome = self.attempts(call, started).await;
        #[cfg(feature = "metrics")]
        crate::metrics::record(C::PATH, &outcome, self.since(started));
        outcome.map_err(|error| match call.idempotency() {
            Idempotency::OneTime if error.may_have_used_code() => Error::OutcomeUnknown {
                path: C::PATH,
                source: Box::new(error),
            },
            _ => error,
        })
    }

    async fn attempts<C: Call>(&self, call: &C, started: SystemTime) -> Result<C::Output, Error> {
        let hosts = self.in_order();
        let mut hosts = hosts.iter().cycle();
        let mut attempt = 1;
        loop {
            let Some((index, host)) = hosts.next() else {
                return Err(TransportError::from(TransportErrorKind::Connect).into());
            };
            let error = match self.attempt(call, host).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            let action = retry_action(&error, call.idempotency());
            if action == RetryAction::NextHost {
                self.cool_down(*index);
            }
            if action == RetryAction::GiveUp
                || attempt == self.retry_policy.max_attempts
                || self.since(started) >= self.retry_policy.deadline
            {
                return Err(error);
            }
            attempt += 1;
            tracing::debug!(path = C::PATH, attempt, %error, "sent again");
            if action == RetryAction::Backoff {
                self.clock.sleep(jittered(self.retry_policy.backoff)).await;
            }
        }
    }

    async fn attempt<C: Call>(&self, call: &C, host: &Origin) -> Result<C::Output, Error> {
        let response = self.send(call.request(host)?).await?;
        call.parse(&response)
    }

    /// Sends one request, once.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        Ok(self.transport.send(request).await?)
    }

    /// The API's hosts with their indexes; those in their cooldown come last.
    fn in_order(&self) -> Vec<(usize, &Origin)> {
        let now = self.clock.now();
        let cooldowns = self
            .cooldowns
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let is_cooling = |index: &usize| cooldowns[*index].is_some_and(|until| now < until);
        let (last, first): (Vec<_>, Vec<_>) = self
            .endpoints
            .api()
            .iter()
            .enumerate()
            .partition(|(index, _)| is_cooling(index));
        first.into_iter().chain(last).collect()
    }

    fn cool_down(&self, index: usize) {
        let until = self.clock.now() + COOLDOWN;
        let mut cooldowns = self
            .cooldowns
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        cooldowns[index] = Some(until);
    }

    fn since(&self, started: SystemTime) -> Duration {
        self.clock.now().duration_since(started).unwrap_or_default()
    }
}

/// Decides whether a call is sent again.
fn retry_action(error: &Error, idempotency: Idempotency) -> RetryAction {
    let may_succeed = match error {
        Error::Transport(error) => match error.kind() {
            TransportErrorKind::Connect => return RetryAction::NextHost,
            TransportErrorKind::TooLarge => false,
            _ => true,
        },
        Error::Api(error) => error.code == ErrCode::BUSY,
        Error::Decode { .. } => true,
        Error::Status { status, .. } => *status >= 500,
        _ => false,
    };
    if may_succeed && idempotency == Idempotency::Idempotent {
        RetryAction::Backoff
    } else {
        RetryAction::GiveUp
    }
}

/// Half to one and a half times the pause, at random, so that callers that failed together do not return together.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [128];
    // Without random bytes it stays in the middle.
    let _ = getrandom::fill(&mut byte);
    pause / 2 + pause * u32::from(byte[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ApiError;

    #[test]
    fn a_call_is_sent_again_only_where_that_is_harmless() {
        let transport = |kind: TransportErrorKind| Error::from(TransportError::from(kind));
        let api = |code| Error::from(ApiError::new("/sns/auth", ErrCode(code), ""));
        let status = |status| Error::Status {
            path: "/sns/auth",
            status,
        };
        let garbage = Error::Decode {
            path: "/sns/auth",
            field: "body".to_owned(),
        };
        let [next_host, backoff, give_up] = [
            RetryAction::NextHost,
            RetryAction::Backoff,
            RetryAction::GiveUp,
        ];
        // error, idempotent, only if unsent, one-time
        for (error, expected) in [
            (transport(TransportErrorKind::Connect), [&next_host; 3]),
            (
                transport(TransportErrorKind::Timeout),
                [&backoff, &give_up, &give_up],
            ),
            (
                transport(TransportErrorKind::Other),
                [&backoff, &give_up, &give_up],
            ),
            (transport(TransportErrorKind::TooLarge), [&give_up; 3]),
            (garbage, [&backoff, &give_up, &give_up]),
            (status(502), [&backoff, &give_up, &give_up]),
            (status(404), [&give_up; 3]),
            (api(-1), [&backoff, &give_up, &give_up]),
            (api(45011), [&give_up; 3]),
            (api(40001), [&give_up; 3]),
        ] {
            let all = [
                Idempotency::Idempotent,
                Idempotency::OnlyIfUnsent,
                Idempotency::OneTime,
            ];
            let found = all.map(|idempotency| retry_action(&error, idempotency));
            assert_eq!(found.each_ref(), expected, "{error}");
        }
    }

    #[test]
    fn a_pause_is_half_as_long_to_half_as_long_again() {
        let second = Duration::from_secs(1);
        let pauses = std::iter::repeat_with(|| jittered(second)).take(100);
        assert!(
            pauses
                .into_iter()
                .all(|pause| (second / 2..=second * 3 / 2).contains(&pause))
        );
        assert_eq!(jittered(Duration::ZERO), Duration::ZERO);
    }
}
