//! The line that the manual recommends for CI, with sites that are right and sites that break one rule, in Python, Node
//! and Rust.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the whole program is run here")]
mod running;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
};

use serde_json::Value;

use self::running::{Printed, command, run};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ci")
}

/// Two users log in to the site that this command starts.
fn test_site(options: &[&str], site: &[OsString]) -> Printed {
    let mut weixin = command(&["sim", "exec", "--fail-on-findings"]);
    weixin
        .args(options)
        .args(["--", "python3", "-B"])
        .arg(folder().join("browser.py"))
        .args(site);
    run(weixin)
}

fn python(breaks: &str) -> Vec<OsString> {
    let site = folder().join("site.py");
    vec!["python3".into(), "-B".into(), site.into(), breaks.into()]
}

fn node(breaks: &str) -> Vec<OsString> {
    let packages = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("node/now");
    assert!(
        packages.exists(),
        "{} is missing: ./scripts/test installs it",
        packages.display()
    );
    let site = folder().join("site.mjs");
    vec!["node".into(), site.into(), packages.into(), breaks.into()]
}

/// The example `minimal` of `weixin-axum`, which is built with the tests of the workspace. It has the simulator's URL as
/// setting.
fn rust_with_the_layer() -> Vec<OsString> {
    let script = "unset WEIXIN_APP_ID WEIXIN_APP_SECRET; exec \"$0\"";
    vec!["sh".into(), "-c".into(), script.into(), example("minimal")]
}

fn rust(breaks: &str) -> Vec<OsString> {
    vec![example("ci_site"), breaks.into()]
}

fn example(name: &str) -> OsString {
    let examples = Path::new(env!("CARGO_BIN_EXE_weixin")).with_file_name("examples");
    let example = examples.join(name);
    assert!(
        example.exists(),
        "{} is missing: cargo build --workspace --examples",
        example.display()
    );
    example.into()
}

/// The report, without the line that names the simulator.
fn report(printed: &Printed) -> Vec<&str> {
    let lines = printed.stderr.lines();
    lines
        .filter(|line| !line.starts_with("WeChat simulator at "))
        .collect()
}

const LOCAL: &str = "not counted: callback-host (local), callback-port (local)";

#[test]
fn a_right_site_on_localhost_is_green_in_python() {
    let printed = test_site(&[], &python("right"));
    assert_eq!((printed.code, report(&printed)), (Some(0), vec![LOCAL]));
}

#[test]
fn a_right_site_on_localhost_is_green_in_node() {
    let printed = test_site(&[], &node("right"));
    assert_eq!((printed.code, report(&printed)), (Some(0), vec![LOCAL]));
}

#[test]
fn a_right_site_on_localhost_is_green_in_rust() {
    let printed = test_site(&[], &rust("right"));
    assert_eq!((printed.code, report(&printed)), (Some(0), vec![LOCAL]));
}

#[test]
fn a_right_site_on_localhost_is_green_in_rust_with_the_layer() {
    let printed = test_site(&[], &rust_with_the_layer());
    // The site's log is on standard error as well.
    let report = report(&printed);
    assert_eq!(
        (printed.code, report.last()),
        (Some(0), Some(&LOCAL)),
        "{printed:?}"
    );
}

/// The first lines of the findings, and the last line, of a run that is red.
fn red(site: &[OsString]) -> Vec<String> {
    let printed = test_site(&[], site);
    assert_eq!(printed.code, Some(1), "{printed:?}");
    let report = report(&printed).into_iter();
    report
        .filter(|line| !line.starts_with(' ') && *line != LOCAL)
        .map(str::to_owned)
        .collect()
}

#[test]
fn a_site_without_a_state_is_red() {
    let expected = [
        "state-missing (unsafe) × 4",
        "error: 1 finding: fix, or accept by --accept state-missing",
    ];
    assert_eq!(red(&python("state-missing")), expected);
    assert_eq!(red(&node("state-missing")), expected);
    assert_eq!(red(&rust("state-missing")), expected);
}

#[test]
fn a_site_with_a_fixed_state_is_red() {
    let expected = [
        "state-repeated (unsafe) × 1",
        "error: 1 finding: fix, or accept by --accept state-repeated",
    ];
    assert_eq!(red(&python("state-repeated")), expected);
    assert_eq!(red(&node("state-repeated")), expected);
    assert_eq!(red(&rust("state-repeated")), expected);
}

#[test]
fn a_site_that_sends_its_code_twice_is_red() {
    let expected = [
        "code-twice (rejected) × 2",
        "error: 1 finding: fix, or accept by --accept code-twice",
    ];
    assert_eq!(red(&python("code-twice")), expected);
    assert_eq!(red(&node("code-twice")), expected);
    assert_eq!(red(&rust("code-twice")), expected);
}

#[test]
fn an_accepted_rule_is_green_and_named() {
    let accept = ["--accept", "post", "--accept", "state-missing"];
    let printed = test_site(&accept, &python("state-missing"));
    let named =
        "not counted: callback-host (local), callback-port (local), state-missing (accepted)";
    assert_eq!((printed.code, report(&printed)), (Some(0), vec![named]));
}

#[test]
fn an_unknown_rule_is_an_error_that_lists_the_rules() {
    let printed = test_site(&["--accept", "state-huge"], &python("right"));
    assert_eq!(printed.code, Some(2));
    let start = "error: invalid value 'state-huge' for '--accept <RULE>': unknown rule \"state-huge\": expected one of callback-host, ";
    assert!(printed.stderr.starts_with(start), "{}", printed.stderr);
}

/// The whole report of one finding, with its cause.
#[test]
fn the_report_says_what_caused_the_finding_and_how_to_fix_it() {
    let program = "import json, os, urllib.request as r
sim = os.environ['WEIXIN_SIM_URL']
name = r.Request(sim + '/_sim/api/test', b'{\"name\":\"test_login\"}', method='PUT')
r.urlopen(name)
r.urlopen('https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F')";
    let mut weixin = command(&["sim", "exec", "--fail-on-findings", "--log", "--"]);
    weixin.args(["python3", "-c", program]);
    let printed = run(weixin);
    assert_eq!(
        report(&printed),
        [
            "1 GET open.weixin.qq.com/connect/qrconnect 200",
            "state-missing (unsafe) × 1",
            "  WeChat's response: the request is accepted",
            "  Fix: generate a random state for each login and bind it to the browser",
            "  × 1 state= (app wx0123456789abcdef, login 1, request 1, test test_login)",
            "not counted: callback-host (local)",
            "error: 1 finding: fix, or accept by --accept state-missing",
        ]
    );
}

/// With `--json`, standard output stays the program's, and standard error gets one object for each event.
#[test]
fn a_json_log_has_one_line_for_each_step_request_and_finding() {
    let program = "import urllib.request as r
print('of the program')
r.urlopen('https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F')";
    let mut weixin = command(&["--json", "sim", "exec", "--log", "--"]);
    weixin.args(["python3", "-c", program]);
    let printed = run(weixin);
    assert_eq!(
        (printed.code, printed.stdout.as_str()),
        (Some(0), "of the program\n")
    );
    let lines = printed.stderr.lines().filter(|line| line.starts_with('{'));
    let events = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let mut events: Vec<_> = events
        .map(|event| match event["event"].as_str().unwrap() {
            "step" => format!("step {} {}", event["number"], event["step"]),
            "request" => format!("request {} {}", event["number"], event["path"]),
            "finding" => format!("finding {}", event["id"]),
            other => other.to_owned(),
        })
        .collect();
    // The order of events of different kinds depends on when the log looks.
    events.sort();
    let expected = [
        "finding \"callback-host\"",
        "finding \"state-missing\"",
        "request 1 \"/connect/qrconnect\"",
        "step 1 \"opened\"",
    ];
    assert_eq!(events, expected);
}

#[test]
fn the_exit_code_of_the_program_is_not_hidden_by_findings() {
    let open = "import urllib.request as r; r.urlopen('https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F')";
    for (end, code) in [
        ("raise SystemExit(7)", 7),
        ("import os; os.kill(os.getpid(), 15)", 128 + 15),
        ("", 1),
    ] {
        let mut weixin = command(&["sim", "exec", "--fail-on-findings", "--"]);
        weixin.args(["python3", "-c", &format!("{open}\n{end}")]);
        let printed = run(weixin);
        assert_eq!(printed.code, Some(code), "{printed:?}");
        assert!(
            printed.stderr.contains("\nstate-missing (unsafe) × 1\n"),
            "{printed:?}"
        );
    }
}
