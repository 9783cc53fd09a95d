//! WeChat for PC on the browser's machine: fast login without scanning (docs/wechat.md#fast-login).

use serde::{Deserialize, Serialize};

/// How the user of WeChat for PC reacts to a fast login.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum DesktopAnswer {
    /// Allows at once.
    #[default]
    Allow,
    /// Is asked on the simulated phone, where the login waits like a QR code.
    Ask,
    /// Denies (10050).
    Refuse,
    /// Does not react (10046); the simulator returns the timeout at once.
    Ignore,
    /// The app allows scanning only (10057).
    ScanOnly,
}

/// WeChat for PC while it runs.
#[derive(Clone, Debug)]
pub(crate) struct Desktop {
    /// ID of the user who is logged in.
    pub(crate) user: String,
    pub(crate) answer: DesktopAnswer,
}
