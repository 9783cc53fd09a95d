//! Rules of calls of the API.

use super::{
    rule::{Rule, RuleClass},
    rules::ACCEPTED,
};
use crate::bilingual::Bilingual;

impl Rule {
    pub(crate) const CODE_TWICE: Self = Self {
        id: "code-twice",
        class: RuleClass::Rejected,
        answer: Bilingual::new("40163 code been used", "40163 code been used"),
        remedy: Bilingual::new(
            "每个 code 只能换取一次 access_token；回调可能重复到达，须去重",
            "exchange each code once: the callback may arrive twice",
        ),
        source: "observed: of two exchanges the first wins",
    };
    pub(crate) const SECRET_MISPLACED: Self = Self {
        id: "secret-misplaced",
        class: RuleClass::Unsafe,
        answer: ACCEPTED,
        remedy: Bilingual::new(
            "这个接口不需要 AppSecret，不要发送",
            "do not send the app secret: this endpoint does not need it",
        ),
        source: "doc/service/api/webdev/access/api_snsrefreshtoken",
    };
    pub(crate) const TOKEN_EXPOSED: Self = Self {
        id: "token-exposed",
        class: RuleClass::Unsafe,
        answer: ACCEPTED,
        remedy: Bilingual::new(
            "不要把 code、access_token、refresh_token 和密钥放进页面 URL、state 或回调地址，回调页面须设置 Referrer-Policy: no-referrer",
            "keep codes, tokens and secrets out of page URLs, states and callbacks, and send Referrer-Policy: no-referrer with the callback page",
        ),
        source: "RFC 6749 sections 10.3 and 10.5",
    };
    pub(crate) const REFRESH_ELSEWHERE: Self = Self {
        id: "refresh-elsewhere",
        class: RuleClass::Rejected,
        answer: Bilingual::new(
            "41008 missing code 或 40002 invalid grant_type",
            "41008 missing code, or 40002 invalid grant_type",
        ),
        remedy: Bilingual::new(
            "刷新 access_token 使用 /sns/oauth2/refresh_token",
            "refresh at /sns/oauth2/refresh_token",
        ),
        source: "doc/service/api/webdev/access/api_snsrefreshtoken",
    };
    pub(crate) const PROFILE_WITH_BASE: Self = Self {
        id: "profile-with-base",
        class: RuleClass::Rejected,
        answer: Bilingual::new("48001 api unauthorized", "48001 api unauthorized"),
        remedy: Bilingual::new(
            "获取用户信息需要 snsapi_userinfo 或 snsapi_login",
            "request snsapi_userinfo or snsapi_login to read the profile",
        ),
        source: "doc/service/api/webdev/access/api_snsuserinfo",
    };
    pub(crate) const POST: Self = Self {
        id: "post",
        class: RuleClass::Undocumented,
        answer: Bilingual::new(
            "目前接受，但文档只写了 GET",
            "it is accepted today, but WeChat documents only GET",
        ),
        remedy: Bilingual::new("改用 GET", "use GET"),
        source: "doc/service/api/webdev/access/api_snsaccesstoken",
    };
    pub(crate) const QUOTA: Self = Self {
        id: "quota",
        class: RuleClass::Rejected,
        answer: Bilingual::new(
            "45011 api minute-quota reach limit 或 45009 reach max api daily quota limit",
            "45011 api minute-quota reach limit, or 45009 reach max api daily quota limit",
        ),
        remedy: Bilingual::new(
            "缓存 access_token 和用户信息，降低调用频率",
            "cache tokens and profiles, and call less often",
        ),
        source: "doc/service/api/base/api_getstableaccesstoken and the page of each API",
    };
    pub(crate) const PLAIN_HTTP: Self = Self {
        id: "plain-http",
        class: RuleClass::Rejected,
        answer: Bilingual::new("43003 require https", "43003 require https"),
        remedy: Bilingual::new("使用 https", "use https"),
        source: "WeChat's list of common error codes",
    };
    pub(crate) const OLD_HOST: Self = Self {
        id: "old-host",
        class: RuleClass::Undocumented,
        answer: Bilingual::new(
            "目前接受，但已是旧域名",
            "it is accepted today, but the host is outdated",
        ),
        remedy: Bilingual::new(
            "轮询使用 lp.open.weixin.qq.com，头像使用接口返回的地址",
            "poll at lp.open.weixin.qq.com, and load avatars from the URL that the API returns",
        ),
        source: "observed: both hosts respond",
    };
}
