//! Environment variables and certificate files that make a program trust the simulator as WeChat.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use weixin_sim::WECHAT_HOSTS;

use crate::error::CliError;

/// The files of trusted certificates on common systems.
const SYSTEM: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Variables that name a file with all trusted certificates.
const BUNDLES: [&str; 3] = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"];

/// Variables that make OpenSSL, Python, curl, Node and rustls trust the authority, in addition to the certificates that
/// they trust already.
pub(super) fn variables(
    certificate: &str,
    directory: &Path,
) -> Result<Vec<(&'static str, OsString)>, CliError> {
    let [alone, bundle] = ["ca.pem", "bundle.pem"].map(|name| directory.join(name));
    fs::write(&alone, certificate)?;
    fs::write(&bundle, format!("{}\n{certificate}", trusted_already()))?;
    let mut variables = vec![("NODE_EXTRA_CA_CERTS", alone.into_os_string())];
    variables.extend(BUNDLES.map(|name| (name, bundle.clone().into_os_string())));
    Ok(variables)
}

fn trusted_already() -> String {
    let chosen = BUNDLES
        .into_iter()
        .filter_map(env::var_os)
        .map(PathBuf::from);
    let mut files = chosen.chain(SYSTEM.map(PathBuf::from));
    files
        .find_map(|file| fs::read_to_string(file).ok())
        .unwrap_or_default()
}

/// Returns `true` for an entry of `NO_PROXY` that makes programs reach one of WeChat's hosts directly.
fn bypasses_simulator(entry: &str) -> bool {
    let name = entry.split(':').next().unwrap_or_default();
    let name = name.trim_start_matches('*').trim_matches('.');
    let name = name.to_ascii_lowercase();
    let is_below = |host: &str| {
        host.strip_suffix(&*name)
            .is_some_and(|rest| rest.ends_with('.'))
    };
    name.is_empty()
        || WECHAT_HOSTS
            .iter()
            .any(|host| *host == name || is_below(host))
}

/// Variables that make programs use the proxy, except for this machine itself.
pub(super) fn proxy(address: &str) -> Vec<(&'static str, OsString)> {
    let before = env::var("NO_PROXY").or_else(|_| env::var("no_proxy"));
    let before = before.unwrap_or_default();
    // curl separates entries by spaces as well.
    let others = before.split(|c: char| c == ',' || c.is_whitespace());
    let others = others.filter(|entry| !entry.is_empty() && !bypasses_simulator(entry));
    let direct: Vec<_> = others.chain(["localhost", "127.0.0.1"]).collect();
    let direct = direct.join(",");
    vec![
        ("HTTPS_PROXY", address.into()),
        ("https_proxy", address.into()),
        ("NO_PROXY", direct.clone().into()),
        ("no_proxy", direct.into()),
        // Node 22.21 and later use the other variables only with this one.
        ("NODE_USE_ENV_PROXY", "1".into()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_entry_of_no_proxy_leads_past_the_simulator() {
        for (entry, expected) in [
            ("*", true),
            ("qq.com", true),
            (".qq.com", true),
            ("*.weixin.qq.com", true),
            ("API.weixin.qq.com:443", true),
            ("com", true),
            ("qq.com.", true),
            ("q.com", false),
            ("example.com", false),
            ("10.0.0.0/8", false),
            ("pay.weixin.qq.com", false),
        ] {
            assert_eq!(bypasses_simulator(entry), expected, "{entry}");
        }
    }
}
