//! Masks secrets in requests and responses before they are logged.

/// Names of parameters and members with secret values.
const SECRETS: [&str; 10] = [
    "access_token",
    "app_secret",
    "appsecret",
    "client_secret",
    "code",
    "js_code",
    "refresh_token",
    "secret",
    "session_key",
    "ticket",
];
/// Names of headers with secret values.
pub(super) const SECRET_HEADERS: [&str; 3] = ["authorization", "cookie", "proxy-authorization"];

pub(super) const MASK: &str = "***";

pub(super) fn is_secret(name: &str) -> bool {
    SECRETS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Masks secret members in the text of a response.
///
/// It may have been cut, here or by a fault, so it is not parsed. The simulator's own secrets contain no quotes.
pub(super) fn mask_members(answer: &str) -> String {
    let mut masked = answer.to_owned();
    for name in SECRETS {
        let begin = format!("\"{name}\":\"");
        if let Some((before, rest)) = masked.split_once(&begin) {
            let end = rest.find('"').unwrap_or(rest.len());
            masked = format!("{before}{begin}{MASK}{}", &rest[end..]);
        }
    }
    masked
}
