//! The meaning and the remedy of each of WeChat's error codes, in English and Chinese.

mod app;
mod explanation;
mod login;
mod login_page;
mod parameters;
mod transient;
mod user;

pub use self::explanation::{Action, Explanation, Responsible};
use super::ErrCode;

impl Explanation {
    /// Every known code, in ascending order.
    pub fn all() -> impl Iterator<Item = &'static Self> {
        let mut all: Vec<_> = rows().collect();
        all.sort_by_key(|row| row.code);
        all.into_iter()
    }
}

impl ErrCode {
    /// The meaning and the remedy of this code, if it is known.
    pub fn explanation(self) -> Option<&'static Explanation> {
        rows().find(|row| row.code == self)
    }

    /// The action that helps; [`Action::Report`] for unknown codes.
    pub fn action(self) -> Action {
        self.explanation().map_or(Action::Report, |row| row.action)
    }

    /// The party who can fix it, unless the code is unknown.
    pub fn responsible(self) -> Option<Responsible> {
        self.explanation()?.responsible
    }
}

fn rows() -> impl Iterator<Item = &'static Explanation> {
    let tables: [&[Explanation]; 6] = [
        transient::ROWS,
        app::ROWS,
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
    use crate::language::Bilingual;

    /// The codes of the API, of the login page's dialogs and of WeChat for PC
    /// (docs/wechat.md#errors, #official-account-login, #fast-login).
    const KNOWN: [i64; 64] = [
        -1, 0, 10003, 10004, 10005, 10006, 10009, 10010, 10011, 10012, 10013, 10015, 10016, 10038,
        10046, 10050, 10057, 40001, 40002, 40003, 40013, 40014, 40029, 40030, 40035, 40037, 40066,
        40125, 40163, 40164, 40226, 40242, 41001, 41002, 41003, 41004, 41005, 41006, 41007, 41008,
        41009, 42001, 42002, 42003, 42007, 43001, 43002, 43003, 43004, 44002, 45009, 45011, 47001,
        48001, 48004, 50001, 50002, 50003, 50004, 50006, 61003, 61004, 61023, 61024,
    ];
    /// The check of a session key, and confirmations by the account's owner.
    const LATER: [i64; 3] = [87009, 89501, 89503];

    #[test]
    fn each_known_code_is_explained_once() {
        let explained: Vec<_> = Explanation::all().map(|row| row.code.0).collect();
        let known: Vec<_> = KNOWN.into_iter().chain(LATER).collect();
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
    fn every_code_but_success_has_a_responsible_party() {
        let without = Explanation::all().filter(|row| row.responsible.is_none());
        assert_eq!(without.map(|row| row.code.0).collect::<Vec<_>>(), [0]);
    }

    #[test]
    fn each_code_has_its_action_and_unknown_codes_are_reported() {
        use Action::{FixConfiguration, LogIn, Refresh, Report, Retry};
        for (code, expected) in [
            (ErrCode::BUSY, Retry),
            (ErrCode::INVALID_CREDENTIAL, Refresh),
            (ErrCode::INVALID_GRANT_TYPE, FixConfiguration),
            (ErrCode::INVALID_OPENID, LogIn),
            (ErrCode::INVALID_APPID, FixConfiguration),
            (ErrCode::INVALID_ACCESS_TOKEN, Refresh),
            (ErrCode::INVALID_CODE, LogIn),
            (ErrCode::INVALID_REFRESH_TOKEN, LogIn),
            (ErrCode::INVALID_URL, FixConfiguration),
            (ErrCode::INVALID_APPSECRET, FixConfiguration),
            (ErrCode::CODE_USED, LogIn),
            (ErrCode::ACCESS_TOKEN_EXPIRED, Refresh),
            (ErrCode::REFRESH_TOKEN_EXPIRED, LogIn),
            (ErrCode::CODE_EXPIRED, LogIn),
            (ErrCode::PASSWORD_CHANGED, LogIn),
            (ErrCode::DAILY_QUOTA, Report),
            (ErrCode::MINUTE_QUOTA, Retry),
            (ErrCode::UNAUTHORIZED, FixConfiguration),
            (ErrCode::USER_UNAUTHORIZED, LogIn),
            (ErrCode::USER_LIMITED, Report),
            (ErrCode(41002), FixConfiguration),
            (ErrCode(99999), Report),
        ] {
            assert_eq!(code.action(), expected, "{code}");
        }
    }

    #[test]
    fn each_known_code_has_the_party_who_can_fix_it() {
        for (code, expected) in [
            (ErrCode::BUSY, Some(Responsible::WeChat)),
            (ErrCode::CODE_USED, Some(Responsible::Developer)),
            (ErrCode::IP_NOT_ALLOWED, Some(Responsible::Developer)),
            (ErrCode::USER_UNAUTHORIZED, Some(Responsible::User)),
            (ErrCode(0), None),
            (ErrCode(99999), None),
        ] {
            assert_eq!(code.responsible(), expected, "{code}");
        }
    }
}
