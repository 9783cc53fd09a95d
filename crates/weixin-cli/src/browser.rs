//! Browsers: the default one, and Chromium with the simulator as WeChat.

use std::{net::SocketAddr, path::Path, process::ExitStatus};

use tokio::process::{Child, Command};
use url::Url;
use weixin_sim::WECHAT_HOSTS;

use crate::{error::CliError, message::message};

/// Browsers that accept Chromium's arguments.
const CHROMIUMS: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Opens `url` in the default browser, if there is a screen. The URL is printed in any case.
pub(crate) fn open(url: &str) {
    let has_screen = !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
    if has_screen {
        // Without a browser, the printed URL remains.
        let _ = open::that_detached(url);
    }
}

/// The arguments that make Chromium find WeChat's hosts at `tls`, and trust the certificate authority with this key.
pub(crate) fn arguments(tls: SocketAddr, spki_sha256: &str, profile: &Path) -> Vec<String> {
    let rules = WECHAT_HOSTS.map(|host| format!("MAP {host} {tls}"));
    vec![
        format!("--host-resolver-rules={}", rules.join(", ")),
        format!("--ignore-certificate-errors-spki-list={spki_sha256}"),
        format!("--user-data-dir={}", profile.display()),
        "--no-first-run".to_owned(),
        "--no-default-browser-check".to_owned(),
    ]
}

/// The end of a browser. One that the user closes ends with 0; it prints itself why it cannot start.
pub(crate) fn ended(status: ExitStatus) -> Result<(), CliError> {
    if status.success() {
        return Ok(());
    }
    Err(CliError::Other(message(
        format!(
            "浏览器没有启动，或已崩溃（{status}）。Chromium 不能以 root 运行：请换用其他用户，或者自己启动，加上 \
             --no-sandbox 和 WEIXIN_SIM_CHROMIUM_ARGS 中的参数"
        ),
        format!(
            "the browser did not start, or it crashed ({status}). As root, Chromium does not start: run as another user, or \
             start it yourself with --no-sandbox and the arguments in WEIXIN_SIM_CHROMIUM_ARGS"
        ),
    )))
}

/// Opens a window of a separate browser, which is closed when the result is dropped.
pub(crate) fn window(arguments: &[String], url: &Url) -> Result<Child, CliError> {
    let started = CHROMIUMS.iter().find_map(|name| {
        let mut browser = Command::new(name);
        browser.args(arguments).arg(url.as_str()).kill_on_drop(true);
        browser.spawn().ok()
    });
    started.ok_or_else(|| {
        CliError::Usage(message(
            "没有找到 Chromium、Chrome 或 Edge。请自己启动浏览器，加上 WEIXIN_SIM_CHROMIUM_ARGS 中的参数，\
             或者使用模拟器自己的 URL 打开登录页",
            "found no Chromium, Chrome or Edge. Start a browser with the arguments in \
             WEIXIN_SIM_CHROMIUM_ARGS, or open the login URL on the simulator's own URL",
        ))
    })
}
