//! The keys of `gateway.toml`, in tables of Markdown.

use weixin::Language;

use crate::lang::Pick;

/// A line for each table, in brackets, and for each key: its name, the type, the default, and the meaning in both languages.
const KEYS: &str = r#"
[server]
listen | address | `"127.0.0.1:8080"` | where the gateway listens; a change needs a restart | 监听的地址和端口；修改后需要重启
trusted_proxies | networks | `[]` | the reverse proxies whose `X-Forwarded-For` counts: IP addresses, or networks such as `10.0.0.0/8` | 采信这些反向代理的 `X-Forwarded-For`：IP 地址，或网段，例如 `10.0.0.0/8`
key_file | file | required | the master keys, one in each line; `weixin gateway init` makes the file | 主密钥，每行一个；`weixin gateway init` 会创建该文件
stop_delay | duration | `"5s"` | how long connections are still accepted while the gateway stops; at most 5 minutes | 停止时继续接受连接的时间，最长 5 分钟

[store]
url | URL | required | the database: `sqlite:FILE`, or `postgres://USER:PASSWORD@HOST/DATABASE`; a change needs a restart | 数据库：`sqlite:文件` 或 `postgres://用户:密码@主机/数据库`；修改后需要重启
redis | URL | none | a Redis that several nodes share: `redis://:PASSWORD@HOST/0`; a change needs a restart | 多个节点共用的 Redis：`redis://:密码@主机/0`；修改后需要重启
migrate | boolean | `true` | whether a start creates and updates the tables; with `false`, `weixin gateway migrate` does | 启动时是否创建和更新表；设为 `false` 时由 `weixin gateway migrate` 完成

[app.NAME]
kind | word | the name | `"website"` or `"official_account"`; required unless the table has one of these names | `"website"` 或 `"official_account"`；表名就是其中之一时可以省略
app_id | text | required | the AppID | AppID
app_secret | text | required | the AppSecret; `app_secret_file` can take its place | AppSecret，也可以用 `app_secret_file`
app_secret_file | file | none | a file with the AppSecret | 存放 AppSecret 的文件
endpoint | URL | WeChat | for tests: a simulator in place of WeChat, such as `http://127.0.0.1:9300`. Anyone can log in there as any user, so it is only accepted for issuers on `localhost` or `127.0.0.1` | 用于测试：以模拟器代替微信，例如 `http://127.0.0.1:9300`。任何人都能以任意用户登录，因此只能用于 `localhost` 或 `127.0.0.1` 上的 issuer
union_ids | word | `"keep"` | `"replace"` takes over new UnionIDs after the app has moved to another Open Platform account | `"replace"`：应用迁移到另一个开放平台账号后，接受新的 UnionID

[[issuer]]
url | URL | required | the issuer, as users and clients see it, without a trailing slash | issuer，即用户和客户端看到的 URL，末尾不带斜杠
apps | texts | required | the names of its apps, at most one of each kind | 使用的应用的名称，每种最多一个

[[client]]
id | text | required | the client ID, unique in the file | client_id，在文件中唯一
issuer | URL | the only one | its issuer, if there are several | 所属的 issuer，有多个 issuer 时必填
name | text | none | its name on pages | 页面上显示的名称
home | URL | none | its home page, which the page after a logout links to | 首页，退出登录后的页面会链接到它
public | boolean | `false` | a client that cannot keep a secret, such as an app | 无法保密的客户端，例如 App
secret | text | required | the secret, unless the client is public; `secret_file` can take its place | client_secret，也可以用 `secret_file`；公开客户端没有
secret_file | file | none | a file with the secret | 存放 client_secret 的文件
previous_secret | text | none | the old secret, which also works while you change it | 旧的 client_secret，更换期间同时有效
previous_secret_file | file | none | a file with the old secret | 存放旧 client_secret 的文件
redirect_uris | URLs | required | where the browser returns to with a code, each in full, without wildcards: compared character by character | 登录后返回的 URL，逐个填写完整的 URL，不支持通配符，逐字符比较
post_logout_redirect_uris | URLs | `[]` | where the browser may return to after a logout | 退出登录后可以返回的 URL
backchannel_logout_uri | URL | none | where the gateway posts logout tokens | 接收 Logout Token 的 URL
backchannel_logout_session_required | boolean | `false` | whether the client needs `sid` in logout tokens, which always contain it | 客户端是否需要 Logout Token 中的 `sid`（总是包含）
allow_private | boolean | `false` | allows a `backchannel_logout_uri` in a private network, also with `http` | 允许 `backchannel_logout_uri` 位于内网，并可使用 `http`
allow_http | boolean | `false` | allows redirect URIs with `http` in an intranet; not for public clients | 允许内网的 `http` 回调地址；公开客户端不能使用
scopes | texts | all but `wechat` | what the client may request: `openid`, `profile`, `email`, `offline_access`, `wechat` | 可以申请的 scope：`openid`、`profile`、`email`、`offline_access`、`wechat`
require_pkce | boolean | `false` | rejects requests without PKCE; public clients need PKCE in any case | 拒绝没有 PKCE 的请求；公开客户端必须使用 PKCE
require_par | boolean | `false` | rejects requests that were not pushed (PAR) | 拒绝没有预先推送（PAR）的请求
consent | word | see the meaning | when users are asked: `"never"`, `"first"` or `"always"`. The default is `"never"`, and `"first"` for public clients on a device | 何时让用户确认：`"never"`、`"first"`、`"always"`。默认为 `"never"`；设备上的公开客户端为 `"first"`
silent_login | boolean | `false` | logs known users in inside WeChat without a page | 在微信内静默登录已知用户
id_token_alg | word | `"RS256"` | the signature of ID tokens: `"RS256"`, `"ES256"` or `"EdDSA"` | ID Token 的签名算法：`"RS256"`、`"ES256"`、`"EdDSA"`
profile_in_id_token | boolean | `true` | with `false`, claims about the user are in userinfo only | 设为 `false` 时，用户信息只在 userinfo 中
claims | table | `{}` | more claims, such as `{ email = "{sub}@wechat.example.com" }`: each a text or a list of texts | 更多 claim，例如 `{ email = "{sub}@wechat.example.com" }`：文本或文本列表
refresh | word | `"offline"` | `"session"` issues refresh tokens without `offline_access`, which end with the session | `"session"`：不申请 `offline_access` 也签发 refresh token，随会话结束
rotate_refresh_tokens | boolean | `false` | replaces the refresh token of a client with a secret at each use; those of public clients are always replaced | 有 client_secret 的客户端每次使用后也更换 refresh token；公开客户端总是更换
introspects | texts | `[]` | the IDs of clients whose access tokens this client may introspect | 可以查询这些客户端的 access token

[lifetimes]
access_token | duration | `"1h"` | of an access token | access token 的有效期
session_idle | duration | `"12h"` | of a session that is not used; `"0s"`: each login asks WeChat, and an open consent page expires when the user logs in in another tab | 会话闲置多久后失效；`"0s"` 表示每次都到微信登录，并且在另一个标签页登录后，已打开的授权确认页即失效
session | duration | `"7d"` | of a session, since the latest login; at most 90 days | 会话从最近一次登录起的有效期，最长 90 天
refresh_token_idle | duration | `"30d"` | of a refresh token that is not used | refresh token 闲置多久后失效
refresh_token | duration | `"180d"` | of a refresh token, since the login | refresh token 从登录起的有效期
refresh_token_grace | duration | `"60s"` | how long a replaced refresh token can be sent again; at most 10 minutes | 被更换的 refresh token 还能重复发送的时间，最长 10 分钟

[limits]
waiting_requests | number | `200000` | the most authorization requests that wait for WeChat at one time | 同时等待微信登录的授权请求上限
logins_per_minute | number | `300` | the most logins that one IP address can begin in a minute; `0`: no limit | 一个 IP 地址每分钟最多发起的登录；`0` 表示不限
failures_per_minute | number | `60` | the most requests of one client from one IP address that can fail in a minute; `0`: no limit | 一个客户端从一个 IP 地址每分钟最多失败的请求；`0` 表示不限

[metrics]
listen | address | none | where metrics are served, at `/metrics`; a change needs a restart | 提供监控指标（`/metrics`）的地址；修改后需要重启
"#;

/// The Chinese words of types and defaults.
const CHINESE: &[(&str, &str)] = &[
    ("URL", "URL"),
    ("URLs", "URL 列表"),
    ("WeChat", "微信"),
    ("address", "地址和端口"),
    ("all but `wechat`", "除 `wechat` 外的全部"),
    ("boolean", "布尔值"),
    ("duration", "时长"),
    ("file", "文件"),
    ("networks", "网段列表"),
    ("none", "无"),
    ("number", "整数"),
    ("required", "必填"),
    ("see the meaning", "见说明"),
    ("table", "表"),
    ("text", "文本"),
    ("texts", "文本列表"),
    ("the name", "表名"),
    ("the only one", "唯一的 issuer"),
    ("word", "取值之一"),
];

fn word(text: &'static str, language: Language) -> &'static str {
    if text.starts_with('`') {
        return text;
    }
    let found = CHINESE.iter().find(|(english, _)| *english == text);
    let (english, chinese) = found.unwrap_or_else(|| panic!("{text} has no Chinese text"));
    language.pick(chinese, english)
}

pub(super) fn section(language: Language) -> String {
    let mut page = language
        .pick(
            "## gateway.toml\n\n网关的设置，用法见[微信登录网关](gateway.md#正式运行)。未知的键会报错。文件的路径相对于 `gateway.toml` 所在的目录。时长的单位是 `s`、`m`、`h`、`d`。\n",
            "## gateway.toml\n\nThe settings of the gateway, which [the manual](gateway.md#set-it-up) explains. An unknown key is an error. Paths of files are\nrelative to the folder of `gateway.toml`. The units of durations are `s`, `m`, `h` and `d`.\n",
        )
        .to_owned();
    for line in KEYS.lines() {
        let text = match line {
            "" => "\n".to_owned(),
            table if table.starts_with('[') => head(table, language),
            key => row(key, language),
        };
        page.push_str(&text);
    }
    page
}

fn head(table: &str, language: Language) -> String {
    let head = language.pick(
        "| 键 | 类型 | 默认值 | 说明 |",
        "| key | type | default | meaning |",
    );
    format!("### `{table}`\n\n{head}\n|---|---|---|---|\n")
}

fn row(line: &'static str, language: Language) -> String {
    let fields: Vec<_> = line.split(" | ").collect();
    let [key, kind, default, english, chinese] = fields[..] else {
        panic!("{line}")
    };
    let [kind, default] = [kind, default].map(|text| word(text, language));
    let meaning = language.pick(chinese, english);
    format!("| `{key}` | {kind} | {default} | {meaning} |\n")
}

#[cfg(test)]
mod tests {
    use weixin_gateway::Config;

    use super::*;

    /// The keys that the program knows in a table: its error for an unknown one lists them.
    fn known(table: &str) -> Vec<String> {
        let error = Config::parse(&format!("{table}\nunknown-key = 1")).unwrap_err();
        let error = error.to_string();
        let (_, known) = error.split_once("Known: ").expect("a list of keys");
        known.split(", ").map(str::to_owned).collect()
    }

    /// The tables, each with its keys.
    fn documented() -> Vec<(&'static str, Vec<&'static str>)> {
        let mut tables = Vec::new();
        for line in KEYS.lines().filter(|line| !line.is_empty()) {
            match line.split_once(" | ") {
                None => tables.push((line, Vec::new())),
                Some((key, _)) => tables.last_mut().unwrap().1.push(key),
            }
        }
        tables
    }

    #[test]
    fn each_key_of_the_program_is_documented_in_its_order() {
        let tables = documented();
        let names = tables.iter().map(|(name, _)| name.trim_matches(['[', ']']));
        let mut names: Vec<_> = names.map(|name| name.trim_end_matches(".NAME")).collect();
        let mut expected = known("");
        names.sort_unstable();
        expected.sort_unstable();
        assert_eq!(names, expected);
        for (table, keys) in tables {
            assert_eq!(keys, known(table), "{table}");
        }
    }

    const FILE: &str = r#"
[server]
key_file = "KEY_FILE"
[store]
url = "sqlite:gateway.db"
[app.website]
app_id = "wx0123456789abcdef"
app_secret = "ssssssssssssssssssssssssssssssss"
[[issuer]]
url = "https://login.example.com"
apps = ["website"]
[[client]]
id = "wiki"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://wiki.example.com/callback"]
[lifetimes]
[limits]
[metrics]
"#;

    /// All that a file says, without the hash of its text.
    fn read(text: &str) -> String {
        let config = Config::parse(text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let text = format!("{config:?}");
        let (before, after) = text.split_once(", hash: ").unwrap();
        let (_, after) = after.split_once(',').unwrap();
        format!("{before}{after}")
    }

    /// A file with a documented default says the same as one without the key.
    #[test]
    fn each_documented_default_is_that_of_the_program() {
        let key_file = tempfile::NamedTempFile::new().unwrap();
        let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        std::fs::write(key_file.path(), key).unwrap();
        let file = FILE.replace("KEY_FILE", &key_file.path().display().to_string());
        let usual = read(&file);
        let (mut table, mut count) = (String::new(), 0);
        for line in KEYS.lines() {
            if line.starts_with('[') {
                table = line.replace("NAME", "website");
            }
            let fields: Vec<_> = line.split(" | ").collect();
            let default = fields.get(2).and_then(|it| it.strip_prefix('`'));
            let Some(value) = default.and_then(|it| it.strip_suffix('`')) else {
                continue;
            };
            let setting = format!("{table}\n{} = {value}", fields[0]);
            assert_eq!(
                read(&file.replacen(&table, &setting, 1)),
                usual,
                "{setting}"
            );
            count += 1;
        }
        assert!(count > 25, "{count}");
    }
}
