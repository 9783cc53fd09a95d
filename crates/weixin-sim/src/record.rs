//! What was asked, secrets masked.

use serde::Serialize;

/// Parameters whose values open something.
const SECRETS: [&str; 7] = [
    "access_token",
    "client_secret",
    "code",
    "js_code",
    "refresh_token",
    "secret",
    "session_key",
];

/// One request to WeChat's paths, and how it was answered.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Recorded {
    /// When it arrived, in Unix seconds of the simulator's clock.
    pub at: u64,
    /// Such as `GET`.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// Query and form parameters in the order in which they came; secrets are `***`.
    pub parameters: Vec<(String, String)>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The error code of the answer; `None` where it has none.
    pub errcode: Option<i64>,
}

/// The parameters with every secret masked.
pub(crate) fn masked(parameters: &[(String, String)]) -> Vec<(String, String)> {
    let mask = |(name, value): &(String, String)| {
        let secret = SECRETS
            .iter()
            .any(|secret| name.eq_ignore_ascii_case(secret));
        let value = if secret && !value.is_empty() {
            "***"
        } else {
            value
        };
        (name.clone(), value.to_owned())
    };
    parameters.iter().map(mask).collect()
}
