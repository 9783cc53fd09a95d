//! WeChat's error codes (`errcode`).

use std::fmt;

use serde::{Deserialize, Serialize};

/// An error code of WeChat's (`errcode`). Unknown codes are kept as they are.
///
/// See docs/wechat.md#errors.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(transparent)]
pub struct ErrCode(pub i64);

impl ErrCode {
    /// -1: WeChat is busy.
    pub const BUSY: Self = Self(-1);
    /// 40001: the access token is invalid or no longer the latest.
    pub const INVALID_CREDENTIAL: Self = Self(40001);
    /// 40002: the grant type is wrong.
    pub const INVALID_GRANT_TYPE: Self = Self(40002);
    /// 40003: the OpenID does not belong to the token.
    pub const INVALID_OPENID: Self = Self(40003);
    /// 40013: unknown app ID.
    pub const INVALID_APPID: Self = Self(40013);
    /// 40014: the access token is malformed or expired.
    pub const INVALID_ACCESS_TOKEN: Self = Self(40014);
    /// 40029: the code is wrong, expired or another app's.
    pub const INVALID_CODE: Self = Self(40029);
    /// 40030: the refresh token is wrong or expired.
    pub const INVALID_REFRESH_TOKEN: Self = Self(40030);
    /// 40066: no such path.
    pub const INVALID_URL: Self = Self(40066);
    /// 40125: the app secret is wrong.
    pub const INVALID_APPSECRET: Self = Self(40125);
    /// 40163: the code has been used.
    pub const CODE_USED: Self = Self(40163);
    /// 40164: the caller's IP address is not on the app's whitelist.
    pub const IP_NOT_ALLOWED: Self = Self(40164);
    /// 42001: the access token has expired.
    pub const ACCESS_TOKEN_EXPIRED: Self = Self(42001);
    /// 42002: the refresh token has expired.
    pub const REFRESH_TOKEN_EXPIRED: Self = Self(42002);
    /// 42003: the code has expired.
    pub const CODE_EXPIRED: Self = Self(42003);
    /// 42007: the user changed their password; all tokens are invalid.
    pub const PASSWORD_CHANGED: Self = Self(42007);
    /// 45009: the daily quota is used up.
    pub const DAILY_QUOTA: Self = Self(45009);
    /// 45011: too many calls in a minute.
    pub const MINUTE_QUOTA: Self = Self(45011);
    /// 48001: the scope does not allow this call.
    pub const UNAUTHORIZED: Self = Self(48001);
    /// 50001: the user has not granted this, or has withdrawn it.
    pub const USER_UNAUTHORIZED: Self = Self(50001);
    /// 50002: the user or the app is restricted.
    pub const USER_LIMITED: Self = Self(50002);
}

impl fmt::Display for ErrCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
