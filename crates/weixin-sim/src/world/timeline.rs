//! What became of each login, step by step, for the desk.

use std::{collections::VecDeque, time::SystemTime};

use serde::{Deserialize, Serialize};

use super::app::AppKind;
use crate::clock::unix_seconds;

/// How many logins are told of, and of each how many steps.
const MAX_TRACES: usize = 200;
const MAX_STEPS: usize = 50;

/// Something that happened to a login.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Event {
    Opened,
    Scanned,
    Canceled,
    Allowed,
    /// WeChat handed the code to an app on the phone.
    CodeGiven,
    Exchanged,
    /// A code that was spent came again.
    CodeUsedAgain,
    Refreshed,
    Profile,
    Expired,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Step {
    /// In Unix seconds of the simulator's clock.
    pub(crate) at: u64,
    pub(crate) what: Event,
    /// How often in a row.
    pub(crate) times: u32,
}

/// A login from its beginning on.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct LoginTrace {
    pub(crate) number: u64,
    pub(crate) app_id: String,
    pub(crate) kind: AppKind,
    /// Of the QR code; empty where there is none.
    pub(crate) uuid: String,
    pub(crate) redirect_uri: String,
    /// The id of who allowed it.
    pub(crate) user: Option<String>,
    pub(crate) steps: Vec<Step>,
}

/// The last stories; what happens to older ones is not told.
#[derive(Debug, Default)]
pub(crate) struct Timeline {
    traces: VecDeque<LoginTrace>,
    started: u64,
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
        }
    }
}

impl Timeline {
    /// Begins a story, which gets its number.
    pub(super) fn begin(&mut self, mut trace: LoginTrace) -> u64 {
        if self.traces.len() == MAX_TRACES {
            self.traces.pop_front();
        }
        self.started += 1;
        trace.number = self.started;
        self.traces.push_back(trace);
        self.started
    }

    pub(super) fn record(&mut self, number: u64, what: Event, now: SystemTime) {
        let Some(trace) = self.trace(number) else {
            return;
        };
        let told = trace.steps.len();
        match trace.steps.last_mut() {
            Some(last) if last.what == what => last.times += 1,
            _ if told < MAX_STEPS => trace.steps.push(Step {
                at: unix_seconds(now),
                what,
                times: 1,
            }),
            _ => {}
        }
    }

    pub(super) fn set_user(&mut self, number: u64, user: &str) {
        if let Some(trace) = self.trace(number) {
            trace.user = Some(user.to_owned());
        }
    }

    /// The newest first.
    pub(crate) fn newest_first(&self) -> impl Iterator<Item = &LoginTrace> {
        self.traces.iter().rev()
    }

    fn trace(&mut self, number: u64) -> Option<&mut LoginTrace> {
        let forgotten = self.started - self.traces.len() as u64;
        let index = usize::try_from(number.checked_sub(forgotten + 1)?).ok()?;
        self.traces.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_story_that_is_forgotten_is_told_no_further_and_none_is_mistaken_for_it() {
        let mut timeline = Timeline::default();
        for _ in 0..=MAX_TRACES {
            timeline.begin(LoginTrace::new("wx1", AppKind::Website));
        }
        timeline.record(1, Event::Opened, SystemTime::UNIX_EPOCH);
        timeline.record(2, Event::Scanned, SystemTime::UNIX_EPOCH);
        timeline.record(2, Event::Scanned, SystemTime::UNIX_EPOCH);
        let told: Vec<_> = timeline
            .newest_first()
            .filter(|trace| !trace.steps.is_empty())
            .map(|trace| (trace.number, trace.steps[0].what, trace.steps[0].times))
            .collect();
        assert_eq!(told, [(2, Event::Scanned, 2)]);
    }
}
