//! The rules of texts that users give, in Chinese. The crate `weixin` has them in English.

use weixin::{Bilingual, error::ParseError};

/// The Chinese text of an error about a text of the user.
pub(crate) fn chinese(error: ParseError) -> String {
    let what = match error.what {
        "access token" => "access_token ",
        "app ID" => "AppID ",
        "app secret" => "AppSecret ",
        "origin" => "URL ",
        "redirect URI" => "回调地址",
        "refresh token" => "refresh_token ",
        other => &format!("{other} "),
    };
    format!("{what}无效：{}", rule(error))
}

/// The rule that a text breaks, in Chinese.
pub(crate) fn rule(error: ParseError) -> &'static str {
    let of_text = TEXTS.iter().find(|(rule, _)| *rule == error.rule);
    let rule = of_text.map(|(_, chinese)| *chinese);
    let rule = rule.or_else(|| redirect_uri(error).map(|row| row.detail.zh));
    rule.unwrap_or(error.rule)
}

/// The texts of the rule of redirect URIs that a text breaks.
pub(crate) fn redirect_uri(error: ParseError) -> Option<&'static RedirectUriRule> {
    REDIRECT_URI.iter().find(|row| row.rule == error.rule)
}

/// The rules of other texts.
const TEXTS: [(&str, &str); 3] = [
    (
        "1 to 128 characters from [A-Za-z0-9_-]",
        "应为 1 到 128 个字符，只能包含 [A-Za-z0-9_-]",
    ),
    (
        "1 to 2048 visible ASCII characters, without spaces or line breaks",
        "应为 1 到 2048 个可见的 ASCII 字符，不含空格和换行",
    ),
    (
        "the URL of a server, such as http://127.0.0.1:9300, without user, query and fragment",
        "应为服务器的 URL，例如 http://127.0.0.1:9300，不含用户名、查询参数和片段",
    ),
];

/// The texts of a rule of redirect URIs.
pub(crate) struct RedirectUriRule {
    /// The rule, as in [`ParseError`].
    rule: &'static str,
    pub(crate) detail: Bilingual,
    pub(crate) remedy: Bilingual,
}

const fn row(
    rule: &'static str,
    detail: [&'static str; 2],
    remedy: [&'static str; 2],
) -> RedirectUriRule {
    RedirectUriRule {
        rule,
        detail: bilingual(detail),
        remedy: bilingual(remedy),
    }
}

const fn bilingual([zh, en]: [&'static str; 2]) -> Bilingual {
    Bilingual { en, zh }
}

const HOSTS_FILE: [&str; 2] = [
    "微信只接受后台配置的授权回调域。本地开发：在 hosts 文件里把该域名指向 127.0.0.1，或使用 `weixin sim`",
    "WeChat accepts only the registered callback domain. To develop locally, point that domain to 127.0.0.1 in the hosts file, or use `weixin sim`",
];

const REDIRECT_URI: [RedirectUriRule; 10] = [
    row(
        "no spaces, line breaks or control characters",
        [
            "带有空格、换行或控制字符",
            "it has spaces, line breaks or control characters",
        ],
        [
            "请去掉，或进行 URL 编码",
            "remove them, or percent-encode them",
        ],
    ),
    row(
        "an absolute URL, such as https://www.example.com/callback",
        ["不是完整的 URL", "it is not an absolute URL"],
        [
            "请写成完整的 URL，例如 https://www.example.com/callback",
            "write it like https://www.example.com/callback",
        ],
    ),
    row(
        "the scheme http or https",
        ["协议不是 http 或 https", "it is neither http nor https"],
        ["请以 https:// 开头", "start it with https://"],
    ),
    row(
        "no user name, no password and no backslash",
        [
            "带有用户名、密码或反斜杠",
            "it has a user name, a password or a backslash",
        ],
        ["请去掉：微信不接受", "remove them: WeChat rejects them"],
    ),
    row(
        "no fragment (`#…`): the code would never reach the server",
        ["带有 # 片段", "it has a fragment"],
        [
            "请去掉 #…：code 会附加在它后面，服务器收不到",
            "remove #…: the code would be after it, and never reach the server",
        ],
    ),
    row(
        "its host and port in plain form: ASCII (`xn--…` for other letters), no `%`, no leading zeros",
        [
            "主机或端口不是标准写法",
            "its host or port is not in plain form",
        ],
        [
            "请按浏览器地址栏的写法：主机使用 ASCII（中文域名写成 xn--…），不使用 %，端口前不加 0",
            "write it as a browser's address bar shows it: an ASCII host (xn--… for other letters), no %, no leading zeros in the port",
        ],
    ),
    row(
        "no query parameters `code` and `state`: WeChat adds them",
        [
            "查询参数里有 code 或 state",
            "its query has `code` or `state`",
        ],
        [
            "请去掉：这两个参数由微信添加",
            "remove them: WeChat adds both",
        ],
    ),
    row(
        "the registered callback domain (授权回调域) as its host: WeChat does not accept localhost. `weixin sim` does",
        [
            "主机不是域名（localhost）",
            "its host is not a domain (localhost)",
        ],
        HOSTS_FILE,
    ),
    row(
        "the registered callback domain (授权回调域) as its host: WeChat does not accept an IP address",
        ["主机是 IP 地址", "its host is an IP address"],
        HOSTS_FILE,
    ),
    row(
        "no port: WeChat accepts 80 for http and 443 for https only",
        ["带有端口", "it has a port"],
        [
            "微信只接受 80 和 443 端口：请去掉端口，用反向代理转发到你的端口",
            "WeChat accepts ports 80 and 443 only: remove the port, and let a reverse proxy forward requests to yours",
        ],
    ),
];

#[cfg(test)]
mod tests {
    use weixin::{AppId, AppSecret, RedirectUri, transport::Origin};

    use super::*;

    #[test]
    fn each_rule_that_a_redirect_uri_can_break_has_texts_in_both_languages() {
        let broken = [
            "https://shop.example/a b",
            "/callback",
            "ftp://shop.example/",
            "https://joe@shop.example/",
            "https://shop.example/#/callback",
            "https://shop%2eexample/",
            "https://shop.example/?code=1",
            "http://localhost/",
            "http://127.0.0.1/",
            "https://shop.example:8443/",
        ];
        let rules = broken.map(|text| {
            let uri = text.parse::<RedirectUri>();
            uri.and_then(|uri| uri.check_registrable())
                .unwrap_err()
                .rule
        });
        assert_eq!(rules, REDIRECT_URI.each_ref().map(|row| row.rule));
    }

    /// The rules are private to `weixin`; a new one must get its texts here.
    #[test]
    fn each_rule_of_the_source_has_texts() {
        let source = include_str!("../../weixin/src/authorize/redirect_uri.rs");
        let rules = source.split_once("\nmod rule {").unwrap().1;
        let rules = rules.split_once("\n}").unwrap().0;
        let texts = rules.split("&str = \"").skip(1);
        let mut texts: Vec<_> = texts
            .map(|text| text.split_once("\";").unwrap().0)
            .collect();
        let mut known = REDIRECT_URI.each_ref().map(|row| row.rule);
        texts.sort_unstable();
        known.sort_unstable();
        assert_eq!(texts, known);
    }

    #[test]
    fn each_text_of_the_command_line_has_its_rule_in_chinese() {
        let errors = [
            "a b".parse::<AppId>().unwrap_err(),
            AppSecret::new("a b").unwrap_err(),
            "nowhere".parse::<Origin>().unwrap_err(),
            "http://localhost/#a".parse::<RedirectUri>().unwrap_err(),
        ];
        assert_eq!(
            errors.map(chinese),
            [
                "AppID 无效：应为 1 到 128 个字符，只能包含 [A-Za-z0-9_-]",
                "AppSecret 无效：应为 1 到 2048 个可见的 ASCII 字符，不含空格和换行",
                "URL 无效：应为服务器的 URL，例如 http://127.0.0.1:9300，不含用户名、查询参数和片段",
                "回调地址无效：带有 # 片段",
            ]
        );
    }
}
