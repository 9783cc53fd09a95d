//! The answers of the API that say no: code and text (facts 6.2).

use std::{borrow::Cow, net::IpAddr};

/// An `errcode` and its text, without the suffix.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) errcode: i64,
    pub(crate) errmsg: Cow<'static, str>,
}

const fn refusal(errcode: i64, errmsg: &'static str) -> Refusal {
    Refusal {
        errcode,
        errmsg: Cow::Borrowed(errmsg),
    }
}

impl Refusal {
    pub(crate) const INVALID_CREDENTIAL: Self = refusal(
        40001,
        "invalid credential, access_token is invalid or not latest",
    );
    pub(crate) const INVALID_GRANT_TYPE: Self = refusal(40002, "invalid grant_type");
    pub(crate) const INVALID_OPENID: Self = refusal(40003, "invalid openid");
    pub(crate) const INVALID_APPID: Self = refusal(40013, "invalid appid");
    pub(crate) const INVALID_CODE: Self = refusal(40029, "invalid code");
    pub(crate) const INVALID_REFRESH_TOKEN: Self = refusal(40030, "invalid refresh_token");
    pub(crate) const INVALID_URL: Self = refusal(40066, "invalid url");
    pub(crate) const INVALID_APPSECRET: Self = refusal(40125, "invalid appsecret");
    pub(crate) const CODE_BEEN_USED: Self = refusal(40163, "code been used");
    pub(crate) const ACCESS_TOKEN_MISSING: Self = refusal(41001, "access_token missing");
    pub(crate) const APPID_MISSING: Self = refusal(41002, "appid missing");
    pub(crate) const REFRESH_TOKEN_MISSING: Self = refusal(41003, "refresh_token missing");
    pub(crate) const APPSECRET_MISSING: Self = refusal(41004, "appsecret missing");
    pub(crate) const MISSING_CODE: Self = refusal(41008, "missing code");
    pub(crate) const MISSING_OPENID: Self = refusal(41009, "missing openid");
    pub(crate) const ACCESS_TOKEN_EXPIRED: Self = refusal(42001, "access_token expired");
    pub(crate) const REFRESH_TOKEN_EXPIRED: Self = refusal(42002, "refresh_token expired");
    pub(crate) const REQUIRE_GET: Self = refusal(43001, "require GET method");
    pub(crate) const API_UNAUTHORIZED: Self = refusal(48001, "api unauthorized");
    pub(crate) const CODE_BLOCKED: Self = refusal(40226, "code blocked");
    /// The text is made up: none has been seen.
    pub(crate) const PASSWORD_CHANGED: Self = refusal(42007, "password changed, login again");
    pub(crate) const USER_UNAUTHORIZED: Self = refusal(50001, "user unauthorized");
    pub(crate) const USER_LIMITED: Self = refusal(50002, "user limited");

    /// What the app token's endpoints say instead of [`Self::INVALID_CREDENTIAL`].
    pub(crate) const INVALID_APP_TOKEN: Self = refusal(
        40001,
        "invalid credential, access_token is invalid or not latest, could get access_token by \
         getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
    );
    pub(crate) const REQUIRE_POST: Self = refusal(43002, "require POST method");
    pub(crate) const EMPTY_POST_DATA: Self = refusal(44002, "empty post data");
    pub(crate) const DATA_FORMAT_ERROR: Self = refusal(47001, "data format error");

    pub(crate) fn ip_not_in_whitelist(ip: IpAddr) -> Self {
        let mapped = match ip {
            IpAddr::V4(ip) => ip.to_ipv6_mapped(),
            IpAddr::V6(ip) => ip,
        };
        let errmsg = format!(
            "invalid ip {ip} ipv6 {}, not in whitelist",
            IpAddr::V6(mapped)
        );
        Self {
            errcode: 40164,
            errmsg: errmsg.into(),
        }
    }
}
