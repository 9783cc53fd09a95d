//! A browser that uses the simulator as WeChat, with the arguments of `weixin sim exec`.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use crate::window::Window;

/// A site with WeChat's own host name in it, run by `weixin sim exec`.
const SITE: &str = r#"
import http.server, os, urllib.parse

class Site(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        here = f"http://127.0.0.1:{self.server.server_port}"
        login = "https://open.weixin.qq.com/connect/qrconnect?" + urllib.parse.urlencode({
            "appid": os.environ["WEIXIN_APP_ID"], "redirect_uri": f"{here}/callback",
            "response_type": "code", "scope": "snsapi_login", "state": "s1"})
        query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
        page = f"<p id=done>{sorted(query)}</p><a id=login href='{login}'>log in</a>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(page.encode())

    def log_message(self, *_):
        pass

site = http.server.HTTPServer(("127.0.0.1", 0), Site)
print(os.environ["WEIXIN_SIM_CHROMIUM_ARGS"])
print(site.server_port, flush=True)
site.serve_forever()
"#;

fn terminate(process: &Child) {
    let id = process.id().to_string();
    assert!(Command::new("kill").arg(id).status().unwrap().success());
}

#[tokio::test]
async fn a_browser_finds_the_simulator_under_wechats_own_name() {
    let mut process = Command::new(env!("CARGO_BIN_EXE_weixin"))
        .args(["sim", "exec", "--", "python3", "-c", SITE])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap())
        .lines()
        .map(Result::unwrap);
    let arguments: Vec<String> = serde_json::from_str(&lines.next().unwrap()).unwrap();
    let site = format!("http://127.0.0.1:{}/", lines.next().unwrap());

    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let window = Window::open(&arguments).await;
    window.goto(&site).await;
    window.click("#login").await;
    window.wait_for("#sim_phone").await;
    assert!(
        window
            .url()
            .await
            .starts_with("https://open.weixin.qq.com/connect/qrconnect?"),
    );
    window.picture("exec-qr").await;
    let phone = window.second_window("#sim_phone").await;
    phone.click("button.allow").await;
    phone.wait_for("#allowed").await;
    window.reads("#done", "['code', 'state']").await;

    // SIGTERM is passed on to the program, and its exit code is the one of a shell: 128 + 15.
    terminate(&process);
    assert_eq!(process.wait().unwrap().code(), Some(143));
    assert!(reqwest::get(&site).await.is_err());
}
