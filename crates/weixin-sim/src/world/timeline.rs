//! Timeline: the steps of each login, for the dashboard and the control API.

use std::{collections::VecDeque, sync::Arc, time::SystemTime};

use serde::Serialize;

use super::{
    app_kind::AppKind,
    event::Event,
    request_log::LoggedRequest,
    steps::{HappenedStep, Steps, hash},
};
use crate::{
    clock::{unix_milliseconds, unix_seconds},
    lint::rule::RuleClass,
    parameters::shortened,
};

/// Maximum number of logins in the timeline, and of steps per login.
const MAX_TRACES: usize = 200;
const MAX_STEPS: usize = 50;
/// Maximum number of bytes of a redirect URI in the timeline.
const MAX_REDIRECT_URI: usize = 1024;

/// Paths where a code is exchanged.
const EXCHANGES: [&str; 2] = ["/sns/oauth2/access_token", "/sns/jscode2session"];

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Step {
    /// Unix seconds of the simulator's clock.
    pub(crate) at: u64,
    /// Milliseconds since the Unix epoch of the simulator's clock.
    pub(crate) at_ms: u64,
    pub(crate) what: Event,
    /// Number of consecutive occurrences.
    pub(crate) times: u32,
    /// Number of the last request that was logged before, which orders steps and requests.
    pub(crate) after_request: u64,
}

/// How far a login has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Outcome {
    Waiting,
    Scanned,
    Canceled,
    Expired,
    /// The site has not exchanged the code yet.
    Allowed,
    LoggedIn,
    /// The exchange of the code returned an error.
    Failed,
}

/// Number of findings of each class in a login.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct FindingCounts {
    pub(crate) rejected: u32,
    #[serde(rename = "unsafe")]
    pub(crate) vulnerable: u32,
    pub(crate) undocumented: u32,
    pub(crate) local: u32,
}

/// The recorded steps of a login.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LoginTrace {
    pub(crate) number: u64,
    pub(crate) app_id: String,
    pub(crate) kind: AppKind,
    /// UUID of the QR code; empty if there is none.
    pub(crate) uuid: String,
    pub(crate) redirect_uri: String,
    /// ID of the user who allowed the login.
    pub(crate) user: Option<String>,
    pub(crate) steps: Vec<Step>,
    /// Hash of the state in the login URL.
    #[serde(skip)]
    pub(super) state: Option<u64>,
    /// When the QR code expires, in milliseconds since the Unix epoch; `None` if there is none.
    pub(crate) expires_ms: Option<u64>,
    /// Error code of the last exchange, if it failed.
    pub(crate) errcode: Option<i64>,
    /// Number of the browser's polls.
    pub(crate) polls: u64,
    pub(crate) findings: FindingCounts,
}

/// Traces of the last logins; events of older ones are dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    /// Shared with readers, who read them while the world is not locked.
    traces: VecDeque<Arc<LoginTrace>>,
    started: u64,
    /// The steps of all logins, in their order.
    pub(crate) steps: Steps,
    /// Number of the last request in the log.
    last_request: u64,
}

impl LoginTrace {
    pub(super) fn new(app: &str, kind: AppKind) -> Self {
        Self {
            number: 0,
            app_id: app.to_owned(),
            kind,
            uuid: String::new(),
            redirect_uri: String::new(),
            user: None,
            steps: Vec::new(),
            state: None,
            expires_ms: None,
            errcode: None,
            polls: 0,
            findings: FindingCounts::default(),
        }
    }

    /// How far the login has come at this time.
    pub(crate) fn outcome(&self, now: SystemTime) -> Outcome {
        let happened = |what| self.steps.iter().any(|step| step.what == what);
        let expired = self
            .expires_ms
            .is_some_and(|end| unix_milliseconds(now) >= end);
        if self.errcode.is_some() {
            return Outcome::Failed;
        }
        if happened(Event::Exchanged) {
            return Outcome::LoggedIn;
        }
        if happened(Event::Allowed) || happened(Event::CodeGiven) {
            return Outcome::Allowed;
        }
        if expired || happened(Event::Expired) {
            return Outcome::Expired;
        }
        let phone = self.steps.iter().rev().map(|step| step.what);
        match phone.into_iter().find(|what| *what != Event::Opened) {
            Some(Event::Scanned) => Outcome::Scanned,
            Some(Event::Canceled) => Outcome::Canceled,
            _ => Outcome::Waiting,
        }
    }
}

impl Timeline {
    /// Timeline of a world that is reset.
    pub(super) fn after_reset(&self) -> Self {
        Self {
            steps: self.steps.after_reset(),
            ..Self::default()
        }
    }

    /// Timeline of a copy that is restored.
    pub(super) fn restored(&self, copy: &Self) -> Self {
        Self {
            steps: self.steps.restored(&copy.steps),
            ..copy.clone()
        }
    }

    /// Number of logins that have begun.
    pub(super) fn begun(&self) -> u64 {
        self.started
    }

    /// Adds a trace; returns its number.
    pub(super) fn begin(&mut self, mut trace: LoginTrace) -> u64 {
        if self.traces.len() == MAX_TRACES {
            self.traces.pop_front();
        }
        self.started += 1;
        trace.number = self.started;
        trace.redirect_uri = shortened(trace.redirect_uri, MAX_REDIRECT_URI);
        self.traces.push_back(Arc::new(trace));
        self.started
    }

    pub(super) fn record(&mut self, number: u64, what: Event, now: SystemTime) {
        let Some(index) = self.index(number) else {
            return;
        };
        let after_request = self.last_request;
        let trace = Arc::make_mut(&mut self.traces[index]);
        // Repeats are counted instead of listed, so that a client in a loop does not fill up the trace.
        let recorded = trace.steps.len();
        match trace.steps.last_mut() {
            Some(last) if last.what == what => last.times += 1,
            _ if recorded < MAX_STEPS => trace.steps.push(Step {
                at: unix_seconds(now),
                at_ms: unix_milliseconds(now),
                what,
                times: 1,
                after_request,
            }),
            _ => {}
        }
        let trace = &self.traces[index];
        self.steps.add(HappenedStep {
            number: 0,
            login: number,
            at: unix_seconds(now),
            step: what,
            app: hash(&trace.app_id),
            user: trace.user.as_deref().map(hash),
            state: trace.state,
        });
    }

    /// Records the user. Call it before the step, so that those who wait for the step see the user.
    pub(super) fn set_user(&mut self, number: u64, user: &str) {
        if let Some(index) = self.index(number) {
            Arc::make_mut(&mut self.traces[index]).user = Some(user.to_owned());
        }
    }

    /// Counts a poll of the browser.
    pub(crate) fn count_poll(&mut self, number: u64) {
        if let Some(index) = self.index(number) {
            Arc::make_mut(&mut self.traces[index]).polls += 1;
        }
    }

    /// Notes a request that is about to be logged under this number: its login gets its findings, and the error of an
    /// exchange.
    pub(crate) fn note_request(&mut self, number: u64, request: &LoggedRequest) {
        self.last_request = number;
        let Some(index) = request.login.and_then(|login| self.index(login)) else {
            return;
        };
        let trace = Arc::make_mut(&mut self.traces[index]);
        if EXCHANGES.contains(&request.path.as_str()) {
            trace.errcode = request.errcode;
        }
        for broken in &request.findings {
            let counts = &mut trace.findings;
            match broken.class {
                RuleClass::Rejected => counts.rejected += 1,
                RuleClass::Unsafe => counts.vulnerable += 1,
                RuleClass::Undocumented => counts.undocumented += 1,
                RuleClass::Local => counts.local += 1,
            }
        }
    }

    /// Traces, the newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &Arc<LoginTrace>> {
        self.traces.iter().rev()
    }

    /// Trace of a login, if it is known.
    pub(crate) fn get(&self, number: u64) -> Option<&Arc<LoginTrace>> {
        Some(&self.traces[self.index(number)?])
    }

    fn index(&self, number: u64) -> Option<usize> {
        let forgotten = self.started - self.traces.len() as u64;
        let index = usize::try_from(number.checked_sub(forgotten + 1)?).ok()?;
        (index < self.traces.len()).then_some(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dropped_trace_is_not_continued_or_confused_with_another() {
        let mut timeline = Timeline::default();
        for _ in 0..=MAX_TRACES {
            timeline.begin(LoginTrace::new("wx1", AppKind::Website));
        }
        timeline.record(1, Event::Opened, SystemTime::UNIX_EPOCH);
        timeline.record(2, Event::Scanned, SystemTime::UNIX_EPOCH);
        timeline.record(2, Event::Scanned, SystemTime::UNIX_EPOCH);
        let recorded: Vec<_> = timeline
            .newest_first()
            .filter(|trace| !trace.steps.is_empty())
            .map(|trace| (trace.number, trace.steps[0].what, trace.steps[0].times))
            .collect();
        assert_eq!(recorded, [(2, Event::Scanned, 2)]);
    }
}
