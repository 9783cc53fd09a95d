//! Sends calls: to which of WeChat's hosts, how often, and until when.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use http::{Request, Response};

use super::request::{Call, Repeat};
use crate::{
    Clock, Endpoints, ErrCode, Error, Origin, Retries, Transport, TransportError,
    TransportErrorKind,
};

/// How long a host is passed over that could not be connected to.
const SKIPPED: Duration = Duration::from_mins(1);

#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) endpoints: Endpoints,
    pub(crate) transport: Box<dyn Transport>,
    pub(crate) retries: Retries,
    pub(crate) clock: Arc<dyn Clock>,
    /// Until when each host of the API is passed over.
    skipped: Mutex<Vec<Option<SystemTime>>>,
}

/// What a failed try is followed by.
#[derive(Debug, Eq, PartialEq)]
enum Next {
    /// The next host, at once: nothing was sent.
    Elsewhere,
    /// The next host, after a pause.
    Later,
    Nothing,
}

impl Network {
    pub(crate) fn new(
        endpoints: Endpoints,
        transport: Box<dyn Transport>,
        retries: Retries,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let skipped = Mutex::new(vec![None; endpoints.api().len()]);
        Self {
            endpoints,
            transport,
            retries,
            clock,
            skipped,
        }
    }

    /// The longest time that a call takes, attempts and pauses included.
    #[cfg(feature = "vault")]
    pub(crate) fn longest_call(&self) -> Duration {
        let Retries {
            tries,
            pause,
            deadline,
        } = self.retries;
        let timeout = self.transport.timeout();
        // A pause is up to half as long again, and the last attempt begins by the deadline and one pause.
        let pause = pause.saturating_mul(3) / 2;
        let every_attempt = timeout.saturating_add(pause).saturating_mul(tries);
        let until_deadline = deadline.saturating_add(pause).saturating_add(timeout);
        every_attempt.min(until_deadline)
    }

    /// Sends a call, as often as it may be sent and helps.
    pub(crate) async fn call<C: Call>(&self, call: &C) -> Result<C::Output, Error> {
        let began = self.clock.now();
        let outcome = self.tries(call, began).await;
        #[cfg(feature = "metrics")]
        crate::metrics::record(C::PATH, &outcome, self.since(began));
        outcome.map_err(|error| match call.repeat() {
            Repeat::SpendsCode if error.may_have_spent_the_code() => {
                Error::AnswerLost(Box::new(error))
            }
            _ => error,
        })
    }

    async fn tries<C: Call>(&self, call: &C, began: SystemTime) -> Result<C::Output, Error> {
        let hosts = self.hosts();
        let mut hosts = hosts.iter().cycle();
        let mut tries = 1;
        loop {
            let Some((index, host)) = hosts.next() else {
                return Err(TransportError::from(TransportErrorKind::Connect).into());
            };
            let error = match self.attempt(call, host).await {
                Ok(output) => return Ok(output),
                Err(error) => error,
            };
            let next = next(&error, call.repeat());
            if next == Next::Elsewhere {
                self.skip(*index);
            }
            if next == Next::Nothing
                || tries == self.retries.tries
                || self.since(began) >= self.retries.deadline
            {
                return Err(error);
            }
            tries += 1;
            tracing::debug!(path = C::PATH, tries, %error, "sent again");
            if next == Next::Later {
                self.transport.pause(jittered(self.retries.pause)).await;
            }
        }
    }

    async fn attempt<C: Call>(&self, call: &C, host: &Origin) -> Result<C::Output, Error> {
        let response = self.send(call.request(host)?).await?;
        call.parse(&response)
    }

    /// One request, once.
    pub(crate) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Error> {
        Ok(self.transport.send(request).await?)
    }

    /// The API's hosts with their places, those that are passed over last.
    fn hosts(&self) -> Vec<(usize, &Origin)> {
        let now = self.clock.now();
        let skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        let is_skipped = |index: &usize| skipped[*index].is_some_and(|until| now < until);
        let (last, first): (Vec<_>, Vec<_>) = self
            .endpoints
            .api()
            .iter()
            .enumerate()
            .partition(|(index, _)| is_skipped(index));
        first.into_iter().chain(last).collect()
    }

    fn skip(&self, index: usize) {
        let until = self.clock.now() + SKIPPED;
        let mut skipped = self.skipped.lock().unwrap_or_else(PoisonError::into_inner);
        skipped[index] = Some(until);
    }

    fn since(&self, began: SystemTime) -> Duration {
        self.clock.now().duration_since(began).unwrap_or_default()
    }
}

/// The table of what is sent again.
fn next(error: &Error, repeat: Repeat) -> Next {
    let broken = match error {
        Error::Transport(error) => match error.kind() {
            TransportErrorKind::Connect => return Next::Elsewhere,
            TransportErrorKind::TooLarge => false,
            _ => true,
        },
        Error::Api(error) => error.code == ErrCode::BUSY,
        Error::Decode { .. } => true,
        Error::Status { status, .. } => *status >= 500,
        _ => false,
    };
    if broken && repeat == Repeat::Harmless {
        Next::Later
    } else {
        Next::Nothing
    }
}

/// From half of it to half as much again, so that callers who failed together do not return together.
fn jittered(pause: Duration) -> Duration {
    let mut byte = [128];
    // Without random bytes it is the middle.
    let _ = getrandom::fill(&mut byte);
    pause / 2 + pause * u32::from(byte[0]) / 255
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ApiError;

    #[test]
    fn only_what_can_do_no_harm_is_sent_again() {
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
        let [elsewhere, later, nothing] = [Next::Elsewhere, Next::Later, Next::Nothing];
        // error, harmless, costly, spends a code
        for (error, expected) in [
            (transport(TransportErrorKind::Connect), [&elsewhere; 3]),
            (
                transport(TransportErrorKind::Timeout),
                [&later, &nothing, &nothing],
            ),
            (
                transport(TransportErrorKind::Other),
                [&later, &nothing, &nothing],
            ),
            (transport(TransportErrorKind::TooLarge), [&nothing; 3]),
            (garbage, [&later, &nothing, &nothing]),
            (status(502), [&later, &nothing, &nothing]),
            (status(404), [&nothing; 3]),
            (api(-1), [&later, &nothing, &nothing]),
            (api(45011), [&nothing; 3]),
            (api(40001), [&nothing; 3]),
        ] {
            let repeats = [Repeat::Harmless, Repeat::Costly, Repeat::SpendsCode];
            let found = repeats.map(|repeat| next(&error, repeat));
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
