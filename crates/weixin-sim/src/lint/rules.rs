//! Catalog of the rules behind findings, with those of login URLs.

use std::str::FromStr;

use thiserror::Error;

use super::rule::{Rule, RuleClass};
use crate::bilingual::Bilingual;

const REDIRECT_URI: Bilingual = Bilingual::new(
    "redirect_uri 参数错误（公众号：错误码 10003）",
    "redirect_uri 参数错误 (official account: error 10003)",
);
pub(super) const ACCEPTED: Bilingual = Bilingual::new("接受请求", "the request is accepted");

/// All rules, by topic.
const ALL: [Rule; 24] = [
    Rule::CALLBACK_HOST,
    Rule::CALLBACK_DOMAIN,
    Rule::CALLBACK_PORT,
    Rule::CALLBACK_HTTP,
    Rule::STATE_MISSING,
    Rule::STATE_REPEATED,
    Rule::STATE_SHORT,
    Rule::STATE_SHAPE,
    Rule::STATE_LONG,
    Rule::STATE_DAMAGED,
    Rule::REDIRECT_URI_RAW,
    Rule::UNBOUND,
    Rule::ORDER,
    Rule::PARAMETER_CASE,
    Rule::SCOPE,
    Rule::CODE_TWICE,
    Rule::SECRET_MISPLACED,
    Rule::TOKEN_EXPOSED,
    Rule::REFRESH_ELSEWHERE,
    Rule::PROFILE_WITH_BASE,
    Rule::POST,
    Rule::QUOTA,
    Rule::PLAIN_HTTP,
    Rule::OLD_HOST,
];

/// Unknown identifier of a [`Rule`]. The message lists all rules.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("unknown rule {id:?}: expected one of {}", Rule::all().map(|rule| rule.id).collect::<Vec<_>>().join(", "))]
pub struct UnknownRule {
    id: String,
}

impl Rule {
    /// Returns all rules.
    pub fn all() -> impl Iterator<Item = Self> {
        ALL.into_iter()
    }
}

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(id: &str) -> Result<Self, UnknownRule> {
        let rule = Self::all().find(|rule| rule.id == id);
        rule.ok_or_else(|| UnknownRule { id: id.to_owned() })
    }
}

impl Rule {
    pub(crate) const CALLBACK_HOST: Self = Self {
        id: "callback-host",
        class: RuleClass::Rejected,
        answer: REDIRECT_URI,
        remedy: Bilingual::new(
            "授权回调域须填写域名，不能是 localhost 或 IP 地址",
            "register a domain as callback domain: WeChat does not accept localhost or an IP address",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth",
    };
    pub(crate) const CALLBACK_DOMAIN: Self = Self {
        id: "callback-domain",
        class: RuleClass::Rejected,
        answer: REDIRECT_URI,
        remedy: Bilingual::new(
            "回调地址的域名须与填写的授权回调域完全一致",
            "use exactly the registered callback domain as the host of the callback",
        ),
        source: "doc/oplatform/Website_App/WeChat_Login/Wechat_Login",
    };
    pub(crate) const CALLBACK_PORT: Self = Self {
        id: "callback-port",
        class: RuleClass::Rejected,
        answer: REDIRECT_URI,
        remedy: Bilingual::new(
            "回调地址不能带端口号，只能使用默认的 80 或 443 端口",
            "remove the port from the callback: WeChat accepts only the default ports 80 and 443",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth",
    };
    pub(crate) const CALLBACK_HTTP: Self = Self {
        id: "callback-http",
        class: RuleClass::Unsafe,
        answer: ACCEPTED,
        remedy: Bilingual::new(
            "使用 https，避免明文传输 code",
            "use HTTPS, so that the code is not sent in plain text",
        ),
        source: "RFC 6749 section 3.1.2.1",
    };
    pub(crate) const STATE_MISSING: Self = Self {
        id: "state-missing",
        class: RuleClass::Unsafe,
        answer: ACCEPTED,
        remedy: Bilingual::new(
            "每次登录生成随机 state，并与浏览器绑定",
            "generate a random state for each login and bind it to the browser",
        ),
        source: "RFC 6749 section 10.12",
    };
    pub(crate) const STATE_REPEATED: Self = Self {
        id: "state-repeated",
        class: RuleClass::Unsafe,
        answer: ACCEPTED,
        remedy: Bilingual::new(
            "每次登录使用新的 state，不能固定或重复使用",
            "use a new state for each login: it must be neither constant nor repeated",
        ),
        source: "RFC 6749 section 10.12",
    };
    pub(crate) const STATE_SHORT: Self = Self {
        id: "state-short",
        class: RuleClass::Unsafe,
        answer: ACCEPTED,
        remedy: Bilingual::new(
            "state 太短，容易被猜到：至少使用 16 个随机字符",
            "use at least 16 random characters: a short state can be guessed",
        ),
        source: "RFC 6749 section 10.10",
    };
    pub(crate) const STATE_SHAPE: Self = Self {
        id: "state-shape",
        class: RuleClass::Undocumented,
        answer: Bilingual::new(
            "目前接受，但文档规定只能用字母和数字",
            "it is accepted today, but WeChat documents only letters and digits",
        ),
        remedy: Bilingual::new(
            "公众号的 state 只用字母和数字，例如十六进制字符串",
            "use only letters and digits, such as hexadecimal digits, in the state of an official account",
        ),
        source: "official account web authorization; others were observed to work",
    };
    pub(crate) const STATE_LONG: Self = Self {
        id: "state-long",
        class: RuleClass::Rejected,
        answer: Bilingual::new("错误页：state 参数过长", "an error page: state 参数过长"),
        remedy: Bilingual::new(
            "公众号的 state 最长 128 字节",
            "use at most 128 bytes in the state of an official account",
        ),
        source: "official account web authorization; longer ones were observed to fail",
    };
    pub(crate) const STATE_DAMAGED: Self = Self {
        id: "state-damaged",
        class: RuleClass::Rejected,
        answer: Bilingual::new(
            "原样拼接到回调地址，不重新编码：网站收到的 state 与发送的不同",
            "it is appended to the callback without being encoded again: the site receives another state",
        ),
        remedy: Bilingual::new(
            "state 中不要使用 &、#、+、%",
            "do not use &, #, + or % in the state",
        ),
        source: "doc/oplatform/Website_App/WeChat_Login/Wechat_Login",
    };
    pub(crate) const REDIRECT_URI_RAW: Self = Self {
        id: "redirect-uri-raw",
        class: RuleClass::Rejected,
        answer: Bilingual::new(
            "Scope 参数错误或没有 Scope 权限",
            "Scope 参数错误或没有 Scope 权限",
        ),
        remedy: Bilingual::new(
            "对 redirect_uri 进行 URL 编码（encodeURIComponent）",
            "percent-encode redirect_uri (encodeURIComponent)",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth",
    };
    pub(crate) const UNBOUND: Self = Self {
        id: "unbound",
        class: RuleClass::Local,
        answer: Bilingual::new(
            "网站应用和移动应用必定属于开放平台账号，会返回 unionid",
            "website and mobile apps always belong to an Open Platform account, and get a UnionID",
        ),
        remedy: Bilingual::new(
            "在模拟器配置中删除这个应用的 bound = false",
            "remove bound = false of this app from the simulator's configuration",
        ),
        source: "doc/oplatform/Website_App/WeChat_Login/Authorized_Interface_Calling_UnionID",
    };
    pub(crate) const ORDER: Self = Self {
        id: "order",
        class: RuleClass::Undocumented,
        answer: Bilingual::new(
            "目前接受，但文档规定了参数顺序（否则：Scope 参数错误）",
            "it is accepted today, but WeChat documents an order (otherwise: Scope 参数错误)",
        ),
        remedy: Bilingual::new(
            "公众号登录的参数须按 appid、redirect_uri、response_type、scope、state 的顺序排列",
            "send an official account's parameters in the order appid, redirect_uri, response_type, scope, state",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth; clients in use send other orders",
    };
    pub(crate) const PARAMETER_CASE: Self = Self {
        id: "parameter-case",
        class: RuleClass::Rejected,
        answer: Bilingual::new(
            "参数缺失：AppID 参数错误等（公众号：错误码 10010 至 10013）",
            "a missing parameter: AppID 参数错误 and others (official account: errors 10010 to 10013)",
        ),
        remedy: Bilingual::new("参数名全部小写", "write parameter names in lower case"),
        source: "official account web authorization",
    };
    pub(crate) const SCOPE: Self = Self {
        id: "scope",
        class: RuleClass::Rejected,
        answer: Bilingual::new(
            "Scope 参数错误或没有 Scope 权限（公众号：错误码 10005 或 10016）",
            "Scope 参数错误或没有 Scope 权限 (official account: error 10005 or 10016)",
        ),
        remedy: Bilingual::new(
            "网站应用用 qrconnect 和 snsapi_login；公众号用 oauth2/authorize 和 snsapi_base 或 snsapi_userinfo",
            "use qrconnect with snsapi_login for a website app, oauth2/authorize with snsapi_base or snsapi_userinfo for an official account",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth",
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_lists_each_rule_once() {
        let files = [include_str!("rules.rs"), include_str!("call_rules.rs")].concat();
        // This test itself has none: its line break is escaped.
        let defined = files.matches(": Self = Self {\n");
        assert_eq!(defined.count(), ALL.len());
        let mut ids: Vec<_> = ALL.iter().map(|rule| rule.id).collect();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), ALL.len());
    }
}
