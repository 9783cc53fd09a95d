//! Unmodified clients in other languages log in with `weixin sim exec`. `./scripts/test` installs them, in the versions
//! that it names.
#![expect(clippy::unwrap_used, reason = "a test")]

#[expect(dead_code, reason = "no simulator of its own is needed here")]
mod running;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};

use self::running::{Printed, command, run};

/// A client, and the way to run it.
struct Client {
    script: &'static str,
    /// The directory of its packages, in the target directory.
    packages: &'static str,
    /// Options of `weixin sim exec`.
    options: &'static [&'static str],
    /// The notes in the tables, in English and in Chinese.
    notes: [&'static str; 2],
}

const PYTHON_WEIXIN: Client = Client {
    script: "python_weixin.py",
    packages: "python",
    options: &[],
    notes: [
        "its refresh goes to the wrong path, which returns 41008",
        "刷新请求的路径有误，返回 41008",
    ],
};
const WECHATPY: Client = Client {
    script: "wechatpy_oauth.py",
    packages: "python",
    options: &[],
    notes: [
        "website, official account and mini program",
        "网站应用、公众号和小程序",
    ],
};
const SOCIAL_AUTH: Client = Client {
    script: "social_auth.py",
    packages: "python",
    options: &[],
    notes: [
        "sends POST forms, and repairs names on the assumption of `text/plain` without a charset",
        "发送 POST 表单；假定返回是不带 charset 的 `text/plain`，并据此修复昵称",
    ],
};
const ALLAUTH: Client = Client {
    script: "django_site.py",
    packages: "python",
    options: &[],
    notes: [
        "a whole Django site; sends POST forms",
        "完整的 Django 网站；发送 POST 表单",
    ],
};
const AUTH_JS: Client = Client {
    script: "auth_js.mjs",
    packages: "node/now",
    options: &[],
    notes: ["with oauth4webapi 3.8.8", "使用 oauth4webapi 3.8.8"],
};
const AUTH_JS_BEFORE: Client = Client {
    script: "auth_js.mjs",
    packages: "node/before",
    options: &[],
    notes: [
        "with oauth4webapi 3.1.4, which rejects WeChat's `text/plain`",
        "使用 oauth4webapi 3.1.4，它不接受微信的 `text/plain`",
    ],
};
const AUTH_JS_DRESSED: Client = Client {
    options: &["--token-content-type", "application/json"],
    notes: [
        "with oauth4webapi 3.1.4 and `--token-content-type application/json`, which WeChat does not have",
        "使用 oauth4webapi 3.1.4，并加上 `--token-content-type application/json`；微信没有这样的选项",
    ],
    ..AUTH_JS_BEFORE
};

const ALL: [Client; 7] = [
    PYTHON_WEIXIN,
    WECHATPY,
    SOCIAL_AUTH,
    ALLAUTH,
    AUTH_JS,
    AUTH_JS_BEFORE,
    AUTH_JS_DRESSED,
];

impl Client {
    /// The report of the script: client, version and results; the errors if there is no report.
    fn report(&self) -> Value {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let packages = target.with_file_name(self.packages);
        assert!(
            packages.exists(),
            "{} is missing: ./scripts/test installs it",
            packages.display()
        );
        let mut weixin = command(&["sim", "exec"]);
        weixin.args(self.options).arg("--");
        let script = folder().join(self.script);
        if self.packages == "python" {
            weixin
                .arg(packages.join("bin/python"))
                .arg("-B")
                .arg(script);
        } else {
            weixin.arg("node").arg(script).arg(packages);
        }
        let Printed { stdout, stderr, .. } = run(weixin);
        // Some clients print things of their own.
        let last = stdout.lines().last().unwrap_or_default();
        serde_json::from_str(last).unwrap_or_else(|_| Value::from(stderr))
    }

    fn seen(&self) -> Value {
        self.report()["seen"].take()
    }

    /// The rows of one run in the tables, in English and in Chinese.
    fn rows(&self) -> [String; 2] {
        let report = self.report();
        let text = |name| report[name].as_str().unwrap().to_owned();
        let (client, version) = (text("client"), text("version"));
        let seen = &report["seen"];
        let outcomes = if seen["nickname"] == "小明🐼é" {
            ["logs in".to_owned(), "登录成功".to_owned()]
        } else {
            let causes = seen["causes"].as_array().unwrap().iter();
            let causes: Vec<_> = causes.map(|cause| cause.as_str().unwrap()).collect();
            let causes = causes.join(", ");
            [format!("fails: `{causes}`"), format!("失败：`{causes}`")]
        };
        [0, 1].map(|language| {
            let (outcome, note) = (&outcomes[language], self.notes[language]);
            format!("| {client} | {version} | {outcome} | {note} |")
        })
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/clients")
}

/// The predecessor of this project. Its refresh goes to the path of the exchange, without a code.
#[test]
fn python_weixin_gets_token_and_profile_from_the_simulator() {
    assert_eq!(
        PYTHON_WEIXIN.seen(),
        json!({
            "token_keys": ["access_token", "expires_in", "openid", "refresh_token", "scope", "unionid"],
            "expires_in": 7200,
            "nickname": "小明🐼é",
            "same_person": true,
            "valid": { "errcode": 0, "errmsg": "ok" },
            "refresh": 41008,
            "code_twice": 40163,
            "bogus_code": 40029,
        })
    );
}

#[test]
fn wechatpy_logs_in_on_a_website_inside_wechat_and_in_a_mini_program() {
    assert_eq!(
        WECHATPY.seen(),
        json!({
            "nickname": "小明🐼é",
            "valid": true,
            "same_token": true,
            "code_twice": 40163,
            "silent_keys": ["access_token", "expires_in", "openid", "refresh_token", "scope"],
            "session_keys": ["openid", "session_key", "unionid"],
            "same_union_id": true,
        })
    );
}

/// It sends POST forms, and repairs the name on the assumption that the response is `text/plain` without a charset and in
/// raw UTF-8: any other response would garble the name.
#[test]
fn social_auth_core_reads_the_name_that_it_believes_to_be_garbled() {
    assert_eq!(
        SOCIAL_AUTH.seen(),
        json!({
            "token_keys": ["access_token", "expires_in", "openid", "refresh_token", "scope", "unionid"],
            "nickname": "小明🐼é",
            "same_person": true,
            "details": ["profile_image_url", "username"],
            "refused": 40029,
        })
    );
}

#[test]
fn a_django_site_with_allauth_logs_in_and_turns_a_stranger_away() {
    assert_eq!(
        ALLAUTH.seen(),
        json!({
            "login_page": "/connect/qrconnect",
            "goes_on_to": "/in/",
            "nickname": "小明🐼é",
            "uid_is_open_id": true,
            "stranger": 401,
        })
    );
}

#[test]
fn auth_js_logs_in_but_did_not_while_it_insisted_on_a_content_type() {
    let logged_in =
        json!({ "goes_on_to": "http://localhost:3000/in", "nickname": "小明🐼é", "causes": [] });
    assert_eq!(AUTH_JS.seen(), logged_in);
    assert_eq!(AUTH_JS_DRESSED.seen(), logged_in);
    assert_eq!(
        AUTH_JS_BEFORE.seen(),
        json!({
            "goes_on_to": "http://localhost:3000/auth/error?error=Configuration",
            "nickname": null,
            "causes": ["OAUTH_RESPONSE_IS_NOT_JSON"],
        })
    );
}

/// The pages with the tables, in English and in Chinese, and the heads of the tables.
const PAGES: [(&str, &str); 2] = [
    (
        "../../docs/clients.md",
        "| client | version | against `weixin sim exec` | notes |\n|---|---|---|---|\n",
    ),
    (
        "../../docs/zh/clients.md",
        "| 客户端 | 版本 | 对接 `weixin sim exec` | 备注 |\n|---|---|---|---|\n",
    ),
];

/// `WEIXIN_UPDATE_DOCS=1` rewrites the tables.
#[test]
fn the_tables_of_clients_in_the_documentation_are_what_this_run_shows() {
    let rows = ALL.map(|client| client.rows());
    let shown = PAGES.map(|(page, _)| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(page)).unwrap()
    });
    let seen = [0, 1].map(|language| {
        let head = PAGES[language].1;
        let (before, rest) = shown[language].split_once(head).unwrap();
        let (_, after) = rest.split_once("\n\n").unwrap();
        let rows: Vec<_> = rows.iter().map(|row| row[language].as_str()).collect();
        format!("{before}{head}{}\n\n{after}", rows.join("\n"))
    });
    if std::env::var_os("WEIXIN_UPDATE_DOCS").is_some() {
        for ((page, _), text) in PAGES.iter().zip(&seen) {
            fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(page), text).unwrap();
        }
    }
    assert_eq!(seen, shown);
}
