//! What was asked and answered, secrets masked.

use std::collections::VecDeque;

use serde::Serialize;
use serde_json::Value;

use crate::parameters::Parameters;

/// How many requests the log remembers.
const MAX_REQUESTS: usize = 1000;

/// Names whose values open something.
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

/// One request to WeChat's paths, and how it was answered.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Counts the requests from 1 on; a reset begins again.
    pub number: u64,
    /// When it arrived, in Unix seconds of the simulator's clock.
    pub at: u64,
    /// Such as `GET`.
    pub method: String,
    /// The host that was asked for, such as `api.weixin.qq.com`, or the simulator's own address.
    pub host: String,
    /// The path, without the query.
    pub path: String,
    /// Query and form parameters, or the members of a JSON body, in the order in which they came; secrets are
    /// `***`.
    pub parameters: Vec<(String, String)>,
    /// The HTTP status of the answer.
    pub status: u16,
    /// The error code of the answer; `None` where it has none.
    pub errcode: Option<i64>,
    /// The answer of the API, in which secrets are `***`; `None` for pages.
    pub answer: Option<String>,
}

/// A request and its answer as they were, secrets included: only [`LoggedRequest`] leaves the simulator.
pub(crate) struct UnmaskedRequest {
    pub(crate) at: u64,
    pub(crate) method: String,
    pub(crate) host: String,
    pub(crate) path: String,
    pub(crate) parameters: Parameters,
    /// A body that is not a form's.
    pub(crate) body: Vec<u8>,
    pub(crate) status: u16,
    pub(crate) errcode: Option<i64>,
    pub(crate) answer: Option<Vec<u8>>,
}

/// Nothing of what was sent.
impl std::fmt::Debug for UnmaskedRequest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnmaskedRequest").finish_non_exhaustive()
    }
}

/// The last requests.
#[derive(Debug, Default)]
pub(crate) struct RequestLog {
    requests: VecDeque<UnmaskedRequest>,
    /// How many there were.
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

    /// The last requests, secrets masked.
    pub(crate) fn masked(&self) -> Vec<LoggedRequest> {
        let forgotten = self.recorded - self.requests.len() as u64;
        let numbered = self.requests.iter().zip(forgotten + 1..);
        numbered
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

/// The members of a JSON object; none of anything else.
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

/// The text of an answer with the values of secret members masked. It may be broken on purpose, so it is not
/// parsed: our own answers have no quote in such a value.
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
    fn an_answer_keeps_everything_but_its_secrets_even_if_it_is_cut() {
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
