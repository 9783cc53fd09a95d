//! What parameters and claims mean.

use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value as Json;
use weixin::Bilingual;

use super::steps::Row;
use crate::message::{Message, message};

/// Name, Chinese, English.
const MEANINGS: &[(&str, &str, &str)] = &[
    ("access_token", "调用 UserInfo 用", "calls userinfo"),
    ("alg", "签名算法", "the algorithm of the signature"),
    ("amr", "登录方式", "how the user logged in"),
    (
        "at_hash",
        "access_token 的哈希",
        "binds the access token to this ID token",
    ),
    ("aud", "签发给哪个客户端", "the client that it is for"),
    ("auth_time", "用户登录的时间", "when the user logged in"),
    (
        "authorization_endpoint",
        "浏览器跳转到这里",
        "where the browser is sent",
    ),
    ("client_id", "哪个客户端", "which client asks"),
    (
        "code",
        "换取 token 用，只能使用一次",
        "is exchanged for tokens, once",
    ),
    (
        "code_challenge",
        "code_verifier 的哈希（PKCE）：只有知道 code_verifier 的客户端才能使用 code",
        "the hash of the code verifier (PKCE): only the client that knows the verifier can use the code",
    ),
    ("code_challenge_method", "SHA-256", "SHA-256"),
    (
        "email",
        "按客户端的模板生成，不是真实邮箱",
        "made by the client’s template; no real mailbox",
    ),
    ("email_verified", "未经验证", "never verified"),
    ("error", "错误码", "the error code"),
    (
        "error_description",
        "给开发者的说明",
        "an explanation for developers",
    ),
    ("exp", "过期时间", "when it expires"),
    ("iat", "签发时间", "when it was issued"),
    ("iss", "由谁签发，即 issuer", "who issued it: the issuer"),
    (
        "jwks_uri",
        "签名用的公钥",
        "the public keys of its signatures",
    ),
    ("kid", "用哪个公钥校验签名", "which public key verifies it"),
    ("name", "微信昵称", "the WeChat nickname"),
    ("nickname", "微信昵称", "the WeChat nickname"),
    (
        "nonce",
        "随机值，原样出现在 ID Token 中：ID Token 属于这次登录",
        "a random value that returns in the ID token: the token belongs to this login",
    ),
    ("picture", "微信头像", "the WeChat avatar"),
    (
        "preferred_username",
        "与 sub 相同，供需要用户名的程序使用",
        "the sub again, for programs that need a user name",
    ),
    (
        "prompt",
        "none：不显示任何页面；login：重新登录",
        "none: without any page; login: log in again",
    ),
    (
        "redirect_uri",
        "登录后回到这里，必须已登记",
        "where the browser returns; it must be registered",
    ),
    ("response_type", "授权码流程", "the authorization code flow"),
    ("scope", "需要哪些信息", "which claims the client wants"),
    ("sid", "网关会话的编号", "the gateway’s session"),
    (
        "state",
        "随机值，原样返回：响应属于这个浏览器发起的登录",
        "a random value that returns: the response belongs to a login of this browser",
    ),
    (
        "sub",
        "用户的 ID，永不改变：请用它关联你的账号",
        "the user’s ID. It never changes: link your account to it",
    ),
    ("token_endpoint", "用 code 换取 token", "exchanges the code"),
    ("typ", "类型", "its type"),
    (
        "updated_at",
        "用户信息的更新时间",
        "when the profile was last read",
    ),
    (
        "userinfo_endpoint",
        "读取用户信息",
        "returns the user’s claims",
    ),
];

pub(super) fn of(name: &str) -> Option<Bilingual> {
    let (_, zh, en) = MEANINGS.iter().find(|(known, ..)| *known == name)?;
    Some(Bilingual { en, zh })
}

pub(super) fn row((name, value): (&str, String)) -> Row {
    Row {
        name: name.to_owned(),
        value,
        meaning: of(name),
    }
}

/// The text of a claim. A time is shown as a date, too.
pub(super) fn text(name: &str, value: &Json) -> String {
    let is_time = matches!(name, "auth_time" | "exp" | "iat" | "updated_at");
    let seconds = value.as_u64().filter(|_| is_time);
    match (seconds, value) {
        (Some(seconds), _) => {
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            format!("{seconds} ({})", httpdate::fmt_http_date(time))
        }
        (None, Json::String(text)) => text.clone(),
        (None, value) => value.to_string(),
    }
}

/// The meaning of an error that the gateway returns.
pub(super) fn error(code: &str) -> Message {
    match code {
        "access_denied" => message(
            "access_denied：用户拒绝了登录。客户端显示自己的登录页，用户可以再试。",
            "access_denied: the user refused. The client shows its login page, where the user can try again.",
        ),
        "login_required" => message(
            "login_required：网关没有这个浏览器的会话，而 prompt=none 不允许显示页面。客户端知道了用户没有登录，可以显示登录按钮。",
            "login_required: the gateway has no session of this browser, and prompt=none allows no page. Now the client knows that the user is not logged in, and can show its login button.",
        ),
        code => message(
            format!("网关返回了错误：{code}"),
            format!("The gateway returned an error: {code}"),
        ),
    }
}
