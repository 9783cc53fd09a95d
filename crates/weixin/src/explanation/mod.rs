//! What each of WeChat's error codes means, and what to do about it, in English and Chinese.

mod again;
mod application;
mod login;
mod login_page;
mod parameters;
mod user;

use crate::ErrCode;

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

impl Explanation {
    /// Every code that is known, the smallest first.
    pub fn all() -> Vec<&'static Self> {
        let mut all: Vec<_> = rows().collect();
        all.sort_by_key(|row| row.code);
        all
    }

    pub(crate) fn of(code: ErrCode) -> Option<&'static Self> {
        rows().find(|row| row.code == code)
    }
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
const fn row(
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

fn rows() -> impl Iterator<Item = &'static Explanation> {
    let tables: [&[Explanation]; 6] = [
        again::ROWS,
        application::ROWS,
        login::ROWS,
        login_page::ROWS,
        parameters::ROWS,
        user::ROWS,
    ];
    tables.into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// WeChat's documentation and observations, as collected for the errors table and the login pages' dialogs.
    const KNOWN: [i64; 63] = [
        -1, 0, 10003, 10004, 10005, 10006, 10009, 10010, 10011, 10012, 10013, 10015, 10016, 10038,
        10046, 10050, 10057, 40001, 40002, 40003, 40013, 40014, 40029, 40030, 40035, 40037, 40066,
        40125, 40163, 40164, 40226, 41001, 41002, 41003, 41004, 41005, 41006, 41007, 41008, 41009,
        42001, 42002, 42003, 42007, 43001, 43002, 43003, 43004, 44002, 45009, 45011, 47001, 48001,
        48004, 50001, 50002, 50003, 50004, 50006, 61003, 61004, 61023, 61024,
    ];
    const CONFIRMATION: [i64; 2] = [89501, 89503];

    #[test]
    fn each_known_code_is_explained_once() {
        let explained: Vec<_> = Explanation::all().iter().map(|row| row.code.0).collect();
        let known: Vec<_> = KNOWN.into_iter().chain(CONFIRMATION).collect();
        assert_eq!(explained, known);
    }

    #[test]
    fn each_sentence_stands_in_both_languages_and_ends() {
        let is_chinese = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
        for row in Explanation::all() {
            for Bilingual { en, zh } in [row.cause, row.remedy] {
                assert!(
                    en.ends_with('.') && !en.contains("  "),
                    "{}: {en}",
                    row.code
                );
                assert!(
                    zh.ends_with('。') && !zh.contains("  "),
                    "{}: {zh}",
                    row.code
                );
                assert!(zh.contains(is_chinese), "{}: {zh}", row.code);
                assert!(
                    !en.contains(is_chinese) || en.contains('('),
                    "{}: {en}",
                    row.code
                );
            }
        }
    }

    #[test]
    fn only_success_is_nobodys_fault() {
        let nobodys = Explanation::all()
            .into_iter()
            .filter(|row| row.blame.is_none());
        assert_eq!(nobodys.map(|row| row.code.0).collect::<Vec<_>>(), [0]);
    }
}
