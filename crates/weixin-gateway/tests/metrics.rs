//! What is counted, and by which labels. Alone in its file: a process has one recorder.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(
    dead_code,
    unused_imports,
    reason = "metrics need less of it than the attacks"
)]
#[path = "provider/world/mod.rs"]
mod world;

use axum::{body::Body, http::Request};
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use weixin_sim::{Effect, Fault};

use self::world::{
    Browser, Options, World,
    devices::{ENGLISH, WECHAT},
};

/// Each metric with its labels and what it has counted; a duration by how often it was measured.
fn lines(counted: &Snapshotter) -> Vec<String> {
    let all = counted.snapshot().into_vec().into_iter();
    // Counters begin at zero.
    let all = all.filter(|(.., value)| !matches!(value, DebugValue::Counter(0)));
    let mut lines: Vec<_> = all
        .map(|(key, unit, description, value)| {
            assert!(unit.and(description).is_some(), "{key:?} is not described");
            let labels = key.key().labels();
            let labels: Vec<_> = labels
                .map(|label| format!("{}={}", label.key(), label.value()))
                .collect();
            let value = match value {
                DebugValue::Histogram(values) => format!("{} times", values.len()),
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(level) => level.to_string(),
            };
            let name = key.key().name().trim_start_matches("weixin_gateway_");
            let parts = [vec![name.to_owned()], labels, vec![value]];
            parts.concat().join(" ")
        })
        .collect();
    lines.sort();
    lines
}

/// Those lines that begin with one of these.
fn of<'a>(lines: &'a [String], names: &[&str]) -> Vec<&'a str> {
    let is_of = |line: &&String| names.iter().any(|name| line.starts_with(name));
    lines.iter().filter(is_of).map(|line| &**line).collect()
}

/// What strangers write: none of it is a label.
async fn send_nonsense(world: &World) {
    for path in [
        "/authorize?client_id=STRANGER",
        "/login/STRANGER",
        "/STRANGER?x=STRANGER",
        "/callback?code=STRANGER&state=STRANGER&login_error=STRANGER",
    ] {
        Browser::with(&[ENGLISH]).open(world, path).await;
    }
    let request = Request::builder().method("STRANGER").uri("/token");
    world.respond(request.body(Body::empty()).unwrap()).await;
    let web = world.web().with_id("STRANGER");
    web.redeem("STRANGER", &[]).await;
}

#[tokio::test]
#[expect(clippy::too_many_lines, reason = "lists of what is counted")]
async fn logins_requests_and_writes_are_counted_by_labels_that_no_visitor_writes() {
    let recorder = DebuggingRecorder::new();
    let counted = recorder.snapshotter();
    recorder.install().unwrap();
    let more = "[limits]\nwaiting_requests = 4\nfailures_per_minute = 1\n".to_owned();
    let world = World::with(Options {
        more,
        ..Options::default()
    })
    .await;
    let web = world.web();
    let mut browser = Browser::with(&[ENGLISH]);
    let tokens = web.log_in(&mut browser, &[]).await;
    web.userinfo(&tokens.access_token).await;
    world.other().log_in(&mut browser, &[]).await;
    web.log_in(&mut Browser::with(&[WECHAT]), &[]).await;
    let fault = Fault::new(Effect::Errcode(40029)).path("/sns/oauth2/access_token");
    world.sim.fault(fault);
    let callback = web.wechat_callback(&mut browser, &[("prompt", "login")]);
    let callback = callback.await;
    let failed = browser.open(&world, &callback).await;
    // The page is counted with its callback, however often it is loaded.
    for _ in 0..2 {
        browser.open(&world, failed.location()).await;
    }
    for _ in 0..2 {
        let wrong = world
            .web()
            .with_secret("wrongwrongwrongwrongwrongwrongwrong");
        let mut request = Request::post("/token");
        let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 1));
        request = request.extension(axum::extract::ConnectInfo(peer));
        request = request.header("content-type", "application/x-www-form-urlencoded");
        request = request.header("authorization", wrong.basic(wrong.secret.unwrap()));
        let form = Body::from(wrong.token_form("wxc_AQ", &[]));
        world.respond(request.body(form).unwrap()).await;
    }
    for _ in 0..2 {
        Browser::with(&[ENGLISH])
            .open(&world, &web.authorize_url(&[]))
            .await;
    }
    send_nonsense(&world).await;
    world.gateway.refresh().await.unwrap();

    let lines = lines(&counted);
    let text = lines.join("\n");
    assert!(
        !text.contains("STRANGER") && !text.contains(tokens.sub()),
        "{text}"
    );
    assert_eq!(
        of(&lines, &["logins", "codes", "turned_away"]),
        [
            "codes_total client=other 1",
            "codes_total client=web 2",
            "logins_total client=web app=wx0123456789abcde0 outcome=ok 1",
            "logins_total client=web app=wx0123456789abcdef outcome=created 1",
            "logins_total client=web app=wx0123456789abcdef outcome=expired 1",
            "turned_away_total limit=failures 1",
            "turned_away_total limit=waiting_requests 1",
        ]
    );
    assert_eq!(
        of(&lines, &["requests", "request_seconds"]),
        [
            "request_seconds endpoint=/.well-known/openid-configuration 3 times",
            "request_seconds endpoint=/authorize 7 times",
            "request_seconds endpoint=/callback 6 times",
            "request_seconds endpoint=/jwks 3 times",
            "request_seconds endpoint=/login/{id} 1 times",
            "request_seconds endpoint=/token 7 times",
            "request_seconds endpoint=/userinfo 1 times",
            "request_seconds endpoint=other 1 times",
            "requests_total endpoint=/.well-known/openid-configuration status=200 3",
            "requests_total endpoint=/authorize status=303 5",
            "requests_total endpoint=/authorize status=400 1",
            "requests_total endpoint=/authorize status=503 1",
            "requests_total endpoint=/callback status=303 4",
            "requests_total endpoint=/callback status=410 2",
            "requests_total endpoint=/jwks status=200 3",
            "requests_total endpoint=/login/{id} status=410 1",
            "requests_total endpoint=/token status=200 3",
            "requests_total endpoint=/token status=401 2",
            "requests_total endpoint=/token status=405 1",
            "requests_total endpoint=/token status=429 1",
            "requests_total endpoint=/userinfo status=200 1",
            "requests_total endpoint=other status=404 1",
        ]
    );
    assert_eq!(
        of(&lines, &["waiting", "pending", "sign"]),
        [
            "pending_logouts 0",
            "sign_seconds alg=RS256 3 times",
            "waiting_requests 4",
            "waiting_writes 0",
        ]
    );
    assert_eq!(
        of(&lines, &["weixin_"]),
        [
            "weixin_call_seconds path=/sns/oauth2/access_token 3 times",
            "weixin_call_seconds path=/sns/userinfo 1 times",
            "weixin_calls_total path=/sns/oauth2/access_token 3",
            "weixin_calls_total path=/sns/userinfo 1",
            "weixin_errors_total path=/sns/oauth2/access_token error=40029 1",
        ]
    );
    for name in [
        "commit_seconds durability=durable",
        "commit_seconds durability=relaxed",
        "committed_writes_total",
        "read_seconds operation=grant",
        "read_seconds operation=profile",
        "read_seconds operation=session_of_code",
        "write_seconds",
        "sqlite_log_bytes",
        "config_hash",
        "config_loaded_timestamp_seconds",
    ] {
        let line = of(&lines, &[name]);
        assert!(
            line.len() == 1 && !line[0].ends_with(" 0"),
            "{name}: {line:?}"
        );
    }
}
