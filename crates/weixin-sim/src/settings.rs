//! Settings of the HTTP layer and the clock.

use std::time::SystemTime;

use axum::http::HeaderValue;

use crate::explanation::Explanations;

/// Settings that are fixed at the start and are not part of the world.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) frozen_at: Option<SystemTime>,
    pub(crate) auto_allow: bool,
    pub(crate) strict_order: bool,
    /// Hosts under which the simulator can be reached, besides local ones.
    pub(crate) allowed_hosts: Vec<String>,
    /// Overrides WeChat's `text/plain`.
    pub(crate) token_content_type: Option<HeaderValue>,
    /// Shown beside error codes.
    pub(crate) explanations: Explanations,
}
