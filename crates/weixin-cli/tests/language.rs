//! Help and errors in Chinese and English, on terminals and in pipes.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "these tests interrupt no command")]
mod running;

use std::{
    fs,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use self::running::{Printed, Running, closed::closed_port, command, run, weixin};

/// The lines of commands that have a help page.
const COMMANDS: [&str; 25] = [
    "",
    "demo",
    "sim",
    "sim init",
    "sim exec",
    "sim findings",
    "sim health",
    "sim phone",
    "sim compare",
    "scan",
    "login",
    "login-url",
    "authorize-url",
    "exchange",
    "refresh",
    "check",
    "user",
    "session",
    "phone-number",
    "app-token",
    "doctor",
    "explain",
    "completions",
    "man",
    "--json sim",
];

/// Standard error of a command that fails because of its command line.
fn rejected(line: &[&str], language: &str) -> String {
    let printed = weixin(&[&["--lang", language], line].concat());
    assert_eq!((printed.code, printed.stdout.as_str()), (Some(2), ""));
    printed.stderr
}

/// The columns that a text takes, as terminals show it.
fn columns(line: &str) -> usize {
    let wide =
        |c: &char| ('\u{2e80}'..='\u{9fff}').contains(c) || ('\u{ff00}'..='\u{ff60}').contains(c);
    line.chars().count() + line.chars().filter(wide).count()
}

#[test]
fn the_help_of_each_command_fits_a_terminal_of_80_columns() {
    for line in COMMANDS {
        for language in ["zh", "en"] {
            let mut help = command(&["--lang", language, "--help"]);
            help.args(line.split_whitespace()).env("COLUMNS", "80");
            let help = run(help);
            assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{line}");
            let long: Vec<_> = help
                .stdout
                .lines()
                .filter(|line| columns(line) > 80)
                .collect();
            assert_eq!(long, <[&str; 0]>::default(), "{line}");
            assert_eq!(help.stdout.contains("用法："), language == "zh", "{line}");
        }
    }
}

#[test]
fn long_lines_of_help_end_where_a_narrow_terminal_does() {
    let mut help = command(&["explain", "--help", "--lang=zh"]);
    help.env("COLUMNS", "44");
    let help = run(help).stdout;
    let start: Vec<_> = help.lines().take(11).collect();
    assert_eq!(
        start,
        [
            "解释微信错误码的原因和处理办法",
            "",
            "用法：weixin explain [选项] [CODE]",
            "",
            "参数：",
            "  [CODE]  错误码（例如 40163）、登录页上的数",
            "          字，或包含 errcode 的完整响应；不",
            "          写则列出所有错误码",
            "",
            "选项：",
            "  --all  列出所有已知的错误码",
        ]
    );
}

#[test]
fn the_language_is_that_of_the_option_or_of_the_terminal() {
    let is_chinese = |variables: &[(&str, &str)], args: &[&str]| {
        let mut help = command(args);
        help.arg("--help").envs(variables.iter().copied());
        run(help).stdout.contains("用法：")
    };
    for (variables, chinese) in [
        (&[("LANG", "zh_CN.UTF-8")][..], true),
        (&[("LANG", "zh")], true),
        (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "C")], false),
        (&[("LANG", "C"), ("LC_MESSAGES", "zh_TW")], true),
        (&[("LANG", "zh_CN.UTF-8"), ("LC_ALL", "")], true),
        (&[("LANG", "de_DE.UTF-8")], false),
        (&[], false),
    ] {
        assert_eq!(is_chinese(variables, &["user"]), chinese, "{variables:?}");
    }
    let chinese = [("LANG", "zh_CN.UTF-8")];
    assert!(!is_chinese(&chinese, &["user", "--lang", "en"]));
    assert!(is_chinese(&[], &["--lang=zh", "sim", "exec"]));
}

/// Command lines that are wrong, with what is printed in Chinese and in English.
const REJECTED: [(&[&str], &str, &str); 9] = [
    (
        &["sim", "--listn", "1"],
        "错误：没有“--listn”这个参数\n\n  提示：有相近的参数：--listen\n\n\
             用法：weixin sim --listen <ADDRESS>\n\n详细说明见 --help。\n",
        "error: unexpected argument '--listn' found\n\n  tip: a similar argument exists: '--listen'\n\n\
             Usage: weixin sim --listen <ADDRESS>\n\nFor more information, try '--help'.\n",
    ),
    (
        &["explian"],
        "错误：没有“explian”这个命令\n\n  提示：有相近的命令：explain\n\n\
             用法：weixin [选项] <命令>\n\n详细说明见 --help。\n",
        "error: unrecognized subcommand 'explian'\n\n  tip: a similar subcommand exists: 'explain'\n\n\
             Usage: weixin [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.\n",
    ),
    (
        &["demo", "--listen", "here"],
        "错误：--listen <ADDRESS> 的值“here”无效：应为 IP 地址和端口，或本机的端口，例如 127.0.0.1:8080 或 8080\n\n\
             详细说明见 --help。\n",
        "error: invalid value 'here' for '--listen <ADDRESS>': expected an IP address and a port, or a port of this machine, such as 127.0.0.1:8080 or 8080\n\n\
             For more information, try '--help'.\n",
    ),
    (
        &["check", "--openid", "a b"],
        "错误：--openid <OPENID> 的值“a b”无效：应为 1 到 128 个字符，只能包含 [A-Za-z0-9_-]\n\n详细说明见 --help。\n",
        "error: invalid value 'a b' for '--openid <OPENID>': not a valid OpenID: expected 1 to 128 characters from [A-Za-z0-9_-]\n\n\
             For more information, try '--help'.\n",
    ),
    (
        &["doctor", "--kind", "web"],
        "错误：--kind <KIND> 的值“web”无效\n  [可选值：website、official-account、mobile、mini-program]\n\n  \
             提示：有相近的值：website\n\n详细说明见 --help。\n",
        "error: invalid value 'web' for '--kind <KIND>'\n  [possible values: website, official-account, mobile, mini-program]\n\n  \
             tip: a similar value exists: 'website'\n\nFor more information, try '--help'.\n",
    ),
    (
        &["login-url", "--sim"],
        "错误：缺少必需的参数：\n  --redirect-uri <URI>\n\n\
             用法：weixin login-url --redirect-uri <URI> --sim[=<URL>]\n\n详细说明见 --help。\n",
        "error: the following required arguments were not provided:\n  --redirect-uri <URI>\n\n\
             Usage: weixin login-url --redirect-uri <URI> --sim[=<URL>]\n\nFor more information, try '--help'.\n",
    ),
    (
        &["explain", "40163", "--all"],
        "错误：参数 [CODE] 不能与 --all 同时使用\n\n用法：weixin explain <CODE>\n\n详细说明见 --help。\n",
        "error: the argument '[CODE]' cannot be used with '--all'\n\n\
             Usage: weixin explain <CODE>\n\nFor more information, try '--help'.\n",
    ),
    (
        &["exchange", "-x"],
        "错误：没有“-x”这个参数\n\n  提示：如果“-x”是一个值，请写成 -- -x\n\n\
             用法：weixin exchange [选项] <CODE>\n\n详细说明见 --help。\n",
        "error: unexpected argument '-x' found\n\n  tip: to pass '-x' as a value, use '-- -x'\n\n\
             Usage: weixin exchange [OPTIONS] <CODE>\n\nFor more information, try '--help'.\n",
    ),
    (
        &["sim", "exec", "python", "app.py"],
        "错误：没有“python”这个参数\n\n  提示：要运行的程序写在 -- 之后：weixin --lang zh sim exec -- python app.py\n\n\
             用法：weixin sim exec [选项] -- <命令>...\n\n详细说明见 --help。\n",
        "error: unexpected argument 'python' found\n\n  tip: the command comes after --: weixin --lang en sim exec -- python app.py\n\n\
             Usage: weixin sim exec [OPTIONS] -- <COMMAND>...\n\nFor more information, try '--help'.\n",
    ),
];

#[test]
fn each_kind_of_a_wrong_command_line_is_explained_in_both_languages() {
    for (line, chinese, english) in REJECTED {
        assert_eq!(rejected(line, "zh"), chinese);
        assert_eq!(rejected(line, "en"), english);
    }
}

#[test]
fn the_options_of_every_command_are_accepted_anywhere() {
    let expected = weixin(&[
        "--lang",
        "zh",
        "--json",
        "sim",
        "health",
        "--sim",
        "http://127.0.0.1:1",
    ]);
    assert_eq!(expected.code, Some(1), "{expected:?}");
    for line in [
        [
            "sim",
            "--lang",
            "zh",
            "--json",
            "health",
            "--sim",
            "http://127.0.0.1:1",
        ],
        [
            "sim",
            "health",
            "--sim",
            "http://127.0.0.1:1",
            "--json",
            "--lang",
            "zh",
        ],
    ] {
        assert_eq!(weixin(&line), expected, "{line:?}");
    }
    let help = weixin(&["sim", "--lang=zh", "phone", "--help"]);
    assert!(
        help.stdout.contains("\n用法：weixin sim phone "),
        "{help:?}"
    );
}

#[test]
fn an_option_that_a_command_does_not_use_is_rejected_and_not_listed() {
    for (line, option) in [
        (&["exchange", "CODE"][..], "--open-url"),
        (&["refresh"], "--open-url"),
        (&["user"], "--open-url"),
        (&["session", "CODE"], "--open-url"),
        (&["login-url"], "--api-url"),
        (&["authorize-url"], "--api-url"),
    ] {
        let url = [option, "http://127.0.0.1:1"];
        let error = rejected(&[line, &url].concat(), "en");
        let expected = format!(
            "error: invalid value 'http://127.0.0.1:1' for '{option} <URL>': this command does not use it\n\n\
             For more information, try '--help'.\n"
        );
        assert_eq!(error, expected, "{line:?}");
        let help = weixin(&[line[0], "--help"]).stdout;
        assert!(!help.contains(option), "{help}");
    }
}

#[test]
fn errors_of_a_command_are_in_both_languages() {
    let table: [(&[&str], i32, &str, &str); 5] = [
        (
            &["user", "--sim"],
            2,
            "错误：缺少 access_token：请用 --token FILE 或 WEIXIN_ACCESS_TOKEN 指定\n",
            "error: no access token: use --token FILE or WEIXIN_ACCESS_TOKEN\n",
        ),
        (
            &["check", "--token", "missing.json"],
            2,
            "错误：无法读取 missing.json：文件或目录不存在\n",
            "error: cannot read missing.json: No such file or directory (os error 2)\n",
        ),
        (
            &["exchange", "--sim", "a code"],
            2,
            "错误：code 无效：应为 1 到 2048 个可见的 ASCII 字符，不含空格和换行\n",
            "error: not a valid code: expected 1 to 2048 visible ASCII characters, without spaces or line breaks\n",
        ),
        (
            &["explain", "99999"],
            1,
            "错误：错误码 99999 未收录：请看同一响应中的 errmsg，或查询微信文档的全局返回码。\n",
            "error: 99999 is not a known code: read the errmsg next to it, or look it up in WeChat's documentation (全局返回码).\n",
        ),
        (
            &[
                "login",
                "--app-id",
                "wx1",
                "--redirect-uri",
                "http://localhost:1/",
            ],
            2,
            "错误：缺少 AppSecret：请用 WEIXIN_APP_SECRET 或 --app-secret-file 指定\n",
            "error: no app secret: use WEIXIN_APP_SECRET or --app-secret-file\n",
        ),
    ];
    for (line, code, chinese, english) in table {
        for (language, text) in [("zh", chinese), ("en", english)] {
            let printed = weixin(&[&["--lang", language], line].concat());
            let expected = Printed {
                code: Some(code),
                stdout: String::new(),
                stderr: text.to_owned(),
            };
            assert_eq!(printed, expected);
        }
    }
}

#[test]
fn an_error_of_a_configuration_file_is_in_both_languages() {
    let file = concat!(env!("CARGO_TARGET_TMPDIR"), "/two-languages.toml");
    fs::write(file, "[[app]]\nid = \"wx1\"\nsecret = \"\"\n").unwrap();
    let errors = ["zh", "en"].map(|language| rejected(&["sim", "--config", file], language));
    assert_eq!(
        errors,
        [
            format!("错误：{file}：第 1 行：应用 \"wx1\"：`secret` 不能为空\n"),
            format!("error: {file}: line 1: app \"wx1\": `secret` must not be empty\n"),
        ]
    );
}

/// A command against a simulator, in Chinese.
fn in_chinese(sim: &Running, line: &[&str]) -> Printed {
    let mut command = command(line);
    command
        .args(["--lang", "zh"])
        .env("WEIXIN_SIM_URL", &sim.url);
    run(command)
}

#[test]
fn results_and_findings_are_in_chinese() {
    let sim = Running::sim(&["--seed=1"]);
    let url = weixin(&[
        "login-url",
        &sim.option(),
        "--redirect-uri",
        "http://localhost:8080/callback",
    ]);
    let canceled = in_chinese(&sim, &["scan", url.stdout.trim(), "--cancel"]);
    assert_eq!(canceled.stdout, "已取消：浏览器停留在登录页\n");
    let callback = in_chinese(&sim, &["scan", url.stdout.trim()]).stdout;
    let code = callback.split(['=', '&']).nth(1).unwrap();
    let exchanged = in_chinese(&sim, &["exchange", code]).stdout;
    let rows: Vec<_> = exchanged.lines().skip(2).collect();
    assert_eq!(
        rows,
        [
            "scope    snsapi_login",
            "有效期   7200 秒",
            "token    access_token 和 refresh_token 已隐藏，用 --json 查看",
        ]
    );
    let findings = in_chinese(&sim, &["sim", "findings"]);
    let start = "callback-host（仅限本机） × 2\n  微信的响应：redirect_uri 参数错误（公众号：错误码 10003）\n  修改方法：";
    assert!(findings.stdout.starts_with(start), "{findings:?}");
    let end = "（应用 wx0123456789abcdef，登录 1，请求 1）\n2 个问题，其中 0 个会使测试失败\n";
    assert!(findings.stdout.ends_with(end), "{findings:?}");
}

#[test]
fn a_call_that_the_simulator_rejects_is_explained_in_chinese() {
    let sim = Running::sim(&[]);
    let url = weixin(&[
        "login-url",
        &sim.option(),
        "--redirect-uri",
        "http://localhost:8080/callback",
    ]);
    let scan = in_chinese(&sim, &["scan", url.stdout.trim(), "--as", "bob"]);
    let mut world = command(&["--lang", "zh", "sim", "exec"]);
    world.args(["--sim", &sim.url, "--world", "A", "--", "true"]);
    let world = run(world);
    assert_eq!(
        [scan.stderr, world.stderr],
        [
            "错误：没有这个用户，可用的用户有 xiaoming, linxiaoyu, anna, chensiyuan, wanglei, long, layla, noname, control\n".to_owned(),
            format!("错误：{}/：id：应为 1 到 64 个字符，只能包含 a-z、0-9 和 -\n", sim.url),
        ]
    );
}

#[test]
fn errors_of_calls_are_in_chinese_with_their_remedy() {
    let sim = Running::sim(&[]);
    let closed = closed_port();
    let unreachable = format!("--sim=http://{}", closed.address);
    let refused = "error sending request: client error (Connect): tcp connect error: Connection refused (os error 111)";
    let table: [(&[&str], i32, String); 5] = [
        (
            &["exchange", "bogus"],
            3,
            "错误：/sns/oauth2/access_token 返回 40029（invalid code）\n\
             处理办法：请让用户重新登录，例如使用 `weixin login`\n"
                .to_owned(),
        ),
        (
            &["exchange", "--app-id", "wx1", "bogus"],
            5,
            "错误：/sns/oauth2/access_token 返回 40013（invalid appid）\n\
             处理办法：请与微信后台核对 AppID、AppSecret、scope 和授权回调域\n"
                .to_owned(),
        ),
        (
            &["exchange", &unreachable, "bogus"],
            4,
            format!(
                "错误：无法连接服务器：{refused}\n\
                 处理办法：请稍后重试；如果使用模拟器，请确认 `weixin sim` 正在运行\n"
            ),
        ),
        (
            &["scan", "https://open.weixin.qq.com/connect/qrconnect"],
            5,
            "错误：登录页拒绝了该 URL：AppID 参数错误\n".to_owned(),
        ),
        (
            &["demo", "--listen", sim.url.trim_start_matches("http://")],
            1,
            format!(
                "错误：无法监听 {address}：端口 {port} 已被占用。改用任意空闲端口：weixin demo --listen 127.0.0.1:0\n",
                address = sim.url.trim_start_matches("http://"),
                port = sim.url.rsplit(':').next().unwrap(),
            ),
        ),
    ];
    for (line, code, text) in table {
        let printed = in_chinese(&sim, line);
        let expected = Printed {
            code: Some(code),
            stdout: String::new(),
            stderr: text,
        };
        assert_eq!(printed, expected, "{line:?}");
    }
}

#[test]
fn a_wrong_command_line_is_json_with_json_and_the_same_in_both_languages() {
    let json = |line: &[&str]| {
        let both = ["zh", "en"].map(|language| {
            let printed = weixin(&[&["--json", "--lang", language], line].concat());
            assert_eq!((printed.code, printed.stderr.as_str()), (Some(2), ""));
            serde_json::from_str::<Value>(&printed.stdout).unwrap()
        });
        assert_eq!(both[0], both[1]);
        both[0].clone()
    };
    assert_eq!(
        json(&["login-url"]),
        json!({
            "error": "the following required arguments were not provided: --redirect-uri <URI>",
            "remedy": null,
            "wechat": null,
        })
    );
    assert_eq!(
        json(&["sim", "--listn"])["error"],
        "unexpected argument '--listn' found"
    );
    assert_eq!(
        json(&["sim", "--listen", "0.0.0.0:0"])["error"],
        "--listen 0.0.0.0:0: other machines can reach it, and log in as any user. \
         Use 127.0.0.1, or add --i-know-this-is-not-wechat"
    );
}

#[test]
fn a_pipe_whose_reader_has_ended_ends_the_command_quietly() {
    for args in [
        &["completions", "zsh"][..],
        &["--help"],
        &["explain"],
        &["explain", "--json"],
    ] {
        // More than a pipe holds, or the reader ends before anything is written.
        let mut process = command(args).stdout(Stdio::piped()).spawn().unwrap();
        drop(process.stdout.take());
        let output = process.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stderr).unwrap(), "", "{args:?}");
    }
    let mut process = command(&["completions", "zsh"]).spawn().unwrap();
    let mut first = String::new();
    let mut stdout = BufReader::new(process.stdout.take().unwrap());
    stdout.read_line(&mut first).unwrap();
    drop(stdout);
    let output = process.wait_with_output().unwrap();
    assert_eq!(
        (first.as_str(), output.stderr.as_slice()),
        ("#compdef weixin\n", &[][..])
    );
}

#[test]
fn a_full_disk_is_an_error_in_both_languages() {
    for (language, error) in [
        ("zh", "错误：无法写入标准输出：磁盘空间不足\n"),
        (
            "en",
            "error: cannot write to standard output: No space left on device (os error 28)\n",
        ),
    ] {
        for args in [
            &["--help"][..],
            &["--version"],
            &["explain", "40163"],
            &["completions", "fish"],
        ] {
            let full = fs::File::options().write(true).open("/dev/full").unwrap();
            let mut full_disk = command(&["--lang", language]);
            full_disk.args(args).stdout(full);
            let printed = run(full_disk);
            assert_eq!(
                (printed.code, printed.stderr.as_str()),
                (Some(1), error),
                "{args:?}"
            );
        }
    }
}

#[test]
fn color_is_for_terminals_and_obeys_the_variables_and_the_option() {
    let has_color = |variables: &[(&str, &str)], args: &[&str]| {
        let with = |rest: &[&str]| {
            let mut command = command(&[args, rest].concat());
            for name in ["CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR"] {
                command.env_remove(name);
            }
            command.envs(variables.iter().copied());
            run(command)
        };
        let (help, error) = (with(&["--help"]).stdout, with(&["explain", "x"]).stderr);
        let is_colored = [help, error].map(|text| text.contains('\u{1b}'));
        assert_eq!(is_colored[0], is_colored[1], "{variables:?} {args:?}");
        is_colored[0]
    };
    for (variables, args, expected) in [
        (&[][..], &[][..], false),
        (&[("CLICOLOR_FORCE", "1")], &[], true),
        (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], &[], false),
        (&[], &["--color", "always"], true),
        (&[("NO_COLOR", "1")], &["--color=always"], true),
        (&[("CLICOLOR_FORCE", "1")], &["--color", "never"], false),
        (&[], &["--color", "always", "--lang", "zh"], true),
    ] {
        assert_eq!(
            has_color(variables, args),
            expected,
            "{variables:?} {args:?}"
        );
    }
}

/// Standard output of a command in a terminal of this width.
fn in_terminal(line: &str, columns: &str) -> String {
    let program = env!("CARGO_BIN_EXE_weixin");
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--command"])
        .arg(format!("{program} {line}"))
        .arg("/dev/null")
        .stdin(Stdio::null())
        .env("TERM", "xterm")
        .env("COLUMNS", columns);
    for name in ["CLICOLOR", "CLICOLOR_FORCE", "NO_COLOR"] {
        script.env_remove(name);
    }
    let output = script.output().unwrap();
    String::from_utf8(output.stdout).unwrap().replace('\r', "")
}

#[test]
fn an_explanation_has_lines_of_the_terminals_width_and_one_line_in_a_pipe() {
    assert_eq!(
        in_terminal("--color never explain --lang zh 40163", "60"),
        "40163  code been used\n\n\
         原因\n  这个 code 已被使用；每个 code 只能使用一次。\n\n\
         处理办法\n  不要用同一个 code 重试，请让用户重新登录。如果用户正常登录\n  \
         也出现这个错误，说明回调被访问了两次（后退、预加载、微信自\n  \
         身的重复跳转）：请对第二次请求返回第一次的结果，在微信内再\n  \
         加上 connect_redirect=1。\n\n\
         出现位置\n  /sns/oauth2/access_token, /sns/jscode2session\n\n\
         程序应当：让用户重新登录；责任方：开发者\n"
    );
    let colored = in_terminal("explain --lang en 40163", "60");
    assert!(
        colored.starts_with("\u{1b}[1m40163  code been used\u{1b}[0m\n"),
        "{colored:?}"
    );
    let mut piped = command(&["explain", "40163"]);
    piped.env("COLUMNS", "60");
    assert_eq!(run(piped).stdout.lines().count(), 12);
}

#[test]
fn a_check_of_the_doctor_has_lines_of_the_terminals_width() {
    let report = in_terminal(
        "--color always doctor --lang en --sim=http://127.0.0.1:1",
        "60",
    );
    let line = "\u{1b}[36munproven\u{1b}[0m  redirect URI: no redirect URI\n          → use --redirect-uri\n";
    assert!(report.contains(line), "{report:?}");
    let visible = report
        .split('\u{1b}')
        .map(|part| match part.split_once('m') {
            Some((_, text)) if part.starts_with('[') => text,
            _ => part,
        });
    let visible: String = visible.collect();
    let long = visible.lines().find(|line| columns(line) > 60);
    assert_eq!(long, None);
    assert!(
        visible.contains("\n          → a firewall or security group may block"),
        "{visible}"
    );
}
