//! Masks and cuts a request before it is logged.

use std::time::{Duration, SystemTime};

use super::request_log::LoggedRequest;
use crate::{
    clock::{unix_milliseconds, unix_seconds},
    lock::assert_unlocked,
    parameters::{Parameters, json_members, without},
};

/// Maximum number of parameters, and of headers, of an entry, and of bytes of all its texts.
const MAX_PARAMETERS: usize = 50;
pub(super) const MAX_ENTRY: usize = 16 * 1024;
/// Maximum number of bytes of one text, of all headers, and of the response.
const MAX_TEXT: usize = 1024;
const MAX_HEADERS: usize = 4 * 1024;
pub(super) const MAX_ANSWER: usize = 4 * 1024;

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
const SECRET_HEADERS: [&str; 4] = [
    "authorization",
    "cookie",
    "proxy-authorization",
    "set-cookie",
];

pub(crate) const MASK: &str = "***";

/// A request and its response, secrets included. Only [`LoggedRequest`] is kept, and leaves the simulator.
pub(crate) struct UnmaskedRequest<'a> {
    pub(crate) at: SystemTime,
    pub(crate) duration: Duration,
    pub(crate) method: &'a str,
    pub(crate) host: &'a str,
    pub(crate) path: &'a str,
    pub(crate) parameters: &'a Parameters,
    /// Body, unless it is a form.
    pub(crate) body: &'a [u8],
    pub(crate) request_headers: &'a [(&'a str, &'a str)],
    pub(crate) status: u16,
    pub(crate) errcode: Option<i64>,
    pub(crate) answer: Option<&'a [u8]>,
    pub(crate) response_headers: &'a [(&'a str, &'a str)],
    /// Secrets that are masked wherever they are.
    pub(crate) secrets: &'a [String],
}

/// Prints no content: it has secrets.
impl std::fmt::Debug for UnmaskedRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnmaskedRequest").finish_non_exhaustive()
    }
}

impl UnmaskedRequest<'_> {
    /// Entry for the log, without a number.
    pub(crate) fn masked(&self) -> LoggedRequest {
        assert_unlocked("a request is masked");
        let mut kept = Kept::of(MAX_ENTRY);
        let [method, host, path] = [self.method, self.host, self.path]
            .map(|text| kept.text(&self.without_secrets(text), MAX_TEXT));
        let (parameters, masked_parameters) = self.masked_parameters(&mut kept);
        // The response has a limit of its own: a long request must not hide it. What is cut off needs no mask.
        let mut answered = Kept::of(MAX_ANSWER);
        let mut masked_answer = Vec::new();
        let answer = self.answer.map(|answer| {
            let answer = String::from_utf8_lossy(&answer[..answer.len().min(2 * MAX_ANSWER)]);
            let (answer, masked) =
                mask_members(&answered.text(&self.without_secrets(&answer), MAX_ANSWER));
            masked_answer = masked;
            answer
        });
        let mut in_headers = Kept::of(MAX_HEADERS);
        let request_headers = self.masked_headers(self.request_headers, &mut in_headers);
        let response_headers = self.masked_headers(self.response_headers, &mut in_headers);
        let content_type = response_headers
            .iter()
            .find(|(name, _)| name == "content-type");
        LoggedRequest {
            number: 0,
            app_id: None,
            user: None,
            login: None,
            at: unix_seconds(self.at),
            at_ms: unix_milliseconds(self.at),
            duration_ms: u64::try_from(self.duration.as_millis()).unwrap_or(u64::MAX),
            method,
            host,
            path,
            parameters,
            masked_parameters,
            request_headers,
            status: self.status,
            errcode: self.errcode,
            answer,
            masked_answer,
            content_type: content_type.map(|(_, value)| value.clone()),
            response_headers,
            fault: None,
            refusal: None,
            findings: Vec::new(),
            test: None,
            cut: kept.cut || answered.cut || in_headers.cut,
        }
    }

    /// Parameters with masked secrets, and the lengths of those.
    fn masked_parameters(&self, kept: &mut Kept) -> (Pairs, Lengths) {
        let members = json_members(self.body);
        let all = self.parameters.as_slice().iter().chain(&members);
        let (mut parameters, mut lengths) = (Vec::new(), Vec::new());
        for (name, value) in all {
            if parameters.len() == MAX_PARAMETERS || kept.left == 0 {
                kept.cut = true;
                break;
            }
            let is_masked = is_secret(name) && !value.is_empty();
            let name = kept.text(&self.without_secrets(name), MAX_TEXT);
            if is_masked {
                lengths.push((name.clone(), value.chars().count()));
            }
            let value = if is_masked {
                MASK
            } else {
                &self.without_secrets(value)
            };
            parameters.push((name, kept.text(value, MAX_TEXT)));
        }
        parameters.shrink_to_fit();
        lengths.shrink_to_fit();
        (parameters, lengths)
    }

    /// Headers with masked secrets: whole values, or those of parameters in a URL.
    fn masked_headers(&self, headers: &[(&str, &str)], kept: &mut Kept) -> Pairs {
        let mut masked = Vec::new();
        for (name, value) in headers {
            if masked.len() == MAX_PARAMETERS || kept.left == 0 {
                kept.cut = true;
                break;
            }
            let value = if SECRET_HEADERS.contains(name) {
                MASK.to_owned()
            } else {
                self.without_secrets(&mask_url(value))
            };
            let name = self.without_secrets(name);
            masked.push((kept.text(&name, MAX_TEXT), kept.text(&value, MAX_TEXT)));
        }
        masked.shrink_to_fit();
        masked
    }

    fn without_secrets(&self, text: &str) -> String {
        without(text.to_owned(), self.secrets)
    }
}

/// Masks the secret parameters of a URL, wherever they are in a text.
fn mask_url(text: &str) -> String {
    let parts = text.split_inclusive(['?', '&', '#']);
    parts
        .map(|part| {
            let pair = part.trim_end_matches(['?', '&', '#']);
            match pair.split_once('=') {
                Some((name, value)) if is_secret(name) && !value.is_empty() => {
                    format!("{name}={MASK}{}", &part[pair.len()..])
                }
                _ => part.to_owned(),
            }
        })
        .collect()
}

/// Names and values, and names and lengths.
type Pairs = Vec<(String, String)>;
type Lengths = Vec<(String, usize)>;

/// What is kept of an entry's texts.
struct Kept {
    /// Bytes that may still be kept.
    left: usize,
    cut: bool,
}

impl Kept {
    fn of(bytes: usize) -> Self {
        Self {
            left: bytes,
            cut: false,
        }
    }

    /// Keeps a text, or its beginning with `…`.
    fn text(&mut self, text: &str, most: usize) -> String {
        let kept = &text[..text.floor_char_boundary(most.min(self.left))];
        self.left -= kept.len();
        if kept.len() == text.len() {
            return kept.to_owned();
        }
        self.cut = true;
        format!("{kept}…")
    }
}

fn is_secret(name: &str) -> bool {
    SECRETS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
}

/// Masks secret members in the text of a response, wherever they stand; returns their names, and their lengths in
/// characters.
///
/// It may have been cut, here or by a fault, so it is not parsed. The simulator's own secrets contain no quotes.
fn mask_members(answer: &str) -> (String, Vec<(String, usize)>) {
    let mut masked = String::with_capacity(answer.len());
    let mut lengths = Vec::new();
    let mut rest = answer;
    while let Some((start, name)) = next_secret(rest) {
        let (before, value) = rest.split_at(start);
        let end = value.find('"').unwrap_or(value.len());
        lengths.push((name.to_owned(), value[..end].chars().count()));
        masked.push_str(before);
        masked.push_str(MASK);
        rest = &value[end..];
    }
    masked.push_str(rest);
    lengths.shrink_to_fit();
    (masked, lengths)
}

/// Name of the first member with a secret text, and where that begins, after its quote.
fn next_secret(text: &str) -> Option<(usize, &'static str)> {
    let value_of = |name: &'static str| {
        let quoted = format!("\"{name}\"");
        let mut found = text.match_indices(&quoted);
        found.find_map(|(at, _)| {
            let after = &text[at + quoted.len()..];
            let value = after.trim_start().strip_prefix(':')?.trim_start();
            let value = value.strip_prefix('"')?;
            Some((text.len() - value.len(), name))
        })
    };
    SECRETS.into_iter().filter_map(value_of).min()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(
        parameters: &'a Parameters,
        body: &'a [u8],
        answer: &'a [u8],
    ) -> UnmaskedRequest<'a> {
        UnmaskedRequest {
            at: SystemTime::UNIX_EPOCH,
            duration: Duration::ZERO,
            method: "POST",
            host: "api.weixin.qq.com",
            path: "/sns/auth",
            parameters,
            body,
            request_headers: &[],
            status: 200,
            errcode: None,
            answer: Some(answer),
            response_headers: &[],
            secrets: &[],
        }
    }

    #[test]
    fn secrets_are_masked_even_in_a_truncated_response() {
        for (answer, expected) in [
            (
                r#"{"access_token":"66_a","expires_in":7200,"refresh_token":"66_b","openid":"o1"}"#,
                r#"{"access_token":"***","expires_in":7200,"refresh_token":"***","openid":"o1"}"#,
            ),
            (r#"{"access_token":"66_a"#, r#"{"access_token":"***"#),
            (r#"{"errcode":40029}"#, r#"{"errcode":40029}"#),
            (
                r#"[{"code": "a"}, {"x": {"code" :"bb"}}, {"code":1}, "secret"]"#,
                r#"[{"code": "***"}, {"x": {"code" :"***"}}, {"code":1}, "secret"]"#,
            ),
        ] {
            assert_eq!(mask_members(answer).0, expected);
        }
    }

    #[test]
    fn a_long_request_is_cut_and_the_entry_says_so() {
        let long = "微".repeat(20_000);
        let parameters =
            Parameters::new("", format!("secret={long}&state={long}&lang=en").as_bytes());
        let answer = format!(
            r#"{{"x":"{}","access_token":"66_a"}}"#,
            "x".repeat(MAX_ANSWER - 24)
        );
        let entry = request(&parameters, b"", answer.as_bytes()).masked();
        let state = format!("{}…", "微".repeat(MAX_TEXT / 3));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let expected = [
            pair("secret", MASK),
            pair("state", &state),
            pair("lang", "en"),
        ];
        assert_eq!(entry.parameters, expected);
        let kept = entry.answer.unwrap();
        assert!(kept.ends_with(r#""access_token":"***"#), "{kept}");
        assert!(entry.cut);

        let many = "a=b&".repeat(MAX_PARAMETERS + 1);
        let many = request(&Parameters::new(&many, b""), b"", b"").masked();
        assert_eq!((many.parameters.len(), many.cut), (MAX_PARAMETERS, true));
        let short = request(&Parameters::new("a=b", b""), b"", b"{}").masked();
        assert_eq!((short.parameters.len(), short.cut), (1, false));
    }

    #[test]
    fn a_secret_that_is_known_is_masked_in_each_text() {
        let secrets = ["hunter2".to_owned()];
        let parameters = Parameters::new("a=hunter2&hunter2=b", b"");
        let mut unmasked = request(&parameters, b"", b"x hunter2");
        (unmasked.path, unmasked.host) = ("/sns/hunter2", "hunter2");
        unmasked.request_headers = &[("x-hunter2", "hunter2")];
        unmasked.response_headers = &[("location", "http://hunter2/")];
        unmasked.secrets = &secrets;
        let entry = unmasked.masked();
        assert!(!format!("{entry:?}").contains("hunter2"), "{entry:?}");
        assert_eq!(
            (entry.path.as_str(), entry.answer.as_deref()),
            ("/sns/***", Some("x ***"))
        );
    }

    #[test]
    fn the_length_of_a_secret_is_kept_and_headers_are_masked_as_parameters_are() {
        let parameters = Parameters::new("secret=sssss&code=", b"");
        let mut unmasked = request(&parameters, b"", br#"{"access_token":"66_a"}"#);
        unmasked.request_headers = &[
            ("cookie", "session=1"),
            ("referer", "http://a/?code=071x&state=s1#code=y"),
        ];
        unmasked.response_headers = &[
            ("content-type", "text/plain"),
            ("location", "http://a/callback?code=071x&state=s1"),
        ];
        let entry = unmasked.masked();
        let length = |name: &str, length| vec![(name.to_owned(), length)];
        assert_eq!(entry.masked_parameters, length("secret", 5));
        assert_eq!(entry.masked_answer, length("access_token", 4));
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let sent = [
            pair("cookie", MASK),
            pair("referer", "http://a/?code=***&state=s1#code=***"),
        ];
        assert_eq!(entry.request_headers, sent);
        let received = [
            pair("content-type", "text/plain"),
            pair("location", "http://a/callback?code=***&state=s1"),
        ];
        assert_eq!(entry.response_headers, received);
        assert_eq!(entry.content_type.as_deref(), Some("text/plain"));
    }
}
