//! The person's browser, and one for which the simulator is WeChat.

use std::{net::SocketAddr, path::Path};

use tokio::process::{Child, Command};
use url::Url;
use weixin_sim::WECHAT_HOSTS;

use crate::failure::Failure;

/// Browsers that take Chromium's arguments.
const CHROMIUMS: [&str; 6] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/// Opens `url`, if there is a screen to open it on; the address is printed anyway.
pub(crate) fn open(url: &str) {
    let has_screen = !cfg!(target_os = "linux")
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some());
    if has_screen {
        // Without a browser the printed address is what is left.
        let _ = open::that_detached(url);
    }
}

/// The arguments with which a Chromium finds WeChat's hosts at `tls`, whose certificate authority it knows
/// by the hash of its key.
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

/// A window of a browser of its own, which is closed when this is dropped.
pub(crate) fn window(arguments: &[String], url: &Url) -> Result<Child, Failure> {
    let started = CHROMIUMS.iter().find_map(|name| {
        let mut browser = Command::new(name);
        browser.args(arguments).arg(url.as_str()).kill_on_drop(true);
        browser.spawn().ok()
    });
    started.ok_or_else(|| {
        let text = "--browser: found no Chromium, Chrome or Edge. Start one with the arguments of \
                    WEIXIN_SIM_CHROMIUM_ARGS, or open the login address on the simulator's own address";
        Failure::Usage(text.to_owned())
    })
}
