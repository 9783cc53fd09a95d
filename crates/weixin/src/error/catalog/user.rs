//! Codes about the user's account, which the program cannot change.

use super::explanation::{
    Action::{self, Report},
    Explanation, Responsible, row,
};
use crate::language::Bilingual;

/// Only the user can fix it.
const PERSONAL: (Action, Responsible) = (Report, Responsible::User);

pub(super) const ROWS: &[Explanation] = &[
    row(
        40226,
        ["code blocked", "/sns/jscode2session"],
        PERSONAL,
        Bilingual {
            en: "WeChat flags this user as high-risk and blocks the login.",
            zh: "微信判定该用户为高风险用户，登录被拦截。",
        },
        Bilingual {
            en: "Do not retry. Tell the user that WeChat rejects the login, and offer another way to log in.",
            zh: "不要重试。请告诉用户微信拒绝了登录，并提供其他登录方式。",
        },
    ),
    row(
        43004,
        ["", "/cgi-bin/*"],
        PERSONAL,
        Bilingual {
            en: "The user does not follow the official account.",
            zh: "用户没有关注公众号。",
        },
        Bilingual {
            en: "Ask the user to follow the account first.",
            zh: "请用户先关注公众号。",
        },
    ),
    row(
        50002,
        ["user limited", "/sns/*"],
        PERSONAL,
        Bilingual {
            en: "The user or the app is restricted: frozen, canceled, punished or de-registered.",
            zh: "用户或应用受限：已冻结、已注销或被处罚。",
        },
        Bilingual {
            en: "Tell the user to check WeChat for notices about the account. If it happens to every user, check the app's state in the console.",
            zh: "请用户到微信里查看账号通知。如果所有用户都出现这个错误，请到后台查看应用的状态。",
        },
    ),
    row(
        50003,
        ["user unexpected, maybe not in white list", "/sns/*"],
        PERSONAL,
        Bilingual {
            en: "The user is not among those who may use the app, such as before its release.",
            zh: "该用户不在允许使用该应用的名单里，例如应用尚未发布。",
        },
        Bilingual {
            en: "Add the user to the app's testers in the console, or release the app.",
            zh: "请在后台把该用户加为体验者，或先发布应用。",
        },
    ),
    row(
        50004,
        [
            "user not allow to use accesstoken, maybe for punishment",
            "/sns/*",
        ],
        PERSONAL,
        Bilingual {
            en: "The user may not use access tokens, perhaps because of a punishment.",
            zh: "该用户不能使用 access_token，可能受到了处罚。",
        },
        Bilingual {
            en: "Tell the user to check WeChat for notices about the account.",
            zh: "请用户到微信里查看账号通知。",
        },
    ),
    row(
        50006,
        ["user has switched off friends authorization", "/sns/*"],
        PERSONAL,
        Bilingual {
            en: "The user has switched off the permission for friends' data.",
            zh: "用户关闭了好友关系授权。",
        },
        Bilingual {
            en: "Do without it, or ask the user to switch it on in WeChat's settings.",
            zh: "请不要依赖这项数据，或请用户在微信设置里打开授权。",
        },
    ),
];
