//! What a new operator of `weixin gateway` does wrong, and what the commands say about it.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "each command runs in a folder of its own")]
mod running;

#[expect(dead_code, reason = "the commands need less of it than the gateway")]
mod operator;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use self::{
    operator::{APP_SECRET, Browser, Folder, SECRET, Server, check, failure, wait_for_log},
    running::{Running, closed::closed_port},
};

/// The error of `serve`, in both languages.
fn errors(folder: &Folder) -> [String; 2] {
    ["en", "zh"].map(|language| {
        let printed = folder.run(&["--lang", language, "gateway", "serve"]);
        let (code, text) = failure(&printed);
        assert_ne!(code, Some(0));
        text.to_owned()
    })
}

#[test]
fn a_mistake_in_the_configuration_is_explained_in_both_languages() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    for (change, english, chinese) in [
        (
            ("stop_delay", "stop_dealy"),
            "error: gateway.toml: line 4, server.stop_dealy: unknown key, did you mean `stop_delay`? Known: listen, trusted_proxies, key_file, stop_delay",
            "错误：gateway.toml：第 4 行，server.stop_dealy：未知的键，是否想写 `stop_delay`？可用：listen、trusted_proxies、key_file、stop_delay",
        ),
        (
            ("require_pkce = false", "require_pkce = \"no\""),
            "error: gateway.toml: line 19, client.require_pkce: expected true or false",
            "错误：gateway.toml：第 19 行，client.require_pkce：应为 true 或 false",
        ),
        (
            (
                "sqlite:gateway.db",
                "postgres://gateway@db.example.com/gateway?sslmod=verify-full",
            ),
            "error: gateway.toml: store.url: the URL has an unknown parameter, did you mean `sslmode`? Known: sslmode, sslrootcert, sslcert, sslkey, host, hostaddr, port, dbname, user, password, application_name, options, statement-cache-capacity. Write %, &, ?, @, /, # and : of a password as %25, %26, %3F, %40, %2F, %23 and %3A",
            "错误：gateway.toml：store.url：URL 中有未知的参数，是否想写 `sslmode`？可用：sslmode、sslrootcert、sslcert、sslkey、host、hostaddr、port、dbname、user、password、application_name、options、statement-cache-capacity。密码中的 %、&、?、@、/、#、: 要写成 %25、%26、%3F、%40、%2F、%23、%3A",
        ),
        (
            ("url = \"sqlite:gateway.db\"\n", ""),
            "error: gateway.toml: line 6, store.url: the key is missing",
            "错误：gateway.toml：第 6 行，store.url：缺少这个键",
        ),
        (
            (
                "sqlite:gateway.db",
                "postgres://gateway@db.example.com/gateway?sslmode=verify_full",
            ),
            "error: gateway.toml: store.url, sslmode: expected one of: disable, allow, prefer, require, verify-ca, verify-full",
            "错误：gateway.toml：store.url，sslmode：应为其中之一：disable、allow、prefer、require、verify-ca、verify-full",
        ),
        (
            ("gateway.key", "other.key"),
            "error: gateway.toml: server.key_file: other.key cannot be read: it does not exist; `weixin gateway init` makes one; for a database that is in use, put the copy of its key file there",
            "错误：gateway.toml：server.key_file：无法读取 other.key：文件不存在。`weixin gateway init` 会创建密钥文件；如果数据库已在使用，请恢复密钥文件的备份",
        ),
    ] {
        folder.configure(&sim.url, &[change]);
        assert_eq!(errors(&folder), [english, chinese]);
    }
}

/// The operator takes a key of a file for one of the secret itself, or writes a secret where a key belongs.
#[test]
fn a_secret_in_a_wrong_place_is_never_printed() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let secret = "0123456789abcdef0123456789abcdef";
    let keyed = |key: &str| format!("{key} = \"{secret}\"");
    let wiki = &format!("secret = \"{SECRET}\"");
    let app = &format!("app_secret = \"{APP_SECRET}\"");
    for (old, new) in [
        (wiki, keyed("secret_file")),
        (wiki, format!("{wiki}\n{}", keyed("previous_secret_file"))),
        (app, keyed("app_secret_file")),
        (app, format!("app_secret = {secret}")),
        (app, format!("app_secret =\n{secret}")),
        (app, format!("{secret} = \"app_secret\"")),
        (app, format!("{app}\n{secret} = \"app_secret\"")),
        (wiki, format!("{secret}=")),
        (&"key_file = \"gateway.key\"".to_owned(), keyed("key_file")),
        (
            &format!("id = \"wiki\"\n{wiki}"),
            format!("id = \"{secret}\"\nsecret = \"wiki\""),
        ),
        (
            &"apps = [\"website\"]".to_owned(),
            format!("apps = [\"{secret}\"]"),
        ),
        (&"[app.website]".to_owned(), format!("[app.{secret}]")),
    ] {
        folder.configure(&sim.url, &[(old, &new)]);
        for command in ["serve", "check", "reload"] {
            for language in ["en", "zh"] {
                let printed = folder.run(&["--lang", language, "gateway", command]);
                assert_ne!(printed.code, Some(0), "{new}");
                let text = format!("{}{}", printed.stdout, printed.stderr);
                assert!(!text.contains(secret), "{text}");
            }
        }
    }
}

#[test]
fn an_unknown_host_of_the_database_is_named_with_the_hint_on_passwords() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let url = "postgres://gateway:hunter2@no-such-host.invalid/gateway";
    folder.configure(&sim.url, &[("sqlite:gateway.db", url)]);
    let [english, chinese] = errors(&folder);
    let escapes = "%25, %26, %3F, %40, %2F, %23 and %3A";
    assert!(
        english.contains("error: the host no-such-host.invalid of the database cannot be found: ")
            && english.contains(escapes),
        "{english}"
    );
    let escapes = "%25、%26、%3F、%40、%2F、%23、%3A";
    assert!(
        chinese.contains(
            "错误：找不到数据库的主机 no-such-host.invalid：无法与数据库通信：无法解析主机名\n"
        ) && chinese.contains(escapes),
        "{chinese}"
    );
    assert!(!english.contains("hunter2") && !chinese.contains("hunter2"));
}

#[test]
fn a_certificate_of_the_database_that_cannot_be_read_is_named() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let database = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = database.local_addr().unwrap();
    // It accepts TLS, and gets no further.
    std::thread::spawn(move || {
        for connection in database.incoming() {
            let mut connection = connection.unwrap();
            connection.read_exact(&mut [0; 8]).unwrap();
            connection.write_all(b"S").unwrap();
        }
    });
    fs::write(folder.path("empty.pem"), "").unwrap();
    let empty = folder.path("empty.pem").display().to_string();
    let key = format!("sslcert={empty}&sslkey={empty}");
    for (files, english, chinese) in [
        (
            "sslrootcert=/no/such.pem",
            "/no/such.pem cannot be read: No such file or directory (os error 2)".to_owned(),
            "无法读取 /no/such.pem：文件或目录不存在（os error 2）".to_owned(),
        ),
        (
            "sslrootcert=/",
            "/ cannot be read: Is a directory (os error 21)".to_owned(),
            "无法读取 /：是一个目录（os error 21）".to_owned(),
        ),
        (
            &key,
            format!("{empty}, {empty} cannot be read: no keys found pem file"),
            format!("无法读取 {empty}, {empty}：no keys found pem file"),
        ),
    ] {
        let url = format!("postgres://u@{address}/gateway?sslmode=require&{files}");
        folder.configure(&sim.url, &[("sqlite:gateway.db", &url)]);
        assert_eq!(
            errors(&folder),
            [
                format!(
                    "error: {english}\nremedy: correct the path in sslrootcert, sslcert or sslkey of [store] url to a PEM file, and let the user of the gateway read it"
                ),
                format!(
                    "错误：{chinese}\n处理办法：请修改 [store] url 中 sslrootcert、sslcert 或 sslkey 的路径：应为 PEM 文件，且网关的用户可以读取"
                ),
            ]
        );
    }
}

/// The driver takes the text of a key in place of a path.
#[test]
fn a_private_key_in_the_url_of_the_database_is_not_printed() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let closed = closed_port();
    let key = "-----BEGIN%20PRIVATE%20KEY-----hunter2";
    let url = format!(
        "postgres://u@{}/gateway?sslcert={key}&sslkey={key}",
        closed.address
    );
    folder.configure(&sim.url, &[("sqlite:gateway.db", &url)]);
    for error in errors(&folder) {
        assert!(!error.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_start_that_waits_for_the_database_ends_when_it_is_told_to() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let database = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u@{}/gateway", database.local_addr().unwrap());
    folder.configure(&sim.url, &[("sqlite:gateway.db", &url)]);
    let mut gateway = folder.command(&["gateway", "serve"]).spawn().unwrap();
    // It does not respond.
    let _connection = database.accept().unwrap();
    let id = gateway.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(killed.success());
    assert_eq!(gateway.wait().unwrap().code(), Some(0));
}

#[test]
fn a_command_that_waits_for_the_database_says_so() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("postgres://u@{}/gateway", silent.local_addr().unwrap());
    folder.configure(&sim.url, &[("sqlite:gateway.db", &url)]);
    let to = ["copy-store", "--to", "sqlite:copy.db"];
    for (language, arguments, expected) in [
        ("en", &["client", "list"][..], "waiting for the database: "),
        ("zh", &["user", "find", "x"], "正在等待数据库：已用 "),
        ("zh", &to, "正在等待数据库：已用 "),
    ] {
        let mut command = folder.command(&["--lang", language, "gateway"]);
        let waiting = command.args(arguments).stderr(Stdio::piped()).spawn();
        let mut waiting = waiting.unwrap();
        let mut first = String::new();
        let mut lines = BufReader::new(waiting.stderr.take().unwrap());
        lines.read_line(&mut first).unwrap();
        waiting.kill().unwrap();
        waiting.wait().unwrap();
        assert!(first.starts_with(expected), "{arguments:?}: {first}");
    }
}

#[test]
fn a_client_of_the_command_line_is_as_one_of_the_file() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let add = ["gateway", "client", "add", "app", "--public"];
    let app = ["--redirect-uri", "com.example.app:/callback"];
    for (more, error) in [
        (
            ["--set", "id=other"],
            "error: --set id: the setting is given twice",
        ),
        (
            ["--set", "public=false"],
            "error: --set public: the setting is given twice",
        ),
    ] {
        let printed = folder.run(&[&add[..], &app, &more].concat());
        assert_eq!(failure(&printed), (Some(2), error));
    }
    let added = folder.run(&[&add[..], &app, &["--set", "name=App"]].concat());
    assert_eq!(added.code, Some(0), "{}", added.stderr);
    let again = [
        "gateway", "client", "set", "app", "--name", "B", "--set", "name=C",
    ];
    let printed = folder.run(&again);
    let error = "error: --set name: the setting is given twice";
    assert_eq!(failure(&printed), (Some(2), error));
    let shown = folder.run(&["--json", "gateway", "client", "show", "app"]);
    let shown: Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(shown["redirect_uris"], json!(["com.example.app:/callback"]));
    assert_eq!(shown["name"], "App");
}

#[test]
fn a_copy_that_cannot_be_written_is_named_with_its_folder() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    assert_eq!(folder.run(&["gateway", "migrate"]).code, Some(0));
    let printed = folder.run(&["gateway", "backup", "nope/copy.db"]);
    let (_, text) = failure(&printed);
    let expected = "\
error: nope/copy.db cannot be written: No such file or directory (os error 2)
remedy: the folder of the copy must exist, and the user who runs this command must be able to write there";
    assert_eq!(text, expected);
}

#[test]
fn the_url_of_a_copied_store_is_checked_before_anything_is_opened() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let (code, text) = {
        let printed = folder.run(&["gateway", "copy-store", "--to", "mysql://db/gateway"]);
        let (code, text) = failure(&printed);
        (code, text.to_owned())
    };
    assert_eq!(
        (code, text.as_str()),
        (
            Some(1),
            "error: --to: expected sqlite:FILE, such as sqlite:gateway.db, or postgres://USER:PASSWORD@HOST/DATABASE"
        )
    );
    assert!(!folder.path("gateway.db").exists());
}

#[test]
fn a_key_file_that_does_not_open_the_store_is_an_error_with_the_next_step() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    assert_eq!(Server::serve(&folder, &[]).end("-TERM").0, Some(0));
    let other = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=\n";
    fs::write(folder.path("gateway.key"), other).unwrap();
    assert_eq!(
        errors(&folder),
        [
            "error: a signing key cannot be decrypted: its master key is not in gateway.key\n\
             remedy: copy [server] key_file from another node, or put its former line back from the copy that was kept apart from the backups. If no node and no copy has the key any more, run `weixin gateway keys rotate --now --revoke` and then `weixin gateway keys reseal` with this file: users stay logged in, and all tokens become invalid",
            "错误：无法解密签名密钥：gateway.key 中没有加密它的主密钥\n\
             处理办法：从其他节点复制 [server] key_file，或者从单独保存的副本中放回原来的那一行。如果所有节点和副本中都已没有这个密钥，请用此文件依次运行 `weixin gateway keys rotate --now --revoke` 和 `weixin gateway keys reseal`：用户保持登录，所有 Token 失效",
        ]
    );
}

#[test]
fn a_second_gateway_on_a_file_is_told_what_to_do() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let gateway = Server::serve(&folder, &[]);
    assert_eq!(
        errors(&folder),
        [
            "error: gateway.db is in use by another gateway\n\
             remedy: stop the other gateway first (`systemctl stop weixin-gateway`; the file with .lock at its end is locked as long as it runs), or use another [store] url. One that is stopping needs some seconds (its log says how many): try again then. For two servers: PostgreSQL",
            "错误：gateway.db 正被另一个网关使用\n\
             处理办法：请先停止另一个网关（`systemctl stop weixin-gateway`；它运行期间一直锁定以 .lock 结尾的文件），或使用其他 [store] url。如果它正在停止，请等待几秒后重试（日志中有等待的秒数）。两台服务器请使用 PostgreSQL",
        ]
    );
    assert_eq!(gateway.end("-TERM").0, Some(0));
}

/// The lines of a log with this message, without what differs from run to run.
fn lines(log: &str, message: &str) -> Vec<Value> {
    let lines = log.lines().map(|line| serde_json::from_str(line).unwrap());
    let mut lines: Vec<Value> = lines
        .filter(|line: &Value| line["message"] == message)
        .collect();
    for line in &mut lines {
        let line = line.as_object_mut().unwrap();
        line.retain(|name, _| !["timestamp", "level", "target", "message"].contains(&&**name));
    }
    lines
}

#[test]
fn the_log_names_the_discovery_url_at_the_start_and_how_long_stopping_takes() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[("stop_delay = \"0s\"", "stop_delay = \"1s\"")]);
    for signal in ["-TERM", "-INT"] {
        // The next one starts at once: the file is free as soon as the process has ended.
        let (code, log) = Server::serve(&folder, &[]).end(signal);
        assert_eq!(code, Some(0), "{log}");
        assert_eq!(
            lines(&log, "serving an issuer"),
            [json!({
                "issuer": "http://localhost",
                "discovery_url": "http://localhost/.well-known/openid-configuration",
            })]
        );
        let stopping = "stopping: connections are accepted for the stop_delay, then running requests have time to end";
        let times = json!({ "stop_delay_seconds": 1, "running_requests_seconds": 20 });
        assert_eq!(lines(&log, stopping), [times]);
        assert_eq!(lines(&log, "the gateway has stopped"), [json!({})]);
    }
}

#[test]
fn a_start_warns_of_a_key_file_that_others_can_read() {
    use std::os::unix::fs::PermissionsExt;

    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let warning = "other users of this machine can access a file of secrets: chmod 600";
    let exposed = json!({ "file": "gateway.key", "mode": "640" });
    for (mode, expected) in [(0o600, vec![]), (0o640, vec![exposed])] {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(folder.path("gateway.key"), permissions).unwrap();
        let (code, log) = Server::serve(&folder, &[]).end("-TERM");
        assert_eq!(code, Some(0), "{log}");
        assert_eq!(lines(&log, warning), expected);
    }
}

/// A read that does not end, as one of a network's file system whose server is away.
#[test]
fn a_key_file_that_cannot_be_read_stops_neither_the_gateway_nor_its_end() {
    use std::os::unix::fs::OpenOptionsExt;

    const NONBLOCK: i32 = 0o4000;
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let mut gateway = Server::serve(&folder, &[]);
    let pipe = folder.path("pipe");
    assert!(
        Command::new("mkfifo")
            .arg(&pipe)
            .status()
            .unwrap()
            .success()
    );
    fs::rename(&pipe, folder.path("gateway.key")).unwrap();
    // It can be opened once the gateway waits in a read of it.
    let opened = || {
        loop {
            let open = fs::File::options()
                .write(true)
                .custom_flags(NONBLOCK)
                .open(folder.path("gateway.key"));
            if let Ok(writer) = open {
                break writer;
            }
        }
    };
    let writer = opened();
    let warning = "the configuration, or a file that it names, cannot be read: its file system does not respond. Reload (SIGHUP) if it is right again, and is not loaded";
    let line = wait_for_log(&mut gateway, warning);
    assert_eq!(line["file"], "gateway.toml");
    let url = format!("http://{}/healthz", gateway.address());
    let health = tokio::runtime::Runtime::new()
        .unwrap()
        .block_on(reqwest::get(url));
    assert_eq!(health.unwrap().status(), 200);
    assert_eq!(gateway.end("-TERM").0, Some(0));
    drop(writer);
    let mut starting = folder.command(&["gateway", "serve"]).spawn().unwrap();
    let writer = opened();
    let id = starting.id().to_string();
    let killed = Command::new("kill").args(["-TERM", &id]).status().unwrap();
    assert!(killed.success());
    assert_eq!(starting.wait().unwrap().code(), Some(0));
    drop(writer);
}

#[test]
fn a_local_issuer_without_a_simulator_is_told_of_endpoint() {
    let folder = Folder::new();
    folder.configure("x", &[("endpoint = \"x\"\n", "")]);
    assert_eq!(
        errors(&folder),
        [
            "error: not a valid redirect URI: expected the registered callback domain (授权回调域) as its host: WeChat does not accept localhost. `weixin sim` does\n\
             remedy: use the callback domain that is registered in WeChat's console in [[issuer]] url; to try logins on this machine, run `weixin sim` and set `endpoint` of the app to its URL. `weixin gateway check` says more",
            "错误：微信不接受 [[issuer]] url 作为回调地址\n\
             处理办法：[[issuer]] url 请使用微信后台登记的授权回调域；在本机试用时，请运行 `weixin sim`，并把应用的 endpoint 设为它的 URL。详情见 `weixin gateway check`",
        ]
    );
}

#[test]
fn a_reference_that_is_not_in_the_store_is_an_error_that_leads_to_the_log() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let gateway = Server::serve(&folder, &[]);
    let explain = |reference| {
        let printed = folder.run(&["gateway", "explain-login", reference]);
        let (code, text) = failure(&printed);
        (code, text.to_owned())
    };
    let expected = "error: the reference aaaaaaaa is not in the store, where events are kept for 90 days: search the log of the gateway for it, such as by journalctl -u weixin-gateway -o cat | grep aaaaaaaa";
    // As it was read out.
    assert_eq!(explain(" AAAAaaaa"), (Some(1), expected.to_owned()));
    for malformed in ["", "aaaaaaa", "aaaaaaaaa", "aaaaaaa1", "http://x"] {
        let (code, text) = explain(malformed);
        let expected = "expected the reference of an error page: 8 letters and digits from 2 to 7, such as k3zqv6n4";
        assert!(code == Some(2) && text.contains(expected), "{text}");
    }
    assert_eq!(gateway.end("-TERM").0, Some(0));
}

/// As the line of the log, whose reference the user's page shows.
/// Opens an authorization request and all to which it redirects.
async fn open_all(server: &Server) {
    let mut browser = Browser::new();
    let url = "http://localhost/authorize?response_type=code&client_id=wiki&scope=openid&state=s&redirect_uri=https%3A%2F%2Fwiki.example%2Fcallback";
    let mut next = Some(url.to_owned());
    while let Some(url) = next {
        let url = url.replace(
            "http://localhost/",
            &format!("http://{}/", server.address()),
        );
        let response = browser.open(url.split('#').next().unwrap()).await;
        let location = response.headers().get("location");
        let location = location.map(|url| response.url().join(url.to_str().unwrap()).unwrap());
        next = location.map(String::from);
    }
}

#[tokio::test]
async fn a_wrong_app_secret_is_explained_as_exactly_as_in_the_log() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    folder.configure(
        &sim.url,
        &[(APP_SECRET, "tttttttttttttttttttttttttttttttt")],
    );
    let mut server = Server::serve(&folder, &[]);
    open_all(&server).await;
    let line = wait_for_log(&mut server, "\"login failed\"");
    let reference = line["span"]["reference"].as_str().unwrap();
    let remedy = line["remedy"].as_str().unwrap();
    assert_eq!(
        remedy,
        "Put the current app secret of exactly this app ID into the settings; website app, official account and mini program each have one of their own."
    );
    let explain = |language| {
        let printed = folder.run(&["--lang", language, "gateway", "explain-login", reference]);
        let (_, text) = printed.stdout.split_once('\n').unwrap();
        text.to_owned()
    };
    assert_eq!(
        explain("en"),
        format!(
            "  WeChat rejected the app or its settings.\n  \
             errcode 40125 (invalid appsecret): The app secret is not this app's, or was reset in the console. At /sns/oauth2/access_token the code is checked first.\n  \
             App: [app.website] in the configuration\n  \
             What to do: {remedy}\n"
        )
    );
    assert_eq!(
        explain("zh"),
        "  微信拒绝了该应用或其设置。\n  \
         errcode 40125（invalid appsecret）：AppSecret 与 AppID 不匹配，或者已在后台重置。/sns/oauth2/access_token 会先检查 code。\n  \
         应用：配置文件中的 [app.website]\n  \
         处理办法：把这个 AppID 当前的 AppSecret 填进配置；网站应用、公众号、小程序各有各的 AppSecret。\n"
    );
    assert_eq!(server.end("-TERM").0, Some(0));
}

/// WeChat's remedy is for the program that exchanges codes, which the operator has not written.
#[tokio::test]
async fn a_rejected_code_is_explained_to_the_operator() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    folder.configure(&sim.url, &[]);
    let fault = json!({ "effect": { "errcode": 40029 }, "path": "/sns/oauth2/access_token" });
    let faults = format!("{}/_sim/api/faults", sim.url);
    let set = Browser::new().client.post(faults).json(&fault).send();
    assert!(set.await.unwrap().status().is_success());
    let mut server = Server::serve(&folder, &[]);
    open_all(&server).await;
    let line = wait_for_log(&mut server, "\"login failed\"");
    let reference = line["span"]["reference"].as_str().unwrap();
    for (language, advice) in [
        (
            "en",
            "  What to do: The user can log in again. If it repeats, compare the server's clock, and the time that the callback takes.",
        ),
        (
            "zh",
            "  处理办法：用户可以重新登录。如果反复出现，请检查服务器时间，以及回调的处理时间。",
        ),
    ] {
        let printed = folder.run(&["--lang", language, "gateway", "explain-login", reference]);
        let [head, _, code, app, last] = &printed.stdout.lines().collect::<Vec<_>>()[..] else {
            panic!("{}", printed.stdout)
        };
        assert!(head.contains(" UTC  login.rejected"), "{head}");
        assert!(code.contains("40029"), "{code}");
        assert!(app.contains("[app.website]"), "{app}");
        assert_eq!(*last, advice);
    }
    assert_eq!(server.end("-TERM").0, Some(0));
}

/// The remedy of the first check with this name that is not good.
fn remedy(folder: &Folder, name: &str) -> String {
    let printed = folder.run(&["--json", "gateway", "check"]);
    let printed: Value = serde_json::from_str(&printed.stdout).unwrap();
    let checks = printed["checks"].as_array().unwrap();
    let is_meant = |it: &&Value| it["check"] == name && it["status"] != "ok";
    let check = checks.iter().find(is_meant).unwrap();
    let [status, detail, remedy] =
        ["status", "detail", "remedy"].map(|it| check[it].as_str().unwrap());
    format!("{status}: {detail} -> {remedy}")
}

#[test]
fn check_names_the_key_and_what_to_do() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    for (change, name, expected) in [
        (
            (
                "listen = \"127.0.0.1:0\"\n",
                "listen = \"127.0.0.1:8080\"\n[metrics]\nlisten = \"127.0.0.1:8080\"\n",
            ),
            "metrics",
            "failed: 127.0.0.1:8080 has the port 8080, which [server] listen has already -> use another port in [metrics] listen, such as 127.0.0.1:9090",
        ),
        (
            ("sqlite:gateway.db", "sqlite:data/gateway.db"),
            "store",
            "failed: data cannot be written to: No such file or directory (os error 2) -> [store] url: create the folder data, owned by the user of the gateway, or correct the path",
        ),
        (
            ("require_pkce = false", "silent_login = true"),
            "client",
            "warning: silent_login = true has no effect: the issuer has no official account -> add an [app.official_account] to apps of the [[issuer]], or remove silent_login",
        ),
        (
            ("require_pkce = false", "scopes = [\"openid\", \"profile\"]"),
            "client",
            "warning: claims.email has no effect: email is not in scopes -> add email to scopes, or remove claims.email",
        ),
        (
            ("require_pkce = false", "introspects = [\"wiki\", \"x\"]"),
            "client",
            "warning: x in introspects has no effect: there is no such client -> correct the ID in introspects, or add the client x",
        ),
    ] {
        folder.configure(&sim.url, &[change]);
        assert_eq!(remedy(&folder, name), expected);
    }
    // Not even root can create a file there.
    #[cfg(target_os = "linux")]
    {
        folder.configure(
            &sim.url,
            &[("sqlite:gateway.db", "sqlite:/proc/gateway.db")],
        );
        let result = remedy(&folder, "store");
        let expected = "-> [store] url: let the user of the gateway write to /proc, such as by chown weixin-gateway /proc, or run this command as that user (sudo -u weixin-gateway)";
        assert!(
            result.starts_with("failed: /proc cannot be written to: ")
                && result.ends_with(expected),
            "{result}"
        );
    }
}

#[test]
fn check_names_a_file_that_is_no_database() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    fs::write(folder.path("gateway.db"), "hunter2 ".repeat(200)).unwrap();
    assert_eq!(
        remedy(&folder, "store"),
        "failed: the database cannot be opened: error returned from database: file is not a database -> the file of [store] url is no database of SQLite: correct the path, or put a backup in its place"
    );
}

/// SQLite would open a file that it can read, and fail at the first change. Of root, only a folder is such a file.
#[test]
fn a_database_that_cannot_be_written_is_named() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[("sqlite:gateway.db", "sqlite:folder")]);
    fs::create_dir(folder.path("folder")).unwrap();
    let error = "folder cannot be opened: is a directory";
    let next = "the folder of [store] url must exist, and the user of the gateway must be able to write to it and to the file: run commands as that user, such as with sudo -u weixin-gateway, and give that user what another one has created (chown)";
    assert_eq!(
        remedy(&folder, "store"),
        format!("failed: {error} -> {next}")
    );
    let [english, chinese] = errors(&folder);
    assert_eq!(english, format!("error: {error}\nremedy: {next}"));
    assert_eq!(
        chinese,
        "错误：无法打开 folder：是一个目录\n处理办法：[store] url 的目录必须存在，且网关的用户可以写入目录和文件；请以该用户运行命令，例如 sudo -u weixin-gateway，其他用户创建的文件请用 chown 改为归它所有"
    );
}

/// Clients may be in the file or in the database, served or not.
#[test]
fn check_knows_the_clients_that_introspects_names() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let more = "require_pkce = false\nintrospects = [\"wiki\", \"stored\"]";
    folder.configure(&sim.url, &[("require_pkce = false", more)]);
    let warning = || {
        let printed = folder.run(&["--json", "gateway", "check"]).stdout;
        printed.contains("in introspects has no effect")
    };
    assert!(warning());
    let uri = "https://stored.example/callback";
    let client = |args: &[&str]| folder.run(&[&["gateway", "client"], args].concat()).code;
    assert_eq!(client(&["add", "stored", "--redirect-uri", uri]), Some(0));
    assert!(!warning());
    assert_eq!(client(&["disable", "stored"]), Some(0));
    assert!(!warning());
    assert_eq!(client(&["remove", "stored"]), Some(0));
    assert!(warning());
}

#[test]
fn check_names_what_a_store_and_a_secret_need() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(
        &sim.url,
        &[(
            "sqlite:gateway.db\"",
            "sqlite:gateway.db\"\nmigrate = false",
        )],
    );
    assert_eq!(
        remedy(&folder, "store"),
        "failed: the tables are missing or of an earlier version, and `migrate` is false -> run `weixin gateway migrate`"
    );
    assert_eq!(
        remedy(&folder, "app-secret"),
        "unproven: the API accepts the app ID; WeChat checks the code before the secret, so the secret cannot be checked without a real code -> \
         log in once through the gateway, or before it runs by `weixin login`: WeChat returns 40125 if the secret is wrong"
    );
}

/// The secret itself is printed nowhere, whatever is wrong with it.
#[test]
fn check_names_the_file_whose_secret_is_wrong() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let secret = format!("secret = \"{SECRET}\"");
    folder.configure(&sim.url, &[(&secret, "secret_file = \"wiki.secret\"")]);
    assert_eq!(
        remedy(&folder, "configuration"),
        "failed: gateway.toml: client wiki, secret_file: wiki.secret cannot be read: it does not exist; write the secret to it, readable only by the user of the gateway, or correct the path -> create or restore wiki.secret, or correct its path in gateway.toml"
    );
    fs::write(folder.path("wiki.secret"), "hunter2\n").unwrap();
    assert_eq!(
        remedy(&folder, "configuration"),
        "failed: gateway.toml: client wiki, secret_file: wiki.secret: not a valid client secret: expected 32 to 256 characters from [A-Za-z0-9_-], such as `openssl rand -hex 32` prints -> change wiki.secret"
    );
    fs::write(folder.path("wiki.secret"), SECRET).unwrap();
    fs::write(folder.path("gateway.key"), "hunter2\n").unwrap();
    let printed = folder.run(&["--lang", "zh", "gateway", "check"]);
    let expected = "gateway.toml：server.key_file：gateway.key：主密钥文件无效：应为 1 到 8 行，每行是 base64 编码的 32 字节，即 `openssl rand -base64 32` 的输出";
    assert!(printed.stdout.contains(expected), "{}", printed.stdout);
    assert!(
        printed.stdout.contains("→ 请修改 gateway.key\n"),
        "{}",
        printed.stdout
    );
}

#[test]
fn check_explains_redis_and_the_database_in_both_languages() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let closed = closed_port();
    let redis = format!(
        "sqlite:gateway.db\"\nredis = \"redis://{}/0",
        closed.address
    );
    folder.configure(&sim.url, &[("sqlite:gateway.db", &redis)]);
    let result = remedy(&folder, "redis");
    assert!(
        result.starts_with(
            "warning: no connection: Connection refused (os error 111) -> check host, port and password in [store] redis, and whether Redis runs. "
        ),
        "{result}"
    );
    assert_eq!(check(&folder).0, Some(0));
    let printed = folder.run(&["--lang", "zh", "gateway", "check"]);
    assert!(
        printed.stdout.contains("Redis：无法连接：连接被拒绝\n"),
        "{}",
        printed.stdout
    );
    let redis = "sqlite:gateway.db\"\nredis = \"redis+unix:///nowhere/redis.sock";
    folder.configure(&sim.url, &[("sqlite:gateway.db", redis)]);
    let printed = folder.run(&["--lang", "zh", "gateway", "check"]);
    let expected = "Redis：无法连接：文件或目录不存在\n";
    assert!(printed.stdout.contains(expected), "{}", printed.stdout);
    // A folder in the place of the database.
    folder.configure(&sim.url, &[("sqlite:gateway.db", "sqlite:folder.db")]);
    fs::create_dir(folder.path("folder.db")).unwrap();
    let printed = folder.run(&["--lang", "zh", "gateway", "check"]);
    let expected = "数据库：无法打开 folder.db：是一个目录";
    assert!(printed.stdout.contains(expected), "{}", printed.stdout);
}

#[test]
fn check_finds_a_port_that_another_program_uses() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let in_use = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = in_use.local_addr().unwrap().to_string();
    folder.configure(&sim.url, &[("127.0.0.1:0", &address)]);
    let port = in_use.local_addr().unwrap().port();
    assert_eq!(
        remedy(&folder, "port"),
        format!(
            "failed: [server] listen: the port {port} is in use by another program -> stop the program that uses it (ss -ltnp names it), or change [server] listen"
        )
    );
    drop(in_use);
}

#[test]
fn a_database_whose_certificate_is_not_verified_is_warned_of_and_a_slash_told() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let database = "postgres://u:hunter2@0.0.0.0:1/gateway?sslmode=require";
    folder.configure(
        &sim.url,
        &[
            ("sqlite:gateway.db", database),
            ("http://localhost", "http://localhost/"),
        ],
    );
    assert_eq!(
        remedy(&folder, "configuration"),
        "warning: the issuer http://localhost/ ends with a slash, which clients must be configured with, too -> [[issuer]] url: use http://localhost, unless clients already have the one with the slash"
    );
    let printed = folder.run(&["gateway", "check"]).stdout;
    let expected = "database: the connection to PostgreSQL can be intercepted: the certificate of the server is not verified";
    assert!(
        printed.replace("\n          ", " ").contains(expected),
        "{printed}"
    );
    let served = folder.run(&["gateway", "serve"]).stderr;
    assert!(
        served.contains("\"message\":\"the connection to PostgreSQL can be intercepted: "),
        "{served}"
    );
    for (language, expected) in [
        (
            "en",
            "error: the database cannot be opened: error communicating with database: Connection refused (os error 111)\nremedy: ",
        ),
        (
            "zh",
            "错误：无法打开数据库：无法与数据库通信：连接被拒绝（os error 111）\n处理办法：",
        ),
    ] {
        let printed = folder.run(&["--lang", language, "gateway", "migrate"]);
        assert!(printed.stderr.starts_with(expected), "{}", printed.stderr);
        assert!(!printed.stderr.contains("hunter2"), "{}", printed.stderr);
    }
}

#[test]
fn check_beside_a_gateway_that_runs_finds_its_ports_in_order() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let gateway = Server::serve(&folder, &[]);
    let address = gateway.address().to_owned();
    folder.configure(&sim.url, &[("127.0.0.1:0", &address)]);
    let (_, results) = check(&folder);
    let expected = format!("ok port -: a gateway is running at {address}");
    assert!(results.contains(&expected), "{results:#?}");
    // Another one cannot start there, whatever its database is.
    folder.configure(
        &sim.url,
        &[("127.0.0.1:0", &address), ("gateway.db", "other.db")],
    );
    let port = address.rsplit(':').next().unwrap();
    assert_eq!(
        errors(&folder),
        [
            format!(
                "error: cannot listen on {address}: port {port} is in use. Stop the program that uses it (ss -ltnp names it), or change [server] listen. If it is a gateway that is stopping, try again after some seconds"
            ),
            format!(
                "错误：无法监听 {address}：端口 {port} 已被占用。请停止占用它的程序（用 ss -ltnp 查看），或修改 [server] listen。如果是正在停止的网关，请等待几秒后重试"
            ),
        ]
    );
    assert_eq!(gateway.end("-TERM").0, Some(0));
}

#[test]
fn check_of_a_simulator_that_does_not_run_says_to_start_it() {
    let folder = Folder::new();
    let closed = closed_port();
    let url = format!("http://{}", closed.address);
    folder.configure(&url, &[]);
    let (code, results) = check(&folder);
    let at_app: Vec<_> = results
        .iter()
        .filter(|it| it.contains(" website: "))
        .collect();
    assert_eq!(
        at_app,
        [
            &*format!(
                "warning simulator website: {url} takes the place of WeChat: anyone can log in as any user"
            ),
            "ok redirect-uri website: http://localhost/callback",
            "failed response website: could not connect to the server",
        ]
    );
    assert_eq!(code, Some(4));
    assert_eq!(
        remedy(&folder, "response"),
        "failed: could not connect to the server -> start `weixin sim`, or correct `endpoint`"
    );
    let printed = folder.run(&["--lang", "zh", "gateway", "check"]).stdout;
    assert!(
        printed.contains("→ 运行 `weixin sim`，或修改 endpoint\n"),
        "{printed}"
    );
}

#[test]
fn check_warns_of_an_app_id_in_place_of_the_app_secret() {
    const APP_ID: &str = "wx0123456789abcdef";
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[(APP_SECRET, APP_ID)]);
    assert_eq!(
        remedy(&folder, "app-secret"),
        "warning: it begins with wx, as an app ID does -> copy the whole AppSecret from WeChat's console, and not the AppID"
    );
    assert_eq!(check(&folder).0, Some(0));
}

/// Removes the clients of the file.
fn without_clients(folder: &Folder) {
    let file = folder.path("gateway.toml");
    let text = fs::read_to_string(&file).unwrap();
    fs::write(&file, text.split("[[client]]").next().unwrap()).unwrap();
}

#[test]
fn check_without_clients_names_both_ways_to_add_one() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    without_clients(&folder);
    assert_eq!(
        remedy(&folder, "client"),
        "warning: there is no client -> add a [[client]] for each program whose users log in, or run `weixin gateway client add`"
    );
    let printed = folder.run(&["gateway", "check"]).stdout;
    let (_, end) = printed
        .rsplit_once("or run `weixin gateway client")
        .unwrap();
    let end: Vec<_> = end.lines().skip(1).collect();
    assert_eq!(end.len(), 2, "{printed}");
    assert_eq!(end[0], "");
}

#[test]
fn a_stored_client_whose_issuer_is_gone_has_a_way_on() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let uri = "https://app.example/callback";
    let added = folder.run(&["gateway", "client", "add", "app", "--redirect-uri", uri]);
    assert_eq!(added.code, Some(0), "{added:?}");
    folder.configure(&sim.url, &[("http://localhost", "http://127.0.0.1")]);
    without_clients(&folder);
    let problem = "client app, issuer: there is no such [[issuer]]. Known: http://127.0.0.1";
    assert_eq!(
        remedy(&folder, "client"),
        format!(
            "warning: the client of the database is not served: {problem} -> put the [[issuer]] with the url http://localhost back into the configuration file; \
             or remove the client with `weixin gateway client remove app`, and add it to another issuer with `weixin gateway client add`"
        )
    );
    let (code, results) = check(&folder);
    let of_clients = results.iter().filter(|it| it.contains(" client "));
    assert_eq!((code, of_clients.count()), (Some(0), 1), "{results:#?}");
    let changed = folder.run(&["gateway", "client", "set", "app", "--name", "App"]);
    assert_eq!(failure(&changed), (Some(2), &*format!("error: {problem}")));
    let removed = folder.run(&["gateway", "client", "remove", "app"]);
    assert_eq!(removed.code, Some(0), "{removed:?}");
}

#[test]
fn check_of_a_simulator_that_allows_logins_by_itself_says_so() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    folder.configure(&sim.url, &[]);
    assert_eq!(
        remedy(&folder, "login-page"),
        "unproven: the login page redirects at once, without a QR code, as that of a simulator with --auto-allow does -> to check app ID and callback domain, run the simulator without --auto-allow"
    );
}

/// What a command has written is in SQLite's file when it ends, and not in a log that a copy of the file would lack.
#[tokio::test]
async fn a_command_closes_the_database_whatever_comes_of_it() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    folder.configure(&sim.url, &[]);
    let server = Server::serve(&folder, &[]);
    Browser::new().log_in(server.address()).await;
    assert_eq!(server.end("-TERM").0, Some(0));
    let found = folder
        .run(&["--json", "gateway", "user", "find", ""])
        .stdout;
    let found: Value = serde_json::from_str(&found).unwrap();
    let id = found["users"][0]["id"].as_str().unwrap();
    let uri = "https://app.example/";
    for (args, code) in [
        (&["user", "find", ""][..], 0),
        (&["user", "disable", id], 0),
        (&["user", "enable", "unknown"], 1),
        (&["user", "merge", id, id], 1),
        (&["user", "split", id], 1),
        (&["client", "add", "app", "--redirect-uri", uri], 0),
        (&["client", "add", "app", "--redirect-uri", uri], 1),
        (&["client", "set", "unknown", "--name", "x"], 1),
        (&["client", "disable", "unknown"], 1),
        (&["client", "secret", "unknown"], 1),
        (&["client", "remove", "unknown"], 1),
        (&["client", "show", "unknown"], 1),
        // It records the revocation before it finds no client.
        (&["revoke", "--client", "unknown"], 1),
        (&["revoke", "--all"], 0),
        (&["keys", "rotate", "--now", "--alg", "ES256"], 1),
        (&["explain-login", "aaaaaaaa"], 1),
        (&["user", "forget", id], 2),
        (&["user", "forget", id, "--yes"], 0),
    ] {
        let printed = folder.run(&[&["gateway"], args].concat());
        assert_eq!(printed.code, Some(code), "{args:?} {printed:?}");
        assert!(!folder.path("gateway.db-wal").exists(), "{args:?}");
    }
    let other = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA=\n";
    fs::write(folder.path("gateway.key"), other).unwrap();
    for args in [["keys", "reseal"], ["check", "--json"]] {
        let printed = folder.run(&[&["gateway"], &args[..]].concat());
        assert_ne!(printed.code, Some(0), "{args:?} {printed:?}");
        assert!(!folder.path("gateway.db-wal").exists(), "{args:?}");
    }
}

/// The steps of the manual for a lost key file.
#[test]
fn reseal_without_signing_keys_says_that_there_are_none() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    let reseal = || folder.run(&["gateway", "keys", "reseal"]).stdout;
    assert_eq!(
        reseal(),
        "there are no signing keys, and the gateway makes some when it starts; this key file is the valid one now\n"
    );
    assert_eq!(Server::serve(&folder, &[]).end("-TERM").0, Some(0));
    assert_eq!(
        reseal(),
        "all signing keys were encrypted with the first line of the key file already; this key file is the valid one now\n"
    );
}

/// The status of a token request of the stored client, and its error.
async fn token(server: &Server, secret: &str) -> (u16, Value) {
    let client = reqwest::Client::builder().build().unwrap();
    let request = client.post(format!("http://{}/token", server.address()));
    let request = request.basic_auth("app", Some(secret));
    let body =
        "grant_type=authorization_code&code=wxc_x&redirect_uri=https%3A%2F%2Fapp.example%2Fnew";
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let response = request.body(body).send().await.unwrap();
    let status = response.status().as_u16();
    (
        status,
        response.json::<Value>().await.unwrap()["error"].clone(),
    )
}

/// Waits until the gateway has read the clients again, as its log says.
fn wait_for_clients(server: &mut Server) {
    let line = wait_for_log(server, "\"read again\"");
    // The IDs of keys, as people read them.
    let keys = line["keys"].as_str().unwrap();
    assert!(
        !keys.contains(['(', '{', '[']) && keys.len() < 100,
        "{keys}"
    );
}

#[tokio::test]
async fn a_client_is_changed_disabled_and_enabled_beside_a_gateway() {
    let (folder, sim) = (Folder::new(), Running::sim(&["--auto-allow"]));
    folder.configure(&sim.url, &[]);
    let mut server = Server::serve(&folder, &[]);
    let run = |args: &[&str]| -> Value {
        let printed = folder.run(&[&["--json", "gateway", "client"], args].concat());
        serde_json::from_str(&printed.stdout).unwrap_or_else(|_| panic!("{printed:?}"))
    };
    let added = run(&["add", "app", "--redirect-uri", "https://app.example/old"]);
    let secret = added["client_secret"].as_str().unwrap();
    wait_for_clients(&mut server);
    let authorize = |uri: &str| {
        format!(
            "http://{}/authorize?response_type=code&client_id=app&scope=openid&redirect_uri=https%3A%2F%2Fapp.example%2F{uri}",
            server.address()
        )
    };
    let (old, new) = (authorize("old"), authorize("new"));
    let mut browser = Browser::new();
    assert_eq!(browser.open(&new).await.status(), 400);

    let uri = ["--redirect-uri", "https://app.example/new"];
    let changed = run(&[&["set", "app", "--set", "name=Wiki"], &uri[..]].concat());
    assert_eq!(
        changed,
        json!({ "client_id": "app", "changed": ["name", "redirect_uris"] })
    );
    wait_for_clients(&mut server);
    assert_eq!(browser.open(&new).await.status(), 303);
    assert_eq!(browser.open(&old).await.status(), 400);
    assert_eq!(token(&server, secret).await, (400, json!("invalid_grant")));

    let disabled = run(&["disable", "app"]);
    assert_eq!(disabled, json!({ "client_id": "app", "disabled": true }));
    wait_for_clients(&mut server);
    assert_eq!(browser.open(&new).await.status(), 400);
    assert_eq!(token(&server, secret).await, (401, json!("invalid_client")));
    let listed = folder.run(&["gateway", "client", "list"]).stdout;
    assert!(
        listed.contains("app  http://localhost  database  (it is disabled)"),
        "{listed}"
    );
    let listed = folder
        .run(&["--lang", "zh", "gateway", "client", "list"])
        .stdout;
    assert!(
        listed.contains("app  http://localhost  数据库（已停用）"),
        "{listed}"
    );
    assert_eq!(
        remedy(&folder, "client"),
        "warning: the client of the database is not served: it is disabled -> `weixin gateway client enable app`"
    );

    run(&["enable", "app"]);
    wait_for_clients(&mut server);
    assert_eq!(browser.open(&new).await.status(), 303);
    assert_eq!(token(&server, secret).await, (400, json!("invalid_grant")));
    assert_eq!(server.end("-TERM").0, Some(0));
}

#[test]
fn a_client_that_cannot_be_changed_is_an_error() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    folder.configure(&sim.url, &[]);
    folder.run(&[
        "gateway",
        "client",
        "add",
        "app",
        "--redirect-uri",
        "https://app.example/",
    ]);
    for (args, code, expected) in [
        (
            &["set", "app", "--set", "redirect_uri=x"][..],
            2,
            "error: client.redirect_uri: unknown key, did you mean `redirect_uris`? Known: ",
        ),
        (
            &["set", "app", "--set", "id=other"],
            2,
            "error: client.id: it cannot be changed: add another client",
        ),
        (
            &["set", "app", "--set", "redirect_uris=[]"],
            2,
            "error: client app, redirect_uris: missing: at least one",
        ),
        (
            &["disable", "wiki"],
            1,
            "error: wiki is a client of the configuration file: remove its [[client]] there, or put a # before each of its lines; a running gateway follows within 10 seconds",
        ),
        (
            &["set", "wiki", "--name", "Wiki"],
            1,
            "error: wiki is a client of the configuration file: change it there",
        ),
        (
            &["secret", "wiki"],
            1,
            "error: wiki is a client of the configuration file: in its [[client]], write the new secret to secret_file and the old one to previous_secret_file, and remove the old one once the client has the new one",
        ),
        (
            &["enable", "unknown"],
            1,
            "error: there is no client unknown: see `weixin gateway client list`",
        ),
    ] {
        let printed = folder.run(&[&["gateway", "client"], args].concat());
        let (actual, text) = failure(&printed);
        assert!(actual == Some(code) && text.starts_with(expected), "{text}");
    }
}

/// What an alert watches must be there before its first event, else that is no increase.
#[tokio::test]
async fn each_documented_counter_begins_at_zero() {
    let (folder, sim) = (Folder::new(), Running::sim(&[]));
    let metrics = "[metrics]\nlisten = \"127.0.0.1:0\"\n[store]";
    folder.configure(&sim.url, &[("[store]", metrics)]);
    let mut server = Server::serve(&folder, &[]);
    let address = wait_for_log(&mut server, "\"metrics\"")["address"].clone();
    let url = format!("http://{}/metrics", address.as_str().unwrap());
    let text = Browser::new().open(&url).await.text().await.unwrap();
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/reference.md");
    let reference = fs::read_to_string(docs).unwrap();
    let counters: Vec<_> = reference
        .split("\n- `")
        .filter(|item| item.starts_with("weixin_gateway_") && item.contains("Type: counter"))
        .map(|item| item.split('`').next().unwrap())
        .collect();
    assert!(counters.len() > 5, "{counters:?}");
    for counter in counters {
        let is_of = |line: &&str| line.starts_with(counter) && !line.contains("_committed_");
        let lines: Vec<_> = text.lines().filter(is_of).collect();
        let is_zero = |line: &&str| line.ends_with(" 0");
        assert!(
            counter.contains("_committed_") || (!lines.is_empty() && lines.iter().all(is_zero)),
            "{counter}: {lines:?}"
        );
    }
    for line in [
        "weixin_gateway_logins_total{client=\"wiki\",app=\"\",outcome=\"configuration\"} 0",
        "weixin_gateway_logins_total{client=\"wiki\",app=\"wx0123456789abcdef\",outcome=\"conflict\"} 0",
        "weixin_gateway_codes_total{client=\"wiki\"} 0",
        "weixin_gateway_requests_total{endpoint=\"/token\",status=\"500\"} 0",
        "weixin_gateway_turned_away_total{limit=\"connections\"} 0",
        "weixin_gateway_turned_away_total{limit=\"logins\"} 0",
        "weixin_gateway_reload_failures_total 0",
        "weixin_gateway_read_seconds_count{operation=\"clients\"} 1",
    ] {
        assert!(text.contains(line), "{line} is missing in {text}");
    }
    assert!(
        text.contains("weixin_gateway_committed_writes_total "),
        "{text}"
    );
    assert!(!text.contains(SECRET));
    assert_eq!(server.end("-TERM").0, Some(0));
}
