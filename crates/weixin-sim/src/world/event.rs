//! The names of the steps of a login.

use serde::{Deserialize, Serialize};

/// Step of a login.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Event {
    Opened,
    Scanned,
    Canceled,
    Allowed,
    /// WeChat passed the code to an app on the phone.
    CodeGiven,
    Exchanged,
    /// A used code was sent again.
    CodeUsedAgain,
    Refreshed,
    Profile,
    Expired,
}
