//! An error code, explained in English and Chinese.

use super::super::ErrCode;
use crate::language::Bilingual;

/// The meaning and the remedy of one error code.
///
/// ```
/// use weixin::error::{Action, ErrCode, Responsible};
///
/// let used = ErrCode::CODE_USED.explanation().unwrap();
/// assert_eq!(used.message, "code been used");
/// assert_eq!(used.cause.zh, "这个 code 已被使用；每个 code 只能使用一次。");
/// assert_eq!(ErrCode::CODE_USED.action(), Action::LogIn);
/// assert_eq!(ErrCode::CODE_USED.responsible(), Some(Responsible::Developer));
/// assert!(ErrCode(99999).explanation().is_none());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The code (`errcode`, or the number that a page shows).
    pub code: ErrCode,
    /// WeChat's text beside the code, without suffix; empty if none is known.
    pub message: &'static str,
    /// The paths that return the code, or the page that shows it; `/*` is every API.
    pub endpoints: &'static str,
    /// The cause.
    pub cause: Bilingual,
    /// The remedy.
    pub remedy: Bilingual,
    pub(super) action: Action,
    pub(super) responsible: Option<Responsible>,
}

/// The party who can fix an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Responsible {
    /// The developers of the app: its code, its settings or its account.
    Developer,
    /// The user who logs in.
    User,
    /// WeChat, or the network between.
    WeChat,
}

/// The action that helps after an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Action {
    /// Correct the settings or the request: the same call will fail again.
    FixConfiguration,
    /// Let the user log in again.
    LogIn,
    /// Refresh the access token.
    Refresh,
    /// Repeat the call after a moment or, at the latest, a minute.
    Retry,
    /// Nothing that a program can do: report it.
    Report,
}

/// A row of a table.
pub(super) const fn row(
    code: i64,
    [message, endpoints]: [&'static str; 2],
    (action, responsible): (Action, Responsible),
    cause: Bilingual,
    remedy: Bilingual,
) -> Explanation {
    Explanation {
        code: ErrCode(code),
        message,
        endpoints,
        cause,
        remedy,
        action,
        responsible: Some(responsible),
    }
}
