//! Statuses and headers of each response (RFC 9700 §2.6, §4.2, §4.12, §4.16).

use std::collections::BTreeSet;

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use weixin_sim::{Effect, Fault};

use crate::world::{
    Browser, Options, Page, World,
    browser::param,
    devices::{ENGLISH, FRAME, PHONE},
};

const EXCHANGE: &str = "/sns/oauth2/access_token";

/// RFC 9700 §4.12: by 307, the browser would post the user's form to the client.
#[tokio::test]
async fn each_redirect_is_303() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    let params = web.params(&[]);
    let form: Vec<_> = params
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    let posted = browser.post(&world, "/authorize", &form).await;
    let waiting = browser.open(&world, posted.location()).await;
    let callback = browser.visit_wechat(waiting.location()).await;
    let mut stranger = Browser::default();
    let mut redirects = vec![
        browser.open(&world, &web.authorize_url(&[])).await,
        browser
            .open(&world, &web.authorize_url(&[("prompt", "none")]))
            .await,
        browser
            .open(&world, &web.authorize_url(&[("scope", "x")]))
            .await,
        browser
            .post(
                &world,
                "/authorize",
                &[&form[..], &[("prompt", "x")]].concat(),
            )
            .await,
        stranger.open(&world, &callback).await,
        stranger.open(&world, "/callback?code=071&state=x").await,
        stranger.open(&world, "/callback?login_again=1").await,
        browser.open(&world, &callback).await,
        browser.open(&world, &callback).await,
        browser.open(&world, &web.authorize_url(&[])).await,
        browser.open(&world, posted.location()).await,
        browser.post(&world, "/authorize", &form).await,
    ];
    redirects.extend([posted, waiting]);
    for page in redirects {
        assert_eq!(page.status, StatusCode::SEE_OTHER, "{}", page.body);
        assert_ne!(page.header("location"), "");
        assert_eq!(page.body, "");
        assert_eq!(page.header("cache-control"), "no-store");
        assert_eq!(page.header("referrer-policy"), "no-referrer");
    }
    // No other spelling of a path is redirected to the path.
    for path in [
        "/authorize/",
        "/token/",
        "//authorize",
        "/AUTHORIZE",
        "/callback/",
        "/login",
        "/login/",
        "//",
        "/.well-known/openid-configuration/",
    ] {
        let page = browser.open(&world, path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
    }
}

type NamedPage = (&'static str, Page);

/// The pages of requests that go wrong, and of URLs that anyone can write.
async fn pages_of_strangers(world: &World) -> Vec<NamedPage> {
    let mut browser = Browser::with(&[ENGLISH]);
    let url = world.web().authorize_url(&[]);
    let mut pages = vec![
        ("issuer", browser.open(world, "/").await),
        ("invalid request", browser.open(world, "/authorize").await),
        ("expired", browser.open(world, "/login/x").await),
        ("phone", Browser::with(&[PHONE]).open(world, &url).await),
    ];
    let callback = world
        .web()
        .wechat_callback(&mut Browser::default(), &[])
        .await;
    let path = param(&callback, "return_to");
    for kind in [
        "busy",
        "configuration",
        "csrf_mismatch",
        "declined",
        "expired",
        "snapshot_user",
        "unreachable",
        "used",
        "user_rejected",
    ] {
        let url = format!("/callback?login_error={kind}&return_to={path}");
        pages.push(("a stranger's URL", browser.open(world, &url).await));
    }
    pages
}

/// The pages of logins.
async fn pages_of_users(world: &World) -> Vec<NamedPage> {
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    world
        .sim
        .fault(Fault::new(Effect::Errcode(-1)).path(EXCHANGE));
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let mut in_frame = browser.clone();
    in_frame.headers.push(FRAME);
    let in_frame = in_frame.open(world, &callback).await;
    let page = browser.open(world, &callback).await;
    let unavailable = browser.open(world, page.location()).await;
    let form_post = ("response_mode", "form_post");
    let url = web.authorize_url(&[form_post, ("prompt", "none")]);
    let form_of_error = browser.open(world, &url).await;
    web.log_in(&mut browser, &[]).await;
    let form_of_code = browser.open(world, &web.authorize_url(&[form_post])).await;
    world.execute(TWO_USERS).await;
    let mut other = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut other, &[]).await;
    let conflict = other.open(world, &callback).await;
    vec![
        ("in a frame", in_frame),
        ("unavailable", unavailable),
        ("form of an error", form_of_error),
        ("form of a code", form_of_code),
        ("conflict", conflict),
    ]
}

/// The pages of a gateway that cannot serve.
async fn pages_of_failures(world: &mut World) -> Vec<NamedPage> {
    let mut browser = Browser::with(&[ENGLISH]);
    let url = world.web().authorize_url(&[]);
    world.execute("alter table requests rename to lost").await;
    let failed = browser.open(world, &url).await;
    world.execute("alter table lost rename to requests").await;
    let more = "[limits]\nwaiting_requests = 0\n".to_owned();
    world
        .restart_with(Options {
            more,
            ..Options::default()
        })
        .await;
    vec![
        ("failed", failed),
        ("busy", browser.open(world, &url).await),
    ]
}

/// Every page that the gateway has.
async fn pages() -> Vec<NamedPage> {
    let mut world = World::start().await;
    let mut pages = pages_of_strangers(&world).await;
    pages.extend(pages_of_users(&world).await);
    pages.extend(pages_of_failures(&mut world).await);
    pages
}

/// The OpenID and the UnionID of the only user become those of two users, each with a UnionID.
const TWO_USERS: &str = "insert into users (id, created_at, last_seen_at)
    values ('aaaaaaaaaaaaaaaaaaaaaaaaaa', 0, 0);
    insert into identities (identity, user_id, created_at)
    values ('open:wx0000000000000000:oOTHER', 'aaaaaaaaaaaaaaaaaaaaaaaaaa', 0);
    update identities set user_id = 'aaaaaaaaaaaaaaaaaaaaaaaaaa' where identity like 'union:%';
    insert into identities (identity, user_id, created_at)
    select 'union:oANOTHER', id, 0 from users where id <> 'aaaaaaaaaaaaaaaaaaaaaaaaaa';";

#[tokio::test]
async fn each_page_has_the_status_of_what_happened() {
    let pages = pages().await;
    let mut statuses: Vec<_> = pages
        .iter()
        .map(|(name, page)| (*name, page.status.as_u16()))
        .collect();
    statuses.dedup_by_key(|(name, _)| *name);
    assert_eq!(
        statuses,
        [
            ("issuer", 200),
            ("invalid request", 400),
            ("expired", 410),
            ("phone", 200),
            ("a stranger's URL", 503),
            ("in a frame", 200),
            ("unavailable", 503),
            ("form of an error", 200),
            ("form of a code", 200),
            ("conflict", 409),
            ("failed", 500),
            ("busy", 503),
        ]
    );
}

/// Checks the headers of a page and what it loads; returns its nonce.
fn assert_guarded(name: &str, page: &Page) -> String {
    for (header, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(page.header(header), value, "{name}");
    }
    let policy = page.header("content-security-policy");
    let (_, rest) = policy.split_once("'nonce-").unwrap();
    let (nonce, _) = rest.split_once('\'').unwrap();
    assert!(nonce.len() >= 22, "{name}");
    let is_form = name.starts_with("form of");
    let form_action = if is_form { "" } else { " form-action 'none';" };
    let is_own_frame = name == "in a frame";
    let ancestors = if is_own_frame { "'self'" } else { "'none'" };
    let expected = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none';{form_action} frame-ancestors {ancestors}"
    );
    assert_eq!(policy, expected, "{name}");
    // Each element that the policy lets run is our own.
    for element in ["<script", "<style"] {
        let all = page.body.matches(element).count();
        let own = format!("{element} nonce=\"{nonce}\"");
        assert_eq!(
            all,
            page.body.matches(&own).count(),
            "{name}: {}",
            page.body
        );
    }
    nonce.to_owned()
}

/// RFC 9700 §4.16, §4.2: no page is in a frame of another site, loads anything, or tells where it was.
#[tokio::test]
async fn no_page_is_in_a_foreign_frame_or_loads_anything() {
    let pages = pages().await;
    let nonces: BTreeSet<_> = pages
        .iter()
        .map(|(name, page)| assert_guarded(name, page))
        .collect();
    assert_eq!(nonces.len(), pages.len(), "a nonce was used twice");
}

/// What fails inside is in the log, and not in the response.
#[tokio::test]
async fn a_failure_of_the_store_is_told_without_its_reason() {
    let world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let tokens = world.web().log_in(&mut browser, &[]).await;
    let code = world.web().code(&mut browser, &[]).await;
    world.execute("alter table sessions rename to lost").await;
    let responses = [
        browser.open(&world, &world.web().authorize_url(&[])).await,
        world.web().redeem(&code, &[]).await,
        world.web().userinfo(&tokens.access_token).await,
    ];
    for page in &responses {
        assert!(page.status.is_server_error(), "{}", page.body);
        for word in ["sessions", "SQL", "sqlx", "select", "table", "no such"] {
            assert!(!page.body.contains(word), "{}", page.body);
        }
    }
    for page in &responses[1..] {
        assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(page.json()["error"], "temporarily_unavailable");
        assert_eq!(page.header("retry-after"), "5");
    }
    world.execute("alter table lost rename to sessions").await;
    world.web().tokens(&code).await;
}

/// RFC 9700 §2.6; casdoor CVE-2024-41657 (an origin that ends like a trusted one).
#[tokio::test]
async fn only_endpoints_without_cookies_are_shared_with_other_sites() {
    let world = World::start().await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    browser.headers = vec![("origin", "https://evil.example")];
    for (path, methods) in [
        ("/authorize", &["GET", "POST"][..]),
        ("/callback?code=1&state=2", &["GET"]),
        ("/login/aaaaaaaaaaaaaaaaaaaaaaaaaa", &["GET"]),
        ("/healthz", &["GET"]),
        ("/readyz", &["GET"]),
        ("/nowhere", &["GET"]),
    ] {
        for method in methods.iter().chain(&["OPTIONS"]) {
            let page = preflight(&world, method, path).await;
            for name in page.headers.keys() {
                assert!(
                    !name.as_str().starts_with("access-control-"),
                    "{method} {path}: {name}"
                );
            }
        }
    }
    for path in [
        "/.well-known/openid-configuration",
        "/.well-known/oauth-authorization-server",
        "/jwks",
        "/token",
        "/userinfo",
    ] {
        for method in ["GET", "POST", "OPTIONS"] {
            let page = preflight(&world, method, path).await;
            assert_eq!(
                page.header("access-control-allow-origin"),
                "*",
                "{method} {path}"
            );
            assert_eq!(
                page.header("access-control-allow-credentials"),
                "",
                "{method} {path}"
            );
            assert_eq!(page.header("set-cookie"), "", "{method} {path}");
        }
    }
    // The cookie of a session is no credential there.
    let page = browser.open(&world, "/userinfo").await;
    assert_eq!(page.status, StatusCode::UNAUTHORIZED);
}

async fn preflight(world: &World, method: &str, path: &str) -> Page {
    let request = Request::builder()
        .method(method.parse::<Method>().unwrap())
        .uri(path)
        .header("origin", "https://evil.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization, x-evil");
    world.respond(request.body(Body::empty()).unwrap()).await
}

/// Also what no handler of ours has written.
#[tokio::test]
async fn each_other_response_is_stored_nowhere_and_echoes_nothing() {
    let world = World::start().await;
    for (method, path) in [
        ("GET", "/evil%3Cscript%3E"),
        ("GET", "/login/%FF"),
        ("GET", "/login/evil/evil"),
        ("DELETE", "/token"),
        ("GET", "/token?code=evil"),
        ("PUT", "/authorize?evil"),
        ("TRACE", "/authorize?evil"),
        ("HEAD", "/authorize?evil"),
        ("POST", "/callback?evil"),
        ("POST", "/jwks"),
    ] {
        let page = preflight(&world, method, path).await;
        assert!(
            page.status.is_client_error(),
            "{method} {path}: {}",
            page.status
        );
        assert_eq!(page.header("cache-control"), "no-store", "{method} {path}");
        assert_eq!(
            page.header("x-content-type-options"),
            "nosniff",
            "{method} {path}"
        );
        assert_eq!(
            page.header("referrer-policy"),
            "no-referrer",
            "{method} {path}"
        );
        assert!(
            !page.body.contains("evil"),
            "{method} {path}: {}",
            page.body
        );
    }
    assert_eq!(world.count("requests").await, 0);
}

/// OAuth 2.0 Form Post Response Mode §4: what the client sent stands in the page as text. `mod_auth_openidc` CVE-2021-32792: in
/// a form that repeats what was posted, it was a script.
#[tokio::test]
async fn a_state_with_markup_is_escaped() {
    let world = World::start().await;
    let mut browser = Browser::default();
    world.web().log_in(&mut browser, &[]).await;
    for state in [
        "\"><script>evil()</script>",
        "'--><img src=x onerror=evil()>",
        "</form><form action=//evil>",
        "&quot;&#34;&lt;",
        "\u{2028}\r\n\t",
    ] {
        for prompt in ["none", ""] {
            let changes = [
                ("response_mode", "form_post"),
                ("state", state),
                ("prompt", prompt),
            ];
            let page = browser
                .open(&world, &world.web().authorize_url(&changes))
                .await;
            let fields = page.fields();
            let (_, found) = fields.iter().find(|(name, _)| name == "state").unwrap();
            assert_eq!(found, state);
            for markup in ["<img", "<script>", "</form><form", "onerror=evil()>"] {
                assert!(!page.body.contains(markup), "{}", page.body);
            }
            assert_eq!(page.attribute("action"), crate::world::CALLBACK);
        }
    }
}

/// RFC 9700 §4.7: no other host, no script and no plain HTTP reads or sets a cookie of the gateway's.
#[tokio::test]
async fn each_cookie_is_protected() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::default();
    let started = browser.open(&world, &web.authorize_url(&[])).await;
    let callback = browser.visit_wechat(started.location()).await;
    let completed = browser.open(&world, &callback).await;
    let responded = browser.open(&world, &web.authorize_url(&[])).await;
    let cookies = |page: &Page| {
        let cookies = page.headers.get_all("set-cookie").iter();
        let shape = cookies.map(|cookie| {
            let (name, rest) = cookie.to_str().unwrap().split_once('=').unwrap();
            let (value, attributes) = rest.split_once("; ").unwrap();
            let mut attributes: Vec<_> = attributes.split("; ").collect();
            attributes.sort_unstable();
            let kind = name.get(..14).unwrap();
            format!("{kind} {}: {}", value.len(), attributes.join(" "))
        });
        shape.collect::<Vec<_>>()
    };
    assert_eq!(
        cookies(&started),
        ["__Host-weixin- 22: HttpOnly Max-Age=7200 Path=/ SameSite=Lax Secure"]
    );
    assert_eq!(
        cookies(&completed),
        [
            "__Host-gateway 43: HttpOnly Max-Age=604800 Path=/ SameSite=Lax Secure",
            "__Host-weixin- 22: HttpOnly Max-Age=60 Path=/ SameSite=Lax Secure",
        ]
    );
    assert_eq!(cookies(&responded), Vec::<String>::new());
}
