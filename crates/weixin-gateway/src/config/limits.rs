//! How much the gateway does and keeps for visitors who have not logged in.

use serde::Deserialize;

/// The table `[limits]`.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// The most authorization requests that wait for WeChat at one time. Beyond it new logins get a page, while sessions and
    /// tokens go on.
    pub(crate) waiting_requests: u32,
    /// The most of them that one address can add in a minute. Many users behind one carrier share an address, so the number
    /// is large. Zero: no limit.
    pub(crate) logins_per_minute: u32,
    /// The most requests of one client from one address that fail in a minute, such as those with a wrong secret or an
    /// unknown code. Zero: no limit.
    pub(crate) failures_per_minute: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            waiting_requests: 200_000,
            logins_per_minute: 300,
            failures_per_minute: 60,
        }
    }
}
