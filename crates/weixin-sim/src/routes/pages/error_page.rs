//! Error page of a login URL.

use askama::Template;

use crate::lint::violation::Violation;

/// WeChat's error page, with the simulator's explanation (docs/wechat.md#login-page-errors).
#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    /// WeChat's text.
    pub(super) text: &'static str,
    /// The simulator's explanation.
    pub(super) why: Violation,
}
