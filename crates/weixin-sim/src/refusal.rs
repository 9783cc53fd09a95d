//! The answers of the API that say no: code and text (facts 6.2).

/// An `errcode` and its text, without the suffix.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Refusal {
    pub(crate) errcode: i64,
    pub(crate) errmsg: &'static str,
}

const fn refusal(errcode: i64, errmsg: &'static str) -> Refusal {
    Refusal { errcode, errmsg }
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
}
