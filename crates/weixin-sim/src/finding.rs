//! What passes here and would not at WeChat, or is unsafe there: the rule, and how to mend it.

use std::collections::HashSet;

use serde::Serialize;

/// Most findings, and most states, that are remembered.
const MAX_REMEMBERED: usize = 1000;

/// A text in both languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Text {
    /// 中文
    pub zh: &'static str,
    /// English
    pub en: &'static str,
}

/// A rule of WeChat's, or of safe logins.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// Such as `callback-port`.
    pub id: &'static str,
    /// What WeChat would answer.
    pub answer: Text,
    /// How to mend it.
    pub mend: Text,
}

/// A rule that was broken, and how.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// What was sent, without secrets.
    pub sent: String,
    /// How often.
    pub times: u32,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
    /// App id and state of every login so far.
    states: HashSet<(String, String)>,
}

impl Findings {
    pub(crate) fn add(&mut self, rule: &Rule, sent: String) {
        let known = self
            .all
            .iter_mut()
            .find(|known| known.rule.id == rule.id && known.sent == sent);
        if let Some(known) = known {
            known.times += 1;
        } else if self.all.len() < MAX_REMEMBERED {
            self.all.push(Finding {
                rule: *rule,
                sent,
                times: 1,
            });
        }
    }

    pub(crate) fn all(&self) -> &[Finding] {
        &self.all
    }

    /// Whether a login of this app has had this state before.
    pub(crate) fn has_seen(&mut self, app: &str, state: &str) -> bool {
        if self.states.len() >= MAX_REMEMBERED {
            self.states.clear();
        }
        !self.states.insert((app.to_owned(), state.to_owned()))
    }
}

const fn rule(id: &'static str, answer: Text, mend: Text) -> Rule {
    Rule { id, answer, mend }
}

const fn text(zh: &'static str, en: &'static str) -> Text {
    Text { zh, en }
}

const REDIRECT_URI: Text = text(
    "redirect_uri 参数错误（公众号：错误码 10003）",
    "redirect_uri 参数错误 (official account: error 10003)",
);
const NOTHING: Text = text("微信会接受", "WeChat accepts it");

impl Rule {
    pub(crate) const CALLBACK_HOST: Self = rule(
        "callback-host",
        REDIRECT_URI,
        text(
            "登记一个域名作为授权回调域：localhost 和 IP 不能登记",
            "register a host as callback domain: neither localhost nor an IP address can be one",
        ),
    );
    pub(crate) const CALLBACK_PORT: Self = rule(
        "callback-port",
        REDIRECT_URI,
        text(
            "回调地址只能用 80 或 443 端口，不写端口号",
            "call back on port 80 or 443, without a port in the address",
        ),
    );
    pub(crate) const CALLBACK_HTTP: Self = rule(
        "callback-http",
        NOTHING,
        text(
            "使用 https：code 不应明文传输",
            "use https: a code must not travel in the clear",
        ),
    );
    pub(crate) const STATE_MISSING: Self = rule(
        "state-missing",
        NOTHING,
        text(
            "每次登录生成随机 state，并与浏览器绑定",
            "make a random state for each login and bind it to the browser",
        ),
    );
    pub(crate) const STATE_REPEATED: Self = rule(
        "state-repeated",
        NOTHING,
        text(
            "state 不能固定或重复使用",
            "a state must not be constant or used again",
        ),
    );
    pub(crate) const STATE_SHORT: Self = rule(
        "state-short",
        NOTHING,
        text(
            "state 太短，容易被猜中：至少 16 个随机字符",
            "the state can be guessed: use at least 16 random characters",
        ),
    );
    pub(crate) const ORDER: Self = rule(
        "order",
        text("Scope 参数错误", "Scope 参数错误"),
        text(
            "按 appid、redirect_uri、response_type、scope、state 的顺序",
            "keep the order appid, redirect_uri, response_type, scope, state",
        ),
    );
    pub(crate) const CODE_TWICE: Self = rule(
        "code-twice",
        text("40163 code been used", "40163 code been used"),
        text(
            "一个 code 只兑换一次；回调可能重复到达",
            "exchange a code once; a callback may arrive twice",
        ),
    );
    pub(crate) const SECRET_MISPLACED: Self = rule(
        "secret-misplaced",
        NOTHING,
        text(
            "这个接口不需要 AppSecret，不要发送",
            "this call needs no app secret: do not send it",
        ),
    );
    pub(crate) const REFRESH_ELSEWHERE: Self = rule(
        "refresh-elsewhere",
        text(
            "41008 missing code 或 40002 invalid grant_type",
            "41008 missing code, or 40002 invalid grant_type",
        ),
        text(
            "刷新令牌用 /sns/oauth2/refresh_token",
            "refresh at /sns/oauth2/refresh_token",
        ),
    );
    pub(crate) const PROFILE_WITH_BASE: Self = rule(
        "profile-with-base",
        text("48001 api unauthorized", "48001 api unauthorized"),
        text(
            "读取资料需要 snsapi_userinfo 或 snsapi_login",
            "the profile needs snsapi_userinfo or snsapi_login",
        ),
    );
    pub(crate) const POST: Self = rule(
        "post",
        text(
            "目前可用，但文档只写了 GET",
            "it works today, but only GET is documented",
        ),
        text("改用 GET", "use GET"),
    );
}
