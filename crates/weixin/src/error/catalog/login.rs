//! Codes that another token or another login fixes.

use super::explanation::{
    Action::{LogIn, Refresh},
    Explanation, Responsible, row,
};
use crate::language::Bilingual;

pub(super) const ROWS: &[Explanation] = &[
    row(
        40001,
        [
            "invalid credential, access_token is invalid or not latest",
            "/sns/userinfo, /sns/auth, /cgi-bin/*, /wxa/*",
        ],
        (Refresh, Responsible::Developer),
        Bilingual {
            en: "The access token is wrong or has expired; an app's token may also have been replaced by another server that fetched one.",
            zh: "access_token 无效或已过期；如果是接口调用凭据，也可能因为其他服务器重新获取而失效。",
        },
        Bilingual {
            en: "Refresh the user's token, or fetch a new app token, and retry once. If it stays, the user must log in again. Servers must share one app token (stable_token), and user and app tokens are never interchangeable.",
            zh: "请刷新用户的 access_token，或重新获取接口调用凭据，然后重试一次；仍然失败就让用户重新登录。多台服务器要共用同一个接口调用凭据（stable_token）；用户的 access_token 和接口调用凭据不能混用。",
        },
    ),
    row(
        40003,
        ["invalid openid", "/sns/auth, /sns/userinfo"],
        (LogIn, Responsible::Developer),
        Bilingual {
            en: "The OpenID does not belong to the access token, or is another app's.",
            zh: "openid 与 access_token 不对应，或者属于其他应用。",
        },
        Bilingual {
            en: "Use the OpenID of the same token response. OpenIDs differ from app to app: store them with the app ID. If they match already, the user must log in again.",
            zh: "请使用与 access_token 同一次返回的 openid。同一用户在不同应用下的 openid 不同，要和 AppID 一起保存。如果两者本来就是同一次返回的，请让用户重新登录。",
        },
    ),
    row(
        40014,
        ["invalid access_token", "/cgi-bin/*, /sns/*"],
        (Refresh, Responsible::Developer),
        Bilingual {
            en: "The access token is malformed or has expired.",
            zh: "access_token 格式不对或已过期。",
        },
        Bilingual {
            en: "Refresh it or fetch a new one, and check whether it is stored in full: it can have 512 characters.",
            zh: "请刷新或重新获取，并检查是否完整保存：access_token 最长可到 512 个字符。",
        },
    ),
    row(
        40029,
        [
            "invalid code",
            "/sns/oauth2/access_token, /sns/jscode2session, /wxa/business/getuserphonenumber",
        ],
        (LogIn, Responsible::Developer),
        Bilingual {
            en: "The code is wrong, too old, cut off or another app's; the developer tools' placeholder code (`the code is a mock one`) returns it as well.",
            zh: "code 无效、已过期、被截断，或者属于其他应用；开发者工具游客模式的模拟 code（the code is a mock one）也会返回 40029。",
        },
        Bilingual {
            en: "Let the user log in again, and exchange the new code at once, with the app ID that the login page was opened with. If it happens always, compare that app ID with the one that exchanges.",
            zh: "请让用户重新登录，拿到新 code 后，立即用打开登录页的那个 AppID 换取 access_token。如果每次都失败，请核对两处的 AppID 是否一致。",
        },
    ),
    row(
        40030,
        ["invalid refresh_token", "/sns/oauth2/refresh_token"],
        (LogIn, Responsible::Developer),
        Bilingual {
            en: "The refresh token is wrong or too old; perhaps the access token was sent in its place.",
            zh: "refresh_token 无效或已过期；也可能误传了 access_token。",
        },
        Bilingual {
            en: "The user must log in again. Always store the refresh token of the latest response.",
            zh: "请让用户重新登录。每次刷新后都要保存返回的 refresh_token。",
        },
    ),
    row(
        40163,
        [
            "code been used",
            "/sns/oauth2/access_token, /sns/jscode2session",
        ],
        (LogIn, Responsible::Developer),
        Bilingual {
            en: "The code has been exchanged before: a code works once.",
            zh: "这个 code 已被使用；每个 code 只能使用一次。",
        },
        Bilingual {
            en: "Never send the same code again; let the user log in again. If users see this without having done anything, the callback arrived twice (back button, prefetch, WeChat's own double redirect): give the second request the result of the first, and add connect_redirect=1 inside WeChat.",
            zh: "不要用同一个 code 重试，请让用户重新登录。如果用户正常登录也出现这个错误，说明回调被访问了两次（后退、预加载、微信自身的重复跳转）：请对第二次请求返回第一次的结果，在微信内再加上 connect_redirect=1。",
        },
    ),
    row(
        42001,
        [
            "access_token expired",
            "/sns/userinfo, /sns/auth, /cgi-bin/*",
        ],
        (Refresh, Responsible::Developer),
        Bilingual {
            en: "The access token has expired: it is valid for two hours.",
            zh: "access_token 已过期，有效期为两小时。",
        },
        Bilingual {
            en: "Refresh a user's token with the refresh token; fetch a new app token.",
            zh: "用户的 access_token 用 refresh_token 刷新；接口调用凭据重新获取。",
        },
    ),
    row(
        42002,
        ["refresh_token expired", "/sns/oauth2/refresh_token"],
        (LogIn, Responsible::Developer),
        Bilingual {
            en: "The refresh token has expired: it is valid for 30 days, and a refresh does not extend that.",
            zh: "refresh_token 已过期，有效期 30 天，刷新不会延长。",
        },
        Bilingual {
            en: "The user must log in again.",
            zh: "请让用户重新登录。",
        },
    ),
    row(
        42003,
        ["code expired", "/sns/oauth2/access_token"],
        (LogIn, Responsible::Developer),
        Bilingual {
            en: "The code has expired: it is valid for 5 to 10 minutes. This code is documented; 40029 is seen.",
            zh: "code 已过期，有效期 5 到 10 分钟。42003 是文档规定的错误码，实际观察到的是 40029。",
        },
        Bilingual {
            en: "Let the user log in again, and exchange the code in the callback itself, not later.",
            zh: "请让用户重新登录，并在回调中立即用 code 换取 access_token。",
        },
    ),
    row(
        42007,
        ["", "/sns/userinfo, /sns/oauth2/refresh_token"],
        (LogIn, Responsible::User),
        Bilingual {
            en: "The user has changed their WeChat password, which voids all tokens.",
            zh: "用户修改了微信密码，access_token 和 refresh_token 全部失效。",
        },
        Bilingual {
            en: "The user must log in again.",
            zh: "请让用户重新登录。",
        },
    ),
    row(
        50001,
        ["user unauthorized", "/sns/userinfo"],
        (LogIn, Responsible::User),
        Bilingual {
            en: "The user has not granted this, or has withdrawn it.",
            zh: "用户没有授权，或已取消授权。",
        },
        Bilingual {
            en: "Ask the user to log in again and to agree.",
            zh: "请让用户重新登录并同意授权。",
        },
    ),
    row(
        87009,
        ["invalid signature", "/wxa/checksession"],
        (LogIn, Responsible::Developer),
        Bilingual {
            en: "The signature does not match the user's session key: the key is no longer the latest, or the signature was computed differently.",
            zh: "签名与用户的 session_key 不符：session_key 已更新，或签名算法有误。",
        },
        Bilingual {
            en: "Let the mini program call `wx.login` again and exchange the new code. If it happens always, compute the signature as the hexadecimal HMAC-SHA256 of an empty text, with the session key's text as key.",
            zh: "请让小程序重新调用 wx.login 并换取新的 session_key。如果每次都失败，请检查签名：以 session_key 文本为密钥，对空字符串计算 HMAC-SHA256，取十六进制。",
        },
    ),
    row(
        61023,
        ["refresh_token is invalid", "/cgi-bin/component/*"],
        (LogIn, Responsible::User),
        Bilingual {
            en: "The refresh token by which an account authorized a third-party platform is no longer valid.",
            zh: "账号授权第三方平台时获得的 refresh_token 已失效。",
        },
        Bilingual {
            en: "The account's administrator must authorize the platform again.",
            zh: "请账号管理员重新授权第三方平台。",
        },
    ),
];
