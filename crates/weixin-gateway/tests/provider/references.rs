//! References of error pages: each is that of an event, which `weixin gateway explain-login` finds, or in the log.

use axum::http::StatusCode;
use weixin_sim::{Effect, Fault};

use crate::{
    admin::admin,
    world::{
        Browser, Log, Options, Page, World,
        browser::{param, query},
        devices::ENGLISH,
    },
};

/// The reference that a page shows.
fn reference(page: &Page) -> String {
    for label in [
        "Reference for the operator: ",
        "tell the operator this reference: ",
        "tell them this reference:</p>\n<p>",
    ] {
        if let Some((_, rest)) = page.body.split_once(label) {
            return rest.chars().take(8).collect();
        }
    }
    panic!("no reference: {}", page.body)
}

async fn events(world: &World, reference: &str) -> Vec<String> {
    let events = admin(world).await.events(reference).await.unwrap();
    let line = |event: &weixin_gateway::AuditEvent| {
        format!(
            "{} {}",
            event.kind,
            event.detail.as_deref().unwrap_or_default()
        )
    };
    events.iter().map(line).collect()
}

/// A path that anyone can open, the status of the page, and what the log says of it.
const PAGES: &[(&str, StatusCode, &str)] = &[
    (
        "/login/aaaaaaaaaaaaaaaaaaaaaaaaaa",
        StatusCode::GONE,
        "This login has expired",
    ),
    ("/login/x", StatusCode::GONE, "This login has expired"),
    (
        "/consent/aaaaaaaaaaaaaaaaaaaaaaaaaa",
        StatusCode::GONE,
        "This login has expired",
    ),
    (
        "/callback?login_error=expired",
        StatusCode::GONE,
        "This login has expired",
    ),
    (
        "/callback?login_error=configuration&return_to=/login/aaaaaaaaaaaaaaaaaaaaaaaaaa",
        StatusCode::GONE,
        "This login has expired",
    ),
    (
        "/authorize?client_id=unknown",
        StatusCode::BAD_REQUEST,
        "the client is unknown",
    ),
    (
        "/authorize?client_id=web&request_uri=urn%3Aietf%3Aparams%3Aoauth%3Arequest_uri%3Aaaaaaaaaaaaaaaaaaaaaaaaaaa",
        StatusCode::GONE,
        "This login has expired",
    ),
    (
        "/end_session?state=a&state=b",
        StatusCode::BAD_REQUEST,
        "This logout link does not work",
    ),
];

/// However often they are opened, the store does not grow.
#[tokio::test]
async fn a_page_that_anyone_can_open_has_a_reference_of_the_log_and_writes_no_row() {
    let world = World::start().await;
    let (log, _guard) = Log::begin();
    for _ in 0..3 {
        for (path, status, text) in PAGES {
            let page = Browser::with(&[ENGLISH]).open(&world, path).await;
            assert_eq!(page.status, *status, "{path}");
            let reference = reference(&page);
            let lines = log.lines(&reference);
            assert!(
                lines.iter().any(|line| line.contains(text)),
                "{path} {lines:?}"
            );
            let is_access = |line: &String| line.contains("\"message\":\"request\"");
            assert!(lines.iter().any(is_access), "{path} {lines:?}");
            assert_eq!(events(&world, &reference).await, [""; 0], "{path}");
        }
    }
    assert_eq!(
        (world.events().await, world.count("requests").await),
        (0, 0)
    );
}

#[tokio::test]
async fn pages_about_a_login_have_the_reference_of_its_event() {
    let world = World::start().await;
    let web = world.web();
    for (errcode, expected) in [
        (40125, "login.rejected configuration 40125 app=website"),
        (-1, "login.rejected unreachable app=website"),
        (40163, "login.rejected used 40163 app=website"),
        (40029, "login.rejected expired 40029 app=website"),
    ] {
        let fault = Fault::new(Effect::Errcode(errcode)).percent(100);
        let fault = world.sim.fault(fault.path("/sns/oauth2/access_token"));
        let mut browser = Browser::with(&[ENGLISH]);
        let callback = web.wechat_callback(&mut browser, &[]).await;
        let page = browser.open(&world, &callback).await;
        let page = browser.open(&world, page.location()).await;
        fault.remove();
        assert_eq!(events(&world, &reference(&page)).await, [expected]);
    }
    // Another browser opens the callback.
    let callback = web
        .wechat_callback(&mut Browser::with(&[ENGLISH]), &[])
        .await;
    let mut other = Browser::with(&[ENGLISH]);
    web.wechat_callback(&mut other, &[]).await;
    let page = other.open(&world, &callback).await;
    let page = other.open(&world, page.location()).await;
    assert!(
        page.body.contains("This login is no longer valid"),
        "{}",
        page.body
    );
    let expected = ["login.rejected csrf_mismatch"];
    assert_eq!(events(&world, &reference(&page)).await, expected);
}

/// The client gets an error and shows its own page: the description has the reference.
#[tokio::test]
async fn the_error_for_a_disabled_user_names_the_reference_of_its_event() {
    let world = World::start().await;
    let web = world.web();
    web.log_in(&mut Browser::default(), &[]).await;
    world.execute("update users set disabled_at = 1").await;
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    let reference = param(&callback, "return_to")["/login/".len()..][..8].to_owned();
    let page = browser.open(&world, &callback).await;
    let description = query(page.location())
        .into_iter()
        .find(|(name, _)| name == "error_description");
    assert_eq!(
        description.unwrap().1,
        format!("the operator has disabled this user (reference {reference})")
    );
    assert_eq!(
        events(&world, &reference).await,
        ["login.rejected disabled"]
    );
}

/// No event can be written, and the log has the reason.
#[tokio::test]
async fn a_failure_of_the_store_has_a_reference_of_the_log() {
    let world = World::start().await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let page = browser.open(&world, &web.authorize_url(&[])).await;
    assert_eq!(page.status, StatusCode::SEE_OTHER);
    let (log, _guard) = Log::begin();
    world.gateway.close().await;
    let page = browser
        .open(&world, "/login/aaaaaaaaaaaaaaaaaaaaaaaaaa")
        .await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(page.header("retry-after"), "5");
    let reference = reference(&page);
    assert_eq!(reference, "aaaaaaaa");
    let lines = log.lines(&reference);
    assert!(
        lines.iter().any(|line| line.contains("a request failed")),
        "{lines:?}"
    );
}

/// A limit that one visitor or all have reached.
#[tokio::test]
async fn a_page_that_turns_a_user_away_has_a_reference_of_the_log() {
    let world = World::with(Options {
        more: "[limits]\nwaiting_requests = 1\n".to_owned(),
        ..Options::default()
    })
    .await;
    let (log, _guard) = Log::begin();
    let url = world.web().authorize_url(&[]);
    Browser::with(&[ENGLISH]).open(&world, &url).await;
    let page = Browser::with(&[ENGLISH]).open(&world, &url).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    let lines = log.lines(&reference(&page));
    assert!(
        lines
            .iter()
            .any(|line| line.contains("a request was turned away")),
        "{lines:?}"
    );
}

/// Pages of the login's own have the language that the client wants, as ours have.
#[tokio::test]
async fn pages_of_the_login_have_the_language_of_ui_locales() {
    let world = World::start().await;
    for (errcode, title) in [(40163, "此次登录已被使用"), (40125, "登录服务配置有误")]
    {
        let fault = Fault::new(Effect::Errcode(errcode)).path("/sns/oauth2/access_token");
        world.sim.fault(fault);
        let mut browser = Browser::with(&[ENGLISH]);
        let locale = [("ui_locales", "zh-CN")];
        let callback = world.web().wechat_callback(&mut browser, &locale).await;
        let page = browser.open(&world, &callback).await;
        let page = browser.open(&world, page.location()).await;
        for text in ["<html lang=\"zh-CN\">", title, "<p>编号（可告知管理员）："] {
            assert!(page.body.contains(text), "{text} {}", page.body);
        }
    }
}

/// The user reads the error and the reference out to the operator.
#[tokio::test]
async fn the_error_and_the_reference_are_paragraphs_of_their_own() {
    let world = World::start().await;
    let changes = [("redirect_uri", "https://evil.example/callback")];
    let url = world.web().authorize_url(&changes);
    let error = "invalid_request: the redirect_uri is not registered for this client";
    for (language, text, label) in [
        (
            ENGLISH,
            "The app or website that sent you here has a wrong setting. Tell its operator:",
            "Reference for the operator: ",
        ),
        (
            ("accept-language", "zh-CN"),
            "跳转到本页的应用或网站配置有误。请将以下信息告知其管理员：",
            "编号（可告知管理员）：",
        ),
    ] {
        let page = Browser::with(&[language]).open(&world, &url).await;
        let [message, shown, note] = page.paragraphs()[..] else {
            panic!("{}", page.body)
        };
        assert_eq!((message, shown), (text, error));
        assert_eq!(note.strip_prefix(label).map(str::len), Some(8), "{note}");
    }
}

/// A form would have to be posted again, and the page does not have it.
#[tokio::test]
async fn a_page_about_a_failure_of_the_gateway_can_be_opened_again() {
    let world = World::start().await;
    let url = world.web().authorize_url(&[]);
    let (_, query) = url.split_once('?').unwrap();
    let form = form_urlencoded::parse(query.as_bytes());
    let form: Vec<_> = form.into_owned().collect();
    let form: Vec<_> = form
        .iter()
        .map(|(name, value)| (&**name, &**value))
        .collect();
    world.execute("alter table requests rename to others").await;
    let mut browser = Browser::with(&[ENGLISH]);
    let opened = browser.open(&world, &url).await;
    let posted = browser.post(&world, "/authorize", &form).await;
    for (page, links) in [(opened, &[""][..]), (posted, &[])] {
        assert_eq!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
        reference(&page);
        assert_eq!(page.links(), links);
    }
    world.execute("alter table others rename to requests").await;
    let page = browser.open(&world, &url).await;
    assert!(page.location().starts_with(world.sim.url()));
}

/// A stranger opens pages with made-up IDs without end. The log counts them once a minute, and pages of other addresses are
/// logged as before.
#[tokio::test]
async fn an_address_that_opens_many_error_pages_does_not_fill_the_log() {
    const MANY: usize = 100;
    let world = World::with(Options {
        more: "[limits]\nfailures_per_minute = 3\nlogins_per_minute = 1\n".to_owned(),
        ..Options::default()
    })
    .await;
    let callback = "/callback?code=c&state=s&return_to=/login/aaaaaaaaaaaaaaaaaaaaaaaaaa";
    let authorize = world.web().authorize_url(&[]);
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("/login/aaaaaaaaaaaaaaaaaaaaaaaaaa", &[]),
        ("/authorize?client_id=unknown", &[]),
        ("/callback?login_error=expired", &[]),
        (callback, &[]),
        (callback, &[("accept", "application/json")]),
        (callback, &[("sec-fetch-dest", "iframe")]),
        ("/end_session?state=a&state=b", &[]),
        (&authorize, &[]),
    ];
    for (number, (path, headers)) in (1..).zip(cases) {
        let (log, _guard) = Log::begin();
        let mut stranger = Browser {
            headers: headers.to_vec(),
            address: Some(([192, 0, 2, number], 1).into()),
            ..Browser::default()
        };
        let pages = MANY + usize::from(path == &authorize);
        for _ in 0..pages {
            stranger.open(&world, path).await;
        }
        let lines = log.lines("").len();
        assert!((3..=8).contains(&lines), "{path}: {lines}");
        // Others are not affected.
        let mut user = Browser {
            address: Some(([198, 51, 100, number], 1).into()),
            ..Browser::with(&[ENGLISH])
        };
        let page = user.open(&world, "/login/bbbbbbbbbbbbbbbbbbbbbbbbbb").await;
        assert_eq!(log.lines(&reference(&page)).len(), 2, "{path}");
    }
    let (log, _guard) = Log::begin();
    let minute = async {
        while log.lines("many error responses").is_empty() {
            world.clock.advance(std::time::Duration::from_mins(1));
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        () = world.gateway.maintain() => {},
        () = minute => {},
    }
    let lines = log.lines("many error responses");
    let unlogged = cases.len() * (MANY - 3);
    assert!(
        lines[0].contains(&format!("\"responses\":{unlogged}")),
        "{lines:?}"
    );
}
