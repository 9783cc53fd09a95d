//! Transient codes.

use super::super::ErrCode;
use super::explanation::{
    Action::{Report, Retry},
    Explanation, Responsible,
};
use crate::language::Bilingual;

pub(super) const ROWS: &[Explanation] = &[
    Explanation {
        code: ErrCode(-1),
        message: "system error",
        endpoints: "/*",
        cause: Bilingual {
            en: "WeChat is busy.",
            zh: "微信系统繁忙。",
        },
        remedy: Bilingual {
            en: "Call again after a short pause. A code may have been used all the same: if the next response is 40163, the user must log in again.",
            zh: "稍等片刻再调用。code 可能已被使用：如果接着返回 40163，请让用户重新登录。",
        },
        action: Retry,
        responsible: Some(Responsible::WeChat),
    },
    Explanation {
        code: ErrCode(0),
        message: "ok",
        endpoints: "/sns/auth, /cgi-bin/*, /wxa/*",
        cause: Bilingual {
            en: "It worked.",
            zh: "调用成功。",
        },
        remedy: Bilingual {
            en: "Nothing to do. Other calls leave the code out when they work: absent means the same.",
            zh: "无需处理。其他接口成功时不返回 errcode，没有 errcode 也表示成功。",
        },
        action: Report,
        responsible: None,
    },
    Explanation {
        code: ErrCode(45009),
        message: "reach max api daily quota limit",
        endpoints: "/*",
        cause: Bilingual {
            en: "The app has used up its calls of the day.",
            zh: "当天的接口调用次数已用完。",
        },
        remedy: Bilingual {
            en: "Wait for the next day or clear the quota in the console, and find out what calls so often: app tokens must be kept and shared, not fetched for each request.",
            zh: "等到第二天，或在后台清零调用次数，并检查调用过多的原因：接口调用凭据（access_token）要缓存并由所有服务器共用，不要每次请求都重新获取。",
        },
        action: Report,
        responsible: Some(Responsible::Developer),
    },
    Explanation {
        code: ErrCode(45011),
        message: "api minute-quota reach limit mustslower retry next minute",
        endpoints: "/*",
        cause: Bilingual {
            en: "Too many calls within a minute; /sns/jscode2session takes 100 for each user.",
            zh: "一分钟内调用过多；/sns/jscode2session 每个用户每分钟最多 100 次。",
        },
        remedy: Bilingual {
            en: "Call again after a minute, and more slowly.",
            zh: "一分钟后再试，并降低调用频率。",
        },
        action: Retry,
        responsible: Some(Responsible::Developer),
    },
];
