//! Why logins failed, as `weixin gateway explain-login` finds it by the reference that the page shows.

use weixin_sim::{AutoAllow, Effect, Fault};

use crate::{
    admin::admin,
    world::{
        ACCOUNT_ID, APP_SECRET, Browser, Log, Options, World,
        browser::param,
        devices::{ENGLISH, Header, JSON, WECHAT},
    },
};

const WINDOW: Header = ("sec-fetch-dest", "document");
const EXCHANGE: &str = "/sns/oauth2/access_token";

/// The events of the login that a callback belongs to.
async fn events(world: &World, callback: &str) -> Vec<String> {
    let path = param(callback, "return_to");
    let reference = &path.strip_prefix("/login/").unwrap()[..8];
    let events = admin(world).await.events(reference).await.unwrap();
    let line = |event: &weixin_gateway::AuditEvent| {
        let detail = event.detail.as_deref().unwrap_or_default();
        let client = event.client.as_deref().unwrap_or_default();
        format!("{} {client} {detail}", event.kind)
    };
    events.iter().map(line).collect()
}

#[tokio::test]
async fn each_failure_is_one_event_with_its_reason() {
    let world = World::start().await;
    let web = world.web();
    for (errcode, reason) in [
        (40125, "configuration 40125 app=website"),
        (-1, "unreachable app=website"),
        (40163, "used 40163 app=website"),
        (40029, "expired 40029 app=website"),
    ] {
        let fault = Fault::new(Effect::Errcode(errcode))
            .path(EXCHANGE)
            .percent(100);
        let fault = world.sim.fault(fault);
        let mut browser = Browser::with(&[ENGLISH]);
        let callback = web.wechat_callback(&mut browser, &[]).await;
        for _ in 0..3 {
            let page = browser.open(&world, &callback).await;
            browser.open(&world, page.location()).await;
        }
        fault.remove();
        let expected = format!("login.rejected web {reason}");
        assert_eq!(events(&world, &callback).await, [expected]);
    }
}

/// The secret of the app that the operator calls `wechat`, and of no other.
fn with_a_wrong_secret(config: &str) -> String {
    let config = config.replace(
        "[app.official_account]",
        "[app.wechat]\nkind = 'official_account'",
    );
    let config = config.replace(r#""official_account"]"#, r#""wechat"]"#);
    let (start, rest) = config.split_once("[app.wechat]").unwrap();
    let rest = rest.replacen(APP_SECRET, &APP_SECRET.replace('s', "t"), 1);
    format!("{start}[app.wechat]{rest}")
}

#[tokio::test]
async fn the_app_whose_secret_is_wrong_is_named_by_the_event_and_the_log() {
    let world = World::with(Options {
        web: "silent_login = true".into(),
        edit: Some(|config| with_a_wrong_secret(&config)),
        ..Options::default()
    })
    .await;
    let web = world.web();
    web.log_in(&mut Browser::with(&[ENGLISH]), &[]).await;
    let (log, _guard) = Log::begin();
    let mut browser = Browser::with(&[WECHAT, WINDOW]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    browser.open(&world, &callback).await;
    let expected = ["login.rejected web configuration 40125 app=wechat"];
    assert_eq!(events(&world, &callback).await, expected);
    let lines = log.lines("login failed");
    assert_eq!(lines.len(), 2, "{lines:?}");
    // The gateway's by the name of the configuration, that of the login by the app ID.
    assert!(lines[0].contains(r#""app":"wechat""#), "{lines:?}");
    let id = format!(r#""app":"{ACCOUNT_ID}""#);
    assert!(lines[1].contains(&id), "{lines:?}");

    let mut browser = Browser::with(&[WECHAT, WINDOW]);
    let silent = [("prompt", "none")];
    let callback = web.wechat_callback(&mut browser, &silent).await;
    browser.open(&world, &callback).await;
    let lines = log.lines("a silent login failed");
    let [line] = &lines[..] else {
        panic!("one line: {lines:?}")
    };
    assert!(line.contains(r#""app":"wechat""#), "{line}");
    assert!(line.contains("40125"), "{line}");
    assert!(!log.text().contains("tttttttttt"));
}

#[tokio::test]
async fn the_page_shows_the_reference_of_the_event() {
    let world = World::start().await;
    let fault = Fault::new(Effect::Errcode(40125)).path(EXCHANGE);
    world.sim.fault(fault);
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let page = browser.open(&world, &callback).await;
    let page = browser.open(&world, page.location()).await;
    let references = world.texts("select reference from audit where event = 'login.rejected'");
    let references = references.await;
    let [reference] = &references[..] else {
        panic!("one event: {references:?}")
    };
    assert!(page.body.contains(reference.as_str()), "{}", page.body);
}

#[tokio::test]
async fn a_user_who_declined_or_is_disabled_is_an_event() {
    let world = World::start().await;
    let web = world.web();
    web.log_in(&mut Browser::default(), &[]).await;
    world.execute("update users set disabled_at = 1").await;
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    browser.open(&world, &callback).await;
    let disabled = events(&world, &callback).await;
    assert_eq!(disabled, ["login.rejected web disabled"]);
    world.sim.auto_allow(AutoAllow::deny()).unwrap();
    let mut browser = Browser::with(&[WECHAT]);
    let callback = web.wechat_callback(&mut browser, &[]).await;
    browser.open(&world, &callback).await;
    let declined = events(&world, &callback).await;
    assert_eq!(declined, ["login.rejected web declined"]);
}

/// Anyone can open callbacks, of logins that exist and of others.
#[tokio::test]
async fn strangers_cannot_fill_the_audit_log() {
    let world = World::start().await;
    let web = world.web();
    let callback = web
        .wechat_callback(&mut Browser::with(&[ENGLISH]), &[])
        .await;
    let path = param(&callback, "return_to");
    for number in 0..20 {
        for headers in [&[ENGLISH][..], &[JSON]] {
            let mut stranger = Browser::with(headers);
            for url in [
                format!("/callback?code=07{number}&state={number:022}&return_to={path}"),
                format!("/callback?code=07{number}&state=x&return_to={path}"),
                format!("/callback?state={number:022}&return_to={path}"),
                format!("/callback?login_again=1&return_to={path}"),
                format!(
                    "/callback?code=07{number}&state={number:022}&return_to=/login/{number:026}"
                ),
                format!("/callback?login_error=configuration&return_to={path}"),
                format!("/callback?login_error=declined&code=1&state=1&return_to={path}"),
            ] {
                stranger.open(&world, &url).await;
            }
        }
    }
    let mut events = events(&world, &callback).await;
    events.sort_unstable();
    assert!(events.len() <= 4, "{events:?}");
    assert_eq!(world.events().await, i64::try_from(events.len()).unwrap());
    assert!(!events.iter().any(|event| event.contains("configuration")));
}
