//! The claims that scopes, the `claims` parameter and the operator's templates bring (Core §5).

use serde_json::{Value, json};

use crate::world::{APP_ID, Browser, Options, RelyingParty, Tokens, World, browser::param};

/// A login of this client, and its userinfo.
async fn login(client: RelyingParty<'_>, changes: &[(&str, &str)]) -> (Tokens, Value) {
    let tokens = client.log_in(&mut Browser::default(), changes).await;
    let userinfo = client.userinfo(&tokens.access_token).await.json();
    (tokens, userinfo)
}

/// The world of a client with more lines of configuration, and of the user Alice.
async fn with(web: &str) -> World {
    let web = web.to_owned();
    let world = World::with(Options {
        web,
        ..Options::default()
    })
    .await;
    world.next_user("Alice");
    world
}

/// The claims of an ID token that are not about the user.
fn of_user(tokens: &Tokens) -> Value {
    let mut claims = tokens.claims.clone();
    for of_token in [
        "iss",
        "aud",
        "exp",
        "iat",
        "auth_time",
        "nonce",
        "at_hash",
        "sid",
        "amr",
    ] {
        claims.remove(of_token).unwrap();
    }
    Value::Object(claims)
}

#[tokio::test]
async fn each_scope_brings_its_claims_and_no_other() {
    let world = with("").await;
    let (tokens, all) = login(world.web(), &[("scope", "openid profile email wechat")]).await;
    let sub = tokens.sub();
    let expected = json!({
        "sub": sub,
        "name": "Alice",
        "nickname": "Alice",
        "preferred_username": sub,
        "updated_at": world.clock.seconds(),
        "email": format!("{sub}@wechat.invalid"),
        "email_verified": false,
        "wechat_unionid": all["wechat_unionid"],
        "wechat_openid": all["wechat_openid"],
        "wechat_appid": APP_ID,
    });
    assert_eq!(all, expected);
    assert!(
        all["wechat_openid"].as_str().unwrap().starts_with('o'),
        "{all}"
    );
    assert_eq!(of_user(&tokens), all);
    for (scope, names) in [
        ("openid", ["sub"].as_slice()),
        (
            "openid profile",
            &[
                "sub",
                "name",
                "nickname",
                "preferred_username",
                "updated_at",
            ],
        ),
        ("openid email", &["sub", "email", "email_verified"]),
        (
            "openid wechat",
            &["sub", "wechat_unionid", "wechat_openid", "wechat_appid"],
        ),
    ] {
        let (tokens, userinfo) = login(world.web(), &[("scope", scope)]).await;
        let pairs = names
            .iter()
            .map(|name| ((*name).to_owned(), all[*name].clone()));
        assert_eq!(userinfo, Value::Object(pairs.collect()), "{scope}");
        assert_eq!(of_user(&tokens), userinfo, "{scope}");
    }
}

/// There is no address unless the operator sets one, and WeChat's IDs only for a client that lists the scope.
#[tokio::test]
async fn a_client_without_template_and_list_has_no_email_and_no_wechat_ids() {
    let world = with("").await;
    let (tokens, userinfo) = login(world.other(), &[("scope", "openid email wechat")]).await;
    assert_eq!(tokens.response["scope"], "openid email");
    assert_eq!(userinfo, json!({ "sub": tokens.sub() }));
    let claims =
        json!({ "userinfo": { "wechat_openid": null, "email_verified": null } }).to_string();
    let (tokens, userinfo) =
        login(world.other(), &[("scope", "openid"), ("claims", &claims)]).await;
    assert_eq!(userinfo, json!({ "sub": tokens.sub() }));
}

const NARROW: &str = r#"
[[client]]
id = "narrow"
secret = "0123456789abcdefghijABCDEFGHIJ_-"
redirect_uris = ["https://narrow.example/callback"]
scopes = ["openid"]
"#;

#[tokio::test]
async fn a_claim_of_a_scope_that_the_client_may_not_have_is_not_requested_by_name_either() {
    let more = NARROW.to_owned();
    let world = World::with(Options {
        more,
        ..Options::default()
    })
    .await;
    let narrow = RelyingParty::confidential(&world, "narrow", "https://narrow.example/callback");
    let claims = json!({ "userinfo": { "name": null }, "id_token": { "name": null } });
    let changes = [("claims", &*claims.to_string())];
    let (tokens, userinfo) = login(narrow, &changes).await;
    assert_eq!(tokens.response["scope"], "openid");
    assert_eq!(userinfo, json!({ "sub": tokens.sub() }));
    assert_eq!(of_user(&tokens), userinfo);
}

#[tokio::test]
async fn a_claim_is_requested_by_name_for_the_id_token_or_for_userinfo() {
    let world = with("profile_in_id_token = false").await;
    let claims = json!({
        "id_token": { "nickname": null, "auth_time": { "essential": true }, "acr": { "values": ["1"] } },
        "userinfo": { "name": { "essential": true }, "email": { "value": "admin@example.com" }, "x": null },
    });
    let changes = [("scope", "openid"), ("claims", &*claims.to_string())];
    let (tokens, userinfo) = login(world.web(), &changes).await;
    let sub = tokens.sub();
    assert_eq!(of_user(&tokens), json!({ "sub": sub, "nickname": "Alice" }));
    let email = format!("{sub}@wechat.invalid");
    let expected = json!({ "sub": sub, "name": "Alice", "email": email, "email_verified": false });
    assert_eq!(userinfo, expected);
}

#[tokio::test]
async fn the_value_of_sub_is_the_user_that_the_client_expects() {
    let world = with("").await;
    let mut browser = Browser::default();
    let tokens = world.web().log_in(&mut browser, &[]).await;
    for member in ["id_token", "userinfo"] {
        for (sub, error) in [
            (tokens.sub(), ""),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaa", "login_required"),
        ] {
            let claims = json!({ member: { "sub": { "value": sub } } }).to_string();
            let changes = [("prompt", "none"), ("claims", &*claims)];
            let callback = world.web().callback(&mut browser, &changes).await;
            assert_eq!(param(&callback, "error"), error, "{member} {sub}");
        }
    }
}

#[tokio::test]
async fn profile_claims_are_left_out_of_id_tokens_if_the_operator_says_so() {
    let world = with("profile_in_id_token = false").await;
    let (tokens, userinfo) = login(world.web(), &[("scope", "openid profile email")]).await;
    assert_eq!(of_user(&tokens), json!({ "sub": tokens.sub() }));
    assert_eq!(userinfo["name"], "Alice");
}

const TEMPLATES: &str = r#"
claims.preferred_username = "wx-{sub:16}"
claims.name = "{nickname} at WeChat"
claims.groups = ["wechat", "{openid}"]
claims.account = "{unionid}"
"#;

#[tokio::test]
async fn templates_set_claims_of_scopes_and_add_others() {
    let world = with(TEMPLATES).await;
    let (tokens, all) = login(world.web(), &[("scope", "openid profile wechat")]).await;
    let sub = tokens.sub();
    let expected = json!({
        "sub": sub,
        "name": "Alice at WeChat",
        "nickname": "Alice",
        "preferred_username": format!("wx-{}", &sub[..16]),
        "updated_at": world.clock.seconds(),
        "groups": ["wechat", all["wechat_openid"]],
        "account": all["wechat_unionid"],
        "wechat_unionid": all["wechat_unionid"],
        "wechat_openid": all["wechat_openid"],
        "wechat_appid": APP_ID,
    });
    assert_eq!(all, expected);
    assert_eq!(of_user(&tokens), all);
    let (_, least) = login(world.web(), &[("scope", "openid")]).await;
    let expected = json!({ "sub": sub, "groups": all["groups"], "account": all["account"] });
    assert_eq!(least, expected);
}

/// Products find accounts by these: a nickname, or a claim that proves something, must not be in them.
#[tokio::test]
async fn no_template_sets_a_claim_that_a_client_trusts() {
    let world = with("").await;
    for (web, problem) in [
        (r#"claims.sub = "x""#, "a claim that can be set"),
        (
            r#"claims.email_verified = "true""#,
            "a claim that can be set",
        ),
        (r#"claims.acr = "x""#, "a claim that can be set"),
        (
            r#"claims.preferred_username = "{nickname}""#,
            "{nickname} in `name` and `nickname` only",
        ),
        (
            r#"claims.groups = ["{nickname}"]"#,
            "{nickname} in `name` and `nickname` only",
        ),
    ] {
        let error = world.config_error(&Options {
            web: web.to_owned(),
            ..Options::default()
        });
        assert!(error.contains(problem), "{web}: {error}");
    }
}
