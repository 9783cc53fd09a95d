//! What WeChat says when it says no: the code, the text and what helps.

use std::{
    fmt,
    net::IpAddr,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest text that is kept of an answer.
const MAX_MESSAGE: usize = 300;

/// WeChat answered with an error code (under HTTP 200, as it does).
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("wechat answered {path} with {code} ({message})")]
#[non_exhaustive]
pub struct ApiError {
    /// The path that was called.
    pub path: &'static str,
    /// The code (`errcode`).
    pub code: ErrCode,
    /// The text (`errmsg`) without its suffix; do not compare with it, the code decides.
    pub message: String,
    /// The id of the request (`rid`), which WeChat's support asks for within seven days.
    pub rid: Option<String>,
}

impl ApiError {
    pub(crate) fn new(path: &'static str, code: ErrCode, errmsg: &str) -> Self {
        let clean = |text: &str| -> String {
            text.chars()
                .filter(|c| !c.is_control())
                .take(MAX_MESSAGE)
                .collect()
        };
        let (message, rid) = split_suffix(errmsg);
        Self {
            path,
            code,
            message: clean(message),
            rid: rid.map(clean),
        }
    }
}

impl ApiError {
    /// When the request reached WeChat, as the id of the request says.
    pub fn time(&self) -> Option<SystemTime> {
        let seconds = self.rid.as_deref()?.split('-').next()?;
        let seconds = u32::from_str_radix(seconds, 16).ok()?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.into()))
    }

    /// The address from which WeChat was called and which is not on the app's IP whitelist (40164).
    pub fn caller_ip(&self) -> Option<IpAddr> {
        if self.code != ErrCode::IP_NOT_ALLOWED {
            return None;
        }
        let mut words = self.message.split([' ', ',']);
        words.find_map(|word| word.parse().ok())
    }
}

/// Each shape of suffix that WeChat has put behind a message since 2017.
const SUFFIXES: [&str; 6] = [
    ", rid: ",
    " rid: ",
    ", hints: [",
    " hints: [",
    ", hint: [",
    " hint: [",
];

/// Splits `invalid code, rid: 6aac007a-…` into message and id.
fn split_suffix(errmsg: &str) -> (&str, Option<&str>) {
    let end = SUFFIXES
        .iter()
        .filter_map(|suffix| errmsg.find(suffix))
        .min();
    let (message, suffix) = errmsg.split_at(end.unwrap_or(errmsg.len()));
    let rid = suffix
        .split_once("rid: ")
        .and_then(|(_, rest)| rest.split_whitespace().next());
    (message.trim_end(), rid)
}

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

    /// Whether the user must go through the login page again.
    pub fn needs_login(self) -> bool {
        matches!(
            self.0,
            40003 | 40029 | 40030 | 40163 | 42002 | 42003 | 42007 | 50001
        )
    }

    /// Whether a refresh may help: the access token is not good, the refresh token may still be.
    pub fn needs_refresh(self) -> bool {
        matches!(self.0, 40001 | 40014 | 42001)
    }

    /// Whether the same call may succeed later: at once for -1, after a minute for 45011.
    pub fn is_retryable(self) -> bool {
        matches!(self.0, -1 | 45011)
    }

    /// Whether the application is set up wrongly: app id, secret, scope, address or parameters.
    pub fn is_configuration(self) -> bool {
        matches!(
            self.0,
            40002 | 40013 | 40066 | 40125 | 40164 | 41001..=41009 | 43001..=43003 | 44002 | 47001 | 48001
                | 61003 | 61004 | 61024 | 89501 | 89503
        )
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
    fn every_shape_of_suffix_is_taken_off() {
        let table = [
            ("invalid code", "invalid code", None),
            (
                "invalid code, hints: [ req_id: 5u8NWa0990th40 ]",
                "invalid code",
                None,
            ),
            (
                "invalid appid, rid: 6aac007a-6c02c771-26bf69c4",
                "invalid appid",
                Some("6aac007a-6c02c771-26bf69c4"),
            ),
            (
                "access_token expired hint: [I9JQua0689a456!]",
                "access_token expired",
                None,
            ),
            (
                "invalid appid rid: 6aac005a-01bfdbee-79769285",
                "invalid appid",
                Some("6aac005a-01bfdbee-79769285"),
            ),
            (
                "invalid code hint: [GiaBxSDNRa-mkSN7] rid: 6246c276-162a85aa-5fb4136b",
                "invalid code",
                Some("6246c276-162a85aa-5fb4136b"),
            ),
            (
                "code blocked, hint: [1], from ip: 1.2.3.4, more info at https://x.example",
                "code blocked",
                None,
            ),
            ("", "", None),
        ];
        for (errmsg, message, rid) in table {
            let error = ApiError::new("/sns/auth", ErrCode::INVALID_CODE, errmsg);
            assert_eq!(
                (error.message.as_str(), error.rid.as_deref()),
                (message, rid),
                "{errmsg}"
            );
        }
    }

    #[test]
    fn time_and_caller_are_read_out_of_the_text() {
        let error = |errmsg| ApiError::new("/cgi-bin/token", ErrCode::IP_NOT_ALLOWED, errmsg);
        let new = error(
            "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist rid: 6aac007a-6c02c771-26bf69c4",
        );
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(0x6aac_007a);
        assert_eq!(
            (new.caller_ip(), new.time()),
            ("1.2.3.4".parse().ok(), Some(time))
        );
        let old = error("invalid ip 1.2.3.4, not in whitelist");
        assert_eq!(
            (old.caller_ip(), old.time()),
            ("1.2.3.4".parse().ok(), None)
        );
        assert_eq!(error("invalid ip").caller_ip(), None);
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
}
