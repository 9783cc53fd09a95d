//! The meaning and the remedy of each of WeChat's error codes, in English and Chinese.

mod app;
mod explanation;
mod login;
mod login_page;
mod parameters;
mod transient;
mod user;

use self::explanation::Action;
pub use self::explanation::{Bilingual, Blame, Explanation};
use super::ErrCode;

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

impl ErrCode {
    /// Why it is answered and what to do about it; unknown codes have none.
    pub fn explanation(self) -> Option<&'static Explanation> {
        Explanation::of(self)
    }

    /// Who can do something about it; nobody knows for unknown codes.
    pub fn blame(self) -> Option<Blame> {
        self.explanation()?.blame
    }

    /// Whether the user must go through the login page again.
    pub fn needs_login(self) -> bool {
        self.calls_for(Action::LogIn)
    }

    /// Whether a refresh may help: the access token is not good, the refresh token may still be.
    pub fn needs_refresh(self) -> bool {
        self.calls_for(Action::Refresh)
    }

    /// Whether the same call may succeed later: at once for -1, after a minute for 45011.
    pub fn is_retryable(self) -> bool {
        self.calls_for(Action::Retry)
    }

    /// Whether the application is set up wrongly: app id, secret, scope, address or parameters.
    pub fn is_configuration(self) -> bool {
        self.calls_for(Action::Configure)
    }

    fn calls_for(self, action: Action) -> bool {
        self.explanation().is_some_and(|row| row.action == action)
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

    #[test]
    fn what_to_do_about_each_code() {
        // code, log in again, refresh, retry, configuration
        let table = [
            (ErrCode::BUSY, [false, false, true, false]),
            (ErrCode::INVALID_CREDENTIAL, [false, true, false, false]),
            (ErrCode::INVALID_GRANT_TYPE, [false, false, false, true]),
            (ErrCode::INVALID_OPENID, [true, false, false, false]),
            (ErrCode::INVALID_APPID, [false, false, false, true]),
            (ErrCode::INVALID_ACCESS_TOKEN, [false, true, false, false]),
            (ErrCode::INVALID_CODE, [true, false, false, false]),
            (ErrCode::INVALID_REFRESH_TOKEN, [true, false, false, false]),
            (ErrCode::INVALID_URL, [false, false, false, true]),
            (ErrCode::INVALID_APPSECRET, [false, false, false, true]),
            (ErrCode::CODE_USED, [true, false, false, false]),
            (ErrCode::ACCESS_TOKEN_EXPIRED, [false, true, false, false]),
            (ErrCode::REFRESH_TOKEN_EXPIRED, [true, false, false, false]),
            (ErrCode::CODE_EXPIRED, [true, false, false, false]),
            (ErrCode::PASSWORD_CHANGED, [true, false, false, false]),
            (ErrCode::DAILY_QUOTA, [false, false, false, false]),
            (ErrCode::MINUTE_QUOTA, [false, false, true, false]),
            (ErrCode::UNAUTHORIZED, [false, false, false, true]),
            (ErrCode::USER_UNAUTHORIZED, [true, false, false, false]),
            (ErrCode::USER_LIMITED, [false, false, false, false]),
            (ErrCode(41002), [false, false, false, true]),
            (ErrCode(99999), [false, false, false, false]),
        ];
        for (code, expected) in table {
            let answers = [
                code.needs_login(),
                code.needs_refresh(),
                code.is_retryable(),
                code.is_configuration(),
            ];
            assert_eq!(answers, expected, "{code}");
        }
    }

    #[test]
    fn somebody_can_mend_each_known_code_and_nobody_knows_the_others() {
        for (code, expected) in [
            (ErrCode::BUSY, Some(Blame::WeChat)),
            (ErrCode::CODE_USED, Some(Blame::You)),
            (ErrCode::IP_NOT_ALLOWED, Some(Blame::You)),
            (ErrCode::USER_UNAUTHORIZED, Some(Blame::User)),
            (ErrCode(0), None),
            (ErrCode(99999), None),
        ] {
            assert_eq!(code.blame(), expected, "{code}");
        }
    }
}
