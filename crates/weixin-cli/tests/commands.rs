//! Each command against a simulator, as a user types it.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

mod running;

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader, Lines, Read},
    net::TcpListener,
    os::unix::ffi::OsStrExt,
    path::PathBuf,
    process::{Child, ChildStderr},
};

use serde_json::{Value, json};

use self::running::{Printed, Running, closed::closed_port, command, run, weixin};

const CALLBACK: &str = "http://localhost:8080/callback";

fn login_url(sim: &Running) -> String {
    weixin(&["login-url", &sim.option(), "--redirect-uri", CALLBACK])
        .stdout
        .trim()
        .to_owned()
}

/// A code that is not used.
fn code(sim: &Running) -> String {
    let callback = weixin(&["scan", &login_url(sim)]).stdout;
    callback.split(['=', '&']).nth(1).unwrap().to_owned()
}

/// A file with a token, as `exchange --json` prints it.
fn token_file(sim: &Running, name: &str) -> PathBuf {
    let printed = weixin(&["--json", "exchange", &sim.option(), &code(sim)]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.json"));
    fs::write(&file, printed.stdout).unwrap();
    file
}

fn failure(printed: &Printed) -> (Option<i32>, &str) {
    assert_eq!(printed.stdout, "");
    (printed.code, printed.stderr.trim_end())
}

#[test]
fn the_commands_in_a_row_are_a_login() {
    let sim = Running::sim(&[]);
    let file = token_file(&sim, "row");
    let token: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    let (file, sim_option) = (file.to_str().unwrap(), sim.option());
    let (openid, unionid) = (
        token["openid"].as_str().unwrap(),
        token["unionid"].as_str().unwrap(),
    );

    let user = weixin(&["user", &sim_option, "--token", file]);
    let lines: Vec<_> = user.stdout.lines().collect();
    assert_eq!(
        lines[..3],
        [
            "nickname  小明🐼é",
            &format!("OpenID    {openid}"),
            &format!("UnionID   {unionid}")
        ]
    );
    let user = weixin(&["--json", "user", &sim_option, "--token", file]);
    let user: Value = serde_json::from_str(&user.stdout).unwrap();
    assert_eq!(
        (&user["nickname"], &user["openid"]),
        (&json!("小明🐼é"), &json!(openid))
    );

    let check = weixin(&["check", &sim_option, "--token", file]);
    assert_eq!(
        (check.code, check.stdout.as_str()),
        (Some(0), "the access token is valid\n")
    );

    let refreshed = weixin(&["--json", "refresh", &sim_option, "--token", file]);
    let refreshed: Value = serde_json::from_str(&refreshed.stdout).unwrap();
    assert_eq!(refreshed["access_token"], token["access_token"]);
}

#[test]
fn text_hides_the_tokens_and_terminal_codes() {
    let sim = Running::sim(&[]);
    let callback = weixin(&["scan", &login_url(&sim), "--as", "control"]).stdout;
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let exchanged = weixin(&["exchange", &sim.option(), code]);
    assert_eq!(exchanged.code, Some(0));
    assert!(exchanged.stdout.ends_with(
        "scope       snsapi_login\nexpires in  7200 s\ntokens      hidden; --json prints them\n"
    ));
    assert!(!exchanged.stdout.contains("66_"));

    let login = weixin(&["scan", &login_url(&sim), "--as", "control"]).stdout;
    let code = login.split(['=', '&']).nth(1).unwrap();
    let token = weixin(&["--json", "exchange", &sim.option(), code]).stdout;
    let token: Value = serde_json::from_str(&token).unwrap();
    let mut user = command(&[
        "user",
        &sim.option(),
        "--openid",
        token["openid"].as_str().unwrap(),
    ]);
    user.env(
        "WEIXIN_ACCESS_TOKEN",
        token["access_token"].as_str().unwrap(),
    );
    let user = run(user).stdout;
    assert!(
        user.starts_with("nickname  bell� line�break�tab �[31m�\n"),
        "{user:?}"
    );
}

#[test]
fn an_expired_token_has_its_exit_code() {
    let sim = Running::sim(&[]);
    let file = token_file(&sim, "expired");
    advance(&sim, 7200);
    let printed = weixin(&["check", &sim.option(), "--token", file.to_str().unwrap()]);
    assert_eq!(
        failure(&printed),
        (
            Some(3),
            "error: /sns/auth returned 42001 (access_token expired)\n\
             remedy: get a new access token with `weixin refresh`"
        )
    );
    let printed = weixin(&[
        "--json",
        "check",
        &sim.option(),
        "--token",
        file.to_str().unwrap(),
    ]);
    let mut json: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert!(json["wechat"]["rid"].take().is_string());
    assert_eq!(
        json,
        json!({
            "error": "/sns/auth returned 42001 (access_token expired)",
            "remedy": "get a new access token with `weixin refresh`",
            "wechat": { "errcode": 42001, "errmsg": "access_token expired", "path": "/sns/auth", "rid": null },
        })
    );
}

#[test]
fn each_failure_has_its_exit_code_and_says_what_to_do() {
    let sim = Running::sim(&[]);
    let url = login_url(&sim);
    let sim_option = sim.option();
    let closed = closed_port();
    let unreachable = format!("--sim=http://{}", closed.address);
    let unknown_app = weixin(&[
        "login-url",
        &sim_option,
        "--app-id",
        "wx1",
        "--redirect-uri",
        CALLBACK,
    ])
    .stdout;
    let login_remedy = "\nremedy: the user must log in again, such as by `weixin login`";
    let console_remedy =
        "\nremedy: compare app ID, app secret, scope and callback domain with WeChat's console";
    let table: [(&[&str], i32, String); 9] = [
        (&["exchange", &sim_option, "https://www.example.com/callback?code=071&state=s"], 2,
            "error: CODE: expected the code alone, which stands between `code=` and `&` in the callback's URL".to_owned()),
        (&["scan", &url, "--as", "bob"], 2, "error: unknown user: expected one of xiaoming, linxiaoyu, anna, chensiyuan, wanglei, long, layla, noname, control".to_owned()),
        (&["scan", "https://open.weixin.qq.com/connect/qrconnect"], 2,
            "error: https://open.weixin.qq.com is not a simulator: use --sim for one in its place, or open the URL in a browser and scan it with WeChat".to_owned()),
        (&["scan", unknown_app.trim()], 5, "error: the login page rejects this URL: AppID 参数错误".to_owned()),
        (&["exchange", &sim_option, "bogus"], 3, format!("error: /sns/oauth2/access_token returned 40029 (invalid code){login_remedy}")),
        (&["exchange", &sim_option, "--app-id", "wx1", "bogus"], 5, format!("error: /sns/oauth2/access_token returned 40013 (invalid appid){console_remedy}")),
        (&["login-url", &sim_option, "--redirect-uri", "https://www.example.com/", "--probe"], 5,
            format!("error: WeChat's login page rejects the redirect URI: its host must be the registered callback domain, without a port, and not an IP address (redirect_uri 参数错误){console_remedy}")),
        (&["login", &unreachable, "--no-open"], 4,
            "error: could not connect to the server: error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)\nremedy: try again in a moment; if this is a simulator, check that `weixin sim` is running".to_owned()),
        (&["user", &sim_option], 2, "error: no access token: use --token FILE or WEIXIN_ACCESS_TOKEN".to_owned()),
    ];
    for (args, code, text) in table {
        assert_eq!(
            failure(&weixin(args)),
            (Some(code), text.as_str()),
            "{args:?}"
        );
    }
}

#[test]
fn the_app_secret_comes_from_the_environment_or_a_file_and_is_never_shown() {
    let sim = Running::sim(&["--app-id", "wxmine", "--app-secret", "hunter2secret"]);
    let addresses = [
        ("WEIXIN_APP_ID", "wxmine"),
        ("WEIXIN_OPEN_URL", &sim.url),
        ("WEIXIN_API_URL", &sim.url),
    ];
    let with_environment = |args: &[&str], secret: Option<&str>| {
        let mut command = command(args);
        command
            .envs(addresses)
            .envs(secret.map(|secret| ("WEIXIN_APP_SECRET", secret)));
        run(command)
    };
    let code = || {
        let url = with_environment(&["login-url", "--redirect-uri", CALLBACK], None).stdout;
        let callback = weixin(&["scan", url.trim()]).stdout;
        callback.split(['=', '&']).nth(1).unwrap().to_owned()
    };
    assert_eq!(
        with_environment(&["exchange", &code()], Some("hunter2secret")).code,
        Some(0)
    );

    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("secret");
    fs::write(&file, "hunter2secret\n").unwrap();
    let file = file.to_str().unwrap();
    assert_eq!(
        with_environment(&["exchange", "--app-secret-file", file, &code()], None).code,
        Some(0)
    );

    for (args, secret) in [
        (vec!["exchange", "bogus"], Some("hunter2secret")),
        (vec!["exchange", "bogus"], Some("hunter2 secret")),
        (vec!["--json", "exchange", "bogus"], Some("hunter2secret")),
    ] {
        let printed = with_environment(&args, secret);
        assert_ne!(printed.code, Some(0));
        assert!(!format!("{printed:?}").contains("hunter2"), "{printed:?}");
    }
    for none in [None, Some("")] {
        assert_eq!(
            failure(&with_environment(&["exchange", "bogus"], none)),
            (
                Some(2),
                "error: no app secret: use WEIXIN_APP_SECRET or --app-secret-file"
            )
        );
    }
}

#[test]
fn a_secret_that_is_not_utf_8_is_named_and_not_shown() {
    let sim = "--sim=http://127.0.0.1:9300";
    let app = ["exchange", "--app-id", "wxmine", "bogus"];
    for (name, args) in [
        ("WEIXIN_APP_SECRET", &app[..]),
        ("WEIXIN_APP_SECRET", &["exchange", sim, "bogus"]),
        ("WEIXIN_ACCESS_TOKEN", &["user", sim, "--openid", "oA"]),
        ("WEIXIN_REFRESH_TOKEN", &["refresh", sim]),
    ] {
        let mut command = command(args);
        command.env(name, OsStr::from_bytes(b"hunter2\xff"));
        let message = format!("error: {name} is not UTF-8");
        assert_eq!(
            failure(&run(command)),
            (Some(2), message.as_str()),
            "{args:?}"
        );
    }
}

#[test]
fn a_proxy_of_the_environment_is_not_asked_for_this_machine() {
    let sim = Running::sim(&[]);
    let args = [
        "login-url",
        &sim.option(),
        "--redirect-uri",
        CALLBACK,
        "--probe",
    ];
    let mut login_url = command(&args);
    let closed = closed_port();
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"] {
        login_url.env(name, format!("http://{}", closed.address));
    }
    assert_eq!(run(login_url).code, Some(0));
}

#[test]
fn a_login_that_is_canceled_on_the_phone_has_no_callback() {
    let sim = Running::sim(&[]);
    let printed = weixin(&["scan", &login_url(&sim), "--cancel"]);
    assert_eq!(
        (printed.code, printed.stdout.as_str()),
        (Some(0), "canceled: the browser stays on the login page\n")
    );
}

#[test]
fn a_simulator_that_allows_by_itself_needs_no_phone() {
    let sim = Running::sim(&["--auto-allow"]);
    let printed = weixin(&["scan", &login_url(&sim)]);
    assert!(
        printed.stdout.starts_with(&format!("{CALLBACK}?code=071")),
        "{printed:?}"
    );
    let printed = weixin(&["scan", &login_url(&sim), "--cancel"]);
    assert_eq!(
        failure(&printed),
        (
            Some(1),
            "error: this simulator allows every login at once (--auto-allow): there is nothing to scan"
        )
    );
}

#[test]
fn a_configuration_file_is_written_once_and_used() {
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("written.toml");
    let _ = fs::remove_file(&file);
    let name = file.to_str().unwrap();
    let written = weixin(&["sim", "init", name]);
    assert_eq!(
        written.stdout,
        format!("wrote {name}: edit it, then run `weixin sim --config {name}`\n")
    );
    let again = weixin(&["sim", "init", name]);
    assert_eq!(
        failure(&again),
        (
            Some(2),
            format!("error: {name} exists already and is not overwritten: use another name, as in `weixin sim init other.toml`").as_str()
        )
    );

    let text = fs::read_to_string(&file)
        .unwrap()
        .replace("wx0123456789abcdef", "wxmine");
    fs::write(&file, text).unwrap();
    let sim = Running::sim(&["--config", name]);
    let url = weixin(&[
        "login-url",
        &sim.option(),
        "--app-id",
        "wxmine",
        "--redirect-uri",
        CALLBACK,
    ]);
    assert_eq!(weixin(&["scan", url.stdout.trim()]).code, Some(0));

    fs::write(&file, "[[app]]\nid = 1\n").unwrap();
    let rejected = weixin(&["sim", "--config", name]);
    assert_eq!(rejected.code, Some(2));
    assert!(
        rejected.stderr.contains(name) && rejected.stderr.contains("line 2"),
        "{rejected:?}"
    );
}

#[test]
fn ctrl_c_ends_a_simulator_cleanly() {
    let sim = Running::sim(&[]);
    assert_eq!(sim.interrupt(), (Some(0), String::new()));
}

/// A login page, opened without a state.
fn open_without_state(sim: &Running) {
    let url = login_url(sim);
    let (page, _) = url.split_once("&state=").unwrap();
    assert_eq!(status(page), 200);
}

#[test]
fn a_simulator_with_findings_fails_with_fail_on_findings() {
    let sim = Running::sim(&["--fail-on-findings"]);
    weixin(&["scan", &login_url(&sim)]);
    assert_eq!(sim.interrupt(), (Some(0), String::new()));

    let mut sim = Running::sim(&["--fail-on-findings"]);
    open_without_state(&sim);
    let notes = BufReader::new(sim.process.stderr.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let (code, _) = sim.interrupt();
    assert_eq!(code, Some(1));
    let notes: Vec<_> = notes
        .skip_while(|note| !note.starts_with("state-missing"))
        .collect();
    assert_eq!(
        notes,
        [
            "state-missing (unsafe) × 1",
            "  WeChat's response: the request is accepted",
            "  Fix: generate a random state for each login and bind it to the browser",
            "  × 1 state= (app wx0123456789abcdef, login 1, request 1)",
            "not counted: callback-host (local), callback-port (local)",
            "error: 1 finding: fix, or accept by --accept state-missing",
        ]
    );

    let sim = Running::sim(&["--fail-on-findings", "--accept=post,state-missing"]);
    open_without_state(&sim);
    assert_eq!(sim.interrupt().0, Some(0));
}

#[test]
fn findings_of_a_running_simulator_are_printed_and_have_an_exit_code() {
    let sim = Running::sim(&[]);
    let findings = |more: &[&str]| {
        let mut command = command(&["sim", "findings"]);
        command.args(more).env("WEIXIN_SIM_URL", &sim.url);
        run(command)
    };
    let none = findings(&[]);
    assert_eq!(
        (none.code, none.stdout.as_str()),
        (Some(0), "no findings\n")
    );
    weixin(&["scan", &login_url(&sim)]);
    let local = findings(&[]);
    let start = "callback-host (local) × 1\n  WeChat's response: redirect_uri 参数错误 (official account: error 10003)\n";
    assert!(
        local.code == Some(0) && local.stdout.starts_with(start),
        "{local:?}"
    );
    open_without_state(&sim);
    let failing = findings(&["--json"]);
    let json: Vec<Value> = serde_json::from_str(&failing.stdout).unwrap();
    let of = |finding: &Value| (finding["id"].clone(), finding["fails"].clone());
    let of: Vec<_> = json.iter().map(of).collect();
    let expected = [
        ("callback-host", false),
        ("callback-port", false),
        ("state-missing", true),
    ]
    .map(|(id, fails)| (json!(id), json!(fails)));
    assert_eq!((failing.code, of), (Some(1), expected.to_vec()));

    let closed = closed_port();
    let elsewhere = findings(&["--sim", &format!("http://{}", closed.address)]);
    assert_eq!(elsewhere.code, Some(4), "{elsewhere:?}");
}

#[test]
fn a_login_from_the_terminal_causes_local_findings_only() {
    let sim = Running::sim(&["--fail-on-findings"]);
    let login = TerminalLogin::start(&["login", &sim.option(), "--no-open"]);
    // The page is opened by a browser, reloaded, and scanned.
    assert_eq!((status(&login.url), status(&login.url)), (200, 200));
    let callback = weixin(&["scan", &login.url]).stdout;
    assert_eq!(status(callback.trim()), 200);
    assert!(login.process.wait_with_output().unwrap().status.success());
    assert_eq!(sim.interrupt().0, Some(0));
}

#[test]
fn a_simulator_prints_what_a_newcomer_needs_and_no_secret_of_a_file() {
    let mut sim = Running::sim(&["--log"]);
    let url = sim.url.clone();
    let notes = BufReader::new(sim.process.stderr.take().unwrap()).lines();
    let mut notes = notes.map(Result::unwrap);
    let first: Vec<_> = notes.by_ref().take(7).collect();
    assert_eq!(
        first,
        [
            "A WeChat simulator, for development and tests only: anyone who can reach it can log in as any user.".to_owned(),
            format!("dashboard   {url}/_sim/"),
            format!("phone       {url}/_sim/phone"),
            "app ID      wx0123456789abcdef".to_owned(),
            format!("app secret  {}", "s".repeat(32)),
            format!("In your program, use {url} instead of https://open.weixin.qq.com and https://api.weixin.qq.com,"),
            "or run it unchanged: weixin sim exec -- COMMAND".to_owned(),
        ]
    );
    weixin(&["exchange", &sim.option(), "bogus"]);
    let host = url.strip_prefix("http://").unwrap();
    assert_eq!(
        notes.next().unwrap(),
        format!("1 GET {host}/sns/oauth2/access_token 200 40029")
    );

    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("real.toml");
    fs::write(&file, "[[app]]\nid = \"wxreal\"\nsecret = \"hunter2\"\n").unwrap();
    let sim = Running::sim(&["--config", file.to_str().unwrap()]);
    running::interrupt(&sim.process);
    let mut sim = sim;
    let mut text = String::new();
    let mut stderr = sim.process.stderr.take().unwrap();
    stderr.read_to_string(&mut text).unwrap();
    assert!(
        text.contains("wxreal") && !text.contains("hunter2"),
        "{text}"
    );
}

#[test]
fn a_switch_of_the_environment_is_heard_as_people_write_it() {
    for (value, allows) in [
        ("1", true),
        ("true", true),
        ("yes", true),
        ("0", false),
        ("no", false),
    ] {
        let mut weixin = command(&["sim", "exec", "--", env!("CARGO_BIN_EXE_weixin")]);
        let url = "https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&scope=snsapi_login&redirect_uri=http%3A%2F%2Flocalhost%2F&state=s";
        // Nothing is left to scan if the login page redirects at once.
        weixin.args(["scan", "--sim", "--cancel", url]);
        weixin.env("WEIXIN_SIM_AUTO_ALLOW", value);
        let printed = run(weixin);
        assert_eq!(
            printed.code,
            Some(i32::from(allows)),
            "{value}: {printed:?}"
        );
    }
    let mut weixin = command(&["sim", "--listen=0"]);
    weixin.env("WEIXIN_SIM_AUTO_ALLOW", "perhaps");
    let printed = run(weixin);
    assert_eq!(printed.code, Some(2));
    assert!(printed.stderr.contains("expected 1 or 0"), "{printed:?}");
}

#[test]
fn sim_wins_over_the_environment_and_without_a_value_is_the_simulator_of_the_environment() {
    let running = "http://127.0.0.1:1";
    let login_url = |options: &[&str], environment: &[(&str, &str)]| {
        let mut weixin = command(&["login-url", "--redirect-uri", CALLBACK]);
        weixin.args(options).envs(environment.iter().copied());
        let printed = run(weixin);
        let host = printed.stdout.split("/connect/").next().unwrap().to_owned();
        (host, printed.stderr)
    };
    let of_exec = [
        ("WEIXIN_SIM_URL", running),
        ("WEIXIN_OPEN_URL", "http://127.0.0.1:2"),
        ("WEIXIN_API_URL", "http://127.0.0.1:2"),
        ("WEIXIN_APP_ID", "wx1"),
    ];
    for (options, environment, expected) in [
        (&["--sim"][..], &of_exec[..], running),
        (
            &["--sim=http://127.0.0.1:3"],
            &of_exec,
            "http://127.0.0.1:3",
        ),
        (
            &["--open-url=http://127.0.0.1:3"],
            &of_exec,
            "http://127.0.0.1:3",
        ),
        (&[], &of_exec, "http://127.0.0.1:2"),
        (&[], &of_exec[..1], running),
        (&["--sim"], &[], "http://127.0.0.1:9300"),
    ] {
        assert_eq!(
            login_url(options, environment),
            (expected.to_owned(), String::new()),
            "{options:?}"
        );
    }
    let (_, error) = login_url(&["--sim"], &[("WEIXIN_SIM_URL", "nowhere")]);
    assert!(
        error.starts_with("error: WEIXIN_SIM_URL: not a valid origin"),
        "{error}"
    );
    let both = ["--sim", "--open-url=http://127.0.0.1:3"];
    assert!(login_url(&both, &[]).1.contains("cannot be used with"));
}

#[test]
fn ctrl_c_ends_a_demo_cleanly() {
    let mut demo = command(&["demo", "--no-open", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    assert!(lines.next().unwrap().starts_with("open http://127.0.0.1:"));
    running::interrupt(&demo);
    assert_eq!(demo.wait().unwrap().code(), Some(0));
}

#[test]
fn ctrl_c_ends_a_login_and_says_that_it_was_interrupted() {
    let sim = Running::sim(&[]);
    let mut login = TerminalLogin::start(&["login", &sim.option(), "--no-open"]);
    running::interrupt(&login.process);
    assert_eq!(login.process.wait().unwrap().code(), Some(1));
    assert_eq!(
        login.note(),
        "error: interrupted before the login was complete"
    );
}

#[test]
fn a_port_in_use_is_named_with_what_to_do() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    for command in ["sim", "demo"] {
        let text = format!(
            "error: cannot listen on {address}: port {} is in use. To use any free port: weixin {command} --listen 127.0.0.1:0",
            address.port()
        );
        let printed = weixin(&[command, "--listen", &address.to_string()]);
        assert_eq!(failure(&printed), (Some(1), text.as_str()), "{command}");
    }
}

/// `weixin login`, waiting at its callback.
struct TerminalLogin {
    process: Child,
    notes: Lines<BufReader<ChildStderr>>,
    url: String,
    callback: String,
    /// The address of `--listen`.
    listening: Option<String>,
}

impl TerminalLogin {
    fn start(args: &[&str]) -> Self {
        let mut process = command(args).spawn().unwrap();
        let mut notes = BufReader::new(process.stderr.take().unwrap()).lines();
        let mut note = |start| {
            let line = notes.next().unwrap().unwrap();
            line.strip_prefix(start)
                .unwrap_or_else(|| panic!("{line}"))
                .to_owned()
        };
        let (url, waiting) = (note("open "), note("waiting for "));
        let waiting = waiting.strip_suffix(" (Ctrl-C ends)").unwrap();
        let (callback, listening) = match waiting.split_once(", listening on ") {
            Some((callback, address)) => (callback, Some(address.to_owned())),
            None => (waiting, None),
        };
        Self {
            process,
            notes,
            url,
            callback: callback.to_owned(),
            listening,
        }
    }

    fn note(&mut self) -> String {
        self.notes.next().unwrap().unwrap()
    }
}

#[test]
fn a_url_of_wechat_itself_is_scanned_on_the_simulator_in_its_place() {
    let sim = Running::sim(&[]);
    let address =
        login_url(&sim).replace(&sim.url, "https://open.weixin.qq.com") + "#wechat_redirect";
    let printed = weixin(&["scan", &sim.option(), &address, "--as", "layla"]);
    assert!(
        printed.stdout.starts_with(&format!("{CALLBACK}?code=")),
        "{printed:?}"
    );
}

#[test]
fn a_login_from_the_terminal_prints_the_user_and_ignores_other_callbacks() {
    let sim = Running::sim(&[]);
    let login = TerminalLogin::start(&["login", &sim.option(), "--no-open"]);
    assert!(
        login.callback.starts_with("http://127.0.0.1:"),
        "{}",
        login.callback
    );
    let callback = weixin(&["scan", &login.url, "--as", "layla"])
        .stdout
        .trim()
        .to_owned();
    assert_eq!(status(&callback.replace("state=", "state=x")), 403);
    assert_eq!(status(&callback), 200);
    let output = login.process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.starts_with("nickname  ليلى بنت أحمد (layla)\n"),
        "{text}"
    );
}

#[test]
fn a_callback_may_have_any_path() {
    let sim = Running::sim(&[]);
    let redirect_uri = "http://localhost/:a/*b/{c}";
    let mut login = TerminalLogin::start(&[
        "login",
        &sim.option(),
        "--no-open",
        "--redirect-uri",
        redirect_uri,
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(login.callback, redirect_uri);
    let here = format!("http://{}", login.listening.as_ref().unwrap());
    let callback = weixin(&["scan", &login.url]).stdout;
    let callback = callback.trim().replace("http://localhost", &here);
    assert_eq!(status(&callback.replace(":a", ":b")), 404);
    assert_eq!(status(&callback), 200);
    assert_eq!(login.process.wait().unwrap().code(), Some(0));
}

#[test]
fn a_login_that_was_declined_has_its_exit_code() {
    let sim = Running::sim(&[]);
    let mut login = TerminalLogin::start(&["login", &sim.option(), "--no-open"]);
    let state = login
        .url
        .split("state=")
        .nth(1)
        .unwrap()
        .split('#')
        .next()
        .unwrap();
    assert_eq!(status(&format!("{}?state={state}", login.callback)), 200);
    assert_eq!(login.process.wait().unwrap().code(), Some(3));
    assert_eq!(login.note(), "error: the user declined the login");
}

#[test]
fn the_demo_logs_why_a_login_failed_and_no_secret() {
    let mut demo = command(&["demo", "--no-open", "--listen", "127.0.0.1:0"])
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let site = lines
        .next()
        .unwrap()
        .strip_prefix("open ")
        .unwrap()
        .to_owned();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let page = runtime.block_on(async {
        let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        let client = client.build().unwrap();
        let login = client.get(format!("{site}login")).send().await.unwrap();
        let header = |name| login.headers()[name].to_str().unwrap();
        let cookie = header("set-cookie").split(';').next().unwrap().to_owned();
        let state = header("location").split("state=").nth(1).unwrap();
        let state = state.split(['&', '#']).next().unwrap();
        let callback = format!("{site}callback?code=hunter2&state={state}");
        let failed = client.get(callback).header("cookie", cookie).send().await;
        let path = failed.unwrap().headers()["location"]
            .to_str()
            .unwrap()
            .to_owned();
        let page = client.get(format!("{site}{}", path.trim_start_matches('/')));
        page.send().await.unwrap().status()
    });
    assert_eq!(page, 410);
    running::interrupt(&demo);
    let log = String::from_utf8(demo.wait_with_output().unwrap().stderr).unwrap();
    assert!(log.contains("40029 (invalid code)"), "{log}");
    assert!(
        !log.contains("hunter2") && !log.contains(&"s".repeat(32)),
        "{log}"
    );
}

/// The status that a browser gets at `url`.
fn status(url: &str) -> u16 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async { reqwest::get(url).await.unwrap().status().as_u16() })
}

fn advance(sim: &Running, seconds: u64) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = format!("{}/_sim/api/clock", sim.url);
        let request = reqwest::Client::builder().build().unwrap().post(url);
        let response = request
            .json(&json!({ "advance_seconds": seconds }))
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200);
    });
}

#[test]
fn the_whole_table_of_codes_is_printed_as_json() {
    let printed = weixin(&["explain", "--all", "--json"]);
    let table: Vec<Value> = serde_json::from_str(&printed.stdout).unwrap();
    let text = weixin(&["explain", "--all", "--lang", "zh"]).stdout;
    assert_eq!((printed.code, table.len()), (Some(0), text.lines().count()));
    for row in &table {
        let line = format!(
            "{:>5}  {}",
            row["code"].to_string(),
            row["cause"]["zh"].as_str().unwrap()
        );
        assert!(text.lines().any(|printed| printed == line), "{line}");
    }
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let full = || fs::File::options().write(true).open("/dev/full").unwrap();
    let mut explain = command(&["explain", "40163"]);
    explain.stdout(full());
    let error = "error: cannot write to standard output: No space left on device (os error 28)";
    assert_eq!(failure(&run(explain)), (Some(1), error));
    for args in [&["explain", "40163"][..], &["completions", "bash"]] {
        let mut command = command(args);
        command.stdout(full()).stderr(full());
        let status = command.status().unwrap();
        assert_eq!(status.code(), Some(1), "{args:?}");
    }
}

#[test]
fn explain_without_a_code_lists_all() {
    let all = weixin(&["explain", "--all", "--lang", "en"]);
    assert_eq!(weixin(&["explain", "--lang", "en"]), all);
    assert!(all.stdout.contains("\n40163  "), "{all:?}");
}

#[test]
fn completions_and_manual_pages_contain_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let printed = weixin(&["completions", shell]);
        assert_eq!((printed.code, printed.stderr.as_str()), (Some(0), ""));
        assert!(printed.stdout.contains("authorize-url"), "{shell}");
    }
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("man");
    let _ = fs::remove_dir_all(&directory);
    let printed = weixin(&["man", directory.to_str().unwrap()]);
    assert_eq!(printed.code, Some(0), "{printed:?}");
    for page in ["weixin.1", "weixin-doctor.1", "weixin-sim-exec.1"] {
        let page = fs::read_to_string(directory.join(page)).unwrap();
        assert!(page.starts_with(".ie "), "{page}");
    }
}
