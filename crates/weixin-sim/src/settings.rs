//! What is decided at the start about time and HTTP.

use std::time::SystemTime;

use axum::http::HeaderValue;

/// What is decided at the start.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) frozen_at: Option<SystemTime>,
    pub(crate) auto_allow: bool,
    pub(crate) strict_order: bool,
    /// `None`: as WeChat.
    pub(crate) token_content_type: Option<HeaderValue>,
}
