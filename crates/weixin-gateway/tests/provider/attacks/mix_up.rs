//! Two issuers of one gateway, mixed up (RFC 9700 §4.4).

use axum::http::StatusCode;

use crate::world::{
    Browser, ISSUER, Options, RelyingParty, SECRET, World,
    browser::{Page, param, query},
    database::Rows,
};

/// The issuers `/a`, with the usual clients, and `/b` with the clients `b-web` and `b-app`.
pub(super) async fn two_issuers() -> World {
    let more = format!(
        r#"
[[issuer]]
url = "{ISSUER}/b"
apps = ["website", "official_account"]
[[client]]
id = "b-web"
issuer = "{ISSUER}/b"
secret = "{SECRET}"
redirect_uris = ["https://rp.example/callback"]
[[client]]
id = "b-app"
issuer = "{ISSUER}/b"
public = true
redirect_uris = ["http://127.0.0.1/callback"]
"#
    );
    let path = "/a";
    World::with(Options {
        more,
        path,
        ..Options::default()
    })
    .await
}

pub(super) fn b_web(world: &World) -> RelyingParty<'_> {
    RelyingParty::confidential(world, "b-web", "https://rp.example/callback").at("/b")
}

pub(super) fn b_app(world: &World) -> RelyingParty<'_> {
    RelyingParty::public(world, "b-app", "http://127.0.0.1/callback").at("/b")
}

/// RFC 9207 §2: one `iss`, in codes and in errors, whatever the request says.
#[tokio::test]
async fn each_response_names_the_issuer_that_made_it() {
    let world = two_issuers().await;
    let mut browser = Browser::default();
    for (client, issuer) in [
        (world.web(), "https://localhost/a"),
        (b_web(&world), "https://localhost/b"),
    ] {
        for changes in [
            &[][..],
            &[("prompt", "none"), ("iss", "https://evil.example")],
            &[("response_type", "token")],
            &[("scope", "nothing")],
            &[("state", "&iss=https://evil.example")],
        ] {
            let url = client.callback(&mut browser, changes).await;
            let issuers: Vec<_> = query(&url)
                .into_iter()
                .filter(|(name, _)| name == "iss")
                .collect();
            assert_eq!(issuers, [("iss".to_owned(), issuer.to_owned())], "{url}");
        }
        let code = client.code(&mut browser, &[]).await;
        assert_eq!(client.tokens(&code).await.claims["iss"], issuer);
    }
}

/// RFC 9700 §4.4: WeChat's callback of one issuer, opened at the other. Both logins are in progress in this browser.
#[tokio::test]
async fn a_callback_of_one_issuer_is_worth_nothing_at_the_other() {
    let world = two_issuers().await;
    let mut browser = Browser::default();
    let a = world.web().wechat_callback(&mut browser, &[]).await;
    let b = b_web(&world).wechat_callback(&mut browser, &[]).await;
    let before = world.sim.request_count();
    for (callback, from, to) in [(&a, "/a", "/b"), (&b, "/b", "/a")] {
        let path = callback.replace(&format!("{from}/callback"), &format!("{to}/callback"));
        let both = path.replace(&format!("{from}/login"), &format!("{to}/login"));
        for swapped in [path, both] {
            let mut victim = browser.clone();
            let page = victim.open(&world, &swapped).await;
            // Without the code.
            let location = page.location();
            assert!(
                location.starts_with(&format!("{to}/callback?login_error=")),
                "{location}"
            );
            let page = victim.open(&world, location).await;
            assert!(
                matches!(page.status, StatusCode::FORBIDDEN | StatusCode::GONE),
                "{}",
                page.status
            );
            assert_eq!(victim.session(), None);
        }
    }
    assert_eq!(world.sim.request_count(), before);
    assert_eq!(world.rows().await, Rows::default());
    // Each one at its own issuer goes on.
    for (callback, issuer) in [(a, "https://localhost/a"), (b, "https://localhost/b")] {
        let url = browser.follow(&world, &callback).await;
        assert_eq!(param(&url, "iss"), issuer);
    }
}

/// Codes, access tokens, cookies and waiting requests belong to one issuer.
#[tokio::test]
async fn nothing_of_one_issuer_is_known_at_the_other() {
    let world = two_issuers().await;
    let (web, app) = (world.web(), world.app());
    let mut browser = Browser::default();
    let code = app.code(&mut browser, &[]).await;
    for (page, error) in [
        (b_web(&world).redeem(&code, &[]).await, "invalid_grant"),
        (b_app(&world).redeem(&code, &[]).await, "invalid_grant"),
        (app.at("/b").redeem(&code, &[]).await, "invalid_client"),
        (web.at("/b").redeem(&code, &[]).await, "invalid_client"),
        (
            b_web(&world).at("/a").redeem(&code, &[]).await,
            "invalid_client",
        ),
    ] {
        assert_eq!(page.json()["error"], error, "{}", page.body);
    }
    let tokens = app.tokens(&code).await;
    assert_unknown(&app.at("/b").userinfo(&tokens.access_token).await);
    assert_eq!(
        app.userinfo(&tokens.access_token).await.status,
        StatusCode::OK
    );
    // A request that waits.
    Browser::default()
        .open(&world, &web.authorize_url(&[("prompt", "login")]))
        .await;
    let id = world
        .texts("select id from requests order by created_at desc limit 1")
        .await
        .remove(0);
    let mut other = Browser::default();
    b_web(&world).callback(&mut other, &[]).await;
    let page = other.open(&world, &format!("/b/login/{id}")).await;
    assert_eq!(page.status, StatusCode::GONE);
    let page = browser.open(&world, &format!("/a/login/{id}")).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    // A client of the other issuer cannot ask for a login here.
    let page = browser.open(&world, &web.at("/b").authorize_url(&[])).await;
    assert_eq!(page.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn the_cookie_of_one_issuer_is_no_session_at_the_other() {
    let world = two_issuers().await;
    let mut browser = Browser::default();
    world.web().callback(&mut browser, &[]).await;
    // The cookie of the session, under the name of the other issuer's.
    let (name, value) = browser
        .cookies
        .iter()
        .find(|(name, _)| name.contains("gateway-session-"))
        .unwrap()
        .clone();
    let mut other = Browser::default();
    b_web(&world).callback(&mut other, &[]).await;
    let other_name = other
        .cookies
        .iter()
        .find(|(name, _)| name.contains("gateway-session-"))
        .unwrap()
        .0
        .clone();
    assert_ne!(name, other_name);
    for name in [name, other_name] {
        let mut carried = Browser {
            cookies: vec![(name, value.clone())],
            ..Browser::default()
        };
        let url = b_web(&world)
            .callback(&mut carried, &[("prompt", "none")])
            .await;
        assert_eq!(param(&url, "error"), "login_required");
    }
}

fn assert_unknown(page: &Page) {
    assert_eq!(page.status, StatusCode::UNAUTHORIZED, "{}", page.body);
    assert_eq!(page.json()["error"], "invalid_token");
}
