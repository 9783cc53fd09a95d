//! The number of attempts of a call, and the deadline.

use std::time::Duration;

/// How often a call may be sent, and until when.
///
/// A call is sent again only where that is harmless: any call whose connection was never made, since nothing was sent;
/// [`user`](crate::Client::user), [`check`](crate::Client::check) and [`refresh`](crate::Client::refresh) also after a
/// broken response, an HTTP status of 500 or more, or errcode -1. A code whose response was lost is never sent again
/// ([`Error::OutcomeUnknown`](crate::Error::OutcomeUnknown)).
///
/// ```
/// use std::time::Duration;
/// use weixin::transport::RetryPolicy;
///
/// let patient = RetryPolicy::default().max_attempts(5).deadline(Duration::from_secs(30));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "pass it to `AppBuilder::retry_policy`"]
pub struct RetryPolicy {
    pub(crate) max_attempts: u32,
    pub(crate) backoff: Duration,
    pub(crate) deadline: Duration,
}

impl RetryPolicy {
    /// Sends each call once.
    pub fn none() -> Self {
        Self::default().max_attempts(1)
    }

    /// Sets the most attempts of a call, from 1 to 10; by default 3.
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.clamp(1, 10);
        self
    }

    /// Sets the pause before a call is sent again after a response; by default 200 milliseconds. The pause is half to one
    /// and a half times as long, at random. After a failed connection, the next host is tried at once.
    pub fn backoff(mut self, backoff: Duration) -> Self {
        self.backoff = backoff;
        self
    }

    /// Sets the time after the first attempt in which another may start; by default 10 seconds. The last attempt may take
    /// the transport's time-out longer.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 3,
            backoff: Duration::from_millis(200),
            deadline: Duration::from_secs(10),
        }
    }
}
