//! No error of WeChat's makes a user, an identity or a session; and the client and the user get what fits the error.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use axum::http::StatusCode;
use weixin_sim::{Answer, AutoAllow, Effect, Fault};

use crate::world::{
    Browser, CALLBACK, Options, World,
    browser::{Page, param},
    database::Rows,
    devices::{ENGLISH, JSON, WECHAT},
};

const EXCHANGE: &str = "/sns/oauth2/access_token";
const PROFILE: &str = "/sns/userinfo";

/// The codes that the simulator's golden files show, which are all that it returns.
fn errcodes() -> BTreeSet<i64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../weixin-sim/golden");
    let mut codes = BTreeSet::new();
    for file in fs::read_dir(folder).unwrap() {
        let golden = fs::read_to_string(file.unwrap().path()).unwrap();
        for rest in golden.split("\\\"errcode\\\":").skip(1) {
            let end = rest.find([',', '}']).unwrap();
            codes.extend(rest[..end].parse::<i64>());
        }
    }
    codes.remove(&0);
    codes
}

fn errcode(code: i64) -> Effect {
    let body = format!(r#"{{"errcode":{code},"errmsg":"refused, rid: 1"}}"#);
    Effect::Answer(Answer::new(body))
}

/// What the client gets, which is always told the state and the issuer.
fn at_client(url: &str) -> String {
    assert!(url.starts_with(CALLBACK), "{url}");
    assert_eq!(param(url, "state"), "a state");
    assert_eq!(param(url, "iss"), "https://localhost");
    assert_eq!(param(url, "code"), "");
    format!("client: {}", param(url, "error"))
}

/// A page, by the kind of failure and its buttons.
fn on_page(kind: &str, page: &Page) -> String {
    let buttons = page.links().into_iter().map(|link| match link {
        link if link.starts_with("/login/") => "try again".to_owned(),
        link if link.starts_with("/callback?login_again=1&return_to=/login/") => {
            "log in again".to_owned()
        }
        link => at_client(&link),
    });
    let buttons = buttons.collect::<Vec<_>>().join(", ");
    format!("page {} {kind}: {buttons}", page.status.as_u16())
}

/// What comes of WeChat's callback.
async fn outcome(world: &World, browser: &mut Browser, callback: &str) -> String {
    let page = browser.open(world, callback).await;
    let url = page.location();
    if url.starts_with(CALLBACK) {
        return at_client(url);
    }
    let kind = param(url, "login_error");
    assert!(!url.contains("code=") && !kind.is_empty(), "{url}");
    let page = browser.open(world, url).await;
    on_page(&kind, &page)
}

async fn outcome_of_login(world: &World) -> String {
    let mut browser = Browser::with(&[ENGLISH]);
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let outcome = outcome(world, &mut browser, &callback).await;
    assert_eq!(browser.session(), None, "{outcome}");
    outcome
}

/// The outcomes, each with what leads to it.
fn grouped<T: ToString>(outcomes: Vec<(String, T)>) -> String {
    let mut groups: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (outcome, cause) in outcomes {
        groups.entry(outcome).or_default().push(cause.to_string());
    }
    let lines = groups.into_iter().map(|(outcome, causes)| {
        let rows = causes.chunks(8).map(|row| format!("\n  {}", row.join(" ")));
        outcome + &rows.collect::<String>()
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn no_error_code_at_the_exchange_logs_a_user_in() {
    let world = World::start().await;
    let mut outcomes = Vec::new();
    // And some that WeChat may invent.
    let codes = errcodes().into_iter().chain([1, -2, 99_999, i64::MAX]);
    for code in codes {
        let fault = Fault::new(errcode(code)).path(EXCHANGE).percent(100);
        let fault = world.sim.fault(fault);
        outcomes.push((outcome_of_login(&world).await, code));
        assert_eq!(fault.struck(), 1, "{code}");
        fault.remove();
    }
    assert_eq!(world.rows().await, Rows::default());
    insta::assert_snapshot!(grouped(outcomes), @r#"
    client: access_denied
      10050 40226 43004 50002 50003 50004 50006
    page 410 expired: log in again
      10046 40001 40003 40014 40029 40030 42001 42002
      42003 42007 50001 61023 87009
    page 410 used: log in again
      40163
    page 500 configuration: try again, client: server_error
      10057 40002 40013 40035 40037 40066 40125 40164
      40242 41001 41002 41003 41004 41005 41006 41007
      41008 41009 43001 43002 43003 44002 45009 47001
      48001 48004 61003 61004 61024 89501 89503 1
      -2 99999 9223372036854775807
    page 503 unreachable: try again, client: temporarily_unavailable
      -1 45011
    "#);
}

/// The user is told what to do, and the client's developer whose fault it is. Neither reads what WeChat has said.
#[tokio::test]
async fn a_wrong_configuration_is_not_said_to_be_a_failure_of_wechat() {
    let misconfigured = "Logging in with WeChat is not set up correctly here. \
        Please tell the operator of this login service, who can fix it.";
    let unreachable = "WeChat could not be reached or is busy. Please log in again in a moment.";
    for (code, title, message, description) in [
        (
            40125,
            "<h1>This login service is misconfigured</h1>",
            misconfigured,
            "this gateway is misconfigured for logins with WeChat",
        ),
        (
            -1,
            "<h1>WeChat is not available</h1>",
            unreachable,
            "WeChat is not available to this gateway",
        ),
    ] {
        let world = World::start().await;
        let fault = Fault::new(errcode(code)).path(EXCHANGE).percent(100);
        let _fault = world.sim.fault(fault);
        let mut browser = Browser::with(&[ENGLISH]);
        let callback = world.web().wechat_callback(&mut browser, &[]).await;
        let page = browser.open(&world, &callback).await;
        let page = browser.open(&world, page.location()).await;
        assert!(page.body.contains(title), "{}", page.body);
        let [text, note] = page.paragraphs()[..] else {
            panic!("{}", page.body)
        };
        assert_eq!(text, message);
        assert!(note.starts_with("Reference for the operator: "), "{note}");
        let back = page.links().pop().unwrap();
        assert_eq!(param(&back, "error_description"), description);
    }
}

/// A response as WeChat sends it, with other members in the place of some, or beside them.
fn token(changes: &[(&str, &str)]) -> String {
    let usual = [
        ("access_token", r#""ACCESS""#),
        ("expires_in", "7200"),
        ("refresh_token", r#""REFRESH""#),
        ("openid", r#""oABCDEFGHIJKLMNOPQRSTUVWXYZ0""#),
        ("scope", r#""snsapi_login""#),
        ("unionid", r#""oUNIONIDUNIONIDUNIONIDUNION0""#),
    ];
    let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
    let usual = usual.iter().filter(|(name, _)| !is_changed(name));
    let changes = changes.iter().filter(|(_, value)| !value.is_empty());
    let members = usual
        .chain(changes)
        .map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// Bodies that are no success, of a response with status 200.
fn odd_bodies() -> Vec<(String, String)> {
    let named = |name: &str, body: &str| (name.to_owned(), body.to_owned());
    let mut bodies = vec![
        named("empty", ""),
        named("null", "null"),
        named("number", "0"),
        named("text", "\"ok\""),
        named("array", "[]"),
        named("object", "{}"),
        named("array-of-token", &format!("[{}]", token(&[]))),
        named("nested", &format!("{{\"data\":{}}}", token(&[]))),
        named("ok-without-token", r#"{"errcode":0,"errmsg":"ok"}"#),
        named("two-documents", &token(&[]).repeat(2)),
        named("html-after", &format!("{}<html>", token(&[]))),
        named("single-quotes", &token(&[]).replace('"', "'")),
        named(
            "urlencoded",
            "access_token=A&openid=oABCDEFGHIJKLMNOPQRSTUVWXYZ0",
        ),
        named("errcode-and-token", &token(&[("errcode", "40029")])),
        named("errcode-as-text", &token(&[("errcode", "\"40029\"")])),
        named("two-openids", &token(&[("x", "1,\"openid\":\"oOTHER\"")])),
        named("snapshot-number", &token(&[("is_snapshotuser", "1")])),
        named("snapshot-text", &token(&[("is_snapshotuser", "\"1\"")])),
        named("snapshot-bool", &token(&[("is_snapshotuser", "true")])),
    ];
    for name in ["openid", "access_token", "refresh_token", "unionid"] {
        let values = ["7", "-1", "1.5", "true", "[]", "{}", "[\"oABC\"]"];
        bodies.extend(values.map(|value| (format!("{name}={value}"), token(&[(name, value)]))));
    }
    for name in ["openid", "access_token", "refresh_token"] {
        let values = ["", "null", "\"\""];
        bodies.extend(values.map(|value| (format!("{name}={value}"), token(&[(name, value)]))));
    }
    for name in ["openid", "unionid"] {
        let long = format!("\"{}\"", "o".repeat(300));
        let values = [
            "\" \"",
            "\"o A\"",
            "\"o\\nA\"",
            "\"o:A\"",
            "\"o\\u0000A\"",
            "\"微信\"",
            "\"o'--\"",
            "\"<b>\"",
            "\"o\\ud83d\"",
            &long,
        ];
        let shape = |value: &str| value.chars().take(12).collect::<String>();
        bodies.extend(
            values.map(|value| (format!("{name}={}", shape(value)), token(&[(name, value)]))),
        );
    }
    bodies
}

#[tokio::test]
async fn no_odd_body_at_the_exchange_logs_a_user_in() {
    let world = World::start().await;
    for (name, body) in odd_bodies() {
        let fault = Fault::new(Effect::Answer(Answer::new(body))).path(EXCHANGE);
        world.sim.fault(fault);
        let expected = match name.split('-').next() {
            Some("errcode") => "page 410 expired: log in again",
            Some("snapshot") => "page 403 snapshot_user: log in again",
            _ => "page 503 unreachable: try again, client: temporarily_unavailable",
        };
        assert_eq!(outcome_of_login(&world).await, expected, "{name}");
        assert_eq!(world.rows().await, Rows::default(), "{name}");
    }
}

#[tokio::test]
async fn no_broken_response_at_the_exchange_logs_a_user_in() {
    let world = World::start().await;
    let mut outcomes = Vec::new();
    for effect in [
        Effect::Cut,
        Effect::Reset,
        Effect::ResetAfter,
        Effect::Html(200),
        Effect::Html(502),
        Effect::Without("openid".to_owned()),
        Effect::Without("access_token".to_owned()),
    ] {
        let name = format!("{effect:?}").replace(' ', "");
        world.sim.fault(Fault::new(effect).path(EXCHANGE));
        outcomes.push((outcome_of_login(&world).await, name));
    }
    // Whatever their bodies say.
    for status in [
        201, 204, 301, 302, 307, 400, 401, 403, 404, 429, 500, 502, 503, 504,
    ] {
        let mut answer = Answer::new(token(&[]));
        answer.status = status;
        world
            .sim
            .fault(Fault::new(Effect::Answer(answer)).path(EXCHANGE));
        let outcome = outcome_of_login(&world).await;
        assert_eq!(world.rows().await, Rows::default(), "{status}");
        outcomes.push((outcome, status.to_string()));
    }
    assert_eq!(world.rows().await, Rows::default());
    insta::assert_snapshot!(grouped(outcomes), @r#"
    page 503 unreachable: try again, client: temporarily_unavailable
      Cut Reset ResetAfter Html(200) Html(502) Without("openid") Without("access_token") 201
      204 301 302 307 400 401 403 404
      429 500 502 503 504
    "#);
}

/// The exchange has told who the user is. A failed profile call, or one that tells of another user, adds nothing to that.
#[tokio::test]
async fn no_error_at_the_profile_changes_who_the_user_is() {
    let world = World::start().await;
    let effect = |body: &str| Effect::Answer(Answer::new(body));
    let other = r#"{"openid":"oABCDEFGHIJKLMNOPQRSTUVWXYZ0","nickname":"Mallory","unionid":"oUNIONIDUNIONIDUNIONIDUNION0"}"#;
    let mut effects: Vec<_> = errcodes().into_iter().map(errcode).collect();
    effects.extend([
        Effect::Cut,
        Effect::Reset,
        Effect::Html(200),
        Effect::Html(502),
        Effect::Without("openid".to_owned()),
        effect(""),
        effect("{}"),
        effect("[]"),
        effect(r#"{"errcode":0,"errmsg":"ok"}"#),
        effect(r#"{"openid":7,"nickname":"Mallory"}"#),
        effect(r#"{"openid":"","nickname":"Mallory"}"#),
        effect(r#"{"openid":"o A","nickname":"Mallory"}"#),
        effect(other),
    ]);
    let mut subjects = BTreeSet::new();
    for effect in effects {
        let name = format!("{effect:?}");
        let fault = world
            .sim
            .fault(Fault::new(effect).path(PROFILE).percent(100));
        let scopes = [("scope", "openid profile wechat")];
        let tokens = world.web().log_in(&mut Browser::default(), &scopes).await;
        let userinfo = world.web().userinfo(&tokens.access_token).await.json();
        for claims in [&tokens.claims, userinfo.as_object().unwrap()] {
            assert_eq!(claims.get("name"), None, "{name}");
            assert_eq!(claims.get("picture"), None, "{name}");
            subjects.insert((tokens.sub().to_owned(), claims["wechat_openid"].to_string()));
        }
        fault.remove();
    }
    assert_eq!(subjects.len(), 1, "{subjects:?}");
    let rows = world.rows().await;
    assert_eq!((rows.users, rows.identities), (1, 2));
    // The next login asks again.
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    assert!(tokens.claims["name"].is_string());
}

/// WeChat's stand-in for a visitor who has not logged in.
#[tokio::test]
async fn a_snapshot_user_is_no_user() {
    let world = World::start().await;
    let mut browser = Browser::with(&[WECHAT, ENGLISH]);
    let page = browser.open(&world, &world.web().authorize_url(&[])).await;
    let url = page.location().replace(
        "connect_redirect=1",
        "connect_redirect=1&forceSnapShot=true",
    );
    let callback = browser.visit_wechat(&url).await;
    assert_eq!(
        outcome(&world, &mut browser, &callback).await,
        "page 403 snapshot_user: log in again"
    );
    assert_eq!(world.rows().await, Rows::default());
    let event = "select event || ' ' || detail from audit where event like 'login.%'";
    assert_eq!(
        world.texts(event).await,
        ["login.rejected snapshot_user app=official_account"]
    );
}

#[tokio::test]
async fn a_user_who_declines_is_sent_back_to_the_client() {
    let world = World::start().await;
    // On the website's page, a callback without a code.
    let mut browser = Browser::default();
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let declined = callback.replace(&format!("code={}&", param(&callback, "code")), "");
    assert_eq!(param(&declined, "code"), "");
    assert_eq!(
        outcome(&world, &mut browser, &declined).await,
        "client: access_denied"
    );
    // Inside WeChat, with words in place of the code.
    world.sim.auto_allow(AutoAllow::deny()).unwrap();
    let mut browser = Browser::with(&[WECHAT]);
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    assert_eq!(param(&callback, "code"), "authdeny");
    assert_eq!(
        outcome(&world, &mut browser, &callback).await,
        "client: access_denied"
    );
    let mut browser = Browser::with(&[WECHAT]);
    let callback = world
        .web()
        .wechat_callback(&mut browser, &[("response_mode", "form_post")])
        .await;
    let page = browser.open(&world, &callback).await;
    assert_eq!(page.attribute("action"), CALLBACK);
    let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let fields = [
        ("error", "access_denied"),
        ("error_description", "the user declined in WeChat"),
        ("state", "a state"),
        ("iss", "https://localhost"),
    ];
    assert_eq!(page.fields(), fields.map(pair));
    assert_eq!(world.rows().await, Rows::default());
    assert_eq!(browser.cookies, []);
}

/// The buttons of the page do what they say.
#[tokio::test]
async fn a_user_tries_again_or_goes_back_while_wechat_is_down() {
    let world = World::start().await;
    let mut browser = Browser::with(&[ENGLISH]);
    let fault = world
        .sim
        .fault(Fault::new(Effect::Errcode(-1)).path(EXCHANGE).percent(100));
    let callback = world.web().wechat_callback(&mut browser, &[]).await;
    let page = browser.open(&world, &callback).await;
    let page = browser.open(&world, page.location()).await;
    assert_eq!(page.status, StatusCode::SERVICE_UNAVAILABLE);
    let [try_again, back] = &*page.links() else {
        panic!("{}", page.body)
    };
    assert_eq!(at_client(back), "client: temporarily_unavailable");
    fault.remove();
    let url = browser.follow(&world, try_again).await;
    world.web().tokens(&param(&url, "code")).await;
    // An error that cannot be carried by a link has no such link: the way back is the client's own page, if it is known.
    let mut world = world;
    world
        .sim
        .fault(Fault::new(Effect::Errcode(-1)).path(EXCHANGE).percent(100));
    for (web, expected) in [
        ("", vec![]),
        (
            "home = \"https://rp.example/\"",
            vec!["https://rp.example/"],
        ),
    ] {
        let web = web.to_owned();
        world
            .restart_with(Options {
                web,
                ..Options::default()
            })
            .await;
        let mut browser = Browser::with(&[ENGLISH]);
        let callback = world
            .web()
            .wechat_callback(&mut browser, &[("response_mode", "form_post")])
            .await;
        let page = browser.open(&world, &callback).await;
        let page = browser.open(&world, page.location()).await;
        assert_eq!(page.links()[1..], expected);
    }
}

/// Programs get the kind, at once and without a redirect, and still no identity.
#[tokio::test]
async fn a_program_gets_the_kind_of_the_failure() {
    let world = World::start().await;
    for (effect, status, error) in [
        (
            Effect::Errcode(-1),
            StatusCode::SERVICE_UNAVAILABLE,
            "unreachable",
        ),
        (Effect::Errcode(40029), StatusCode::GONE, "expired"),
        (Effect::Errcode(40163), StatusCode::GONE, "used"),
        (
            Effect::Errcode(40125),
            StatusCode::INTERNAL_SERVER_ERROR,
            "configuration",
        ),
        (
            Effect::Errcode(50002),
            StatusCode::FORBIDDEN,
            "user_rejected",
        ),
        (Effect::Cut, StatusCode::SERVICE_UNAVAILABLE, "unreachable"),
    ] {
        world.sim.fault(Fault::new(effect).path(EXCHANGE));
        let mut browser = Browser::default();
        let callback = world.web().wechat_callback(&mut browser, &[]).await;
        browser.headers = vec![JSON];
        let page = browser.open(&world, &callback).await;
        assert_eq!(
            (page.status, &page.json()["error"]),
            (status, &error.into())
        );
        assert!(
            page.headers
                .get("set-cookie")
                .is_none_or(|cookie| !cookie.to_str().unwrap().contains("session"))
        );
    }
    assert_eq!(world.rows().await, Rows::default());
}
