//! `weixin sim compare` against simulators: what differs is found, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the simulator runs in the test itself")]
mod running;

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use serde_json::Value;
use weixin_sim::{Answer, App, AppKind, Effect, Fault, Sim};

use self::running::{Printed, closed::closed_port, command, interrupt, run};

const ACCOUNT: &str = "wx0123456789abcde0";
const NO_TOKEN: &str = "auth: no access token";

fn compare(args: &[&str]) -> Command {
    let mut weixin = command(&["sim", "compare", "--pace=0"]);
    weixin.args(args);
    weixin
}

fn against(sim: &Sim, args: &[&str]) -> Printed {
    let mut weixin = compare(args);
    weixin.arg(format!("--sim={}", sim.url()));
    run(weixin)
}

/// The times and the port differ from run to run.
fn without_times(sim: &Sim, text: &str) -> String {
    let lines = text.replace(sim.url(), "SIM");
    let line = |line: &str| {
        let date = line
            .find(" GMT")
            .map(|end| end - "Sat, 28 Nov 2026 10:00:00".len());
        match (date, line.find("rid: ")) {
            (Some(start), _) => format!("{}DATE", &line[..start]),
            (None, Some(start)) if !line.contains("rid: <") => {
                format!("{}rid: RID", &line[..start])
            }
            _ => line.to_owned(),
        }
    };
    lines.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn json(printed: &Printed) -> Value {
    serde_json::from_str(&printed.stdout).unwrap()
}

/// The number of cases with each outcome.
fn counts(printed: &Printed) -> [u64; 5] {
    let report = json(printed);
    ["same", "differs", "unreachable", "skipped", "not_sent"]
        .map(|name| report[name].as_u64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_faults_nothing_differs() {
    let sim = Sim::start().await.unwrap();
    let printed = against(&sim, &[]);
    insta::assert_snapshot!(without_times(&sim, &printed.stdout), @r"
    weixin sim compare 0.1.0, DATE
    login page SIM, API SIM

    47 the same, 0 different, 0 unreachable, 0 not sent, 0 skipped
    Not compared: the values of rid, hint, tokens, tickets and expires_in. Masked: app ID, app secret, tokens, IP addresses.
    ");
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let progress: Vec<_> = printed.stderr.lines().collect();
    assert_eq!(progress.len(), 47);
    assert_eq!(progress[46], "[47/47] userinfo: a wrong access token: same");
    assert_eq!(sim.pending(), [""; 0], "no login page was opened");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_needs_an_app_is_skipped_and_counted() {
    let sim = Sim::start().await.unwrap();
    let urls = [
        format!("--open-url={}", sim.url()),
        format!("--api-url={}", sim.url()),
    ];
    let with = |more: &[&str], secret: Option<&str>| {
        let mut weixin = compare(more);
        weixin
            .args(&urls)
            .envs(secret.map(|secret| ("WEIXIN_APP_SECRET", secret)));
        let printed = run(weixin);
        let last = printed
            .stdout
            .lines()
            .find(|line| line.contains(" the same, "));
        format!("exit code {}: {}", printed.code.unwrap(), last.unwrap())
    };
    let app = format!("--app-id={ACCOUNT}");
    let secret = "s".repeat(32);
    let all = [
        with(&[], None),
        with(&[], Some(&secret)),
        with(&[&app], None),
        with(&[&app], Some(&secret)),
        with(&["--only=stable-token: a token"], None),
        with(&[&app, "--only=stable-token: a second"], Some(&secret)),
    ];
    insta::assert_snapshot!(all.join("\n"), @r"
    exit code 0: 28 the same, 0 different, 0 unreachable, 0 not sent, 19 skipped (no app ID: 19)
    exit code 0: 28 the same, 0 different, 0 unreachable, 0 not sent, 19 skipped (no app ID: 19)
    exit code 0: 42 the same, 0 different, 0 unreachable, 0 not sent, 5 skipped (no app secret: 4, the response to an earlier case is missing: 1)
    exit code 0: 47 the same, 0 different, 0 unreachable, 0 not sent, 0 skipped
    exit code 2: 0 the same, 0 different, 0 unreachable, 0 not sent, 1 skipped (no app ID: 1)
    exit code 2: 0 the same, 0 different, 0 unreachable, 0 not sent, 1 skipped (the response to an earlier case is missing: 1)
    ");
}

/// The effects that change a response, with the part of the report that shows them.
#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_response_is_a_difference() {
    let mut answer = Answer::new(r#"{"errcode":41001,"errmsg":"access_token missing"}"#);
    answer.content_type = "application/json".to_owned();
    let mut found = Vec::new();
    for effect in [
        Effect::Answer(answer),
        Effect::ContentType("application/json; charset=utf-8".to_owned()),
        Effect::Cut,
        Effect::DelayMs(60_000),
        Effect::Errcode(-1),
        Effect::Html(502),
        Effect::Reset,
        Effect::ResetAfter,
        Effect::SlowBodyMs(60_000),
        Effect::Without("errmsg".to_owned()),
    ] {
        let sim = Sim::start().await.unwrap();
        sim.fault(Fault::new(effect.clone()).path("/sns/auth"));
        let printed = against(&sim, &["--timeout=1", "--only", NO_TOKEN]);
        assert_eq!(printed.code, Some(1), "{effect:?}: {printed:?}");
        let text = without_times(&sim, &printed.stdout);
        let lines = text.lines().filter(|line| line.contains(", received: "));
        found.push(format!(
            "{effect:?}\n{}\n",
            lines.collect::<Vec<_>>().join("\n")
        ));
    }
    insta::assert_snapshot!(found.join("\n"), @r#"
    Answer(Answer { status: 200, content_type: "application/json", body: "{\"errcode\":41001,\"errmsg\":\"access_token missing\"}" })
      body, received: {"errcode":41001,"errmsg":"access_token missing"}

    ContentType("application/json; charset=utf-8")
      content type, received: application/json; charset=utf-8

    Cut
      body, received: {"errcode":41001,"errmsg":"access_token m

    DelayMs(60000)
      response, received: the server did not respond in time: error sending request: operation timed out

    Errcode(-1)
      body, received: {"errcode":-1,"errmsg":"system error, rid: RID

    Html(502)
      status, received: 502
      content type, received: text/html; charset=utf-8
      body, received: <html><body><h1>模拟故障 · a simulated fault</h1></body></html>

    Reset
      response, received: the connection broke before the response was complete: error sending request: client error (SendRequest): connection closed before message completed

    ResetAfter
      response, received: the connection broke before the response was complete: error sending request: client error (SendRequest): connection closed before message completed

    SlowBodyMs(60000)
      response, received: the server did not respond in time: error decoding response body: request or response body error: operation timed out

    Without("errmsg")
      body, received: {"errcode":41001}
    "#);
}

/// These effects change a login or a profile, and no case has one.
#[tokio::test(flavor = "multi_thread")]
async fn faults_of_logins_and_profiles_are_never_seen() {
    for effect in [
        Effect::CallbackTwice,
        Effect::CookiesLost,
        Effect::Dialog(10009),
        Effect::LoneSurrogate,
        Effect::StateAltered,
    ] {
        let sim = Sim::start().await.unwrap();
        sim.fault(Fault::new(effect.clone()).percent(100));
        let printed = against(&sim, &["--json"]);
        assert_eq!(
            counts(&printed),
            [47, 0, 0, 0, 0],
            "{effect:?}: {printed:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_difference_is_reported_with_request_responses_date_and_rid() {
    let sim = Sim::start().await.unwrap();
    sim.fault(Fault::new(Effect::Errcode(40013)).path("/sns/auth"));
    let printed = against(&sim, &["--only", NO_TOKEN]);
    insta::assert_snapshot!(without_times(&sim, &printed.stdout), @r#"
    weixin sim compare 0.1.0, DATE
    login page SIM, API SIM

    auth: no access token (observed)
      GET SIM/sns/auth
      body, expected: {"errcode":41001,"errmsg":"access_token missing, rid: <:rid>"}
      body, received: {"errcode":40013,"errmsg":"invalid appid, rid: RID
      date: DATE
      rid: RID

    0 the same, 1 different, 0 unreachable, 0 not sent, 0 skipped
    Not compared: the values of rid, hint, tokens, tickets and expires_in. Masked: app ID, app secret, tokens, IP addresses.
    Please open an issue with this report.
    "#);

    sim.fault(Fault::new(Effect::Errcode(40013)).path("/sns/auth"));
    let printed = against(&sim, &["--json", "--only", NO_TOKEN]);
    let case = &json(&printed)["cases"][0];
    assert_eq!(case["outcome"], "differs");
    assert_eq!(case["differences"][0]["part"], "body");
    assert_eq!(case["rid"].as_str().unwrap().len(), 26);
    assert!(case["date"].as_str().unwrap().ends_with(" GMT"), "{case}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_contains_no_secret_no_app_id_and_no_address() {
    const ID: &str = "wx1a2b3c4d5e6f7a8b";
    const SECRET: &str = "0f9de62fce790f9a083d5c99e95740ce";
    let sim = Sim::start().await.unwrap();
    sim.put_app(App::new(ID, SECRET).kind(AppKind::OfficialAccount));
    let echo = format!("{SECRET} of {ID} from 203.0.113.7, ::ffff:203.0.113.7");
    let whole =
        format!(r#"{{"access_token":"90_secret","ticket":"kgt-secret","errmsg":"{echo}"}}"#);
    for args in [&["--json"][..], &[], &["--dry-run"]] {
        let answer = Fault::new(Effect::Answer(Answer::new(&whole)));
        sim.fault(answer.path("/cgi-bin/ticket/getticket").percent(100));
        let mut weixin = compare(args);
        weixin
            .arg(format!("--sim={}", sim.url()))
            .args(["--app-id", ID])
            .env("WEIXIN_APP_SECRET", SECRET);
        let Printed { stdout, stderr, .. } = run(weixin);
        let text = stdout + &stderr;
        for secret in [SECRET, ID, "203.0.113.7", "90_secret", "kgt-secret"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        assert!(text.contains("<app-id>"), "{text}");
        assert!(text.contains("<app-secret> of <app-id> from <ip>, <ip>") || args == ["--dry-run"]);
    }
    let requests = sim.requests();
    let real = |secret: &str| {
        requests
            .iter()
            .filter(|one| format!("{one:?}").contains(secret))
            .count()
    };
    assert!(real(ID) > 0, "the app ID was sent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_lists_the_requests_and_sends_none() {
    let sim = Sim::start().await.unwrap();
    let printed = against(
        &sim,
        &[
            "--dry-run",
            "--only=stable-token:",
            "--only=wxLogin",
            "--only=embedding",
        ],
    );
    insta::assert_snapshot!(without_times(&sim, &printed.stdout), @r#"
    qrconnect-variants: the script for embedding
      GET SIM/connect/zh_CN/htmledition/js/wxLogin.js
    stable-token: GET is rejected
      GET SIM/cgi-bin/stable_token
    stable-token: an empty body is rejected
      POST SIM/cgi-bin/stable_token
    stable-token: a form is rejected
      POST SIM/cgi-bin/stable_token appid=<app-id>
    stable-token: query parameters are ignored
      POST SIM/cgi-bin/stable_token?grant_type=client_credential&appid=<app-id>&secret=<app-secret> {}
    stable-token: a wrong secret
      POST SIM/cgi-bin/stable_token {"appid":"<app-id>","grant_type":"client_credential","secret":"…"}
    stable-token: a token
      POST SIM/cgi-bin/stable_token {"appid":"<app-id>","grant_type":"client_credential","secret":"<app-secret>"}
    stable-token: a second call returns the same token
      POST SIM/cgi-bin/stable_token {"appid":"<app-id>","grant_type":"client_credential","secret":"<app-secret>"}
    stable-token: a call of the other endpoint leaves the token valid
      GET SIM/cgi-bin/ticket/getticket?access_token=<one>&type=jsapi

    9 would be sent, 0 skipped
    "#);
    assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
    assert!(sim.requests().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_comparison_prints_what_it_knows() {
    let sim = Sim::start().await.unwrap();
    sim.fault(Fault::new(Effect::DelayMs(60_000)).path("/sns/auth"));
    let mut weixin = compare(&["--timeout=300", "--only=app-token:", "--only", NO_TOKEN]);
    weixin.arg(format!("--sim={}", sim.url()));
    let mut process = weixin.spawn().unwrap();
    let mut progress = BufReader::new(process.stderr.take().unwrap()).lines();
    // The case after this one does not end.
    progress
        .find(|line| line.as_ref().unwrap().contains("app-token: another path"))
        .unwrap()
        .unwrap();
    interrupt(&process);
    assert_eq!(process.wait().unwrap().code(), Some(4));
    let mut stdout = String::new();
    process
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut stdout)
        .unwrap();
    assert!(
        stdout.contains("\n8 the same, 0 different, 0 unreachable, 1 not sent, 0 skipped\n"),
        "{stdout}"
    );
    assert_eq!(
        progress.next().unwrap().unwrap(),
        "interrupted: the report is not complete"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_a_connection_is_no_difference() {
    let sim = Sim::start().await.unwrap();
    let closed = closed_port();
    let urls = [
        format!("--open-url={}", sim.url()),
        format!("--api-url=http://{}", closed.address),
        "--json".to_owned(),
    ];
    let mut weixin = compare(&["--only=auth:", "--only=qrconnect-errors:"]);
    let printed = run({
        weixin.args(&urls);
        weixin
    });
    assert_eq!(printed.code, Some(4));
    assert_eq!(counts(&printed), [2, 0, 2, 0, 0]);
    let reason = json(&printed)["cases"][0]["reason"].to_string();
    assert!(
        reason.contains("could not connect to the server"),
        "{reason}"
    );
}

/// It accepts connections and closes them, so that no TLS begins.
#[tokio::test(flavor = "multi_thread")]
async fn a_host_without_a_connection_is_tried_once() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let api_url = format!("--api-url=https://{}", listener.local_addr().unwrap());
    let tried = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&tried);
    std::thread::spawn(move || {
        for _ in listener.incoming() {
            count.fetch_add(1, Ordering::SeqCst);
        }
    });
    let sim = Sim::start().await.unwrap();
    let open_url = format!("--open-url={}", sim.url());
    let printed = run(compare(&["--only=auth:", "--json", &open_url, &api_url]));
    assert_eq!(counts(&printed), [0, 0, 2, 0, 0], "{printed:?}");
    assert_eq!(tried.load(Ordering::SeqCst), 1);
}

#[test]
fn wechat_gets_one_request_a_second_at_most() {
    for urls in [
        &[][..],
        &["--open-url=http://127.0.0.1:1"],
        &[
            "--open-url=http://127.0.0.1:1",
            "--api-url=https://192.0.2.1",
        ],
    ] {
        let printed = run(compare(urls));
        assert_eq!(
            (printed.code, printed.stderr.as_str()),
            (
                Some(2),
                "error: --pace 0 is for a simulator on this machine: WeChat gets one request a second at most\n"
            )
        );
    }
}

#[test]
fn the_app_secret_is_not_sent_in_plain_text() {
    let printed = run(compare(&["--dry-run", "--api-url=http://192.0.2.1"]));
    assert_eq!(
        (printed.code, printed.stderr.as_str()),
        (
            Some(2),
            "error: --api-url http://192.0.2.1: use https, because the requests contain the app secret\n"
        )
    );
}

#[test]
fn a_case_that_does_not_exist_is_an_error() {
    let printed = run(compare(&["--sim", "--only=no such case"]));
    assert_eq!(
        (printed.code, printed.stderr.as_str()),
        (
            Some(2),
            "error: --only: no case has this text in its name. `weixin sim compare --dry-run` lists the names\n"
        )
    );
}

/// One case for each host and content type: they are sent at WeChat's pace.
#[test]
fn under_wechats_own_names_nothing_differs() {
    let mut weixin = command(&["sim", "exec", "--"]);
    weixin
        .args([env!("CARGO_BIN_EXE_weixin"), "--json", "sim", "compare"])
        .args([
            "--open-url=https://open.weixin.qq.com",
            "--api-url=https://api.weixin.qq.com",
        ])
        .args(["--app-id", ACCOUNT, "--only=embedding", "--only", NO_TOKEN])
        .args(["--only=a missing app ID", "--only=stable-token: a token"]);
    let printed = run(weixin);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert_eq!(counts(&printed), [4, 0, 0, 0, 0], "{printed:?}");
    let report = json(&printed);
    let requests = report["cases"].as_array().unwrap().iter();
    let requests: Vec<_> = requests
        .map(|case| case["request"].as_str().unwrap())
        .collect();
    insta::assert_snapshot!(requests.join("\n"), @r#"
    GET https://api.weixin.qq.com/sns/auth
    GET https://open.weixin.qq.com/connect/qrconnect?scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F
    GET https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js
    POST https://api.weixin.qq.com/cgi-bin/stable_token {"appid":"<app-id>","grant_type":"client_credential","secret":"<app-secret>"}
    "#);
}
