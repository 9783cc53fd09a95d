//! The configuration file.
#![expect(clippy::unwrap_used, reason = "a test")]

use serde_json::Value;
use weixin_sim::{EXAMPLE_CONFIG, Sim};

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

#[test]
fn an_invalid_file_is_rejected_with_line_field_and_rule() {
    for (toml, parts) in [
        ("color = 1", ["line 1", "unknown field `color`"]),
        ("\nseed = \"x\"", ["line 2", "expected u64"]),
        (
            "[[app]]\nid = \"wx1\"",
            ["line 1", "missing field `secret`"],
        ),
        (
            "[[app]]\nid = \"wx1\"\nsecret = \"s\"\nkind = \"shop\"",
            ["line 4", "unknown variant `shop`"],
        ),
        (
            "[[app]]\nid = \"wx1\"\nsecret = \"\"",
            ["line 1: app \"wx1\"", "must not be empty"],
        ),
        (
            "[[app]]\nid = \"wx1\"\nsecret = \"s\"\n[[app]]\nid = \"wx1\"\nsecret = \"s\"",
            ["line 4: app \"wx1\"", "`id` is used by another app"],
        ),
        (
            "seed = 1\ndesktop = \"unknown\"",
            ["line 2", "`desktop` must be the ID or nickname of a user"],
        ),
        (
            "[[app]]\nid = \"wx1\"\nsecret = \"s\"\ncallback_domains = [\"https://a.example\"]",
            ["app \"wx1\"", "hosts without scheme"],
        ),
        (
            "[[user]]\nid = \"\"\nnickname = \"x\"",
            ["line 1: user", "`id` must not be empty"],
        ),
        (
            "[[user]]\nid = \"me\"\nnickname = \"x\"\n[[user]]\nid = \"me\"\nnickname = \"y\"",
            ["line 4: user \"me\"", "`id` is used by another user"],
        ),
        (
            "[variants]\nmodern = true",
            ["line 2", "unknown field `modern`"],
        ),
        ("[lifetimes]\npoll = -1", ["line 2", "expected u32"]),
        ("seed = ", ["line 1", ""]),
    ] {
        let error = Sim::builder().config(toml).unwrap_err().to_string();
        assert!(
            parts.iter().all(|part| error.contains(part)),
            "{toml}\n{error}"
        );
    }
}
