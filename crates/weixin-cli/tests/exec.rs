//! `weixin sim exec`, `--tls` and `--proxy`: WeChat's own host names resolve to the simulator.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "the whole program is run here")]
mod running;

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::Value;
use weixin_sim::Authority;

use self::running::{Printed, closed, command, run, weixin};

const MISSING_TOKEN: &str = r#"{"errcode":41001,"errmsg":"access_token missing, rid: "#;

/// An empty directory of this test's own.
fn directory(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory);
    directory
}

/// Runs Python, which supports the variables.
fn exec(options: &[&str], program: &str) -> Printed {
    let mut weixin = command(&["sim", "exec"]);
    weixin.args(options).args(["--", "python3", "-c", program]);
    run(weixin)
}

fn fetch(url: &str) -> String {
    format!("import urllib.request as r; print(r.urlopen({url:?}).read().decode())")
}

#[test]
fn a_program_uses_the_simulator_as_wechat_and_its_exit_code_is_kept() {
    let program = format!(
        "{}; raise SystemExit(7)",
        fetch("https://api.weixin.qq.com/sns/auth")
    );
    let printed = exec(&[], &program);
    assert_eq!(printed.code, Some(7));
    assert!(
        printed.stdout.starts_with(MISSING_TOKEN),
        "{}",
        printed.stdout
    );
    assert!(
        printed
            .stderr
            .starts_with("WeChat simulator at http://127.0.0.1:"),
        "{}",
        printed.stderr
    );
}

/// Logs in with `urllib`, and loads the avatar.
const LOG_IN: &str = "import json, urllib.error, urllib.parse as p, urllib.request as r
class Stay(r.HTTPRedirectHandler):
    def redirect_request(self, *_): return None
login = dict(appid='wx0123456789abcdef', redirect_uri='http://localhost/', scope='snsapi_login')
try:
    r.build_opener(Stay).open('https://open.weixin.qq.com/connect/qrconnect?' + p.urlencode(login))
except urllib.error.HTTPError as redirect:
    code = p.parse_qs(p.urlparse(redirect.headers['location']).query)['code'][0]
def api(path, **query):
    return json.load(r.urlopen(f'https://api.weixin.qq.com{path}?{p.urlencode(query)}'))
token = api('/sns/oauth2/access_token', appid=login['appid'], secret='s' * 32, code=code, grant_type='authorization_code')
avatar = api('/sns/userinfo', access_token=token['access_token'], openid=token['openid'])['headimgurl']
print(p.urlparse(avatar)[:2], r.urlopen(avatar).headers['content-type'])";

#[test]
fn avatars_are_at_wechats_host() {
    let printed = exec(&["--auto-allow"], LOG_IN);
    assert_eq!(
        printed.stdout, "('https', 'thirdwx.qlogo.cn') image/jpeg\n",
        "{}",
        printed.stderr
    );
}

#[test]
fn with_only_wechat_the_proxy_connects_to_wechats_hosts_and_to_no_others() {
    let other = exec(&["--only-wechat"], &fetch("https://www.example.com/"));
    assert_eq!(other.code, Some(1));
    assert!(
        other
            .stderr
            .contains("Tunnel connection failed: 403 This proxy serves WeChat's hosts only"),
        "{}",
        other.stderr
    );
    let program = "import os, urllib.request as r, urllib.error
proxy = r.build_opener(r.ProxyHandler({'http': os.environ['HTTPS_PROXY']}))
print(proxy.open('http://api.weixin.qq.com/sns/auth').read().decode())
for url in ('http://www.example.com/', 'http://api.weixin.qq.com:8080/sns/auth'):
    try:
        proxy.open(url)
    except urllib.error.HTTPError as error:
        print(error.code, error.read().decode())
try:
    r.urlopen(os.environ['HTTPS_PROXY'])
except urllib.error.HTTPError as error:
    print(error.code, error.read().decode().split(' is at ')[0])";
    let printed = exec(&[], program);
    let lines: Vec<_> = printed.stdout.lines().collect();
    assert!(
        lines[0].starts_with(r#"{"errcode":43003,"errmsg":"require https, rid: "#),
        "{printed:?}"
    );
    let rejection = |host| {
        format!(
            "403 weixin sim: this proxy serves WeChat's hosts by HTTPS on port 443 or HTTP on port 80, and not {host}. \
             Add it to NO_PROXY to reach it directly, or omit --only-wechat of `weixin sim exec`"
        )
    };
    assert_eq!(lines[1], rejection("www.example.com"));
    assert_eq!(lines[3], rejection("api.weixin.qq.com"));
    assert_eq!(
        lines[5],
        "400 weixin sim: this is a proxy to WeChat's hosts. The simulator itself"
    );
}

/// Sends CONNECT for `argv[1]` to the proxy, and prints the answer and what comes through the tunnel. It sends no more then:
/// a proxy that has rejected the tunnel would wait for another request.
const TUNNEL: &str = r"import os, socket, sys
proxy = os.environ['HTTPS_PROXY'].split('//')[1].split(':')
connection = socket.create_connection((proxy[0], int(proxy[1])))
connection.sendall(f'CONNECT {sys.argv[1]} HTTP/1.1\r\nHost: {sys.argv[1]}\r\n\r\n'.encode())
head = b''
while not head.endswith(b'\r\n\r\n'):
    head += connection.recv(1)
print(head.split(b'\r\n')[0].decode())
connection.sendall(b'ping')
connection.shutdown(socket.SHUT_WR)
print(connection.makefile().read())";

/// Reads a head; returns it.
fn read_head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// Answers one `ping` with `pong`.
fn pong(stream: &mut TcpStream) {
    let mut ping = [0; 4];
    stream.read_exact(&mut ping).unwrap();
    assert_eq!(&ping, b"ping");
    stream.write_all(b"pong").unwrap();
}

/// Runs the tunnel with these proxies in the environment.
fn tunnel(host: &str, proxy: Option<&str>) -> Printed {
    let mut weixin = command(&["sim", "exec", "--", "python3", "-c", TUNNEL, host]);
    for name in [
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ] {
        weixin.env_remove(name);
    }
    if let Some(proxy) = proxy {
        weixin.env("HTTPS_PROXY", proxy);
    }
    run(weixin)
}

#[test]
fn other_hosts_are_reached_directly() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = server.local_addr().unwrap().to_string();
    let server = std::thread::spawn(move || pong(&mut server.accept().unwrap().0));
    let printed = tunnel(&host, None);
    assert_eq!(printed.stdout, "HTTP/1.1 200 OK\npong\n", "{printed:?}");
    server.join().unwrap();

    let closed = closed::closed_port();
    let printed = tunnel(&closed.address.to_string(), None);
    assert!(
        printed.stdout.starts_with("HTTP/1.1 502 Bad Gateway\n"),
        "{printed:?}"
    );
}

#[test]
fn other_hosts_are_reached_through_the_proxy_that_was_set() {
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = format!("http://me:hunter2@{}", server.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut stream = server.accept().unwrap().0;
        let head = read_head(&mut stream);
        stream
            .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
            .unwrap();
        pong(&mut stream);
        head
    });
    let printed = tunnel("www.example.com:443", Some(&proxy));
    assert_eq!(printed.stdout, "HTTP/1.1 200 OK\npong\n", "{printed:?}");
    assert_eq!(
        server.join().unwrap(),
        "CONNECT www.example.com:443 HTTP/1.1\r\nHost: www.example.com:443\r\n\
         Proxy-Authorization: Basic bWU6aHVudGVyMg==\r\n\r\n"
    );

    let socks = tunnel("www.example.com:443", Some("socks5://127.0.0.1:1"));
    assert!(socks.stdout.starts_with("HTTP/1.1 403 "), "{socks:?}");
    assert!(
        socks.stderr.contains("is not an http:// proxy"),
        "{socks:?}"
    );
}

/// Starts a program whose shell has a child of its own; both hold the output open.
#[cfg(unix)]
fn with_child() -> std::process::Child {
    let program = "trap '' INT; sleep 100000 & echo ready; wait";
    let weixin = command(&["sim", "exec", "--", "sh", "-c", program]).spawn();
    let mut weixin = weixin.unwrap();
    let mut ready = [0; 6];
    let output = weixin.stdout.as_mut().unwrap();
    output.read_exact(&mut ready).unwrap();
    assert_eq!(&ready, b"ready\n");
    weixin
}

/// `exec` cannot remove its files if it is killed: the shell that ends its program does.
#[cfg(unix)]
#[test]
fn the_files_of_exec_are_removed_when_it_is_killed() {
    let program = "echo $NODE_EXTRA_CA_CERTS; sleep 100000";
    let mut weixin = command(&["sim", "exec", "--", "sh", "-c", program]);
    let mut weixin = weixin.spawn().unwrap();
    let mut lines = BufReader::new(weixin.stdout.take().unwrap()).lines();
    let certificate = lines.next().unwrap().unwrap();
    assert!(Path::new(&certificate).exists());
    weixin.kill().unwrap();
    weixin.wait().unwrap();
    // The shell removes them in its own time.
    while Path::new(&certificate).exists() {
        std::thread::yield_now();
    }
    assert!(lines.next().is_none());
}

/// Reads the output to its end, which comes when all processes that hold it have ended.
#[cfg(unix)]
fn all_have_ended(weixin: &mut std::process::Child) {
    let mut rest = String::new();
    weixin
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut rest)
        .unwrap();
    assert_eq!(rest, "");
}

#[cfg(unix)]
#[test]
fn the_path_of_the_program_needs_no_shell() {
    // As with a virtual environment alone; what removes the files afterwards does not use it either.
    let program = "echo $NODE_EXTRA_CA_CERTS; kill -s KILL $PPID; read -r _";
    let mut weixin = command(&["sim", "exec", "--", "/bin/sh", "-c", program]);
    let mut weixin = weixin.env("PATH", "/nonexistent").spawn().unwrap();
    let mut lines = BufReader::new(weixin.stdout.take().unwrap()).lines();
    let certificate = lines.next().unwrap().unwrap();
    weixin.wait().unwrap();
    while Path::new(&certificate).exists() {
        std::thread::yield_now();
    }
    assert!(lines.next().is_none());
}

#[cfg(unix)]
#[test]
fn a_program_that_kills_exec_at_once_ends_with_it() {
    // `exec` has hardly started it by then; in one of these rounds at least, it would not know the program yet.
    for _ in 0..20 {
        let program = "kill -s KILL $PPID; sleep 100000";
        let mut weixin = command(&["sim", "exec", "--", "sh", "-c", program]);
        let mut weixin = weixin.spawn().unwrap();
        weixin.wait().unwrap();
        all_have_ended(&mut weixin);
    }
}

#[cfg(unix)]
#[test]
fn the_program_and_its_children_end_when_exec_is_killed() {
    let mut weixin = with_child();
    weixin.kill().unwrap();
    weixin.wait().unwrap();
    all_have_ended(&mut weixin);
}

#[cfg(unix)]
#[test]
fn the_program_and_its_children_end_when_exec_is_terminated() {
    let mut weixin = with_child();
    let kill = Command::new("kill").arg(weixin.id().to_string()).status();
    assert!(kill.unwrap().success());
    all_have_ended(&mut weixin);
    assert_eq!(weixin.wait().unwrap().code(), Some(128 + 15));
}

#[test]
fn the_simulator_ends_when_its_input_ends() {
    let mut weixin = command(&["sim", "--listen=127.0.0.1:0", "--until-stdin-ends"]);
    let mut process = weixin.stdin(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    let address = line.split("//").nth(1).unwrap();
    TcpStream::connect(address).unwrap();
    process
        .stdin
        .as_mut()
        .unwrap()
        .write_all(b"a line\n")
        .unwrap();
    assert_eq!(process.try_wait().unwrap(), None);
    drop(process.stdin.take());
    assert_eq!(process.wait().unwrap().code(), Some(0));
}

#[test]
fn the_files_of_exec_are_removed_at_its_end() {
    let program = "import os; print(os.environ['NODE_EXTRA_CA_CERTS'])";
    let printed = exec(&[], program);
    let file = Path::new(printed.stdout.trim());
    assert_eq!(file.file_name().unwrap(), "ca.pem");
    assert!(!file.parent().unwrap().exists(), "{}", file.display());
}

/// A command in a network of its own, where every port is free; for root.
fn alone(program: &str, args: &[&str]) -> Command {
    let weixin = command(&[]);
    let mut alone = Command::new("unshare");
    alone
        .args(["--net", "sh", "-c", "ip link set lo up && exec \"$@\"", "-"])
        .arg(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for (name, value) in weixin.get_envs() {
        assert_eq!(value, None);
        alone.env_remove(name);
    }
    alone
}

const WEIXIN: &str = env!("CARGO_BIN_EXE_weixin");

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout == b"0\n"
}

/// For programs that ignore proxies. Root alone can have a hosts file of its own.
#[test]
fn a_private_hosts_file_works_without_a_proxy() {
    let before = fs::read("/etc/hosts").unwrap();
    let hosts = ["sim", "exec", "--hosts", "--", "python3", "-c"];
    let open = |url| run(alone(WEIXIN, &[&hosts[..], &[&fetch(url)]].concat()));
    if is_root() {
        let printed = open("https://api.weixin.qq.com/sns/auth");
        assert!(printed.stdout.starts_with(MISSING_TOKEN), "{printed:?}");
        let plain = open("http://api.weixin.qq.com/sns/auth");
        assert!(plain.stdout.starts_with(r#"{"errcode":43003"#), "{plain:?}");
    } else {
        let printed = exec(&["--hosts"], "");
        assert_eq!(printed.code, Some(2));
        assert!(
            printed
                .stderr
                .contains("--hosts is for Linux and needs root"),
            "{printed:?}"
        );
    }
    assert_eq!(fs::read("/etc/hosts").unwrap(), before);
}

#[test]
fn a_second_private_hosts_file_has_a_second_simulator() {
    if !is_root() {
        return;
    }
    let program = "import json, os, urllib.request as r
r.urlopen('https://api.weixin.qq.com/sns/auth').read()
asked = json.load(r.urlopen(os.environ['WEIXIN_SIM_URL'] + '/_sim/api/requests'))
print([one['path'] for one in asked])";
    let hosts = ["sim", "exec", "--hosts", "--"];
    let inner = ["python3", "-c", program];
    // The first runs the second, so both run at the same time.
    let printed = run(alone(
        WEIXIN,
        &[&hosts[..], &[WEIXIN], &hosts[..], &inner].concat(),
    ));
    assert_eq!(printed.stdout, "['/sns/auth']\n", "{printed:?}");
}

#[test]
fn a_private_hosts_file_without_a_free_port_is_an_error_that_says_so() {
    if !is_root() {
        return;
    }
    for port in [443, 80] {
        let holder = format!(
            "import socket, subprocess, sys
server = socket.create_server(('', {port}))
sys.exit(subprocess.call(sys.argv[1:]))"
        );
        let printed = run(alone(
            "python3",
            &[
                "-c", &holder, WEIXIN, "sim", "exec", "--hosts", "--", "true",
            ],
        ));
        assert_eq!(
            (printed.code, printed.stderr.as_str()),
            (
                Some(1),
                "error: --hosts: port 443 or 80 is in use on every address of this machine: stop the other program, or omit --hosts\n"
            )
        );
    }
}

#[test]
fn an_authority_is_created_once_and_its_key_is_for_its_owner_only() {
    let directory = directory("authority");
    let option = directory.to_str().unwrap();
    let program = "import os; print(open(os.environ['NODE_EXTRA_CA_CERTS']).read())";
    let first = exec(&["--ca-dir", option], program);
    let again = exec(&["--ca-dir", option], program);
    assert!(
        first.stdout.starts_with("-----BEGIN CERTIFICATE-----"),
        "{first:?}"
    );
    assert_eq!(first.stdout, again.stdout);
    let key_file = directory.join("ca-key.pem");
    let key = fs::read_to_string(&key_file).unwrap();
    let secret = key.lines().nth(1).unwrap();
    for Printed { stdout, stderr, .. } in [first, again] {
        assert!(!stdout.contains(secret) && !stderr.contains(secret));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&key_file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    let rejected = |file: &Path, sentence: &str| {
        let invalid = exec(&["--ca-dir", option], program);
        let expected = format!("error: --ca-dir {option}: {}: {sentence}\n", file.display());
        assert_eq!((invalid.code, invalid.stderr), (Some(2), expected));
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&key_file, fs::Permissions::from_mode(0o644)).unwrap();
        rejected(
            &key_file,
            "other users can read this key (mode 644); run `chmod 600` on it if they have not, or remove the directory \
             to get a new one",
        );
        fs::set_permissions(&key_file, fs::Permissions::from_mode(0o600)).unwrap();
    }
    let certificate = directory.join("ca.pem");
    let own = fs::read(&certificate).unwrap();
    let other = Authority::new().unwrap();
    for garbage in [&b"\xff garbage"[..], other.certificate_pem().as_bytes()] {
        fs::write(&certificate, garbage).unwrap();
        rejected(
            &certificate,
            "not the certificate of ca-key.pem in PEM; remove the file to get a new one",
        );
    }
    fs::write(&certificate, own).unwrap();
    for garbage in [&b"not a key"[..], b"\xff"] {
        fs::write(&key_file, garbage).unwrap();
        rejected(
            &key_file,
            "not a private key in PEM; remove the directory to get a new one",
        );
    }
}

#[test]
fn a_program_that_a_signal_ends_has_the_exit_code_of_a_shell() {
    let program = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)";
    let printed = exec(&[], program);
    assert_eq!(printed.code, Some(128 + 15), "{printed:?}");
}

/// Ctrl-C in a terminal reaches the program as well; `kill` reaches `exec` alone.
#[cfg(unix)]
#[test]
fn sigint_to_exec_alone_ends_the_program() {
    use std::os::unix::process::CommandExt;
    let program = "import signal; print('ready', flush=True); signal.pause()";
    let mut weixin = command(&["sim", "exec", "--", "python3", "-c", program]);
    // A group of its own is never that of the terminal.
    let mut exec = weixin.process_group(0).spawn().unwrap();
    let mut lines = BufReader::new(exec.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "ready");
    running::interrupt(&exec);
    assert_eq!(exec.wait().unwrap().code(), Some(128 + 2));
}

#[test]
fn a_command_without_two_hyphens_before_it_gets_a_tip() {
    let args = ["sim", "exec", "--seed=1", "python", "app.py"];
    let printed = weixin(&args);
    assert_eq!(printed.code, Some(2));
    let mut lines = printed.stderr.lines();
    assert_eq!(
        lines.next(),
        Some("error: unexpected argument 'python' found")
    );
    let tip = "the command comes after --: weixin sim exec --seed=1 -- python app.py";
    assert!(
        lines.any(|line| line == format!("  tip: {tip}")),
        "{}",
        printed.stderr
    );

    let printed = weixin(&[&args[..], &["--json"]].concat());
    let json: Value = serde_json::from_str(&printed.stdout).unwrap();
    assert_eq!(json["remedy"], format!("{tip} --json"));
}

#[test]
fn commands_in_exec_find_its_simulator_by_its_url() {
    let login_url = [
        WEIXIN,
        "login-url",
        "--sim",
        "--redirect-uri",
        "http://localhost/",
    ];
    let mut weixin = command(&["sim", "exec", "--"]);
    weixin.args(login_url);
    let printed = run(weixin);
    let note = printed.stderr.split(' ').nth(3).unwrap();
    let url = note.strip_suffix(',').unwrap();
    assert!(
        printed.stdout.starts_with(&format!("{url}/connect/")),
        "{printed:?}"
    );
}

#[test]
fn a_program_that_does_not_exist_is_named() {
    let mut weixin = command(&["sim", "exec", "--"]);
    weixin.arg("no-such-command");
    let printed = run(weixin);
    assert_eq!(printed.code, Some(2));
    let last = printed.stderr.lines().last().unwrap();
    assert!(
        last.starts_with("error: cannot start the program no-such-command: "),
        "{last}"
    );
}

/// A hosts file and one variable are enough; here the client gets both as settings.
#[tokio::test]
async fn tls_and_proxy_work_without_a_program() {
    let directory = directory("listening");
    let mut weixin = command(&["--json", "sim", "--listen=127.0.0.1:0"]);
    weixin
        .args(["--tls=127.0.0.1:0", "--proxy=127.0.0.1:0", "--ca-dir"])
        .arg(&directory);
    let mut process = weixin.spawn().unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let lines = lines.map(Result::unwrap);
    let json: Vec<_> = lines.take_while(|line| line != "}").collect();
    let places: Value = serde_json::from_str(&(json.join("") + "}")).unwrap();
    let tls: SocketAddr = places["tls"].as_str().unwrap().parse().unwrap();
    let certificate = fs::read(places["ca"].as_str().unwrap()).unwrap();
    let certificate = reqwest::Certificate::from_pem(&certificate).unwrap();
    let client = || {
        reqwest::Client::builder()
            .no_proxy()
            .tls_certs_only([certificate.clone()])
    };
    let by_name = client().resolve("api.weixin.qq.com", tls).build().unwrap();
    let proxy = reqwest::Proxy::https(places["proxy"].as_str().unwrap()).unwrap();
    let by_proxy = client().proxy(proxy).build().unwrap();
    let address = format!("https://api.weixin.qq.com:{}/sns/auth", tls.port());
    for (client, url) in [
        (by_name, address.as_str()),
        (by_proxy, "https://api.weixin.qq.com/sns/auth"),
    ] {
        let text = client.get(url).send().await.unwrap().text().await.unwrap();
        assert!(text.starts_with(MISSING_TOKEN), "{text}");
    }
    process.kill().unwrap();
    process.wait().unwrap();
}

/// A browser that prints its arguments, then writes to the pipe `said` if there is one.
fn chromium(directory: &Path) -> String {
    let said = directory.join("said");
    let script = format!(
        "#!/bin/sh\nfor argument; do echo \"$argument\"; done\n[ ! -p '{0}' ] || echo said > '{0}'\n",
        said.display()
    );
    browser(directory, &script)
}

/// A browser that is this script; returns the `PATH` to find it.
fn browser(directory: &Path, script: &str) -> String {
    fs::create_dir_all(directory).unwrap();
    let chromium = directory.join("chromium");
    fs::write(&chromium, script).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&chromium, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = std::env::var("PATH").unwrap();
    format!("{}:{path}", directory.display())
}

#[test]
fn a_phone_is_a_browser_that_looks_like_wechats_own() {
    let mut weixin = command(&["sim", "phone", "--sim", "http://127.0.0.1:1"]);
    weixin.env("PATH", chromium(&directory("phone")));
    let printed = run(weixin);
    let lines: Vec<_> = printed.stdout.lines().collect();
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert!(
        lines[0].starts_with("--user-agent=") && lines[0].contains(" MicroMessenger/"),
        "{lines:?}"
    );
    assert_eq!(lines.last(), Some(&"http://127.0.0.1:1/_sim/phone"));
    let profile = lines[1].strip_prefix("--user-data-dir=").unwrap();
    assert!(!Path::new(profile).exists());

    let mut weixin = command(&["sim", "phone", "http://localhost:1/"]);
    weixin.env("PATH", "/nowhere");
    let printed = run(weixin);
    assert_eq!(printed.code, Some(2));
    assert!(printed.stderr.contains("found no Chromium"), "{printed:?}");

    let mut weixin = command(&["sim", "phone", "http://localhost:1/"]);
    let script = "#!/bin/sh\necho 'no sandbox' >&2\nexit 3\n";
    weixin.env("PATH", browser(&directory("broken-phone"), script));
    let printed = run(weixin);
    assert_eq!(printed.code, Some(1));
    let last = printed.stderr.lines().last();
    let error = "error: the browser did not start, or it crashed (exit status: 3). As root, Chromium does not start: run as another user, or start it yourself with --no-sandbox and the arguments in WEIXIN_SIM_CHROMIUM_ARGS";
    assert_eq!(last, Some(error), "{printed:?}");
}

#[test]
fn a_browser_can_be_opened_next_to_the_program() {
    let directory = directory("beside");
    let path = chromium(&directory);
    let said = directory.join("said");
    let made = Command::new("mkfifo").arg(&said).status().unwrap();
    assert!(made.success());
    let mut weixin = command(&["sim", "exec", "--browser", "http://localhost:1/", "--"]);
    // The browser is closed when the program ends, so the program waits for its output.
    weixin
        .args(["sh", "-c", "read word < \"$0\""])
        .arg(&said)
        .env("PATH", path);
    let printed = run(weixin);
    let lines: Vec<_> = printed.stdout.lines().collect();
    assert_eq!(printed.code, Some(0), "{printed:?}");
    assert!(
        lines[0].starts_with("--host-resolver-rules=MAP open.weixin.qq.com 127.0.0.1:"),
        "{lines:?}"
    );
    assert_eq!(lines.last(), Some(&"http://localhost:1/"));
}
