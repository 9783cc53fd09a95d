//! Codes for malformed requests.

use super::explanation::{
    Action::{self, FixConfiguration},
    Explanation, Responsible, row,
};
use crate::language::Bilingual;

/// The developer must correct the request.
const MALFORMED: (Action, Responsible) = (FixConfiguration, Responsible::Developer);

pub(super) const ROWS: &[Explanation] = &[
    row(
        40002,
        [
            "invalid grant_type",
            "/sns/*, /cgi-bin/token, /cgi-bin/stable_token",
        ],
        MALFORMED,
        Bilingual {
            en: "`grant_type` is wrong or missing.",
            zh: "grant_type 错误或缺失。",
        },
        Bilingual {
            en: "Send `authorization_code` for a code, `refresh_token` for a refresh, `client_credential` for an app token.",
            zh: "用 code 换取时传 authorization_code，刷新时传 refresh_token，获取接口调用凭据时传 client_credential。",
        },
    ),
    row(
        40035,
        ["invalid parameters", "/cgi-bin/*"],
        MALFORMED,
        Bilingual {
            en: "A parameter is not allowed; no call of the login returns this.",
            zh: "参数不合法；登录相关接口不会返回这个错误码。",
        },
        Bilingual {
            en: "Compare the request with the documentation of the API that was called.",
            zh: "请对照所调接口的文档检查参数。",
        },
    ),
    row(
        40037,
        ["invalid template_id", "/cgi-bin/*"],
        MALFORMED,
        Bilingual {
            en: "The message template is not this account's; no call of the login returns this.",
            zh: "模板 ID 不属于这个账号；登录相关接口不会返回这个错误码。",
        },
        Bilingual {
            en: "Take the template ID from the console of the same account.",
            zh: "请使用同一账号后台里的模板 ID。",
        },
    ),
    row(
        40066,
        ["invalid url", "/*"],
        MALFORMED,
        Bilingual {
            en: "No API has this path.",
            zh: "接口路径不存在。",
        },
        Bilingual {
            en: "Check the path for typing errors, and whether the base URL already contains a part of it.",
            zh: "请检查路径是否写错，以及基础 URL 是否已经包含其中一部分。",
        },
    ),
    row(
        40242,
        [
            "invalid oauth code, it is miniprogram jscode, please use jscode2session",
            "/sns/oauth2/access_token",
        ],
        MALFORMED,
        Bilingual {
            en: "A mini program's code (`wx.login`) was sent to the endpoint of the other logins. Until January 2023 this returned 40029.",
            zh: "把小程序 wx.login 的 code 发给了网页登录的接口。2023 年 1 月之前返回 40029。",
        },
        Bilingual {
            en: "Exchange a mini program's code at `/sns/jscode2session`, as `js_code`, with the mini program's app ID and secret.",
            zh: "小程序的 code 请用 /sns/jscode2session 换取，参数名为 js_code，AppID 和 AppSecret 用小程序的。",
        },
    ),
    row(
        41001,
        [
            "access_token missing",
            "/sns/userinfo, /sns/auth, /cgi-bin/*",
        ],
        MALFORMED,
        Bilingual {
            en: "The access token is missing or empty.",
            zh: "access_token 缺失或为空。",
        },
        Bilingual {
            en: "Send `access_token` in the query of the URL. Often the token response was not read: parse the body as JSON in UTF-8, ignore the content type, and expect errors with HTTP status 200.",
            zh: "请在 URL 的查询参数里带上 access_token。常见原因是没有正确解析换取 access_token 的响应：请忽略 Content-Type，按 UTF-8 编码的 JSON 解析；出错时 HTTP 状态码也是 200。",
        },
    ),
    row(
        41002,
        ["appid missing", "/sns/*, /cgi-bin/token"],
        MALFORMED,
        Bilingual {
            en: "The app ID is missing or empty.",
            zh: "appid 缺失或为空。",
        },
        Bilingual {
            en: "WeChat's parameter is `appid`, not `client_id`.",
            zh: "参数名是 appid，不是 client_id。",
        },
    ),
    row(
        41003,
        ["refresh_token missing", "/sns/oauth2/refresh_token"],
        MALFORMED,
        Bilingual {
            en: "The refresh token is missing or empty.",
            zh: "refresh_token 缺失或为空。",
        },
        Bilingual {
            en: "Send the `refresh_token` of the latest response in the query.",
            zh: "请在查询参数里带上最近一次返回的 refresh_token。",
        },
    ),
    row(
        41004,
        ["appsecret missing", "/sns/*, /cgi-bin/token"],
        MALFORMED,
        Bilingual {
            en: "The app secret is missing or empty.",
            zh: "AppSecret 缺失或为空。",
        },
        Bilingual {
            en: "WeChat's parameter is `secret`, not `client_secret`; check whether the setting that holds it is empty.",
            zh: "参数名是 secret，不是 client_secret；请检查对应的配置是否为空。",
        },
    ),
    row(
        41005,
        ["media data missing", "/cgi-bin/media/*"],
        MALFORMED,
        Bilingual {
            en: "An upload has no data; no call of the login returns this.",
            zh: "上传缺少多媒体数据；登录相关接口不会返回这个错误码。",
        },
        Bilingual {
            en: "Compare the request with the documentation of the API that was called.",
            zh: "请对照所调接口的文档检查请求。",
        },
    ),
    row(
        41006,
        ["media_id missing", "/cgi-bin/media/*"],
        MALFORMED,
        Bilingual {
            en: "The ID of an upload is missing; no call of the login returns this.",
            zh: "缺少 media_id；登录相关接口不会返回这个错误码。",
        },
        Bilingual {
            en: "Compare the request with the documentation of the API that was called.",
            zh: "请对照所调接口的文档检查请求。",
        },
    ),
    row(
        41007,
        ["sub menu data missing", "/cgi-bin/menu/*"],
        MALFORMED,
        Bilingual {
            en: "A menu has no entries; no call of the login returns this.",
            zh: "缺少子菜单数据；登录相关接口不会返回这个错误码。",
        },
        Bilingual {
            en: "Compare the request with the documentation of the API that was called.",
            zh: "请对照所调接口的文档检查请求。",
        },
    ),
    row(
        41008,
        [
            "missing code",
            "/sns/oauth2/access_token, /sns/jscode2session",
        ],
        MALFORMED,
        Bilingual {
            en: "The code is missing or empty.",
            zh: "code 缺失或为空。",
        },
        Bilingual {
            en: "Send what the callback brought as `code`, a mini program's as `js_code`. A callback without a code is a login that the user declined.",
            zh: "请原样传入回调中的 code；小程序的参数名是 js_code。回调中没有 code 表示用户没有同意登录。",
        },
    ),
    row(
        41009,
        ["missing openid", "/sns/userinfo, /sns/auth"],
        MALFORMED,
        Bilingual {
            en: "The OpenID is missing or empty.",
            zh: "openid 缺失或为空。",
        },
        Bilingual {
            en: "Send the `openid` of the token response with the access token; generic OAuth clients drop it.",
            zh: "请同时传入 access_token 和与它一起返回的 openid；通用的 OAuth 客户端会丢弃 openid。",
        },
    ),
    row(
        43001,
        ["require GET method", "/*"],
        MALFORMED,
        Bilingual {
            en: "This API is called by GET.",
            zh: "这个接口要用 GET 调用。",
        },
        Bilingual {
            en: "Use GET, with the parameters in the query.",
            zh: "请改用 GET，并把参数放在 URL 的查询参数里。",
        },
    ),
    row(
        43002,
        ["require POST method", "/cgi-bin/stable_token, /wxa/*"],
        MALFORMED,
        Bilingual {
            en: "This API is called by POST.",
            zh: "这个接口要用 POST 调用。",
        },
        Bilingual {
            en: "Use POST, with a JSON body.",
            zh: "请改用 POST，并把参数以 JSON 放在请求体里。",
        },
    ),
    row(
        43003,
        ["require https", "/*"],
        MALFORMED,
        Bilingual {
            en: "WeChat was called over plain HTTP.",
            zh: "使用了 http，微信要求 https。",
        },
        Bilingual {
            en: "Start the URL with https://.",
            zh: "URL 请以 https:// 开头。",
        },
    ),
    row(
        44002,
        ["empty post data", "/cgi-bin/*, /wxa/*"],
        MALFORMED,
        Bilingual {
            en: "The body of the request is empty.",
            zh: "请求体为空。",
        },
        Bilingual {
            en: "Send the parameters as JSON in the body, not in the query.",
            zh: "请把参数以 JSON 放在请求体里，而不是查询参数里。",
        },
    ),
    row(
        47001,
        ["data format error", "/cgi-bin/*, /wxa/*"],
        MALFORMED,
        Bilingual {
            en: "The body of the request is not the JSON that is expected.",
            zh: "请求体不是要求的 JSON 格式。",
        },
        Bilingual {
            en: "Send JSON in UTF-8, not a form.",
            zh: "请发送 UTF-8 编码的 JSON，不要发送表单。",
        },
    ),
];
