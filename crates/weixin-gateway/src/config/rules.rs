//! The rules of texts in a configuration, in Chinese. [`ParseError`] has them in English.

use weixin::error::ParseError;

/// The Chinese text of an error.
pub(super) fn chinese(error: ParseError) -> String {
    let what = translated(error.what, WHAT);
    let rule = translated(error.rule, RULES);
    format!("{what}无效：应为{rule}")
}

fn translated(english: &'static str, texts: &[(&str, &'static str)]) -> &'static str {
    let found = texts.iter().find(|(text, _)| *text == english);
    found.map_or(english, |(_, chinese)| chinese)
}

/// What a text is.
const WHAT: &[(&str, &str)] = &[
    ("URL for logout tokens", "接收 Logout Token 的 URL "),
    ("app ID", "AppID "),
    ("app secret", "AppSecret "),
    ("claim template", "claim 模板"),
    ("client ID", "client_id "),
    ("client secret", "client_secret "),
    ("file of master keys", "主密钥文件"),
    ("issuer", "issuer "),
    ("network", "网段"),
    ("origin", "URL "),
    ("redirect URI", "redirect_uri "),
];

/// The rule that it breaks.
const RULES: &[(&str, &str)] = &[
    (
        "1 to 128 characters from [A-Za-z0-9._-]",
        " 1 到 128 个字符，只能包含 [A-Za-z0-9._-]",
    ),
    (
        "1 to 128 characters from [A-Za-z0-9_-]",
        " 1 到 128 个字符，只能包含 [A-Za-z0-9_-]",
    ),
    (
        "1 to 2048 visible ASCII characters, without spaces or line breaks",
        " 1 到 2048 个可见的 ASCII 字符，不含空格和换行",
    ),
    (
        "1 to 8 lines of 32 bytes in base64, as `openssl rand -base64 32` prints them",
        " 1 到 8 行，每行是 base64 编码的 32 字节，即 `openssl rand -base64 32` 的输出",
    ),
    (
        "32 to 256 characters from [A-Za-z0-9_-], such as `openssl rand -hex 32` prints",
        " 32 到 256 个字符，只能包含 [A-Za-z0-9_-]，可用 `openssl rand -hex 32` 生成",
    ),
    (
        "a claim that can be set: not one that proves who the user is, or how",
        "可以设置的 claim，不能是证明用户身份或登录方式的 claim",
    ),
    (
        "a path of letters, digits, `-`, `.`, `_` and `~`",
        "只含字母、数字、`-`、`.`、`_`、`~` 的路径",
    ),
    (
        "a public address, or allow_private = true",
        "公网地址；内网地址需设置 allow_private = true",
    ),
    ("a scheme in lower case", "小写的协议名"),
    (
        "an absolute URL",
        "完整的 URL，例如 https://login.example.com",
    ),
    (
        "an absolute URL: write https:// before the host, such as https://login.example.com",
        "完整的 URL，主机前面要写 https://，例如 https://login.example.com",
    ),
    (
        "an address or a network, such as 10.0.0.0/8",
        " IP 地址或网段，例如 10.0.0.0/8",
    ),
    (
        "an e-mail address with one @ and no placeholder behind it, such as {sub}@login.example.com",
        "邮箱地址，只有一个 @，@ 后面没有占位符，例如 {sub}@login.example.com",
    ),
    (
        "at most 2048 characters that a URL may contain",
        "不超过 2048 个字符，且都是 URL 允许的字符",
    ),
    (
        "no `*`: wildcards are not supported, so write each URI in full",
        "不含 `*` 的 URL：不支持通配符，请逐个填写完整的 URI",
    ),
    (
        "https, or for public clients a scheme with a dot, such as com.example.app:/callback",
        " https；公开客户端也可以用带点的协议，例如 com.example.app:/callback",
    ),
    (
        "https, or http on localhost or 127.0.0.1",
        " https；localhost 和 127.0.0.1 可以用 http",
    ),
    (
        "https, or http on localhost, 127.0.0.1 or [::1]",
        " https；localhost、127.0.0.1、[::1] 可以用 http",
    ),
    (
        "https, or http on localhost, 127.0.0.1 or [::1], or on any host with allow_http = true",
        " https；localhost、127.0.0.1、[::1] 可以用 http；设置 allow_http = true 时，任何主机都可以用 http",
    ),
    (
        "https, or http with allow_private = true",
        " https；设置 allow_private = true 时可以用 http",
    ),
    ("no fragment", "不带 # 片段的 URL"),
    ("no fragment and no user name", "不带 # 片段和用户名的 URL"),
    (
        "no query, no fragment and no user name",
        "不带查询参数、# 片段和用户名的 URL",
    ),
    ("no user name", "不带用户名的 URL"),
    (
        "scheme, host and path only, as a browser shows them",
        "只有协议、主机和路径的 URL，按浏览器地址栏的写法",
    ),
    ("scheme://host", " scheme://host 形式的 URL"),
    (
        "the URL of a server, such as http://127.0.0.1:9300, without user, query and fragment",
        "服务器的 URL，例如 http://127.0.0.1:9300，不含用户名、查询参数和片段",
    ),
    (
        "the placeholders {sub}, {sub:N} with N of at least 16, {openid}, {unionid} and {nickname}",
        "含占位符 {sub}、{sub:N}（N 至少为 16）、{openid}、{unionid}、{nickname} 的文本",
    ),
    (
        "{nickname} in `name` and `nickname` only, since users choose it",
        "：{nickname} 只用于 `name` 和 `nickname`，因为昵称由用户自己填写",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// The sources of the texts of a configuration.
    const SOURCES: [&str; 7] = [
        include_str!("../oidc/claim_template.rs"),
        include_str!("../oidc/client.rs"),
        include_str!("../oidc/client_id.rs"),
        include_str!("../oidc/client_logout.rs"),
        include_str!("../oidc/issuer.rs"),
        include_str!("../oidc/redirect_uri.rs"),
        include_str!("../master_key.rs"),
    ];

    /// The texts of calls such as `error("…")`, before the tests of a file.
    fn texts(source: &str) -> Vec<&str> {
        let source = source.split("#[cfg(test)]").next().unwrap_or_default();
        let calls = ["error(", "ParseError::new(", "let rule = "];
        let mut texts = Vec::new();
        for call in calls {
            for rest in source.split(call).skip(1) {
                let arguments = rest.split([')', ';']).next().unwrap_or_default();
                // A rule may have parentheses of its own, and none has so far.
                texts.extend(arguments.split('"').skip(1).step_by(2));
            }
        }
        texts
    }

    #[test]
    fn each_rule_of_the_sources_has_a_chinese_text() {
        let known = |text: &&str| [WHAT, RULES].concat().iter().any(|(it, _)| it == text);
        let others = [
            "hash of a URI",
            "16 bytes in base64url",
            "private host",
            "subject",
        ];
        let mut count = 0;
        for text in SOURCES.into_iter().flat_map(texts) {
            assert!(known(&text) || others.contains(&text), "{text}");
            count += 1;
        }
        assert!(count > 25, "{count}");
    }
}
