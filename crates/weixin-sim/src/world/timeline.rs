//! Timeline: the steps of each login, for the dashboard and the control API.

use std::{collections::VecDeque, sync::Arc, time::SystemTime};

use serde::Serialize;

use super::{
    app::AppKind,
    event::Event,
    steps::{HappenedStep, Steps, hash},
};
use crate::{clock::unix_seconds, parameters::shortened};

/// Maximum number of logins in the timeline, and of steps per login.
const MAX_TRACES: usize = 200;
const MAX_STEPS: usize = 50;
/// Maximum number of bytes of a redirect URI in the timeline.
const MAX_REDIRECT_URI: usize = 1024;

#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Step {
    /// Unix seconds of the simulator's clock.
    pub(crate) at: u64,
    pub(crate) what: Event,
    /// Number of consecutive occurrences.
    pub(crate) times: u32,
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
}

/// Traces of the last logins; events of older ones are dropped.
#[derive(Clone, Debug, Default)]
pub(crate) struct Timeline {
    /// Shared with readers, who read them while the world is not locked.
    traces: VecDeque<Arc<LoginTrace>>,
    started: u64,
    /// The steps of all logins, in their order.
    pub(crate) steps: Steps,
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
        let trace = Arc::make_mut(&mut self.traces[index]);
        // Repeats are counted instead of listed, so that a client in a loop does not fill up the trace.
        let recorded = trace.steps.len();
        match trace.steps.last_mut() {
            Some(last) if last.what == what => last.times += 1,
            _ if recorded < MAX_STEPS => trace.steps.push(Step {
                at: unix_seconds(now),
                what,
                times: 1,
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
