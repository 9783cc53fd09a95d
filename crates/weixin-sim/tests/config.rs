//! The configuration file.
#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::Value;
use weixin_sim::{EXAMPLE_CONFIG, Rule, Sim};

async fn get(sim: &Sim, path: &str) -> Value {
    reqwest::get(format!("{}{path}", sim.url()))
        .await
        .unwrap()
        .json()
        .await
        .unwrap()
}

#[tokio::test]
async fn the_example_has_the_default_settings() {
    let sim = Sim::builder()
        .config(EXAMPLE_CONFIG)
        .unwrap()
        .start()
        .await
        .unwrap();
    let default = Sim::start().await.unwrap();
    for path in ["/_sim/api/apps", "/_sim/api/users"] {
        assert_eq!(get(&sim, path).await, get(&default, path).await, "{path}");
    }
    let request = "/sns/oauth2/access_token?appid=wx0123456789abcdef&grant_type=authorization_code&code=x&secret=y";
    assert_eq!(get(&sim, request).await["errcode"], 40029);
}

#[tokio::test]
async fn apps_users_and_lifetimes_are_applied() {
    let toml = r#"
        auto_allow = true
        seed = 7
        [lifetimes]
        access_token = 60
        [[app]]
        id = "wxshop"
        secret = "shopsecret"
        callback_domains = ["www.example.com"]
        bound = false
        [[user]]
        id = "me"
        nickname = "我"
        avatar = false
    "#;
    let sim = Sim::builder().config(toml).unwrap().start().await.unwrap();
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let login = format!(
        "{}/connect/qrconnect?appid=wxshop&scope=snsapi_login&redirect_uri=https%3A%2F%2Fwww.example.com%2F&state=s",
        sim.url()
    );
    let page = client.build().unwrap().get(login).send().await.unwrap();
    let callback = page.headers()["location"].to_str().unwrap().to_owned();
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let token = get(&sim, &format!("/sns/oauth2/access_token?appid=wxshop&secret=shopsecret&code={code}&grant_type=authorization_code")).await;
    assert_eq!(
        (&token["expires_in"], token.get("unionid")),
        (&Value::from(60), None)
    );
    let [access_token, openid] =
        ["access_token", "openid"].map(|name| token[name].as_str().unwrap());
    let user = get(
        &sim,
        &format!("/sns/userinfo?access_token={access_token}&openid={openid}"),
    )
    .await;
    assert_eq!(
        (&user["nickname"], &user["headimgurl"]),
        (&Value::from("我"), &Value::from(""))
    );
}

#[tokio::test]
async fn a_user_with_the_id_of_a_default_user_replaces_it() {
    let toml = "[[user]]\nid = \"layla\"\nnickname = \"Layla\"";
    let sim = Sim::builder().config(toml).unwrap().start().await.unwrap();
    let users: Vec<_> = sim
        .users()
        .iter()
        .map(|user| (user.id().to_owned(), user.nickname().to_owned()))
        .collect();
    assert_eq!(users[0], ("layla".to_owned(), "Layla".to_owned()));
    assert_eq!(users.iter().filter(|(id, _)| id == "layla").count(), 1);
    assert_eq!(users.len(), 9);
}

#[test]
fn an_error_of_the_file_does_not_repeat_its_line() {
    for line in ["secret = hunter2", "secret = \"hunter2"] {
        let error = Sim::builder().config(&format!("[[app]]\nid = \"wx1\"\n{line}\n"));
        let error = error.unwrap_err().to_string();
        assert!(error.starts_with("line 3: "), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[tokio::test]
async fn a_secret_of_the_file_is_shown_on_request_only() {
    let toml = r#"
        [[app]]
        id = "wxreal"
        secret = "hunter2"
        [[app]]
        id = "wxmade"
        secret = "ssss"
    "#;
    let sim = Sim::builder().config(toml).unwrap().start().await.unwrap();
    let secrets = async |path: &str| {
        let apps = get(&sim, path).await;
        [0, 1].map(|app| apps[app]["secret"].as_str().unwrap().to_owned())
    };
    assert_eq!(secrets("/_sim/api/apps").await, ["***", "ssss"]);
    assert_eq!(
        secrets("/_sim/api/apps?secrets=true").await,
        ["hunter2", "ssss"]
    );
    let invalid = get(&sim, "/_sim/api/apps?secrets=yes").await;
    assert_eq!(invalid["error"]["field"], "secrets");
    let dashboard = reqwest::get(format!("{}/_sim/", sim.url())).await.unwrap();
    let dashboard = dashboard.text().await.unwrap();
    assert!(dashboard.contains("wxreal") && dashboard.contains("ssss"));
    assert!(!dashboard.contains("hunter2") && !format!("{sim:?}").contains("hunter2"));
}

/// The error of a file, in English and Chinese.
fn error(toml: &str) -> [String; 2] {
    let error = Sim::builder().config(toml).unwrap_err();
    [error.to_string(), error.chinese()]
}

/// Invalid files, each with its error in English and Chinese.
const INVALID: [[&str; 3]; 19] = [
    [
        "color = 1",
        "line 1: unknown field `color`, expected one of `seed`, `auto_allow`, `strict_order`, `quotas`, `accept`, `desktop`, `lifetimes`, `variants`, `app`, `user`",
        "第 1 行：没有 `color` 这项设置，可用的有 `seed`、`auto_allow`、`strict_order`、`quotas`、`accept`、`desktop`、`lifetimes`、`variants`、`app`、`user`",
    ],
    [
        "\nseed = \"x\"",
        "line 2: invalid type: string \"x\", expected u64",
        "第 2 行：值无效，应为非负整数",
    ],
    [
        "auto_allow = 1",
        "line 1: invalid type: integer `1`, expected a boolean",
        "第 1 行：值无效，应为 true 或 false",
    ],
    [
        "accept = 1",
        "line 1: invalid type: integer `1`, expected a sequence",
        "第 1 行：值无效，应为数组",
    ],
    [
        "lifetimes = 1",
        "line 1: invalid type: integer `1`, expected struct Seconds",
        "第 1 行：值无效，应为表",
    ],
    [
        "[lifetimes]\npoll = -1",
        "line 2: invalid value: integer `-1`, expected u32",
        "第 2 行：值无效，应为非负整数",
    ],
    [
        "[variants]\nmodern = true",
        "line 2: unknown field `modern`, expected one of `mini_program_code_is_invalid`, `mini_program_profiles`, `wrong_app_uses_code`",
        "第 2 行：没有 `modern` 这项设置，可用的有 `mini_program_code_is_invalid`、`mini_program_profiles`、`wrong_app_uses_code`",
    ],
    [
        "[[app]]\nid = \"wx1\"",
        "line 1: missing field `secret`",
        "第 1 行：缺少 `secret`",
    ],
    [
        "[[app]]\nid = 1",
        "line 2: invalid type: integer `1`, expected a string",
        "第 2 行：值无效，应为字符串",
    ],
    [
        "[[app]]\nid = \"wx1\"\nsecret = \"s\"\nkind = \"shop\"",
        "line 4: unknown variant `shop`, expected one of `website`, `official-account`, `mobile-app`, `mini-program`",
        "第 4 行：不能是 `shop`，可选值：`website`、`official-account`、`mobile-app`、`mini-program`",
    ],
    [
        "[[app]]\nid = \"wx1\"\nsecret = \"\"",
        "line 1: app \"wx1\": `secret` must not be empty",
        "第 1 行：应用 \"wx1\"：`secret` 不能为空",
    ],
    [
        "[[app]]\nid = \"wx1\"\nsecret = \"s\"\n[[app]]\nid = \"wx1\"\nsecret = \"s\"",
        "line 4: app \"wx1\": `id` is used by another app",
        "第 4 行：应用 \"wx1\"：`id` 与其他应用重复",
    ],
    [
        "[[app]]\nid = \"wx1\"\nsecret = \"s\"\ncallback_domains = [\"https://a.example\"]",
        "line 1: app \"wx1\": `callback_domains` must be hosts without scheme, port or path, such as \"www.example.com\"",
        "第 1 行：应用 \"wx1\"：`callback_domains` 应为主机名，不含协议、端口和路径，例如 \"www.example.com\"",
    ],
    [
        "[[app]]\nid = \"wx1\"\nsecret = \"s\"\nip_whitelist = [\"a.example\"]",
        "line 4: invalid IP address syntax",
        "第 4 行：不是有效的 IP 地址",
    ],
    [
        "[[user]]\nid = \"\"\nnickname = \"x\"",
        "line 1: user: `id` must not be empty",
        "第 1 行：用户：`id` 不能为空",
    ],
    [
        "[[user]]\nid = \"me\"\nnickname = \"x\"\n[[user]]\nid = \"me\"\nnickname = \"y\"",
        "line 4: user \"me\": `id` is used by another user",
        "第 4 行：用户 \"me\"：`id` 与其他用户重复",
    ],
    [
        "seed = 1\ndesktop = \"unknown\"",
        "line 2: `desktop` must be the ID or nickname of a user",
        "第 2 行：`desktop` 应为用户的 ID 或昵称",
    ],
    [
        "seed = 1\nseed = 2",
        "line 2: duplicate key",
        "第 2 行：重复的设置",
    ],
    [
        "seed = ",
        "line 1: string values must be quoted, expected literal string",
        "第 1 行：不符合 TOML 语法（string values must be quoted, expected literal string）",
    ],
];

#[test]
fn an_invalid_file_is_rejected_with_line_field_and_rule_in_both_languages() {
    for [toml, english, chinese] in INVALID {
        assert_eq!(error(toml), [english, chinese], "{toml}");
    }
}

#[test]
fn an_unknown_rule_is_rejected_with_the_known_ones() {
    let rules: Vec<_> = Rule::all().map(|rule| rule.id).collect();
    let [english, chinese] = [", ", "、"].map(|comma| rules.join(comma));
    assert_eq!(
        error("accept = [\n\"a-rule\"]"),
        [
            format!("line 2: `accept`: unknown rule \"a-rule\": expected one of {english}"),
            format!("第 2 行：`accept`：没有这条规则，可用的规则有 {chinese}"),
        ]
    );
}
