//! The request log: masked and cut before an entry is recorded, and bounded in bytes.

use std::{collections::VecDeque, sync::Arc};

use serde::{Serialize, Serializer};
use tokio::sync::oneshot;

use super::masking::{MASK, SECRET_HEADERS, is_secret, mask_members};
use crate::{
    lock::assert_unlocked,
    parameters::{Parameters, json_members, without},
    waiters::Waiters,
};

/// Maximum number of requests in the log, and of bytes of all of them.
const MAX_REQUESTS: usize = 1000;
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// Maximum number of parameters in an entry, and of bytes of all its texts.
const MAX_PARAMETERS: usize = 50;
const MAX_ENTRY: usize = 16 * 1024;
/// Maximum number of bytes of one text, and of the response.
const MAX_TEXT: usize = 1024;
const MAX_ANSWER: usize = 4 * 1024;

/// A request to one of WeChat's paths, with its response.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LoggedRequest {
    /// Sequence number, starting at 1 after a reset.
    pub number: u64,
    /// App, if it is known by its ID or by a token.
    pub app_id: Option<String>,
    /// ID of the user, if it is known by a code or a token.
    pub user: Option<String>,
    /// Number of the login in the timeline that it belongs to, if it is known.
    pub login: Option<u64>,
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
    /// Headers of the request, in the order of arrival; secrets are `***`.
    pub request_headers: Vec<(String, String)>,
    /// HTTP status of the response.
    pub status: u16,
    /// Error code of the response, if it has one.
    pub errcode: Option<i64>,
    /// Body of an API response, in which secrets are `***`; `None` for pages.
    pub answer: Option<String>,
    /// Texts that end in `…` were cut, or parameters were left out, because the request or its response is too long.
    pub cut: bool,
}

/// A request and its response, secrets included. Only [`LoggedRequest`] is kept, and leaves the simulator.
pub(crate) struct UnmaskedRequest<'a> {
    pub(crate) at: u64,
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
    /// Secrets that are masked wherever they are.
    pub(crate) secrets: &'a [String],
}

/// Prints no content: it has secrets.
impl std::fmt::Debug for UnmaskedRequest<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("UnmaskedRequest").finish_non_exhaustive()
    }
}

/// An entry of the log. Its content is read only while the world is not locked.
#[derive(Clone, Debug)]
pub(crate) struct Entry(Arc<LoggedRequest>);

impl Entry {
    pub(crate) fn get(&self) -> &LoggedRequest {
        assert_unlocked("an entry of the request log is read");
        &self.0
    }
}

impl Serialize for Entry {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.get().serialize(serializer)
    }
}

/// The last requests.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestLog {
    requests: VecDeque<Entry>,
    /// Bytes of all entries.
    bytes: usize,
    /// Number of requests since the start or the last reset.
    recorded: u64,
    /// Number of requests before the last reset.
    earlier: u64,
    waiters: Waiters<LoggedRequest>,
}

impl RequestLog {
    /// An empty log that remembers how many requests there were.
    pub(super) fn after_reset(&self) -> Self {
        Self {
            earlier: self.since_start(),
            ..Self::default()
        }
    }

    /// The log of a copy, with as many requests since the start as before.
    pub(super) fn restored(&self, copy: &Self) -> Self {
        Self {
            earlier: self.since_start().saturating_sub(copy.recorded),
            ..copy.clone()
        }
    }

    /// Number of requests since the start.
    pub(crate) fn since_start(&self) -> u64 {
        self.earlier + self.recorded
    }

    /// Adds an entry, which gets the next number, and wakes those that wait for it.
    pub(crate) fn add(&mut self, mut request: LoggedRequest) {
        self.recorded += 1;
        request.number = self.recorded;
        self.bytes += request.bytes();
        let request = Arc::new(request);
        self.waiters.happened(&request);
        self.requests.push_back(Entry(request));
        while self.requests.len() > MAX_REQUESTS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.requests.pop_front() else {
                break;
            };
            self.bytes -= oldest.0.bytes();
        }
    }

    /// Returns `true` if all requests after the one with this number are still there.
    pub(crate) fn is_complete_after(&self, number: u64) -> bool {
        number >= self.recorded - self.requests.len() as u64
    }

    /// Returns `true` if a request to this path is in the log.
    pub(crate) fn has_path(&self, path: &str) -> bool {
        self.requests.iter().any(|entry| entry.0.path == path)
    }

    /// Number of the request that is added next.
    pub(crate) fn next_number(&self) -> u64 {
        self.recorded + 1
    }

    /// Entries after the one with this number, the oldest first. After a reset that number is of an earlier log: then
    /// they are all entries.
    pub(crate) fn after(&self, number: u64) -> Vec<Entry> {
        let number = self.known(number);
        let first = self.recorded - self.requests.len() as u64;
        let known = usize::try_from(number.saturating_sub(first)).unwrap_or(usize::MAX);
        self.requests.iter().skip(known).cloned().collect()
    }

    /// Entries, the oldest first.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        self.requests.iter().cloned().collect()
    }

    /// The last entries, the newest first.
    pub(crate) fn newest(&self, count: usize) -> Vec<Entry> {
        self.requests.iter().rev().take(count).cloned().collect()
    }

    /// First entry after the one with this number that `wants` accepts, or where to wait for it.
    pub(crate) fn find(
        &mut self,
        after: u64,
        wants: impl Fn(&LoggedRequest) -> bool + Send + Sync + 'static,
    ) -> Result<Arc<LoggedRequest>, oneshot::Receiver<Arc<LoggedRequest>>> {
        let after = self.known(after);
        let wants = move |request: &LoggedRequest| request.number > after && wants(request);
        let known = self.requests.iter().find(|entry| wants(&entry.0));
        let known = known.map(|entry| Arc::clone(&entry.0));
        known.ok_or_else(|| self.waiters.wait(wants))
    }

    /// This number, or 0 if it is of the log before a reset.
    fn known(&self, number: u64) -> u64 {
        if number > self.recorded { 0 } else { number }
    }
}

impl LoggedRequest {
    /// Bytes that the entry takes.
    fn bytes(&self) -> usize {
        let texts = [&self.method, &self.host, &self.path]
            .into_iter()
            .chain(
                [&self.app_id, &self.user, &self.answer]
                    .into_iter()
                    .flatten(),
            )
            .chain(
                self.parameters
                    .iter()
                    .chain(&self.request_headers)
                    .flat_map(|(name, value)| [name, value]),
            );
        let pairs = self.parameters.capacity() + self.request_headers.capacity();
        let parameters = pairs * size_of::<(String, String)>();
        size_of::<Self>() + parameters + texts.map(String::capacity).sum::<usize>()
    }
}

impl UnmaskedRequest<'_> {
    /// Entry for the log, without a number.
    pub(crate) fn masked(&self) -> LoggedRequest {
        assert_unlocked("a request is masked");
        let mut kept = Kept {
            left: MAX_ENTRY,
            cut: false,
        };
        let known = |text: &str| without(text.to_owned(), self.secrets);
        let [method, host, path] =
            [self.method, self.host, self.path].map(|text| kept.text(&known(text), MAX_TEXT));
        let members = json_members(self.body);
        let all = self.parameters.as_slice().iter().chain(&members);
        let mut parameters = Vec::new();
        for (name, value) in all {
            if parameters.len() == MAX_PARAMETERS || kept.left == 0 {
                kept.cut = true;
                break;
            }
            let is_masked = is_secret(name) && !value.is_empty();
            let value = if is_masked { MASK } else { &known(value) };
            parameters.push((
                kept.text(&known(name), MAX_TEXT),
                kept.text(value, MAX_TEXT),
            ));
        }
        parameters.shrink_to_fit();
        let headers = self.request_headers.iter().take(MAX_PARAMETERS);
        let request_headers = headers.map(|(name, value)| {
            let value = if SECRET_HEADERS.contains(name) {
                MASK
            } else {
                &known(value)
            };
            (
                kept.text(&known(name), MAX_TEXT),
                kept.text(value, MAX_TEXT),
            )
        });
        let request_headers = request_headers.collect();
        // The response has a limit of its own: a long request must not hide it. What is cut off needs no mask.
        let mut answered = Kept {
            left: MAX_ANSWER,
            cut: false,
        };
        let answer = self.answer.map(|answer| {
            let answer = String::from_utf8_lossy(&answer[..answer.len().min(2 * MAX_ANSWER)]);
            mask_members(&answered.text(&known(&answer), MAX_ANSWER))
        });
        LoggedRequest {
            number: 0,
            app_id: None,
            user: None,
            login: None,
            at: self.at,
            method,
            host,
            path,
            parameters,
            request_headers,
            status: self.status,
            errcode: self.errcode,
            answer,
            cut: kept.cut || answered.cut,
        }
    }
}

/// What is kept of an entry's texts.
struct Kept {
    /// Bytes that may still be kept.
    left: usize,
    cut: bool,
}

impl Kept {
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

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;
    use crate::lock::Lock;

    fn request<'a>(
        parameters: &'a Parameters,
        body: &'a [u8],
        answer: &'a [u8],
    ) -> UnmaskedRequest<'a> {
        UnmaskedRequest {
            at: 0,
            method: "POST",
            host: "api.weixin.qq.com",
            path: "/sns/auth",
            parameters,
            body,
            request_headers: &[("cookie", "a=b"), ("accept", "*/*")],
            status: 200,
            errcode: None,
            answer: Some(answer),
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
        ] {
            assert_eq!(mask_members(answer), expected);
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
    fn the_log_is_bounded_in_bytes_whatever_the_requests_are() {
        let mut log = RequestLog::default();
        let large = format!("{}=&", "x".repeat(2000)).repeat(32);
        let large = Parameters::new(&large, b"");
        let tiny = Parameters::new("", &b"a&".repeat(30_000));
        let members = ["\"a\":1"; 200].join(",");
        let body = format!("{{{members}}}");
        let answer = vec![b'x'; 64 * 1024];
        for parameters in [&large, &tiny] {
            for _ in 0..MAX_REQUESTS {
                log.add(request(parameters, body.as_bytes(), &answer).masked());
            }
        }
        let entries = log.entries();
        let bytes: usize = entries.iter().map(|entry| entry.get().bytes()).sum();
        assert_eq!(bytes, log.bytes);
        assert!(
            bytes <= MAX_BYTES && entries.len() > 100,
            "{bytes} bytes of {}",
            entries.len()
        );
        let largest = entries.iter().map(|entry| entry.get().bytes()).max();
        assert!(
            largest.unwrap() < 2 * (MAX_ENTRY + MAX_ANSWER),
            "{largest:?}"
        );
        assert_eq!(
            entries.last().unwrap().get().number,
            2 * MAX_REQUESTS as u64
        );
    }

    #[test]
    fn nothing_is_masked_read_or_copied_while_the_world_is_locked() {
        let log = Lock::new(RequestLog::default());
        let parameters = Parameters::new("a=b", b"");
        let entry = request(&parameters, b"", b"").masked();
        log.lock().add(entry);
        let first = log.lock().entries();
        let second = log.lock().newest(1);
        assert!(Arc::ptr_eq(&first[0].0, &second[0].0));

        let guard = log.lock();
        let work: [&dyn Fn(); 3] = [
            &|| drop(request(&parameters, b"", b"").masked()),
            &|| drop(first[0].get().clone()),
            &|| drop(serde_json::to_string(&second)),
        ];
        for work in work {
            assert!(catch_unwind(AssertUnwindSafe(work)).is_err());
        }
        drop(guard);
        assert_eq!(
            first[0].get().parameters,
            [("a".to_owned(), "b".to_owned())]
        );
    }
}
