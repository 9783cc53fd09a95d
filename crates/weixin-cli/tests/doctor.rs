//! `weixin doctor` against a simulator, with one problem at a time.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the simulator runs in the test itself")]
mod running;

use std::time::Duration;

use serde_json::Value;
use weixin_sim::{App, AppKind, Authority, Effect, Fault, Sim};

use self::running::{Printed, closed::closed_port, command, run};

const CALLBACK: &str = "https://shop.example/callback";
const WEBSITE: &str = "wx0123456789abcdef";
const OFFICIAL_ACCOUNT: &str = "wx0123456789abcde0";
const MINI_PROGRAM: &str = "wx0123456789abcde2";

/// Runs the doctor without the proxies of the environment.
fn doctor(args: &[&str], proxy: Option<&str>) -> Printed {
    let mut weixin = command(&["doctor", "--lang", "en"]);
    for name in ["ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"] {
        weixin.env_remove(name).env_remove(name.to_lowercase());
    }
    weixin
        .args(args)
        .envs(proxy.map(|proxy| ("HTTPS_PROXY", proxy)));
    run(weixin)
}

/// Every result that is not ok, with the exit code.
fn problems(printed: &Printed) -> String {
    let report: Value = serde_json::from_str(&printed.stdout).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let mut lines = vec![format!("exit code {}", printed.code.unwrap())];
    for check in checks.iter().filter(|check| check["status"] != "ok") {
        assert!(check["remedy"].is_string(), "{check}");
        let text = |name: &str| check[name].as_str().unwrap();
        lines.push(format!(
            "{} {}: {}",
            text("status"),
            text("check"),
            text("detail")
        ));
    }
    lines.join("\n") + "\n"
}

fn about(sim: &Sim, args: &[&str]) -> String {
    let sim = format!("--sim={}", sim.url());
    let args = [&["--json", &sim, "--redirect-uri", CALLBACK], args].concat();
    problems(&doctor(&args, None))
}

async fn sim(app: App) -> Sim {
    let sim = Sim::start().await.unwrap();
    sim.put_app(app);
    sim
}

fn website() -> App {
    App::default().callback_domain("shop.example")
}

/// The times differ from run to run.
fn without_times(mut text: &str) -> String {
    let mut kept = String::new();
    while let Some((before, after)) = text.split_once(" ms)") {
        kept.push_str(before.rsplit_once(" (").unwrap().0);
        text = after;
    }
    kept.push_str(text);
    // On a busy machine some seconds pass until the response arrives.
    let (before, clock) = kept.split_once("clock: ").unwrap();
    let after = clock.trim_start_matches(|digit: char| digit.is_ascii_digit());
    format!("{before}clock: N{after}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_website_app_without_problems_is_reported_line_by_line() {
    let sim = sim(website()).await;
    let option = format!("--sim={}", sim.url());
    let printed = doctor(&[&option, "--redirect-uri", CALLBACK], None);
    let host = sim.url().trim_start_matches("http://");
    insta::assert_snapshot!(without_times(&printed.stdout).replace(host, "HOST"), @r#"
    ok        HOST name resolution: 127.0.0.1
    ok        HOST connection: HOST
    ok        HOST response: the API responds (41001)
    ok        clock: N s from WeChat's
    ok        redirect URI: host shop.example; WeChat does not compare the path /callback
    ok        app ID: the login page accepts it
    ok        scope: the app has login permission
    ok        callback domain: the login page accepts the redirect URI
    unproven  app secret: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code
              → log in once (`weixin login`): WeChat returns 40125 if the secret is wrong

    8 ok, 0 warnings, 0 failed, 1 unproven
    "#);
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_response_names_its_cause() {
    let mut found = Vec::new();
    for (effect, path) in [
        (Effect::Html(502), "/sns/auth"),
        (Effect::Reset, "/sns/auth"),
        (Effect::Cut, "/sns/auth"),
        (Effect::Errcode(-1), "/sns/auth"),
        (Effect::Errcode(43003), "/sns/auth"),
        (Effect::Errcode(45011), "/sns/oauth2/access_token"),
        (Effect::Errcode(40125), "/sns/oauth2/access_token"),
        (Effect::Reset, "/sns/oauth2/access_token"),
    ] {
        let sim = sim(website()).await;
        sim.fault(Fault::new(effect.clone()).path(path));
        found.push(format!("{effect:?} {path}: {}", about(&sim, &[])));
    }
    insta::assert_snapshot!(found.join("\n"), @r#"
    Html(502) /sns/auth: exit code 4
    failed response: the response is not WeChat's (HTTP 502, no errcode)
    unproven app-secret: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code

    Reset /sns/auth: exit code 4
    failed response: the connection broke before the response was complete
    unproven clock: could not get the time of WeChat's servers
    unproven app-secret: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code

    Cut /sns/auth: exit code 4
    failed response: the response is not WeChat's (HTTP 200, no errcode)
    unproven app-secret: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code

    Errcode(-1) /sns/auth: exit code 0
    warning response: WeChat is busy (-1)
    unproven app-secret: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code

    Errcode(43003) /sns/auth: exit code 5
    failed api-url: WeChat requires https (43003)
    unproven app-secret: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code

    Errcode(45011) /sns/oauth2/access_token: exit code 0
    warning app-secret: WeChat cannot process this call now (45011)

    Errcode(40125) /sns/oauth2/access_token: exit code 5
    failed app-secret: The app secret is not this app's, or was reset in the console. At /sns/oauth2/access_token the code is checked first (40125)

    Reset /sns/oauth2/access_token: exit code 4
    failed response: the connection broke before the response was complete
    "#);
}

/// The problem, the kind, the app ID, and the app as WeChat knows it.
fn wrong_settings() -> [(&'static str, &'static str, &'static str, App); 11] {
    let official = || App::official_account().callback_domain("shop.example");
    let other_domain = |app: App| app.callback_domain("other.example");
    let other_secret = |id, kind| {
        App::new(id, "t".repeat(32))
            .kind(kind)
            .callback_domain("shop.example")
    };
    let elsewhere = "192.0.2.1".parse().unwrap();
    let (account, program) = ("official-account", "mini-program");
    let domain = "another callback domain";
    let secret = "another secret";
    [
        ("unknown app ID", "website", "wx00", website()),
        (
            "an official account's",
            "website",
            OFFICIAL_ACCOUNT,
            official(),
        ),
        (domain, "website", WEBSITE, other_domain(App::default())),
        ("a website's", account, WEBSITE, website()),
        (
            domain,
            account,
            OFFICIAL_ACCOUNT,
            other_domain(App::official_account()),
        ),
        (
            secret,
            account,
            OFFICIAL_ACCOUNT,
            other_secret(OFFICIAL_ACCOUNT, AppKind::OfficialAccount),
        ),
        (
            secret,
            program,
            MINI_PROGRAM,
            other_secret(MINI_PROGRAM, AppKind::MiniProgram),
        ),
        (
            "another whitelist",
            program,
            MINI_PROGRAM,
            App::mini_program().ip_whitelist([elsewhere]),
        ),
        ("unknown app ID", "mobile", "wx00", website()),
        ("nothing", program, MINI_PROGRAM, App::mini_program()),
        ("nothing", account, OFFICIAL_ACCOUNT, official()),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn each_wrong_setting_of_an_app_is_named() {
    let mut found = Vec::new();
    for (what, kind, id, app) in wrong_settings() {
        let sim = sim(app).await;
        let report = about(&sim, &["--kind", kind, "--app-id", id]);
        found.push(format!("{kind}, {what}: {report}"));
    }
    insta::assert_snapshot!(found.join("\n"), @r#"
    website, unknown app ID: exit code 5
    failed app-id: the login page does not know it (AppID 参数错误)
    failed app-id: WeChat does not know this app ID (40013)

    website, an official account's: exit code 5
    failed scope: no permission for snsapi_login (Scope 参数错误或没有 Scope 权限)
    unproven app-secret: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code

    website, another callback domain: exit code 5
    failed callback-domain: the login page rejects the redirect URI (redirect_uri 参数错误)
    unproven app-secret: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code

    official-account, a website's: exit code 5
    failed app-id: This is the app ID of a website or mobile app of the Open Platform, and this page is for official accounts (10016)
    failed app-id: WeChat does not know this app ID (40013)

    official-account, another callback domain: exit code 5
    failed callback-domain: The callback's host is not the one that is registered for web authorization, or has a port (10003)

    official-account, another secret: exit code 5
    failed app-secret: The app secret is not this app's, or was reset in the console. At /sns/oauth2/access_token the code is checked first (40125)

    mini-program, another secret: exit code 5
    failed app-secret: The app secret is not this app's, or was reset in the console. At /sns/oauth2/access_token the code is checked first (40125)

    mini-program, another whitelist: exit code 5
    failed ip-whitelist: 127.0.0.1 is not on it (40164), so the app secret was not checked

    mobile, unknown app ID: exit code 5
    failed app-id: WeChat does not know this app ID (40013)

    mini-program, nothing: exit code 0

    official-account, nothing: exit code 0
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_is_named_as_such() {
    let sim = sim(website()).await;
    sim.advance(Duration::from_mins(10)).unwrap();
    let found = about(&sim, &[]);
    let clock = found.lines().nth(1).unwrap();
    assert!(
        clock.starts_with("warning clock: ") && clock.ends_with(" s behind WeChat's"),
        "{found}"
    );
    assert!(found.starts_with("exit code 0\n"), "{found}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_at_which_a_connection_fails_is_named() {
    let sim = sim(website()).await;
    let authority = Authority::new().unwrap();
    let tls = sim
        .serve_tls("127.0.0.1:0".parse().unwrap(), &authority)
        .await
        .unwrap();
    let closed = closed_port();
    for (api, expected) in [
        ("http://nowhere.invalid", "failed name-resolution: "),
        (
            &format!("http://{}", closed.address),
            "failed connection: the connection was refused",
        ),
        (
            &format!("https://{tls}"),
            "failed tls: invalid peer certificate: UnknownIssuer",
        ),
        (
            &sim.url().replace("http:", "https:"),
            "failed tls: received corrupt message of type InvalidContentType",
        ),
    ] {
        let printed = doctor(&["--json", "--open-url", sim.url(), "--api-url", api], None);
        let found = problems(&printed);
        let expected = format!("exit code 4\n{expected}");
        assert!(found.starts_with(&expected), "{api}: {found}");
    }
}

#[test]
fn a_proxy_that_does_not_run_is_named_and_its_password_is_not() {
    let closed = closed_port();
    let address = closed.address.to_string();
    let printed = doctor(&["--json"], Some(&format!("http://joe:hunter2@{address}")));
    let found = problems(&printed).replace(&address, "PROXY");
    insta::assert_snapshot!(found, @r#"
    exit code 4
    failed proxy: PROXY: the connection was refused
    warning proxy: PROXY: the connection was refused
    warning proxy: PROXY: the connection was refused
    warning proxy: PROXY: the connection was refused
    warning proxy: PROXY: the connection was refused
    warning proxy: PROXY: the connection was refused
    warning proxy: PROXY: the connection was refused
    unproven clock: could not get the time of WeChat's servers
    unproven redirect-uri: no redirect URI
    unproven app-id: no app ID
    "#);
    assert!(!format!("{printed:?}").contains("hunter2"));
}

#[test]
fn a_redirect_uri_that_wechat_rejects_is_named_without_a_network() {
    let closed = closed_port();
    let proxy = format!("http://{}", closed.address);
    let mut found = Vec::new();
    for uri in [
        "https://shop.example:8443/callback",
        "http://127.0.0.1/callback",
        "http://localhost/callback",
        "https://shop.example/#/callback",
        "ftp://shop.example/",
        "/callback",
        "https://joe@shop.example/",
        "https://shop.example/a b",
        CALLBACK,
    ] {
        let printed = doctor(&["--json", "--redirect-uri", uri], Some(&proxy));
        let problems = problems(&printed);
        let rule = problems.lines().find(|line| line.contains("redirect-uri"));
        found.push(format!("{uri}: {}", rule.unwrap_or("fine")));
    }
    insta::assert_snapshot!(found.join("\n"), @r#"
    https://shop.example:8443/callback: failed redirect-uri: it has a port
    http://127.0.0.1/callback: failed redirect-uri: its host is an IP address
    http://localhost/callback: failed redirect-uri: its host is not a domain (localhost)
    https://shop.example/#/callback: failed redirect-uri: it has a fragment
    ftp://shop.example/: failed redirect-uri: it is neither http nor https
    /callback: failed redirect-uri: it is not an absolute URL
    https://joe@shop.example/: failed redirect-uri: it has a user name, a password or a backslash
    https://shop.example/a b: failed redirect-uri: it has spaces, line breaks or control characters
    https://shop.example/callback: fine
    "#);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_app_secret_is_in_no_report() {
    let sim = sim(App::mini_program()).await;
    for secret in ["s".repeat(32), "t".repeat(32)] {
        let mut weixin = command(&[
            "doctor",
            "--json",
            "--kind",
            "mini-program",
            &format!("--sim={}", sim.url()),
        ]);
        weixin.env("WEIXIN_APP_SECRET", &secret);
        let printed = run(weixin);
        assert!(printed.stdout.contains("app-secret"), "{printed:?}");
        assert!(!format!("{printed:?}").contains(&secret), "{printed:?}");
    }
}
