//! Initial state of a world.

use std::time::Duration;

use super::{app::App, app_kind::AppKind, auto_allow::Answering, desktop::Desktop, user::User};
use crate::{lifetimes::Lifetimes, lint::rule::Rule, variants::Variants};

/// Apps, users and rules, restored by a reset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Setup {
    /// ID of the world; `None` for the simulator's first one.
    pub(crate) world: Option<String>,
    pub(crate) apps: Vec<App>,
    pub(crate) users: Vec<User>,
    pub(crate) desktop: Option<Desktop>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) seed: Option<u64>,
    /// Calls that exceed a quota are rejected.
    pub(crate) enforces_quotas: bool,
    pub(crate) variants: Variants,
    /// Answer to logins of all apps.
    pub(crate) auto_allow: Answering,
    /// Rules whose findings do not fail a test run.
    pub(crate) accepted: Vec<Rule>,
}

impl Setup {
    /// Lifetime of a code for an app of this kind.
    pub(super) fn code_lifetime(&self, kind: AppKind) -> Duration {
        match kind {
            AppKind::Website | AppKind::MobileApp => self.lifetimes.code,
            AppKind::OfficialAccount | AppKind::MiniProgram => self.lifetimes.short_code,
        }
    }
}
