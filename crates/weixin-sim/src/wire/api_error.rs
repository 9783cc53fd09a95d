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
    pub(crate) const DAILY_QUOTA: Self = refusal(45009, "reach max api daily quota limit");
    pub(crate) const MINUTE_QUOTA: Self = refusal(
        45011,
        "api minute-quota reach limit mustslower retry next minute",
    );
    pub(crate) const BUSY: Self = refusal(-1, "system error");
    pub(crate) const CODE_BLOCKED: Self = refusal(40226, "code blocked");
    /// Code and text are as remembered by those who use the call: no page was at hand.
    pub(crate) const INVALID_SIGNATURE: Self = refusal(87009, "invalid signature");
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
    pub(crate) const REQUIRE_HTTPS: Self = refusal(43003, "require https");
    pub(crate) const REQUIRE_POST: Self = refusal(43002, "require POST method");
    pub(crate) const EMPTY_POST_DATA: Self = refusal(44002, "empty post data");
    pub(crate) const DATA_FORMAT_ERROR: Self = refusal(47001, "data format error");

    /// Any code of WeChat's documentation with the text that was seen; where none was, with one made
    /// after its neighbours.
    pub(crate) fn documented(errcode: i64) -> Option<Self> {
        let table = OURS.iter().chain(&OTHERS);
        table
            .into_iter()
            .find(|refusal| refusal.errcode == errcode)
            .cloned()
    }

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

/// Those that the simulator gives by itself.
static OURS: [Refusal; 32] = [
    Refusal::BUSY,
    Refusal::INVALID_CREDENTIAL,
    Refusal::INVALID_GRANT_TYPE,
    Refusal::INVALID_OPENID,
    Refusal::INVALID_APPID,
    Refusal::INVALID_CODE,
    Refusal::INVALID_REFRESH_TOKEN,
    Refusal::INVALID_URL,
    Refusal::INVALID_APPSECRET,
    Refusal::CODE_BEEN_USED,
    Refusal::CODE_BLOCKED,
    Refusal::ACCESS_TOKEN_MISSING,
    Refusal::APPID_MISSING,
    Refusal::REFRESH_TOKEN_MISSING,
    Refusal::APPSECRET_MISSING,
    Refusal::MISSING_CODE,
    Refusal::MISSING_OPENID,
    Refusal::ACCESS_TOKEN_EXPIRED,
    Refusal::REFRESH_TOKEN_EXPIRED,
    Refusal::INVALID_SIGNATURE,
    Refusal::PASSWORD_CHANGED,
    Refusal::REQUIRE_GET,
    Refusal::REQUIRE_HTTPS,
    Refusal::REQUIRE_POST,
    Refusal::EMPTY_POST_DATA,
    Refusal::DATA_FORMAT_ERROR,
    Refusal::DAILY_QUOTA,
    Refusal::MINUTE_QUOTA,
    Refusal::API_UNAUTHORIZED,
    Refusal::USER_UNAUTHORIZED,
    Refusal::USER_LIMITED,
    refusal(
        40164,
        "invalid ip 203.0.113.1 ipv6 ::ffff:203.0.113.1, not in whitelist",
    ),
];

/// Those that come on demand only.
static OTHERS: [Refusal; 18] = [
    refusal(40014, "invalid access_token"),
    refusal(40035, "invalid parameters"),
    refusal(40037, "invalid template_id"),
    refusal(41005, "media data missing"),
    refusal(41006, "media_id missing"),
    refusal(41007, "sub menu data missing"),
    refusal(42003, "code expired"),
    refusal(43004, "require subscribe"),
    refusal(48004, "api forbidden for irregularities"),
    refusal(50003, "user unexpected, maybe not in white list"),
    refusal(
        50004,
        "user not allow to use accesstoken, maybe for punishment",
    ),
    refusal(50006, "user has switched off friends authorization"),
    refusal(61003, "component is not authorized by this account"),
    refusal(
        61004,
        "access clientip is not registered, not in ip-white-list",
    ),
    refusal(61023, "refresh_token is invalid"),
    refusal(
        61024,
        "must use api(api_component_token) to get token for component acct",
    ),
    refusal(89501, "此 IP 正在等待管理员确认，请联系管理员"),
    refusal(89503, "此次调用需要管理员确认，请耐心等候"),
];
