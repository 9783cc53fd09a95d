//! WeChat for PC on the machine of the browser: the login page asks it, and its owner need not scan (facts 8.2).

use serde::{Deserialize, Serialize};

/// What the owner does when a page asks.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DesktopAnswer {
    /// Says yes at once.
    #[default]
    Allow,
    /// Is asked: on the simulated phone, where the login waits like a QR code.
    Ask,
    /// Says no (10050).
    Refuse,
    /// Does not answer (10046), for which nobody has to wait here.
    Ignore,
    /// The app may be logged in to by scanning only (10057).
    ScanOnly,
}

/// WeChat for PC, running.
#[derive(Clone, Debug)]
pub(crate) struct Desktop {
    /// The id of its owner.
    pub(crate) user: String,
    pub(crate) answer: DesktopAnswer,
}
