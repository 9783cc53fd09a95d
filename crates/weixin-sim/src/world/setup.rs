//! Initial state of a world.

use super::{app::App, desktop::Desktop, user::User};
use crate::lifetimes::Lifetimes;

/// Apps, users and rules, restored by a reset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    pub(crate) apps: Vec<App>,
    pub(crate) users: Vec<User>,
    pub(crate) desktop: Option<Desktop>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) seed: Option<u64>,
    /// Calls that exceed a quota are rejected.
    pub(crate) enforces_quotas: bool,
}
