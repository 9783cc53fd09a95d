//! What a world begins with.

use super::{app::App, desktop::Desktop, user::User};
use crate::lifetimes::Lifetimes;

/// Apps, users and rules, as they are again after a reset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) apps: Vec<App>,
    pub(crate) users: Vec<User>,
    pub(crate) desktop: Option<Desktop>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) seed: Option<u64>,
    /// Whether one call too many is refused.
    pub(crate) enforces_quotas: bool,
}
