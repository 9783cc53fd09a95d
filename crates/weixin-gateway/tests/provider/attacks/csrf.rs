//! Logins that a stranger's page begins, or continues, in the browser of a victim (RFC 9700 §4.7).

use axum::http::StatusCode;

use crate::world::{
    Browser, World,
    browser::param,
    database::Rows,
    devices::{CROSS_SITE, ENGLISH, JSON},
};

/// The attacker's callback would log the victim in as the attacker, who then reads what the victim stores.
#[tokio::test]
async fn the_callback_of_another_browser_logs_no_user_in() {
    let world = World::start().await;
    world.next_user("attacker");
    let stolen = world
        .web()
        .wechat_callback(&mut Browser::default(), &[])
        .await;
    // Without a login in progress, a login of the victim's own begins, with another state.
    let mut victim = Browser::default();
    let page = victim.open(&world, &stolen).await;
    assert!(
        page.location().starts_with(world.sim.url()),
        "{}",
        page.location()
    );
    assert_ne!(param(page.location(), "state"), param(&stolen, "state"));
    assert_eq!(victim.session(), None);
    // With one, a page says so.
    let mut victim = Browser::with(&[ENGLISH]);
    world.web().wechat_callback(&mut victim, &[]).await;
    let page = victim.open(&world, &stolen).await;
    assert!(
        page.location()
            .starts_with("/callback?login_error=csrf_mismatch&return_to=/login/")
    );
    let page = victim.open(&world, page.location()).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(victim.session(), None);
    assert_eq!(world.rows().await, Rows::default());
    // The session of a victim who is logged in stays.
    let mut victim = Browser::default();
    world.next_user("victim");
    let sub = world.web().log_in(&mut victim, &[]).await.sub().to_owned();
    victim.open(&world, &stolen).await;
    let tokens = world.web().log_in(&mut victim, &[("prompt", "none")]).await;
    assert_eq!(tokens.sub(), sub);
    assert_eq!(world.rows().await.users, 1);
}

/// A form of another site comes without the session's cookie. The response to it is a redirect, after which the cookie is
/// there again; the code goes to the client that is registered, and nowhere else.
#[tokio::test]
async fn a_foreign_form_gets_no_more_than_a_link() {
    let world = World::start().await;
    let web = world.web();
    let mut victim = Browser::default();
    web.log_in(&mut victim, &[]).await;
    let params = web.params(&[]);
    let form: Vec<_> = params
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let page = victim
        .post_from_elsewhere(&world, "/authorize", &form)
        .await;
    assert!(
        page.location().starts_with("/login/"),
        "{}",
        page.location()
    );
    assert!(!page.location().contains("code"));
    let url = victim.follow(&world, page.location()).await;
    assert!(
        url.starts_with("https://rp.example/callback?code="),
        "{url}"
    );
    // What is no form, or is for the other endpoints, does nothing.
    let id = page.location().to_owned();
    for path in ["/callback", &id] {
        let page = victim.post_from_elsewhere(&world, path, &form).await;
        assert_eq!(page.status, StatusCode::METHOD_NOT_ALLOWED, "{path}");
    }
    let page = victim.post_from_elsewhere(&world, "/token", &form).await;
    assert_eq!(page.json()["error"], "invalid_client");
    let page = victim.post_from_elsewhere(&world, "/userinfo", &form).await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
}

/// Anyone can write the URL of a failed login. It tells the client nothing, and ends nothing.
#[tokio::test]
async fn the_url_of_a_failure_that_a_stranger_wrote_is_a_page_and_nothing_else() {
    let world = World::start().await;
    let mut victim = Browser::with(&[ENGLISH]);
    world.web().log_in(&mut victim, &[]).await;
    let callback = world
        .web()
        .wechat_callback(&mut victim, &[("prompt", "login")])
        .await;
    let path = param(&callback, "return_to");
    let before = victim.cookies.clone();
    for kind in [
        "busy",
        "configuration",
        "csrf_mismatch",
        "declined",
        "expired",
        "in_frame",
        "malformed",
        "no_cookie",
        "restarted",
        "snapshot_user",
        "unreachable",
        "used",
        "user_rejected",
        "%3Cscript%3E",
        "",
    ] {
        for more in [
            "",
            "&code=071",
            "&code=authdeny&state=s",
            "&state=s",
            "&code=071&state=0123456789012345678901",
        ] {
            let url = format!("/callback?login_error={kind}&return_to={path}{more}");
            let mut page = victim.open(&world, &url).await;
            if page.status == StatusCode::SEE_OTHER {
                assert!(
                    page.location().starts_with("/callback?login_error="),
                    "{url}: {}",
                    page.location()
                );
                let url = page.location().to_owned();
                page = victim.open(&world, &url).await;
            }
            assert_ne!(page.status, StatusCode::SEE_OTHER, "{url}");
            assert!(page.body.contains("<main>"), "{url}");
            assert!(!page.body.contains("script>"), "{url}");
        }
    }
    assert_eq!(victim.cookies, before);
    // Nor does it end the login in progress.
    let url = victim.follow(&world, &callback).await;
    assert!(
        url.starts_with("https://rp.example/callback?code="),
        "{url}"
    );
}

/// The link "log in again" of a page works from that page only.
#[tokio::test]
async fn another_site_cannot_press_log_in_again() {
    let world = World::start().await;
    let mut victim = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut victim, &[]).await;
    let path = param(&callback, "return_to");
    let before = victim.cookies.clone();
    for header in [
        CROSS_SITE,
        ("sec-fetch-site", "same-site"),
        ("sec-fetch-site", "unknown"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "https://localhost.evil.example"),
    ] {
        victim.headers = vec![ENGLISH, header];
        let url = format!("/callback?login_again=1&return_to={path}");
        let page = victim.open(&world, &url).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{header:?}");
        assert_eq!(victim.cookies, before);
    }
    victim.headers = vec![("sec-fetch-site", "same-origin")];
    let url = format!("/callback?login_again=1&return_to={path}");
    assert!(victim.follow(&world, &url).await.contains("?code="));
}

/// GHSA-f24x-5g9q-753f of oauth2-proxy, and session fixation: a cookie that was there before the login is not the one
/// after it.
#[tokio::test]
async fn each_login_gives_the_session_another_cookie() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    let first = web.log_in(&mut browser, &[]).await;
    let old = browser.clone();
    let again = web.log_in(&mut browser, &[("prompt", "login")]).await;
    assert_eq!(first.claims["sid"], again.claims["sid"]);
    assert_ne!(old.session(), browser.session());
    let url = web.callback(&mut old.clone(), &[("prompt", "none")]).await;
    assert_eq!(param(&url, "error"), "login_required");
    // A cookie that a stranger has chosen becomes no session.
    let name = old
        .cookies
        .iter()
        .find(|(name, _)| name.contains("gateway-session-"))
        .unwrap()
        .0
        .clone();
    let chosen = "A".repeat(43);
    let mut victim = Browser {
        cookies: vec![(name, chosen.clone())],
        ..Browser::default()
    };
    web.log_in(&mut victim, &[]).await;
    assert_ne!(victim.session(), Some(&*chosen));
}

/// A cookie of another program on the host, in Chinese, or broken, hides none of the gateway's.
#[tokio::test]
async fn a_cookie_that_cannot_be_read_does_not_hide_the_session() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    web.log_in(&mut browser, &[]).await;
    let pairs = browser
        .cookies
        .iter()
        .map(|(name, value)| format!("{name}={value}"));
    let own = pairs.collect::<Vec<_>>().join("; ");
    for other in [
        &b"name=\xe5\xbe\xae\xe4\xbf\xa1"[..],
        b"name=\xff\xfe",
        b"=",
        b";;",
        b"name",
        b"\"=\"",
    ] {
        let cookies = [other, b"; ", own.as_bytes()].concat();
        let request = axum::http::Request::get(web.authorize_url(&[("prompt", "none")]));
        let request = request
            .header("cookie", &cookies[..])
            .body(axum::body::Body::empty());
        let page = world.respond(request.unwrap()).await;
        assert_eq!(param(page.location(), "error"), "", "{other:?}");
        assert_ne!(param(page.location(), "code"), "", "{other:?}");
    }
}

/// Programs get JSON, by which they see no more than a browser does.
#[tokio::test]
async fn a_program_gets_nothing_that_a_browser_would_not() {
    let world = World::start().await;
    let stolen = world
        .web()
        .wechat_callback(&mut Browser::default(), &[])
        .await;
    let mut program = Browser::with(&[JSON]);
    wechat_callback_of_a_program(&world, &mut program).await;
    let page = program.open(&world, &stolen).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert_eq!(page.json()["error"], "csrf_mismatch");
    assert_eq!(world.rows().await, Rows::default());
}

async fn wechat_callback_of_a_program(world: &World, program: &mut Browser) {
    let page = program.open(world, &world.web().authorize_url(&[])).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.json()["url"]
            .as_str()
            .unwrap()
            .starts_with(world.sim.url())
    );
}

/// RFC 9700 §4.2, §4.3: where a login cannot go on, the code of WeChat's leaves the address bar all the same.
#[tokio::test]
async fn no_page_stands_at_a_url_with_a_code() {
    let world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let lost = callback.replace("return_to=/login/", "return_to=/login/x");
    world.execute("delete from requests").await;
    let mut without_cookies = Browser::with(&[ENGLISH]);
    for url in [&callback, &lost] {
        for browser in [&mut browser, &mut without_cookies] {
            let page = browser.open(&world, url).await;
            assert_eq!(page.location(), "/callback?login_error=expired");
            let page = browser.open(&world, page.location()).await;
            assert_eq!(page.status, StatusCode::GONE);
        }
    }
    assert_eq!(world.rows().await, Rows::default());
}
