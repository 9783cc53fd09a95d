//! Sends the requests of the cases, one after the other, at a pace.

use std::{collections::BTreeMap, error::Error, time::Duration};

use http::{
    Request, Response,
    header::{CONTENT_TYPE, DATE},
};
use weixin::transport::{Https, Transport, TransportErrorKind};

use super::{
    account::{Account, Filled},
    cases::{Body, Case},
    difference::{Difference, compare, excerpt},
    hosts::Hosts,
    mask::mask,
    outcome::{Entry, Outcome},
    pattern::{Names, is_rid},
};
use crate::{message::message, output::Output, shutdown::Shutdown};

/// The hosts to which cases are sent, and what they returned so far.
#[derive(Debug)]
pub(super) struct Replay {
    hosts: Hosts,
    account: Account,
    https: Https,
    /// The time between two requests.
    pace: Duration,
    has_sent: bool,
    /// Values of the responses to each file.
    names: BTreeMap<&'static str, Names>,
    /// Hosts without a connection, with the reason. They are not tried again.
    unreachable: BTreeMap<String, String>,
}

impl Replay {
    pub(super) fn new(hosts: Hosts, account: Account, https: Https, pace: Duration) -> Self {
        Self {
            hosts,
            account,
            https,
            pace,
            has_sent: false,
            names: BTreeMap::new(),
            unreachable: BTreeMap::new(),
        }
    }

    /// Lists the cases without sending any.
    pub(super) fn list(&self, cases: &[Case]) -> Vec<Entry> {
        let entry = |case| {
            let missing = self.account.missing(case);
            self.entry(case, missing.map_or(Outcome::NotSent, Outcome::Skipped))
        };
        cases.iter().map(entry).collect()
    }

    /// Sends the cases until the command is interrupted.
    pub(super) async fn run(
        &mut self,
        cases: &[Case],
        shutdown: &mut Shutdown,
        output: Output,
    ) -> Vec<Entry> {
        let mut entries = self.list(cases);
        let is_possible = |entry: &Entry| matches!(entry.outcome, Outcome::NotSent);
        let total = entries.iter().filter(|entry| is_possible(entry)).count();
        let all = cases.iter().zip(&mut entries);
        for (number, (case, entry)) in all.filter(|(_, entry)| is_possible(entry)).enumerate() {
            tokio::select! {
                sent = self.send(case) => *entry = sent,
                () = shutdown.requested() => {
                    output.note(message(
                        "已中断：报告不完整",
                        "interrupted: the report is not complete",
                    ));
                    break;
                }
            }
            let outcome = entry.outcome.name();
            output.note(format!(
                "[{}/{total}] {}: {outcome}",
                number + 1,
                entry.name
            ));
        }
        entries
    }

    async fn send(&mut self, case: &Case) -> Entry {
        let filled = match self.account.fill(case, self.names(case)) {
            Ok(filled) => filled,
            Err(missing) => return self.entry(case, Outcome::Skipped(missing)),
        };
        let origin = self.hosts.of_path(&case.path).to_string();
        if let Some(reason) = self.unreachable.get(&origin) {
            return self.entry(case, Outcome::Unreachable(reason.clone()));
        }
        let request = match request(&origin, case, filled) {
            Ok(request) => request,
            Err(error) => return self.failed(case, &error),
        };
        if self.has_sent {
            tokio::time::sleep(self.pace).await;
        }
        self.has_sent = true;
        match self.https.send(request).await {
            Ok(response) => self.received(case, &response),
            Err(error) if error.kind() == TransportErrorKind::Connect => {
                let reason = self.masked(case, &with_sources(&error));
                self.unreachable.insert(origin, reason.clone());
                self.entry(case, Outcome::Unreachable(reason))
            }
            Err(error) => self.failed(case, &error),
        }
    }

    /// A request that reached the host, and got no complete response.
    fn failed(&self, case: &Case, error: &dyn Error) -> Entry {
        let reason = self.masked(case, &with_sources(error));
        let difference = Difference::new("response", "complete", reason);
        self.entry(case, Outcome::Differs(vec![difference]))
    }

    fn received(&mut self, case: &Case, response: &Response<Vec<u8>>) -> Entry {
        let names = self.names.entry(case.file).or_default();
        let mut differences = compare(&case.answer, response, names);
        for difference in &mut differences {
            difference.received = excerpt(&self.masked(case, &difference.received));
        }
        let outcome = if differences.is_empty() {
            Outcome::Same
        } else {
            Outcome::Differs(differences)
        };
        let date = response.headers().get(DATE);
        Entry {
            date: date.map(|date| String::from_utf8_lossy(date.as_bytes()).into_owned()),
            rid: rid(&String::from_utf8_lossy(response.body())),
            ..self.entry(case, outcome)
        }
    }

    fn entry(&self, case: &Case, outcome: Outcome) -> Entry {
        let filled = self.account.fill(case, self.names(case));
        let (path, body) = match &filled {
            Ok(filled) => (filled.path.as_str(), filled.body.text()),
            Err(_) => (case.path.as_str(), case.body.text()),
        };
        let mut request = format!("{} {}{path}", case.method, self.hosts.of_path(path));
        if !body.is_empty() {
            request = format!("{request} {body}");
        }
        Entry {
            name: case.name(),
            confidence: confidence(&case.confidence),
            request: self.masked(case, &request),
            outcome,
            date: None,
            rid: None,
        }
    }

    fn names(&self, case: &Case) -> &Names {
        static NONE: Names = Names::new();
        self.names.get(case.file).unwrap_or(&NONE)
    }

    fn masked(&self, case: &Case, text: &str) -> String {
        mask(text, &self.account, self.names(case))
    }
}

fn request(origin: &str, case: &Case, filled: Filled) -> http::Result<Request<Vec<u8>>> {
    let request = Request::builder()
        .method(&case.method)
        .uri(format!("{origin}{}", filled.path));
    match filled.body {
        Body::None => request.body(Vec::new()),
        Body::Form(form) => request
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form.into_bytes()),
        Body::Json(json) => request
            .header(CONTENT_TYPE, "application/json")
            .body(json.into_bytes()),
    }
}

/// The ID of a request, by which WeChat's support finds it.
fn rid(body: &str) -> Option<String> {
    let (_, after) = body.split_once("rid: ")?;
    let end = after.find(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let rid = &after[..end.unwrap_or(after.len())];
    is_rid(rid).then(|| rid.to_owned())
}

/// The words for the letters of golden files.
fn confidence(letter: &str) -> &'static str {
    match letter {
        "D" => "documented",
        "O" => "observed",
        "I" => "inferred",
        _ => "assumed",
    }
}

fn with_sources(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
