//! Findings: what passes here and would not at WeChat.

pub(crate) mod authorize_url;
pub(crate) mod finding;
mod rules;
pub(crate) mod violation;
