//! Environment variables and certificate files that make a program trust the simulator as WeChat.

use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

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

/// Variables that make programs use the proxy, except for this machine itself.
pub(super) fn proxy(address: &str) -> Vec<(&'static str, OsString)> {
    let before = env::var("NO_PROXY").or_else(|_| env::var("no_proxy"));
    let direct = match before {
        Ok(before) if !before.is_empty() => format!("{before},localhost,127.0.0.1"),
        _ => "localhost,127.0.0.1".to_owned(),
    };
    vec![
        ("HTTPS_PROXY", address.into()),
        ("https_proxy", address.into()),
        ("NO_PROXY", direct.clone().into()),
        ("no_proxy", direct.into()),
        // Node 24 and later use the other variables only with this one.
        ("NODE_USE_ENV_PROXY", "1".into()),
    ]
}
