//! Error page of a login URL.

use askama::Template;
use axum::response::Response;

use crate::{
    Bilingual, PhoneError, bilingual::Language, lint::violation::Violation,
    routes::response::refused, world::World,
};

/// Text for everything that has no text of its own.
const INACCESSIBLE: &str = "该链接无法访问";

/// A login URL that WeChat refuses.
pub(super) struct ErrorPage {
    /// WeChat's text.
    pub(super) text: &'static str,
    /// The simulator's explanation.
    pub(super) why: Violation,
    /// The registered values, if the sent one is not among them.
    pub(super) registered: Vec<String>,
}

/// WeChat's error page, with the simulator's explanation (docs/wechat.md#login-page-errors).
#[derive(Template)]
#[template(path = "error.html")]
struct Rendered<'a> {
    language: Language,
    text: &'static str,
    why: Bilingual,
    registered: &'a [String],
}

impl ErrorPage {
    /// Renders the page, with the explanation in this language.
    pub(super) fn show(&self, language: Language) -> Response {
        let Violation(why) = self.why;
        let page = Rendered {
            language,
            text: self.text,
            why,
            registered: &self.registered,
        };
        refused(&page, self.text)
    }

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

    /// The user who would answer the login is missing.
    pub(super) fn of_user(error: &PhoneError, world: &World) -> Self {
        match error {
            PhoneError::UnknownUser { known } if !known.is_empty() => Self::unknown_user(world),
            _ => Self::NO_USER,
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
