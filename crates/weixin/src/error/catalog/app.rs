//! Codes for a misconfigured app, or a problem of its account.

use super::explanation::{
    Action::{FixConfiguration, Report},
    Explanation, Responsible, row,
};
use crate::language::Bilingual;

pub(super) const ROWS: &[Explanation] = &[
    row(
        40013,
        ["invalid appid", "/*"],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "WeChat does not know this app ID.",
            zh: "AppID 无效，没有对应的应用。",
        },
        Bilingual {
            en: "Copy the app ID from the console again: `wx` and 16 hexadecimal digits, no space, not the account's original ID (gh_…).",
            zh: "请从后台重新复制 AppID：wx 加 16 位十六进制字符，不要带空格，也不要用原始 ID（gh_…）。",
        },
    ),
    row(
        40125,
        [
            "invalid appsecret",
            "/sns/oauth2/access_token, /sns/jscode2session, /cgi-bin/token, /cgi-bin/stable_token",
        ],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "The app secret is not this app's, or was reset in the console. At /sns/oauth2/access_token the code is checked first.",
            zh: "AppSecret 与 AppID 不匹配，或者已在后台重置。/sns/oauth2/access_token 会先检查 code。",
        },
        Bilingual {
            en: "Put the current app secret of exactly this app ID into the settings; website app, official account and mini program each have one of their own.",
            zh: "把这个 AppID 当前的 AppSecret 填进配置；网站应用、公众号、小程序各有各的 AppSecret。",
        },
    ),
    row(
        40164,
        [
            "invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in whitelist",
            "/cgi-bin/token, /cgi-bin/stable_token",
        ],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "The server that called is not on the app's IP whitelist. Logins (/sns/*) need none.",
            zh: "调用方的 IP 不在 IP 白名单里。登录接口（/sns/*）不检查白名单。",
        },
        Bilingual {
            en: "Add the IP address in the message to the IP whitelist (IP 白名单) in the console. It is the outgoing IP address of your server, perhaps a gateway's.",
            zh: "把错误信息里的 IP 加到后台的 IP 白名单。它是服务器的出口 IP，可能是网关的地址。",
        },
    ),
    row(
        48001,
        ["api unauthorized", "/sns/userinfo, /cgi-bin/*"],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "The scope that was granted (`snsapi_base`, or a snapshot user's) does not cover this call, or the account does not have the permission.",
            zh: "用户授权的 scope（如 snsapi_base，或快照页用户的 scope）不能调用这个接口，或者账号没有这个接口的权限。",
        },
        Bilingual {
            en: "For a profile, log in with `snsapi_userinfo` (official account) or `snsapi_login` (website); otherwise check the permission in the console.",
            zh: "获取用户信息时，公众号请用 snsapi_userinfo 授权，网站应用请用 snsapi_login 授权；其他接口请在后台检查接口权限。",
        },
    ),
    row(
        48004,
        ["api forbidden for irregularities", "/cgi-bin/*"],
        (Report, Responsible::Developer),
        Bilingual {
            en: "WeChat has banned this API for the account because of a breach of its rules.",
            zh: "账号违规，微信已封禁其调用这个接口的权限。",
        },
        Bilingual {
            en: "Read the notices in the console's message box; only WeChat can lift the ban.",
            zh: "请登录后台，在站内信中查看处罚通知；只有微信可以解封。",
        },
    ),
    row(
        61003,
        [
            "component is not authorized by this account",
            "/sns/component/*, /cgi-bin/component/*",
        ],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "The account has not authorized this third-party platform.",
            zh: "该账号没有授权给这个第三方平台。",
        },
        Bilingual {
            en: "Let the account's administrator authorize the platform again.",
            zh: "请账号管理员重新授权第三方平台。",
        },
    ),
    row(
        61004,
        [
            "access clientip is not registered, not in ip-white-list",
            "/cgi-bin/component/*",
        ],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "The server that called is not on the third-party platform's IP whitelist.",
            zh: "调用方的 IP 不在第三方平台的 IP 白名单里。",
        },
        Bilingual {
            en: "Add the server's outgoing IP address to the platform's whitelist.",
            zh: "把服务器的出口 IP 加到第三方平台的白名单。",
        },
    ),
    row(
        61024,
        [
            "must use api(api_component_token) to get token for component acct",
            "/cgi-bin/token",
        ],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "This is the app ID of a third-party platform, which gets its token elsewhere.",
            zh: "这是第三方平台的 AppID，它的凭据不从这个接口获取。",
        },
        Bilingual {
            en: "Use the app ID of the official account or mini program, or the platform's own token API.",
            zh: "请改用公众号或小程序的 AppID，或者调用第三方平台自己的凭据接口。",
        },
    ),
    row(
        89501,
        ["", "/cgi-bin/token"],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "The call from this IP address waits for an administrator's confirmation.",
            zh: "此 IP 的调用正在等待管理员确认。",
        },
        Bilingual {
            en: "Ask the account's administrator to confirm the call in WeChat, then call again.",
            zh: "请账号管理员在微信里确认，然后再调用。",
        },
    ),
    row(
        89503,
        ["", "/cgi-bin/token"],
        (FixConfiguration, Responsible::Developer),
        Bilingual {
            en: "The call from this IP address must be confirmed by an administrator first.",
            zh: "此 IP 的调用需要管理员先确认。",
        },
        Bilingual {
            en: "Ask the account's administrator to confirm the call in WeChat, or put the IP address on the whitelist.",
            zh: "请账号管理员在微信里确认，或者把该 IP 加入 IP 白名单。",
        },
    ),
];
