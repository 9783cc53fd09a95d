//! How often a call is sent, and when that ends.

use std::time::Duration;

/// How often a call may be sent, and when that ends.
///
/// A call is sent again only where that can do no harm: any call whose connection was never made, since nothing
/// was sent; [`user`](crate::Client::user), [`check`](crate::Client::check) and
/// [`refresh`](crate::Client::refresh) also after a broken answer, an HTTP status of 500 or more, or errcode -1. A
/// code whose answer was lost is never sent again ([`Error::AnswerLost`](crate::Error::AnswerLost)).
///
/// ```
/// use std::time::Duration;
/// use weixin::Retries;
///
/// let patient = Retries::default().tries(5).deadline(Duration::from_secs(30));
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "pass it to `ClientBuilder::retries`"]
pub struct Retries {
    pub(crate) tries: u32,
    pub(crate) pause: Duration,
    pub(crate) deadline: Duration,
}

impl Retries {
    /// Sends each call once.
    pub fn none() -> Self {
        Self::default().tries(1)
    }

    /// Sends a call this often at the most, 1 to 10 times; without it, 3 times.
    pub fn tries(mut self, tries: u32) -> Self {
        self.tries = tries.clamp(1, 10);
        self
    }

    /// Waits about this long (half as long to half as long again, at random) before a call is sent again after an
    /// answer; without it, 200 milliseconds. After a connection that was never made, the next host is tried at once.
    pub fn pause(mut self, pause: Duration) -> Self {
        self.pause = pause;
        self
    }

    /// Begins no other try this long after the first; without it, 10 seconds. The last try may still take the time-out
    /// of the transport.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            tries: 3,
            pause: Duration::from_millis(200),
            deadline: Duration::from_secs(10),
        }
    }
}
