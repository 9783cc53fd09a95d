//! Pushed authorization requests (RFC 9126).

use std::time::Duration;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::json;

use crate::world::{
    Browser, Options, Page, RelyingParty, World,
    browser::{encoded, param},
};

const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

impl RelyingParty<'_> {
    /// Pushes an authorization request with these changes.
    pub(crate) async fn push(&self, changes: &[(&str, &str)]) -> Page {
        let request = Request::post(format!("{}/par", self.issuer()))
            .header("content-type", "application/x-www-form-urlencoded");
        let request = match self.secret {
            Some(secret) => request.header("authorization", self.basic(secret)),
            None => request,
        };
        let params = self.params(changes);
        let form = params.iter().map(|(name, value)| (&**name, &**value));
        let body = Body::from(encoded(&form.collect::<Vec<_>>()));
        self.world.respond(request.body(body).unwrap()).await
    }

    /// The reference to a request that was pushed.
    pub(crate) async fn pushed(&self, changes: &[(&str, &str)]) -> String {
        let page = self.push(changes).await;
        assert_eq!(page.status, StatusCode::CREATED, "{}", page.body);
        page.json()["request_uri"].as_str().unwrap().to_owned()
    }

    /// The URL by which a browser brings a reference.
    pub(crate) fn reference_url(&self, request_uri: &str) -> String {
        let query = encoded(&[("client_id", self.id), ("request_uri", request_uri)]);
        format!("{}/authorize?{query}", self.issuer())
    }
}

fn error(page: &Page) -> (u16, String) {
    let error = page.json()["error"].as_str().unwrap().to_owned();
    (page.status.as_u16(), error)
}

#[tokio::test]
async fn a_pushed_request_logs_in_and_the_url_has_a_reference_alone() {
    let world = World::start().await;
    for client in [world.web(), world.app()] {
        let page = client.push(&[("prompt", "login")]).await;
        let request_uri = page.json()["request_uri"].as_str().unwrap().to_owned();
        assert_eq!(page.status, StatusCode::CREATED);
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(
            page.json(),
            json!({ "request_uri": request_uri, "expires_in": 90 })
        );
        assert_eq!(request_uri.len(), PREFIX.len() + 26);
        let mut browser = Browser::default();
        let url = client.reference_url(&request_uri);
        // Neither what the URL adds, nor what it repeats, has any effect.
        let url = format!("{url}&state=x&state=y&prompt=none&redirect_uri=https://evil.example");
        let wechat = browser.open(&world, &url).await;
        assert!(wechat.location().contains("&fast_login=0"));
        let callback = browser.visit_wechat(wechat.location()).await;
        let url = browser.follow(&world, &callback).await;
        assert!(url.starts_with(client.redirect_uri), "{url}");
        assert_eq!(param(&url, "state"), "a state");
        let tokens = client.tokens(&param(&url, "code")).await;
        assert_eq!(tokens.claims["nonce"], "a nonce");
    }
    assert_eq!(world.count("requests").await, 2);
}

#[tokio::test]
async fn the_client_authenticates_before_anything_else() {
    let world = World::start().await;
    let web = world.web();
    let wrong = [
        (world.app().with_id("web"), (401, "invalid_client")),
        (
            web.with_secret("0123456789abcdefghijABCDEFGHIJ_x"),
            (401, "invalid_client"),
        ),
        (world.app().with_id("stranger"), (401, "invalid_client")),
    ];
    for (client, expected) in wrong {
        // Also if the request itself has mistakes.
        for changes in [&[][..], &[("redirect_uri", "https://evil.example")]] {
            let page = client.push(changes).await;
            assert_eq!(error(&page), (expected.0, expected.1.to_owned()));
        }
    }
    assert_eq!(world.count("requests").await, 0);
}

#[tokio::test]
async fn errors_of_the_request_go_to_the_client_that_pushes_it() {
    let world = World::start().await;
    let (web, reference) = (world.web(), format!("{PREFIX}{}", "a".repeat(26)));
    for (change, expected) in [
        (("redirect_uri", "https://evil.example"), "invalid_request"),
        (("redirect_uri", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (("scope", "phone"), "invalid_scope"),
        (("request_uri", &*reference), "invalid_request"),
        (("request", "x"), "request_not_supported"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("client_id", "other"), "invalid_request"),
    ] {
        let page = web.push(&[change]).await;
        assert_eq!(error(&page), (400, expected.to_owned()), "{change:?}");
    }
    let page = world.app().push(&[("code_challenge", "")]).await;
    assert_eq!(error(&page), (400, "invalid_request".to_owned()));
    assert_eq!(world.count("requests").await, 0);
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let request = Request::builder().method(method).uri("/par?client_id=app");
        let page = world.respond(request.body(Body::empty()).unwrap()).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED);
    }
    let json = Request::post("/par").header("content-type", "application/json");
    let page = world.respond(json.body(Body::from("{}")).unwrap()).await;
    assert_eq!(error(&page), (400, "invalid_request".to_owned()));
}

#[tokio::test]
async fn a_reference_is_valid_for_ninety_seconds_and_then_for_reloads() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    let late = web.reference_url(&web.pushed(&[]).await);
    let opened = web.reference_url(&web.pushed(&[]).await);
    world.clock.advance(Duration::from_secs(89));
    browser.open(&world, &opened).await.location();
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(browser.open(&world, &late).await.status, StatusCode::GONE);
    for seconds in [0, 300, 200] {
        world.clock.advance(Duration::from_secs(seconds));
        let url = browser.follow(&world, &opened).await;
        web.tokens(&param(&url, "code")).await;
    }
    world.clock.advance(Duration::from_secs(10));
    assert_eq!(browser.open(&world, &opened).await.status, StatusCode::GONE);
}

#[tokio::test]
async fn a_reference_belongs_to_its_client_and_issuer() {
    let world = World::with(Options {
        more: "[[issuer]]\nurl = \"https://localhost/two\"\napps = [\"website\"]\n\
               [[client]]\nid = \"theirs\"\nissuer = \"https://localhost/two\"\npublic = true\n\
               redirect_uris = [\"http://127.0.0.1/callback\"]\n"
            .into(),
        ..Options::default()
    })
    .await;
    let (web, other) = (world.web(), world.other());
    let reference = web.pushed(&[]).await;
    let theirs = RelyingParty::public(&world, "theirs", "http://127.0.0.1/callback").at("/two");
    let their_reference = theirs.pushed(&[]).await;
    let expired = [
        other.reference_url(&reference),
        theirs.reference_url(&reference),
        web.reference_url(&their_reference),
        web.reference_url(&format!("{PREFIX}{}", "a".repeat(26))),
    ];
    for url in expired {
        let page = world.get(&url).await;
        assert_eq!(page.status, StatusCode::GONE, "{url}");
    }
    let uri = encoded(&[("request_uri", &reference)]);
    for query in [
        uri.clone(),
        format!("{uri}&client_id=stranger"),
        format!("{uri}&client_id=web&client_id=web"),
        format!("{uri}&client_id=theirs"),
    ] {
        let page = world.get(&format!("/authorize?{query}")).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{query}");
    }
    // Any other `request_uri` is not supported, and the client hears of it.
    let mut browser = Browser::default();
    for foreign in [
        "https://rp.example/request.jwt",
        "urn:x",
        PREFIX,
        &format!("{reference}x"),
        &format!("{PREFIX}{}", "A".repeat(26)),
        &reference.to_uppercase(),
    ] {
        let url = web
            .callback(&mut browser, &[("request_uri", foreign)])
            .await;
        assert_eq!(param(&url, "error"), "request_uri_not_supported");
    }
    // All these have not used it up.
    browser.follow(&world, &web.reference_url(&reference)).await;
}

#[tokio::test]
async fn another_site_may_post_the_reference() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    web.log_in(&mut browser, &[]).await;
    let reference = web.pushed(&[("prompt", "none")]).await;
    let form = [("client_id", "web"), ("request_uri", &*reference)];
    let page = browser
        .post_from_elsewhere(&world, "/authorize", &form)
        .await;
    let url = browser.follow(&world, page.location()).await;
    web.tokens(&param(&url, "code")).await;
}

#[tokio::test]
async fn a_client_that_must_push_cannot_send_a_request_by_the_browser() {
    let world = World::with(Options {
        web: "require_par = true".into(),
        ..Options::default()
    })
    .await;
    let web = world.web();
    let mut browser = Browser::default();
    let get = web.callback(&mut browser, &[]).await;
    let post = web.post(&mut browser, &[]).await.location().to_owned();
    for url in [get, post] {
        assert_eq!(
            (
                param(&url, "error"),
                param(&url, "error_description"),
                param(&url, "state")
            ),
            (
                "invalid_request".into(),
                "this client must push its requests".into(),
                "a state".into()
            )
        );
    }
    let reference = web.pushed(&[]).await;
    let url = browser.follow(&world, &web.reference_url(&reference)).await;
    web.tokens(&param(&url, "code")).await;
    // The others may do either.
    world.other().log_in(&mut browser, &[]).await;
}

/// keycloak CVE-2026-7571: the request is that of the client as it is now.
#[tokio::test]
async fn a_client_that_has_changed_since_it_pushed_gets_no_more_than_it_may() {
    let mut world = World::start().await;
    let reference = world
        .web()
        .pushed(&[("scope", "openid profile email")])
        .await;
    let options = Options {
        edit: Some(|text| text.replace(r#""profile", "email", "wechat""#, r#""email""#)),
        ..Options::default()
    };
    world.restart_with(options).await;
    let web = world.web();
    let url = web.reference_url(&reference);
    let url = Browser::default().follow(&world, &url).await;
    let tokens = web.tokens(&param(&url, "code")).await;
    assert_eq!(tokens.response["scope"], "openid email");
    let options = Options {
        edit: Some(|text| text.replace("https://rp.example/callback", "https://rp.example/new")),
        ..Options::default()
    };
    world.restart_with(options).await;
    let page = world.get(&world.web().reference_url(&reference)).await;
    assert_eq!(page.status, StatusCode::GONE);
}

#[tokio::test]
async fn pushed_requests_count_as_waiting_ones() {
    let world = World::with(Options {
        more: "[limits]\nwaiting_requests = 4\nlogins_per_minute = 1\n".into(),
        ..Options::default()
    })
    .await;
    let web = world.web();
    for client in [web, world.other(), world.app()] {
        client.pushed(&[]).await;
    }
    web.log_in(&mut Browser::default(), &[]).await;
    for client in [web, world.other(), world.app()] {
        let page = client.push(&[]).await;
        let expected = (503, "temporarily_unavailable".to_owned());
        assert_eq!((error(&page), page.header("retry-after")), (expected, "60"));
    }
    let page = world.get(&web.authorize_url(&[])).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
}

/// Anyone can push as a public client: as many as anyone can begin logins.
#[tokio::test]
async fn a_public_client_pushes_at_the_rate_of_logins() {
    let world = World::with(Options {
        more: "[limits]\nlogins_per_minute = 2\n".into(),
        ..Options::default()
    })
    .await;
    let push = async |client: &str, secret: &str, address: &str| {
        let params = world.app().with_id("x").params(&[
            ("client_id", client),
            (
                "redirect_uri",
                match client {
                    "app" => "http://127.0.0.1/callback",
                    _ => crate::world::CALLBACK,
                },
            ),
            ("client_secret", secret),
        ]);
        let form: Vec<_> = params
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let mut browser = Browser {
            address: Some(address.parse().unwrap()),
            ..Browser::default()
        };
        browser.post(&world, "/par", &form).await.status.as_u16()
    };
    let mut statuses = Vec::new();
    for address in ["192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.2:1"] {
        statuses.push(push("app", "", address).await);
    }
    assert_eq!(statuses, [201, 201, 429, 201]);
    // The server of a confidential client pushes for all its users.
    for _ in 0..5 {
        assert_eq!(push("web", crate::world::SECRET, "192.0.2.1:4").await, 201);
    }
}
