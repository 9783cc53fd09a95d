//! The state of the site.

use std::sync::Arc;

use weixin::Website;

use super::sessions::Sessions;

/// The state that the handlers share.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) website: Website,
    pub(super) sessions: Arc<Sessions>,
    /// The origin of the callback, to which its cookies belong.
    pub(super) origin: Arc<str>,
    /// The origin of the simulator, which has the dashboard.
    pub(super) simulator: Arc<str>,
}

impl Site {
    pub(super) fn new(website: Website, origin: &str, simulator: &str) -> Self {
        Self {
            website,
            sessions: Arc::default(),
            origin: origin.into(),
            simulator: simulator.into(),
        }
    }
}
