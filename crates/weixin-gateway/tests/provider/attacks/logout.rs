//! Logouts that a stranger starts, and redirects that follow them.

use std::time::Duration;

use axum::http::StatusCode;

use crate::world::{
    Browser, CALLBACK, ISSUER, Options, SECRET, World,
    browser::param,
    devices::{CROSS_SITE, ENGLISH},
    logout::{RETURN, with_return},
};

/// RFC 9700 §4.7: the form that logs out is good in one browser, for one session, from this site.
#[tokio::test]
async fn the_form_of_another_site_logs_no_user_out() {
    let world = World::start().await;
    let web = world.web();
    let mut victim = Browser::with(&[ENGLISH]);
    web.log_in(&mut victim, &[]).await;
    let mut attacker = Browser::with(&[ENGLISH]);
    world.next_user("attacker");
    web.log_in(&mut attacker, &[]).await;
    let stolen = web.log_out(&mut attacker, &[]).await.fields();
    let (_, attackers) = stolen.last().unwrap().clone();
    let mut forged = attackers.clone();
    forged.pop();
    // Without the cookie, as `SameSite=Lax` wants it; then as if the browser had sent it.
    for confirmation in [&*attackers, &forged, "wxl_", "x", ""] {
        let form = [("confirmation", confirmation)];
        victim
            .post_from_elsewhere(&world, "/end_session", &form)
            .await;
        let page = victim.post(&world, "/end_session", &form).await;
        assert!(page.body.contains("<h1>Log out?</h1>"), "{}", page.body);
        assert!(web.is_logged_in(&mut victim).await, "{confirmation}");
    }
    // The confirmation of this session, sent by another site, or in a URL.
    let page = web.log_out(&mut victim, &[]).await;
    let (_, own) = page.fields().last().unwrap().clone();
    web.log_out(&mut victim, &[("confirmation", &own)]).await;
    for header in [
        CROSS_SITE,
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "http://localhost"),
        ("origin", "https://localhost.evil.example"),
    ] {
        victim.headers = vec![ENGLISH, header];
        let form = [("confirmation", &*own)];
        let page = victim.post(&world, "/end_session", &form).await;
        assert!(page.body.contains("<h1>Log out?</h1>"), "{header:?}");
        assert!(web.is_logged_in(&mut victim).await, "{header:?}");
    }
    // What the browser of the victim sends.
    victim.headers = vec![("sec-fetch-site", "same-origin"), ("origin", "null")];
    web.confirm_logout(&mut victim, &page).await;
    assert!(!web.is_logged_in(&mut victim).await);
}

/// CVE-2019-14857, CVE-2021-32786 and others of `mod_auth_openidc`; RFC 9700 §4.11.
const MANGLED: &[&str] = &[
    "https://rp.example/logged-out/",
    "https://rp.example/logged-out?",
    "https://rp.example/logged-out#",
    "https://rp.example/logged-out%00",
    "https://rp.example/logged-out\t",
    "https://rp.example/logged-out/../elsewhere",
    "https://rp.example//logged-out",
    "https://rp.example/Logged-out",
    "https://RP.example/logged-out",
    "https://rp.example:443/logged-out",
    "https://rp.example.evil.example/logged-out",
    "https://rp.example@evil.example/logged-out",
    "https://evil.example/https://rp.example/logged-out",
    "https://evil.example\\@rp.example/logged-out",
    "https:/rp.example/logged-out",
    "https:///rp.example/logged-out",
    "http://rp.example/logged-out",
    "//rp.example/logged-out",
    "///evil.example",
    "/\\evil.example",
    "/\tevil.example",
    "\\\\evil.example",
    "/logged-out",
    "logged-out",
    "javascript:alert(1)//https://rp.example/logged-out",
    "data:text/html,x",
    " https://rp.example/logged-out",
    "https://rp.example/logged-out ",
    "https://rp.example/logged-out\r\nlocation: https://evil.example",
    // Registered for something else, or for another client.
    CALLBACK,
    "https://other.example/logged-out",
    ISSUER,
];

#[tokio::test]
async fn a_logout_redirects_to_registered_urls_only() {
    let world = World::with(Options {
        web: format!("post_logout_redirect_uris = [\"{RETURN}\"]"),
        more: format!(
            r#"
[[client]]
id = "third"
secret = "{SECRET}"
redirect_uris = ["https://third.example/callback"]
post_logout_redirect_uris = ["https://other.example/logged-out"]"#
        ),
        ..Options::default()
    })
    .await;
    let web = world.web();
    let mut victim = Browser::default();
    let tokens = web.log_in(&mut victim, &[]).await;
    for uri in MANGLED {
        let params = [
            ("id_token_hint", &*tokens.id_token),
            ("post_logout_redirect_uri", uri),
            ("state", "s"),
        ];
        let page = web.log_out(&mut victim, &params).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{uri}");
        assert_eq!(page.header("location"), "", "{uri}");
        let page = victim.post(&world, "/end_session", &params).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{uri}");
        assert!(web.is_logged_in(&mut victim).await, "{uri}");
    }
}

/// Neither another client's ID token, nor that of another issuer, nor none.
#[tokio::test]
async fn only_a_hint_of_the_client_itself_leads_back_to_it() {
    let world = World::with(Options {
        web: format!("post_logout_redirect_uris = [\"{RETURN}\"]"),
        more: format!(
            r#"
[[issuer]]
url = "{ISSUER}/tenant"
apps = ["website"]
[[client]]
id = "tenant"
issuer = "{ISSUER}/tenant"
secret = "{SECRET}"
redirect_uris = ["{CALLBACK}"]
post_logout_redirect_uris = ["{RETURN}"]"#
        ),
        ..Options::default()
    })
    .await;
    let web = world.web();
    let mut victim = Browser::with(&[ENGLISH]);
    let mine = web.log_in(&mut victim, &[]).await;
    let others = world.other().log_in(&mut victim, &[]).await;
    let tenant = crate::world::RelyingParty::confidential(&world, "tenant", CALLBACK);
    let tenants = tenant.at("/tenant").log_in(&mut victim, &[]).await;
    for (hint, client, status) in [
        // The client of this one has registered nothing.
        (&others.id_token, "", StatusCode::BAD_REQUEST),
        // Of two clients.
        (&others.id_token, "web", StatusCode::BAD_REQUEST),
        (&mine.id_token, "other", StatusCode::BAD_REQUEST),
        // Unknown here: the page asks.
        (&tenants.id_token, "", StatusCode::OK),
        (&tenants.id_token, "web", StatusCode::OK),
        (&mine.access_token, "web", StatusCode::OK),
        (&String::new(), "web", StatusCode::OK),
    ] {
        let params = [
            ("id_token_hint", &**hint),
            ("client_id", client),
            ("post_logout_redirect_uri", RETURN),
        ];
        let page = web.log_out(&mut victim, &params).await;
        assert_eq!(page.status, status, "{hint} {client}");
        assert_eq!(page.header("location"), "");
        let asks = page.body.contains("<h1>Log out?</h1>");
        assert_eq!(asks, status == StatusCode::OK, "{}", page.body);
        assert!(!page.body.contains(RETURN), "{}", page.body);
        assert!(web.is_logged_in(&mut victim).await);
    }
}

/// CVE-2026-9689 of Keycloak: of two values, a proxy may check one and this server use the other.
#[tokio::test]
async fn a_repeated_parameter_ends_nothing() {
    let world = with_return().await;
    let web = world.web();
    let mut victim = Browser::default();
    let tokens = web.log_in(&mut victim, &[]).await;
    for name in [
        "id_token_hint",
        "client_id",
        "post_logout_redirect_uri",
        "state",
        "ui_locales",
        "confirmation",
    ] {
        let hint = [("id_token_hint", &*tokens.id_token)];
        let params: Vec<_> = hint.into_iter().chain([(name, "a"), (name, "b")]).collect();
        let page = web.log_out(&mut victim, &params).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{name}");
        assert!(web.is_logged_in(&mut victim).await, "{name}");
    }
}

/// The page is in no frame, and loads nothing.
#[tokio::test]
async fn the_page_that_asks_is_safe() {
    let world = World::start().await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    let page = world.web().log_out(&mut browser, &[]).await;
    let policy = page.header("content-security-policy");
    let nonce = page.attribute("nonce");
    assert_eq!(
        policy,
        format!(
            "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; frame-ancestors 'none'"
        )
    );
    for (name, expected) in [
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
        ("access-control-allow-origin", ""),
    ] {
        assert_eq!(page.header(name), expected, "{name}");
    }
}

/// The browser's history still has the address of WeChat's callback. For a minute, WeChat's answer to it is kept for a
/// callback that the browser loads twice: after a logout it must not begin another session.
#[tokio::test]
async fn a_callback_in_the_history_logs_no_user_in_after_a_logout() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let page = browser.open(&world, &callback).await;
    let tokens = web.tokens(&param(page.location(), "code")).await;
    // As often as the browser likes, as long as the user is logged in.
    let page = browser.open(&world, &callback).await;
    web.tokens(&param(page.location(), "code")).await;
    let hint = [("id_token_hint", &*tokens.id_token)];
    web.log_out(&mut browser, &hint).await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(param(page.location(), "login_error"), "used");
    assert!(!web.is_logged_in(&mut browser).await);
}

const IDLE_DAY: Duration = Duration::from_hours(24);

/// A shared computer: the user logs out, and the next visitor has the history. A session that no new request may use, since
/// it is idle or `session_idle` is zero, is still that of codes and tokens, and of the callback and the page in the history.
#[tokio::test]
async fn a_logout_ends_an_idle_session_and_what_the_history_has() {
    for (idle, pause) in [
        ("0s", Duration::ZERO),
        ("0s", Duration::from_secs(70)),
        ("10m", IDLE_DAY),
    ] {
        for with_hint in [false, true] {
            let world = World::with(Options {
                web: "consent = \"always\"".to_owned(),
                more: format!("[lifetimes]\nsession_idle = \"{idle}\"\naccess_token = \"1d\"\n"),
                ..Options::default()
            })
            .await;
            let web = world.web();
            let mut browser = Browser::with(&[ENGLISH]);
            let callback = web.wechat_callback(&mut browser, &[]).await;
            let page = browser.open(&world, &callback).await;
            let consent = page.location().to_owned();
            let page = browser.open(&world, &consent).await;
            let form = page.fields();
            let mut form: Vec<_> = form.iter().map(|(name, it)| (&**name, &**it)).collect();
            form.push(("decision", "allow"));
            let page = browser.post(&world, &consent, &form).await;
            let tokens = web.tokens(&param(page.location(), "code")).await;
            world.clock.advance(pause);
            // Another site ends nothing.
            browser.headers = vec![ENGLISH, CROSS_SITE];
            let page = web.log_out(&mut browser, &[]).await;
            assert!(page.body.contains("<h1>Log out?</h1>"), "{}", page.body);
            assert!(browser.session().is_some());
            browser.headers = vec![ENGLISH];
            let hint = [("id_token_hint", &*tokens.id_token)];
            let params = if with_hint { &hint[..] } else { &[] };
            let mut page = web.log_out(&mut browser, params).await;
            if !with_hint {
                page = web.confirm_logout(&mut browser, &page).await;
            }
            let title = "<h1>You are logged out</h1>";
            assert!(page.body.contains(title), "{}", page.body);
            assert_eq!(browser.cookies, [], "{idle}");
            let userinfo = web.userinfo(&tokens.access_token).await;
            assert_eq!(userinfo.status, StatusCode::UNAUTHORIZED, "{idle}");
            for url in [&callback, &consent] {
                let page = browser.open(&world, url).await;
                assert_eq!(param(page.header("location"), "code"), "", "{idle}");
                assert_eq!(browser.session(), None, "{idle}");
            }
        }
    }
}

/// Another site opens the logout, by an image or a link, with no hint or with that of the attacker's own session. A login
/// that waits for WeChat, or for the user's consent, goes on.
#[tokio::test]
async fn a_logout_without_a_session_ends_no_login_in_progress() {
    for idle in ["12h", "0s"] {
        let world = World::with(Options {
            web: "consent = \"always\"".to_owned(),
            more: format!("[lifetimes]\nsession_idle = \"{idle}\"\n"),
            ..Options::default()
        })
        .await;
        let web = world.web();
        world.next_user("attacker");
        let attackers = world.other().log_in(&mut Browser::default(), &[]).await;
        world.next_user("victim");
        let mut victim = Browser::with(&[ENGLISH]);
        let callback = web.wechat_callback(&mut victim, &[]).await;
        let hint = [("id_token_hint", &*attackers.id_token)];
        for params in [&[][..], &hint] {
            victim.headers = vec![ENGLISH, CROSS_SITE];
            let page = web.log_out(&mut victim, params).await;
            assert_eq!(page.status, StatusCode::OK);
            assert_eq!(page.header("set-cookie"), "", "{idle}");
        }
        victim.headers = vec![ENGLISH];
        let page = victim.open(&world, &callback).await;
        let session = victim.session().map(str::to_owned);
        assert!(session.is_some(), "{}", page.body);
        // The session of a login that waits for consent is valid for it alone, if others are not kept.
        victim.headers = vec![ENGLISH, CROSS_SITE];
        web.log_out(&mut victim, &hint).await;
        assert_eq!(victim.session(), session.as_deref(), "{idle}");
        victim.headers = vec![ENGLISH];
        let page = victim.open(&world, page.location()).await;
        assert!(page.body.contains("Log in to web?"), "{}", page.body);
    }
}
