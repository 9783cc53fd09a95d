//! Names that users have chosen to be taken for something else.

use std::time::Duration;

use serde_json::{Map, Value};
use weixin_sim::{AutoAllow, User};

use crate::world::{Browser, Options, World};

const NAMES: [&str; 16] = [
    "alice",
    "admin",
    "root",
    "admin@wechat.invalid",
    "{sub}",
    "{nickname}",
    "{{sub}}",
    "%s%n%00",
    "'; drop table users; --",
    "\"><script>alert(1)</script>",
    "<b>&amp;</b>",
    "\",\"email_verified\":true,\"groups\":[\"admin\"],\"x\":\"",
    "a\r\nSet-Cookie: x=1",
    "\u{202e}nimda",
    "微信\u{200b}用户",
    "👩‍👩‍👧‍👦 ü é",
];

/// The claims that a name may change.
const OF_NAME: [&str; 2] = ["name", "nickname"];

/// Claims without those of one login alone.
fn stable(claims: &Map<String, Value>) -> Map<String, Value> {
    let changing = ["iat", "exp", "auth_time", "at_hash", "sid", "updated_at"];
    let mut claims = claims.clone();
    claims.retain(|name, _| !OF_NAME.contains(&&**name) && !changing.contains(&&**name));
    claims
}

/// Core §5.7; GHSA-c5c4-8r6x-56w3 of oauth2-proxy (an address with two `@`); casdoor CVE-2026-9092 (an address that was not
/// verified binds an account).
#[tokio::test]
async fn a_nickname_changes_no_claim_but_the_name() {
    let web = r#"
claims.groups = ["wechat"]
claims.preferred_username = "wx-{sub}"
"#;
    let world = World::with(Options {
        web: web.to_owned(),
        ..Options::default()
    })
    .await;
    let mut seen = Vec::new();
    for name in NAMES {
        world.sim.put_user(User::new("alice", name));
        world
            .sim
            .auto_allow(AutoAllow::allow().user("alice"))
            .unwrap();
        world.clock.advance(Duration::from_hours(25));
        let scopes = [("scope", "openid profile email wechat")];
        let tokens = world.web().log_in(&mut Browser::default(), &scopes).await;
        let userinfo = world.web().userinfo(&tokens.access_token).await.json();
        let userinfo = userinfo.as_object().unwrap().clone();
        assert_eq!(tokens.claims["name"], userinfo["name"], "{name:?}");
        let shown = tokens.claims["name"].as_str().unwrap();
        assert!(
            !shown.contains(['\r', '\n', '\u{202e}', '\u{200b}', '\0']),
            "{shown:?}"
        );
        let sub = tokens.sub();
        assert_eq!(tokens.claims["preferred_username"], format!("wx-{sub}"));
        assert_eq!(tokens.claims["email"], format!("{sub}@wechat.invalid"));
        assert_eq!(tokens.claims["email_verified"], false);
        seen.push((stable(&tokens.claims), stable(&userinfo)));
    }
    seen.dedup();
    assert_eq!(seen.len(), 1, "{seen:#?}");
    assert_eq!(world.count("users").await, 1);
}
