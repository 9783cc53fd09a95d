//! Numbers that login pages show. The site does not receive them.

use super::explanation::{
    Action::{FixConfiguration, LogIn, Report, Retry},
    Explanation,
    Responsible::{Developer, User},
    row,
};
use crate::language::Bilingual;

/// The page that official accounts open inside WeChat: it shows a dialog.
const INSIDE_WECHAT: &str = "/connect/oauth2/authorize";

/// The origin at which WeChat for PC listens, for the QR page.
const ON_THE_DESKTOP: &str = "https://localhost.weixin.qq.com";

pub(super) const ROWS: &[Explanation] = &[
    row(
        10003,
        ["redirect_uri域名与后台配置不一致", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "The callback's host is not the one that is registered for web authorization, or has a port.",
            zh: "回调地址的域名与后台配置的网页授权域名不一致，或者带了端口。",
        },
        Bilingual {
            en: "Register exactly this host (网页授权域名), without scheme, port and path; sub-domains count as others.",
            zh: "请在后台配置完全相同的网页授权域名，不带协议、端口和路径；子域名视为不同的域名。",
        },
    ),
    row(
        10004,
        ["此公众号被封禁", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "The official account is banned.",
            zh: "公众号被封禁。",
        },
        Bilingual {
            en: "Read the notices in the console; only WeChat can lift the ban.",
            zh: "请登录后台查看通知；只有微信可以解封。",
        },
    ),
    row(
        10005,
        ["此公众号并没有这些scope的权限", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "The account has no permission for this scope: only verified service accounts have web authorization.",
            zh: "公众号没有这个 scope 的权限：只有已认证的服务号才有网页授权权限。",
        },
        Bilingual {
            en: "Check the console's list of permissions (接口权限), and send `snsapi_base` or `snsapi_userinfo`.",
            zh: "请在后台查看接口权限，scope 请用 snsapi_base 或 snsapi_userinfo。",
        },
    ),
    row(
        10006,
        ["必须关注此测试号", INSIDE_WECHAT],
        (Report, User),
        Bilingual {
            en: "This is a test account, which only its followers may use.",
            zh: "这是测试号，只有关注者才能使用。",
        },
        Bilingual {
            en: "Let the user follow the test account first: its QR code is in the console.",
            zh: "请用户先扫码关注测试号，二维码在测试号管理页面上。",
        },
    ),
    row(
        10009,
        ["操作太频繁了，请稍后重试", INSIDE_WECHAT],
        (Retry, User),
        Bilingual {
            en: "The user has opened the page too often in a short time.",
            zh: "用户在短时间内打开授权页的次数过多。",
        },
        Bilingual {
            en: "Wait a little. If users see it without a reason, look for a loop of redirects.",
            zh: "请稍后再试。如果用户正常操作也出现这个错误，请检查是否有循环跳转。",
        },
    ),
    row(
        10010,
        ["scope不能为空", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "The scope is missing.",
            zh: "缺少 scope。",
        },
        Bilingual {
            en: "Send `snsapi_base` or `snsapi_userinfo`; an unencoded callback may have swallowed it.",
            zh: "请传 snsapi_base 或 snsapi_userinfo；如果 redirect_uri 没有编码，后面的参数可能丢失。",
        },
    ),
    row(
        10011,
        ["redirect_uri不能为空", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "The callback is missing.",
            zh: "缺少 redirect_uri。",
        },
        Bilingual {
            en: "Send `redirect_uri`, percent-encoded.",
            zh: "请传经过 URL 编码的 redirect_uri。",
        },
    ),
    row(
        10012,
        ["appid不能为空", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "The app ID is missing.",
            zh: "缺少 appid。",
        },
        Bilingual {
            en: "Send `appid` as the first parameter; it is not called `client_id` here.",
            zh: "请把 appid 作为第一个参数；这里不叫 client_id。",
        },
    ),
    row(
        10013,
        ["state不能为空", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "The state is missing.",
            zh: "缺少 state。",
        },
        Bilingual {
            en: "Send a random `state` of at most 128 letters and digits.",
            zh: "请传随机的 state，最多 128 个字母或数字。",
        },
    ),
    row(
        10015,
        ["公众号未授权第三方平台，请检查授权状态", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "The account has not authorized the third-party platform in the URL.",
            zh: "公众号没有授权给 URL 中的第三方平台。",
        },
        Bilingual {
            en: "Authorize the platform again, or leave `component_appid` out.",
            zh: "请重新授权第三方平台，或去掉 component_appid。",
        },
    ),
    row(
        10016,
        [
            "不支持微信开放平台的Appid，请使用公众号Appid",
            INSIDE_WECHAT,
        ],
        (FixConfiguration, Developer),
        Bilingual {
            en: "This is the app ID of a website or mobile app of the Open Platform, and this page is for official accounts.",
            zh: "这是开放平台（网站应用或移动应用）的 AppID，而这个页面只支持公众号。",
        },
        Bilingual {
            en: "Use the official account's app ID here; for a website app open the QR page (/connect/qrconnect).",
            zh: "这里请用公众号的 AppID；网站应用请打开二维码页面（/connect/qrconnect）。",
        },
    ),
    row(
        10038,
        ["", INSIDE_WECHAT],
        (FixConfiguration, Developer),
        Bilingual {
            en: "Its meaning is not documented; it was seen together with 10003, for the wrong app ID of a test account.",
            zh: "官方没有说明；曾在测试号 AppID 填错时与 10003 一起出现。",
        },
        Bilingual {
            en: "Compare app ID and callback domain with the console.",
            zh: "请与后台核对 AppID 和网页授权域名。",
        },
    ),
    row(
        10046,
        ["", ON_THE_DESKTOP],
        (LogIn, User),
        Bilingual {
            en: "The user did not respond to WeChat's dialog on the desktop within two minutes.",
            zh: "用户没有在两分钟内确认电脑版微信的弹窗。",
        },
        Bilingual {
            en: "Press the button again, or scan the QR code.",
            zh: "请再点一次快捷登录，或改为扫码登录。",
        },
    ),
    row(
        10050,
        ["", ON_THE_DESKTOP],
        (Report, User),
        Bilingual {
            en: "The user declined in WeChat's dialog on the desktop.",
            zh: "用户在电脑版微信的弹窗里拒绝了登录。",
        },
        Bilingual {
            en: "Nothing to do: the page stays, and the user may scan or press again.",
            zh: "无需处理：页面不会关闭，用户可以扫码或再点一次。",
        },
    ),
    row(
        10057,
        ["", ON_THE_DESKTOP],
        (Report, Developer),
        Bilingual {
            en: "The app allows scanning only, no login by the desktop's WeChat.",
            zh: "该应用只支持扫码登录，不支持电脑版微信的快捷登录。",
        },
        Bilingual {
            en: "Nothing to do: the page shows the QR code.",
            zh: "无需处理：页面会显示二维码。",
        },
    ),
];
