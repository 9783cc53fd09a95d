//! The state of the demo.

use std::sync::Arc;

use weixin_sim::Sim;

use super::{relying_party::RelyingParty, visits::Visits};

/// What the handlers share.
#[derive(Clone)]
pub(super) struct Site(pub(super) Arc<Shared>);

pub(super) struct Shared {
    pub(super) client: RelyingParty,
    pub(super) visits: Visits,
    /// WeChat, whose log is shown.
    pub(super) sim: Sim,
}
