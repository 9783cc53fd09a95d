//! The request log, bounded in bytes.

use std::{collections::VecDeque, sync::Arc};

use serde::{Serialize, Serializer};
use tokio::sync::oneshot;

use crate::{
    lint::rule::{Rule, RuleClass},
    lock::assert_unlocked,
    waiters::Waiters,
};

/// Maximum number of requests in the log, and of bytes of all of them.
const MAX_REQUESTS: usize = 1000;
const MAX_BYTES: usize = 4 * 1024 * 1024;

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
    /// Arrival, in milliseconds since the Unix epoch of the simulator's clock.
    pub at_ms: u64,
    /// Time until the response was ready, in milliseconds of the machine's clock.
    pub duration_ms: u64,
    /// HTTP method, such as `GET`.
    pub method: String,
    /// Requested host, such as `api.weixin.qq.com`, or the simulator's own address.
    pub host: String,
    /// Path without the query.
    pub path: String,
    /// Parameters of query and form, or members of a JSON body, in the order of arrival; secrets are `***`.
    pub parameters: Vec<(String, String)>,
    /// Names of the masked parameters, with the length of their values in characters.
    pub masked_parameters: Vec<(String, usize)>,
    /// Headers of the request, in the order of arrival; secrets are `***`.
    pub request_headers: Vec<(String, String)>,
    /// HTTP status of the response.
    pub status: u16,
    /// Error code of the response, if it has one.
    pub errcode: Option<i64>,
    /// Body of an API response, in which secrets are `***`; `None` for pages.
    pub answer: Option<String>,
    /// Names of the masked members of the response, with the length of their values in characters.
    pub masked_answer: Vec<(String, usize)>,
    /// Headers of the response; secrets are `***`.
    pub response_headers: Vec<(String, String)>,
    /// Content type of the response, if it has one.
    pub content_type: Option<String>,
    /// The fault that struck, such as `errcode -1`.
    pub fault: Option<String>,
    /// WeChat's text on the page that refuses a login URL.
    pub refusal: Option<String>,
    /// Rules that the request broke.
    pub findings: Vec<BrokenRule>,
    /// Name of the test that ran.
    pub test: Option<String>,
    /// Texts that end in `…` were cut, or parameters were left out, because the request or its response is too long.
    pub cut: bool,
}

/// A rule that a request broke.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BrokenRule {
    /// Identifier of the rule, such as `callback-port`.
    pub rule: &'static str,
    /// Consequence for this request.
    pub class: RuleClass,
}

impl From<Rule> for BrokenRule {
    fn from(rule: Rule) -> Self {
        Self {
            rule: rule.id,
            class: rule.class,
        }
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
        self.known(number) >= self.recorded - self.requests.len() as u64
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
        let pairs = [
            &self.parameters,
            &self.request_headers,
            &self.response_headers,
        ];
        let pair = |(name, value): &(String, String)| name.capacity() + value.capacity();
        let pairs: usize = pairs
            .into_iter()
            .map(|list| {
                list.capacity() * size_of::<(String, String)>()
                    + list.iter().map(pair).sum::<usize>()
            })
            .sum();
        let masked: usize = [&self.masked_parameters, &self.masked_answer]
            .into_iter()
            .map(|list| {
                let names: usize = list.iter().map(|(name, _)| name.capacity()).sum();
                list.capacity() * size_of::<(String, usize)>() + names
            })
            .sum();
        let texts = [&self.method, &self.host, &self.path]
            .into_iter()
            .chain([&self.app_id, &self.user].into_iter().flatten())
            .chain(&self.answer)
            .chain(&self.content_type)
            .chain(&self.fault)
            .chain(&self.refusal)
            .chain(&self.test);
        let rules = self.findings.capacity() * size_of::<BrokenRule>();
        size_of::<Self>() + pairs + masked + rules + texts.map(String::capacity).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use std::{
        panic::{AssertUnwindSafe, catch_unwind},
        time::{Duration, SystemTime},
    };

    use super::*;
    use crate::{
        lock::Lock,
        parameters::Parameters,
        world::masking::{MAX_ANSWER, MAX_ENTRY, UnmaskedRequest},
    };

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
            largest.unwrap() < 3 * (MAX_ENTRY + MAX_ANSWER),
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
        let second = log.lock().after(0);
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
