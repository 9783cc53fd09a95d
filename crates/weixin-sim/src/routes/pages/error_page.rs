//! Error page of a login URL.

use askama::Template;

use crate::{lint::violation::Violation, world::World};

/// Text for everything that has no text of its own.
const INACCESSIBLE: &str = "该链接无法访问";

/// WeChat's error page, with the simulator's explanation (docs/wechat.md#login-page-errors).
#[derive(Template)]
#[template(path = "error.html")]
pub(super) struct ErrorPage {
    /// WeChat's text.
    pub(super) text: &'static str,
    /// The simulator's explanation.
    pub(super) why: Violation,
    /// The registered values, if the sent one is not among them.
    pub(super) registered: Vec<String>,
}

impl ErrorPage {
    pub(super) const NO_USER: Self = Self::inaccessible(Violation::NO_USER);
    pub(super) const UNKNOWN_PATH: Self = Self::inaccessible(Violation::UNKNOWN_PATH);
    pub(super) const UNKNOWN_QR_CODE: Self = Self::inaccessible(Violation::UNKNOWN_QR_CODE);

    /// The login page's parameter names no user.
    pub(super) fn unknown_user(world: &World) -> Self {
        Self {
            registered: world.users.iter().map(|user| user.id.clone()).collect(),
            ..Self::inaccessible(Violation::UNKNOWN_USER)
        }
    }

    const fn inaccessible(why: Violation) -> Self {
        Self {
            text: INACCESSIBLE,
            why,
            registered: Vec::new(),
        }
    }
}
