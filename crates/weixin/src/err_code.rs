//! WeChat's numbers for what is wrong, and the answers that follow from them.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{Blame, Explanation, explanation::Action};

/// A code of WeChat's (`errcode`); unknown ones are kept as they are.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ErrCode(pub i64);

impl ErrCode {
    /// -1: WeChat is busy.
    pub const BUSY: Self = Self(-1);
    /// 40001: the access token is not good, or no longer.
    pub const INVALID_CREDENTIAL: Self = Self(40001);
    /// 40002: the grant type is wrong.
    pub const INVALID_GRANT_TYPE: Self = Self(40002);
    /// 40003: the open id does not belong to the token.
    pub const INVALID_OPENID: Self = Self(40003);
    /// 40013: no such app id.
    pub const INVALID_APPID: Self = Self(40013);
    /// 40014: the access token is malformed or expired.
    pub const INVALID_ACCESS_TOKEN: Self = Self(40014);
    /// 40029: the code is wrong, expired or another application's.
    pub const INVALID_CODE: Self = Self(40029);
    /// 40030: the refresh token is wrong or expired.
    pub const INVALID_REFRESH_TOKEN: Self = Self(40030);
    /// 40066: no such path.
    pub const INVALID_URL: Self = Self(40066);
    /// 40125: the app secret is wrong.
    pub const INVALID_APPSECRET: Self = Self(40125);
    /// 40163: the code has been exchanged before.
    pub const CODE_USED: Self = Self(40163);
    /// 40164: the caller's IP address is not on the app's whitelist.
    pub const IP_NOT_ALLOWED: Self = Self(40164);
    /// 42001: the access token has expired.
    pub const ACCESS_TOKEN_EXPIRED: Self = Self(42001);
    /// 42002: the refresh token has expired.
    pub const REFRESH_TOKEN_EXPIRED: Self = Self(42002);
    /// 42003: the code has expired.
    pub const CODE_EXPIRED: Self = Self(42003);
    /// 42007: the user changed their password; all tokens are void.
    pub const PASSWORD_CHANGED: Self = Self(42007);
    /// 45009: the quota of the day is used up.
    pub const DAILY_QUOTA: Self = Self(45009);
    /// 45011: too many calls in a minute.
    pub const MINUTE_QUOTA: Self = Self(45011);
    /// 48001: the scope does not allow this call.
    pub const UNAUTHORIZED: Self = Self(48001);
    /// 50001: the user has not granted this, or has withdrawn it.
    pub const USER_UNAUTHORIZED: Self = Self(50001);
    /// 50002: the user or the application is restricted.
    pub const USER_LIMITED: Self = Self(50002);

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

impl fmt::Display for ErrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
