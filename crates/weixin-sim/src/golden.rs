//! The golden files, for programs that compare them with another server.

/// Embeds golden files by their names.
macro_rules! files {
    ($($name:literal,)*) => {
        &[$(($name, include_str!(concat!("../golden/", $name, ".json")))),*]
    };
}

/// The requests and responses that the simulator guarantees: name and content of each golden file, as JSON.
///
/// A file is a scenario. Each of its `steps` is a `request` with its `answer`, or moves the clock (`advance_seconds`).
/// `confidence` says how sure the answer is: `D` documented, `O` observed, `I` inferred from observations, `?` assumed.
/// `real` marks a request that can be sent to the real WeChat, because it logs no user in and changes nothing:
/// `no-secret` as it is; `test-account` with app ID and app secret of a test account (测试号) in place of the
/// simulator's. `<name:shape>` in an answer stands for a value of that shape, `<name>` for the same value later.
pub const GOLDEN_FILES: &[(&str, &str)] = files![
    "access_token-methods",
    "access_token-order",
    "account-events",
    "app-token",
    "auth",
    "authorize",
    "callback",
    "check-session",
    "desktop",
    "dialogs",
    "encrypted-data-old",
    "encrypted-data",
    "errors-on-demand",
    "frozen",
    "ip-whitelist",
    "mini-program-old",
    "mini-program",
    "mobile-app",
    "plain-http",
    "poll-timeout",
    "poll",
    "qrconnect-errors",
    "qrconnect-page",
    "qrconnect-variants",
    "quotas",
    "refresh_token",
    "stable-token-force",
    "stable-token",
    "state",
    "strict-order",
    "userinfo",
    "wrong-app-uses-code",
    "wrong-app",
];
