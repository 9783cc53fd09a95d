//! The request log, which masks secrets when it is read.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use crate::parameters::Parameters;

/// Maximum number of requests in the log.
const MAX_REQUESTS: usize = 1000;

/// Names of parameters and members with secret values.
const SECRETS: [&str; 8] = [
    "access_token",
    "client_secret",
    "code",
    "js_code",
    "refresh_token",
    "secret",
    "session_key",
    "ticket",
];
const MASK: &str = "***";

/// A request to one of WeChat's paths, with its response.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Sequence number, starting at 1 after a reset.
    pub number: u64,
    /// Arrival, in Unix seconds of the simulator's clock.
    pub at: u64,
    /// HTTP method, such as `GET`.
    pub method: String,
    /// Requested host, such as `api.weixin.qq.com`, or the simulator's own address.
    pub host: String,
    /// Path without the query.
    pub path: String,
    /// Parameters of query and form, or members of a JSON body, in the order of arrival; secrets are `***`.
    pub parameters: Vec<(String, String)>,
    /// HTTP status of the response.
    pub status: u16,
    /// Error code of the response, if it has one.
    pub errcode: Option<i64>,
    /// Body of an API response, in which secrets are `***`; `None` for pages.
    pub answer: Option<String>,
}

/// A request and its response, secrets included. Only [`LoggedRequest`] leaves the simulator.
pub(crate) struct UnmaskedRequest {
    pub(crate) at: u64,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) parameters: Parameters,
    /// Body, unless it is a form.
    pub(crate) body: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) errcode: Option<i64>,
    pub(crate) answer: Option<Vec<u8>>,
}

/// Prints no content: it has secrets.
impl std::fmt::Debug for UnmaskedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnmaskedRequest").finish_non_exhaustive()
    }
}

/// The last requests, secrets included.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: VecDeque<UnmaskedRequest>,
    /// Number of requests since the start or the last reset.
    recorded: u64,
}

impl RequestLog {
    pub(crate) fn add(&mut self, request: UnmaskedRequest) {
        if self.requests.len() == MAX_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
        self.recorded += 1;
    }

    /// Number of the request that is added next.
    pub(crate) fn next_number(&self) -> u64 {
        self.recorded + 1
    }

    /// Returns the requests with masked secrets. Masking on read keeps the cost out of each request.
    pub(crate) fn masked(&self) -> Vec<LoggedRequest> {
        self.masked_after(0)
    }

    /// Returns the requests after the one with this number, with masked secrets.
    pub(crate) fn masked_after(&self, number: u64) -> Vec<LoggedRequest> {
        let forgotten = self.recorded - self.requests.len() as u64;
        let numbered = self.requests.iter().zip(forgotten + 1..);
        numbered
            .filter(|(_, own)| *own > number)
            .map(|(request, number)| request.masked(number))
            .collect()
    }
}

impl UnmaskedRequest {
    fn masked(&self, number: u64) -> LoggedRequest {
        let mut parameters: Vec<_> = self.parameters.as_slice().to_vec();
        parameters.extend(members(&self.body));
        for (name, value) in &mut parameters {
            if is_secret(name) && !value.is_empty() {
                MASK.clone_into(value);
            }
        }
        let text = |answer: &Vec<u8>| mask_members(&String::from_utf8_lossy(answer));
        LoggedRequest {
            number,
            at: self.at,
            method: self.method.clone(),
            host: self.host.clone(),
            path: self.path.clone(),
            parameters,
            status: self.status,
            errcode: self.errcode,
            answer: self.answer.as_ref().map(text),
        }
    }
}

fn is_secret(name: &str) -> bool {
    SECRETS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Members of a JSON object; empty for anything else.
fn members(body: &[u8]) -> Vec<(String, String)> {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let text = |value| match value {
        Value::String(text) => text,
        other => other.to_string(),
    };
    members
        .into_iter()
        .map(|(name, value)| (name, text(value)))
        .collect()
}

/// Masks secret members in the text of a response.
///
/// A fault may have truncated it, so it is not parsed. The simulator's own secrets contain no quotes.
fn mask_members(answer: &str) -> String {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_even_in_a_truncated_response() {
        for (answer, expected) in [
            (
                r#"{"access_token":"66_a","expires_in":7200,"refresh_token":"66_b","openid":"o1"}"#,
                r#"{"access_token":"***","expires_in":7200,"refresh_token":"***","openid":"o1"}"#,
            ),
            (r#"{"access_token":"66_a"#, r#"{"access_token":"***"#),
            (r#"{"errcode":40029}"#, r#"{"errcode":40029}"#),
        ] {
            assert_eq!(mask_members(answer), expected);
        }
    }
}
