//! Catalog of the rules behind findings.

use super::finding::{Bilingual, Rule};

const fn text(zh: &'static str, en: &'static str) -> Bilingual {
    Bilingual { zh, en }
}

const REDIRECT_URI: Bilingual = text(
    "redirect_uri 参数错误（公众号：错误码 10003）",
    "redirect_uri 参数错误 (official account: error 10003)",
);
const NOTHING: Bilingual = text("微信会接受", "WeChat accepts it");

impl Rule {
    pub(crate) const CALLBACK_HOST: Self = Self {
        id: "callback-host",
        answer: REDIRECT_URI,
        remedy: text(
            "登记一个域名作为授权回调域：localhost 和 IP 不能登记",
            "register a host as callback domain: neither localhost nor an IP address can be one",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth",
    };
    pub(crate) const CALLBACK_DOMAIN: Self = Self {
        id: "callback-domain",
        answer: REDIRECT_URI,
        remedy: text(
            "回调地址的域名须与登记的授权回调域完全一致",
            "the host of the callback must be the registered callback domain, to the letter",
        ),
        source: "doc/oplatform/Website_App/WeChat_Login/Wechat_Login",
    };
    pub(crate) const CALLBACK_PORT: Self = Self {
        id: "callback-port",
        answer: REDIRECT_URI,
        remedy: text(
            "回调地址只能用 80 或 443 端口，不写端口号",
            "call back on port 80 or 443, without a port in the address",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth",
    };
    pub(crate) const CALLBACK_HTTP: Self = Self {
        id: "callback-http",
        answer: NOTHING,
        remedy: text(
            "使用 https：code 不应明文传输",
            "use https: a code must not travel in the clear",
        ),
        source: "RFC 6749 section 3.1.2.1",
    };
    pub(crate) const STATE_MISSING: Self = Self {
        id: "state-missing",
        answer: NOTHING,
        remedy: text(
            "每次登录生成随机 state，并与浏览器绑定",
            "make a random state for each login and bind it to the browser",
        ),
        source: "RFC 6749 section 10.12",
    };
    pub(crate) const STATE_REPEATED: Self = Self {
        id: "state-repeated",
        answer: NOTHING,
        remedy: text(
            "state 不能固定或重复使用",
            "a state must not be constant or used again",
        ),
        source: "RFC 6749 section 10.12",
    };
    pub(crate) const STATE_SHORT: Self = Self {
        id: "state-short",
        answer: NOTHING,
        remedy: text(
            "state 太短，容易被猜中：至少 16 个随机字符",
            "the state can be guessed: use at least 16 random characters",
        ),
        source: "RFC 6749 section 10.10",
    };
    pub(crate) const STATE_SHAPE: Self = Self {
        id: "state-shape",
        answer: text("错误页，没有错误码", "an error page without a number"),
        remedy: text(
            "公众号的 state 只能用字母和数字，最长 128 字节",
            "an official account's state has letters and digits only, 128 bytes at the most",
        ),
        source: "official account web authorization; longer ones were seen to fail",
    };
    pub(crate) const ORDER: Self = Self {
        id: "order",
        answer: text("Scope 参数错误", "Scope 参数错误"),
        remedy: text(
            "按 appid、redirect_uri、response_type、scope、state 的顺序",
            "keep the order appid, redirect_uri, response_type, scope, state",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth",
    };
    pub(crate) const PARAMETER_CASE: Self = Self {
        id: "parameter-case",
        answer: text(
            "参数缺失：错误码 10010 至 10013",
            "a parameter is missing: errors 10010 to 10013",
        ),
        remedy: text(
            "参数名全部小写",
            "write the names of parameters in lower case",
        ),
        source: "official account web authorization",
    };
    pub(crate) const SCOPE: Self = Self {
        id: "scope",
        answer: text(
            "Scope 参数错误或没有 Scope 权限（公众号：错误码 10005 或 10016）",
            "Scope 参数错误或没有 Scope 权限 (official account: error 10005 or 10016)",
        ),
        remedy: text(
            "网站应用用 qrconnect 和 snsapi_login；公众号用 oauth2/authorize 和 snsapi_base 或 snsapi_userinfo",
            "a website app takes qrconnect with snsapi_login, an official account oauth2/authorize with snsapi_base or snsapi_userinfo",
        ),
        source: "doc/oplatform/developers/troubleshooting/auth",
    };
    pub(crate) const CODE_TWICE: Self = Self {
        id: "code-twice",
        answer: text("40163 code been used", "40163 code been used"),
        remedy: text(
            "一个 code 只兑换一次；回调可能重复到达",
            "exchange a code once; a callback may arrive twice",
        ),
        source: "observed: of two exchanges the first wins",
    };
    pub(crate) const SECRET_MISPLACED: Self = Self {
        id: "secret-misplaced",
        answer: NOTHING,
        remedy: text(
            "这个接口不需要 AppSecret，不要发送",
            "this call needs no app secret: do not send it",
        ),
        source: "doc/service/api/webdev/access/api_snsrefreshtoken",
    };
    pub(crate) const TOKEN_EXPOSED: Self = Self {
        id: "token-exposed",
        answer: NOTHING,
        remedy: text(
            "code、令牌和密钥不要放进页面地址、state、回调地址，回调页面用 Referrer-Policy: no-referrer",
            "keep codes, tokens and secrets out of page addresses, states and callbacks, and send Referrer-Policy: no-referrer with the callback's page",
        ),
        source: "RFC 6749 sections 10.3 and 10.5",
    };
    pub(crate) const REFRESH_ELSEWHERE: Self = Self {
        id: "refresh-elsewhere",
        answer: text(
            "41008 missing code 或 40002 invalid grant_type",
            "41008 missing code, or 40002 invalid grant_type",
        ),
        remedy: text(
            "刷新令牌用 /sns/oauth2/refresh_token",
            "refresh at /sns/oauth2/refresh_token",
        ),
        source: "doc/service/api/webdev/access/api_snsrefreshtoken",
    };
    pub(crate) const PROFILE_WITH_BASE: Self = Self {
        id: "profile-with-base",
        answer: text("48001 api unauthorized", "48001 api unauthorized"),
        remedy: text(
            "读取资料需要 snsapi_userinfo 或 snsapi_login",
            "the profile needs snsapi_userinfo or snsapi_login",
        ),
        source: "doc/service/api/webdev/access/api_snsuserinfo",
    };
    pub(crate) const POST: Self = Self {
        id: "post",
        answer: text(
            "目前可用，但文档只写了 GET",
            "it works today, but only GET is documented",
        ),
        remedy: text("改用 GET", "use GET"),
        source: "doc/service/api/webdev/access/api_snsaccesstoken",
    };
    pub(crate) const QUOTA: Self = Self {
        id: "quota",
        answer: text(
            "45011 api minute-quota reach limit 或 45009 reach max api daily quota limit",
            "45011 api minute-quota reach limit, or 45009 reach max api daily quota limit",
        ),
        remedy: text(
            "缓存令牌和资料，降低调用频率",
            "keep tokens and profiles, and call less often",
        ),
        source: "doc/service/api/base/api_getstableaccesstoken and the page of each API",
    };
    pub(crate) const PLAIN_HTTP: Self = Self {
        id: "plain-http",
        answer: text("43003 require https", "43003 require https"),
        remedy: text("使用 https", "use https"),
        source: "WeChat's list of common error codes",
    };
    pub(crate) const OLD_HOST: Self = Self {
        id: "old-host",
        answer: text(
            "目前可用，但已是旧域名",
            "it works today, but the host is an old one",
        ),
        remedy: text(
            "轮询用 lp.open.weixin.qq.com，头像按返回的地址读取",
            "poll at lp.open.weixin.qq.com, and load avatars from the address that was returned",
        ),
        source: "observed: both hosts answer",
    };
}
