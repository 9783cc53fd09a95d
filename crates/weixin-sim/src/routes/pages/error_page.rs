//! The page that says why there is no login.

use askama::Template;

use crate::lint::violation::Violation;

/// The page that says why there is no QR code (facts 1.3).
#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    /// WeChat's own words.
    pub(super) text: &'static str,
    /// Ours.
    pub(super) why: Violation,
}
