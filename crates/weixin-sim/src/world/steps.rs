//! The last steps of all logins, in the order in which they happened.

use std::{
    collections::{HashSet, VecDeque},
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use serde::Serialize;
use tokio::sync::oneshot;

use super::event::Event;
use crate::waiters::Waiters;

/// Maximum number of steps.
const MAX_STEPS: usize = 10_000;

/// A step of a login, such as that it was allowed.
///
/// It serializes to its number, login, time and name.
// Texts of any length are hashed, so that a step is small.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct HappenedStep {
    /// Sequence number since the start; a reset does not restart it, so that a number is never used twice.
    pub number: u64,
    /// Number of the login in the timeline.
    pub login: u64,
    /// Unix seconds of the simulator's clock.
    pub at: u64,
    pub(crate) step: Event,
    #[serde(skip)]
    pub(crate) app: u64,
    /// The user who allowed the login before or in this step.
    #[serde(skip)]
    pub(crate) user: Option<u64>,
    #[serde(skip)]
    pub(crate) state: Option<u64>,
}

/// The last steps.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steps {
    kept: VecDeque<Arc<HappenedStep>>,
    /// Number of the last step.
    last: u64,
    waiters: Waiters<HappenedStep>,
}

impl Steps {
    /// Steps of a world that is reset: none yet, and numbers that were not used before.
    pub(super) fn after_reset(&self) -> Self {
        Self {
            last: self.last,
            ..Self::default()
        }
    }

    /// Steps of a copy that is restored: those of the copy, and numbers that were not used before.
    pub(super) fn restored(&self, copy: &Self) -> Self {
        Self {
            last: self.last.max(copy.last),
            ..copy.clone()
        }
    }

    /// Adds a step, which gets the next number, and wakes those that wait for it.
    pub(super) fn add(&mut self, mut step: HappenedStep) {
        self.last += 1;
        step.number = self.last;
        let step = Arc::new(step);
        self.waiters.happened(&step);
        if self.kept.len() == MAX_STEPS {
            self.kept.pop_front();
        }
        self.kept.push_back(step);
    }

    /// Steps after the one with this number, the oldest first.
    pub(crate) fn after(&self, number: u64) -> Vec<Arc<HappenedStep>> {
        self.later(number).cloned().collect()
    }

    /// Number of the last step.
    pub(crate) fn last(&self) -> u64 {
        self.last
    }

    /// Returns `true` if all steps after this number are still there.
    pub(crate) fn is_complete_after(&self, number: u64) -> bool {
        let first = self.kept.front().map_or(self.last + 1, |step| step.number);
        // Before a full list, nothing was dropped but by a reset.
        self.kept.len() < MAX_STEPS || number + 1 >= first
    }

    /// First step after a point that `wants` accepts; without a point, the newest step that is the last of its login. If
    /// there is none, where to wait for it.
    pub(crate) fn find(
        &mut self,
        after: Option<u64>,
        wants: impl Fn(&HappenedStep) -> bool + Send + Sync + 'static,
    ) -> Result<Arc<HappenedStep>, oneshot::Receiver<Arc<HappenedStep>>> {
        let known = if let Some(after) = after {
            self.later(after).find(|step| wants(step))
        } else {
            let mut newer = HashSet::new();
            let mut last = self.kept.iter().rev();
            last.find(|step| newer.insert(step.login) && wants(step))
        };
        known.cloned().ok_or_else(|| self.waiters.wait(wants))
    }

    fn later(&self, number: u64) -> impl Iterator<Item = &Arc<HappenedStep>> {
        let known = self.kept.partition_point(|step| step.number <= number);
        self.kept.iter().skip(known)
    }
}

/// Hash of a text of any length, so that a record of it is small.
pub(super) fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(login: u64, step: Event) -> HappenedStep {
        HappenedStep {
            number: 0,
            login,
            at: 0,
            step,
            app: 0,
            user: None,
            state: None,
        }
    }

    #[test]
    fn the_oldest_steps_are_dropped_and_a_reset_does_not_restart_the_numbers() {
        let mut steps = Steps::default();
        for _ in 0..=MAX_STEPS {
            steps.add(step(1, Event::Opened));
        }
        assert_eq!(steps.last(), MAX_STEPS as u64 + 1);
        assert!(!steps.is_complete_after(0) && steps.is_complete_after(1));
        assert_eq!(steps.after(0).len(), MAX_STEPS);
        let mut steps = steps.after_reset();
        assert!(steps.is_complete_after(0));
        steps.add(step(1, Event::Opened));
        assert_eq!(steps.after(0)[0].number, MAX_STEPS as u64 + 2);
    }
}
