//! Error responses of the API: code and text (docs/wechat.md#errors).

use std::{borrow::Cow, net::IpAddr};

/// An `errcode` and its `errmsg`, without the request ID.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ApiError {
    pub(crate) errcode: i64,
    pub(crate) errmsg: Cow<'static, str>,
}

const fn api_error(errcode: i64, errmsg: &'static str) -> ApiError {
    ApiError {
        errcode,
        errmsg: Cow::Borrowed(errmsg),
    }
}

impl ApiError {
    pub(crate) const INVALID_CREDENTIAL: Self = api_error(
        40001,
        "invalid credential, access_token is invalid or not latest",
    );
    pub(crate) const INVALID_GRANT_TYPE: Self = api_error(40002, "invalid grant_type");
    pub(crate) const INVALID_OPENID: Self = api_error(40003, "invalid openid");
    pub(crate) const INVALID_APPID: Self = api_error(40013, "invalid appid");
    pub(crate) const INVALID_CODE: Self = api_error(40029, "invalid code");
    pub(crate) const INVALID_REFRESH_TOKEN: Self = api_error(40030, "invalid refresh_token");
    pub(crate) const INVALID_URL: Self = api_error(40066, "invalid url");
    pub(crate) const INVALID_PARAMETERS: Self = api_error(40035, "invalid parameters");
    pub(crate) const INVALID_APPSECRET: Self = api_error(40125, "invalid appsecret");
    pub(crate) const CODE_BEEN_USED: Self = api_error(40163, "code been used");
    pub(crate) const MINI_PROGRAM_CODE: Self = api_error(
        40242,
        "invalid oauth code, it is miniprogram jscode, please use jscode2session",
    );
    pub(crate) const ACCESS_TOKEN_MISSING: Self = api_error(41001, "access_token missing");
    pub(crate) const APPID_MISSING: Self = api_error(41002, "appid missing");
    pub(crate) const REFRESH_TOKEN_MISSING: Self = api_error(41003, "refresh_token missing");
    pub(crate) const APPSECRET_MISSING: Self = api_error(41004, "appsecret missing");
    pub(crate) const MISSING_CODE: Self = api_error(41008, "missing code");
    pub(crate) const MISSING_OPENID: Self = api_error(41009, "missing openid");
    pub(crate) const ACCESS_TOKEN_EXPIRED: Self = api_error(42001, "access_token expired");
    pub(crate) const REFRESH_TOKEN_EXPIRED: Self = api_error(42002, "refresh_token expired");
    pub(crate) const REQUIRE_GET: Self = api_error(43001, "require GET method");
    pub(crate) const API_UNAUTHORIZED: Self = api_error(48001, "api unauthorized");
    pub(crate) const DAILY_QUOTA: Self = api_error(45009, "reach max api daily quota limit");
    pub(crate) const MINUTE_QUOTA: Self = api_error(
        45011,
        "api minute-quota reach limit mustslower retry next minute",
    );
    pub(crate) const BUSY: Self = api_error(-1, "system error");
    pub(crate) const CODE_BLOCKED: Self = api_error(40226, "code blocked");
    /// Code and text as reported by clients; WeChat's documentation was not available.
    pub(crate) const INVALID_SIGNATURE: Self = api_error(87009, "invalid signature");
    /// The text is an assumption: none has been observed.
    pub(crate) const PASSWORD_CHANGED: Self = api_error(42007, "password changed, login again");
    pub(crate) const USER_UNAUTHORIZED: Self = api_error(50001, "user unauthorized");
    pub(crate) const API_FORBIDDEN: Self = api_error(48004, "api forbidden for irregularities");
    pub(crate) const USER_LIMITED: Self = api_error(50002, "user limited");

    /// [`Self::INVALID_CREDENTIAL`] in the words of the endpoints that take an app access token.
    pub(crate) const INVALID_APP_TOKEN: Self = api_error(
        40001,
        "invalid credential, access_token is invalid or not latest, could get access_token by \
         getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r",
    );
    pub(crate) const REQUIRE_HTTPS: Self = api_error(43003, "require https");
    pub(crate) const REQUIRE_POST: Self = api_error(43002, "require POST method");
    pub(crate) const EMPTY_POST_DATA: Self = api_error(44002, "empty post data");
    pub(crate) const DATA_FORMAT_ERROR: Self = api_error(47001, "data format error");

    /// Looks up a documented error code, with its observed text, or one made after similar errors.
    pub(crate) fn documented(errcode: i64) -> Option<Self> {
        let table = RETURNED.iter().chain(&ON_DEMAND);
        table
            .into_iter()
            .find(|api_error| api_error.errcode == errcode)
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

/// Errors that the simulator returns on its own.
static RETURNED: [ApiError; 35] = [
    ApiError::BUSY,
    ApiError::INVALID_CREDENTIAL,
    ApiError::INVALID_GRANT_TYPE,
    ApiError::INVALID_OPENID,
    ApiError::INVALID_APPID,
    ApiError::INVALID_CODE,
    ApiError::INVALID_REFRESH_TOKEN,
    ApiError::INVALID_URL,
    ApiError::INVALID_PARAMETERS,
    ApiError::INVALID_APPSECRET,
    ApiError::CODE_BEEN_USED,
    ApiError::CODE_BLOCKED,
    ApiError::MINI_PROGRAM_CODE,
    ApiError::ACCESS_TOKEN_MISSING,
    ApiError::APPID_MISSING,
    ApiError::REFRESH_TOKEN_MISSING,
    ApiError::APPSECRET_MISSING,
    ApiError::MISSING_CODE,
    ApiError::MISSING_OPENID,
    ApiError::ACCESS_TOKEN_EXPIRED,
    ApiError::REFRESH_TOKEN_EXPIRED,
    ApiError::INVALID_SIGNATURE,
    ApiError::PASSWORD_CHANGED,
    ApiError::REQUIRE_GET,
    ApiError::REQUIRE_HTTPS,
    ApiError::REQUIRE_POST,
    ApiError::EMPTY_POST_DATA,
    ApiError::DATA_FORMAT_ERROR,
    ApiError::DAILY_QUOTA,
    ApiError::MINUTE_QUOTA,
    ApiError::API_UNAUTHORIZED,
    ApiError::API_FORBIDDEN,
    ApiError::USER_UNAUTHORIZED,
    ApiError::USER_LIMITED,
    api_error(
        40164,
        "invalid ip 203.0.113.1 ipv6 ::ffff:203.0.113.1, not in whitelist",
    ),
];

/// Errors that are returned only as faults.
static ON_DEMAND: [ApiError; 16] = [
    api_error(40014, "invalid access_token"),
    api_error(40037, "invalid template_id"),
    api_error(41005, "media data missing"),
    api_error(41006, "media_id missing"),
    api_error(41007, "sub menu data missing"),
    api_error(42003, "code expired"),
    api_error(43004, "require subscribe"),
    api_error(50003, "user unexpected, maybe not in white list"),
    api_error(
        50004,
        "user not allow to use accesstoken, maybe for punishment",
    ),
    api_error(50006, "user has switched off friends authorization"),
    api_error(61003, "component is not authorized by this account"),
    api_error(
        61004,
        "access clientip is not registered, not in ip-white-list",
    ),
    api_error(61023, "refresh_token is invalid"),
    api_error(
        61024,
        "must use api(api_component_token) to get token for component acct",
    ),
    api_error(89501, "此 IP 正在等待管理员确认，请联系管理员"),
    api_error(89503, "此次调用需要管理员确认，请耐心等候"),
];

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::*;

    /// The golden files hold this table and the SDK's explanations together, which share no code.
    #[test]
    fn a_golden_file_shows_each_error() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
        let files = fs::read_dir(folder).unwrap();
        let golden: String = files
            .map(|file| fs::read_to_string(file.unwrap().path()).unwrap())
            .collect();
        for ApiError { errcode, errmsg } in RETURNED.iter().chain(&ON_DEMAND) {
            // The IP address is that of the caller.
            let errmsg = errmsg.split("203.0.113.1").next().unwrap_or_default();
            let shown = format!("\\\"errcode\\\":{errcode},\\\"errmsg\\\":\\\"{errmsg}");
            assert!(golden.contains(&shown), "{errcode} {errmsg}");
        }
    }
}
