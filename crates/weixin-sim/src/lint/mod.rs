//! Rules that requests are checked against, and the findings about broken ones.

pub(crate) mod authorize_url;
mod call_rules;
pub(crate) mod finding;
pub(crate) mod rule;
pub(crate) mod rules;
pub(crate) mod violation;
