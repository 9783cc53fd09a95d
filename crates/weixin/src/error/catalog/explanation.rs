//! An error code, explained in English and Chinese.

use super::super::ErrCode;

/// What is known about one code.
///
/// ```
/// use weixin::{Blame, ErrCode};
///
/// let spent = ErrCode::CODE_USED.explanation().unwrap();
/// assert_eq!(spent.message, "code been used");
/// assert_eq!(spent.cause.zh, "这个 code 已经换过 token；每个 code 只能用一次。");
/// assert_eq!(ErrCode::CODE_USED.blame(), Some(Blame::You));
/// assert!(ErrCode(99999).explanation().is_none());
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Explanation {
    /// The code (`errcode`, or the number that a page shows).
    pub code: ErrCode,
    /// What WeChat writes beside it, without suffix; empty where no text is known.
    pub message: &'static str,
    /// The paths that answer with it, or the page that shows it; `/*` is every API.
    pub answered_by: &'static str,
    /// Why it is answered.
    pub cause: Bilingual,
    /// What to do about it.
    pub remedy: Bilingual,
    pub(crate) action: Action,
    pub(crate) blame: Option<Blame>,
}

/// A sentence in two languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(
    clippy::exhaustive_structs,
    reason = "two languages, and anybody may make one"
)]
pub struct Bilingual {
    /// English.
    pub en: &'static str,
    /// Chinese, as it is written in mainland China.
    pub zh: &'static str,
}

/// Who can do something about an error.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Blame {
    /// Those who run the application: its code, its settings or its account.
    You,
    /// The person who logs in.
    User,
    /// WeChat, or the way to it.
    WeChat,
}

/// What helps.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Action {
    /// Other settings, or another request.
    Configure,
    /// Another login.
    LogIn,
    /// Another access token.
    Refresh,
    /// The same call, in a moment or in a minute.
    Retry,
    /// Nothing that a program could do.
    Nothing,
}

/// A row of a table.
pub(super) const fn row(
    code: i64,
    [message, answered_by]: [&'static str; 2],
    (action, blame): (Action, Blame),
    cause: Bilingual,
    remedy: Bilingual,
) -> Explanation {
    Explanation {
        code: ErrCode(code),
        message,
        answered_by,
        cause,
        remedy,
        action,
        blame: Some(blame),
    }
}
