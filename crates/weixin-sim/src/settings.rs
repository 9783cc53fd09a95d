//! Settings of the HTTP layer and the clock.

use std::time::SystemTime;

use axum::http::HeaderValue;
use url::Url;

use crate::explanation::Explanations;

/// Settings that are fixed at the start and are not part of the world.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) frozen_at: Option<SystemTime>,
    pub(crate) strict_order: bool,
    /// Port that serves the long polls of QR pages only.
    pub(crate) poll_port: Option<u16>,
    /// Base URL under which browsers and phones reach the simulator.
    pub(crate) public_url: Option<Url>,
    /// Hosts under which the simulator can be reached, besides local ones.
    pub(crate) allowed_hosts: Vec<String>,
    /// Overrides WeChat's `text/plain`.
    pub(crate) token_content_type: Option<HeaderValue>,
    /// Shown beside error codes.
    pub(crate) explanations: Explanations,
}

impl Settings {
    /// Settings of a further world, on this port.
    pub(crate) fn for_world(&self, port: u16) -> Self {
        let mut settings = self.clone();
        // It serves the first world.
        settings.poll_port = None;
        if let Some(url) = &mut settings.public_url {
            // Cannot fail: it is an HTTP URL.
            let _ = url.set_port(Some(port));
        }
        settings
    }
}
