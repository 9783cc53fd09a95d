//! The faults that tests have added, and how often each struck.

use std::sync::Arc;

use serde::{Serialize, Serializer};

use super::{
    fault::{Effect, Fault},
    request_facts::RequestFacts,
};
use crate::random::Random;

/// Maximum number of faults.
const MAX_FAULTS: usize = 1000;

/// A fault that was added. One that has run out stays, so that a test can ask how often it struck.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AddedFault {
    #[serde(flatten, serialize_with = "shared")]
    fault: Arc<Fault>,
    /// Number of requests or logins that it matched, struck or not.
    matched: u64,
    /// Number of requests or logins that it struck.
    struck: u64,
}

fn shared<S: Serializer>(fault: &Arc<Fault>, serializer: S) -> Result<S::Ok, S::Error> {
    fault.as_ref().serialize(serializer)
}

impl AddedFault {
    pub(crate) fn id(&self) -> &str {
        self.fault.id.as_deref().unwrap_or_default()
    }

    pub(crate) fn struck(&self) -> u64 {
        self.struck
    }

    pub(crate) fn has_run_out(&self) -> bool {
        let times = self.fault.times;
        times.is_some_and(|times| self.struck >= times.into())
    }

    /// Counts a match; returns `true` if the fault may strike now.
    fn is_due(&mut self) -> bool {
        self.matched += 1;
        let first = self.fault.nth.unwrap_or(1);
        self.matched >= first.into()
    }

    fn draw(&self, random: &mut Random) -> bool {
        // A certain fault draws nothing, so that it does not shift the seed's sequence of codes.
        let percent = self.fault.percent;
        percent >= 100 || random.percent() < percent
    }
}

/// A rejected fault: the field, and the rule that it breaks.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum RejectedFault {
    /// It could never strike, or has an invalid value.
    Invalid { field: &'static str, rule: String },
    /// Another fault has this ID, or there are too many.
    Conflict { field: &'static str, rule: String },
}

impl RejectedFault {
    pub(super) fn invalid(field: &'static str, rule: impl Into<String>) -> Self {
        Self::Invalid {
            field,
            rule: rule.into(),
        }
    }
}

/// Faults, in the order in which they were added.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    added: Vec<AddedFault>,
    /// Number of IDs that were given.
    given: u64,
}

impl Faults {
    /// Adds a fault that was checked, with an ID; returns the ID.
    pub(super) fn add(&mut self, mut fault: Fault) -> Result<AddedFault, RejectedFault> {
        let conflict = |field, rule: String| RejectedFault::Conflict { field, rule };
        let id = match fault.id.take() {
            Some(id) if self.get(&id).is_some() => {
                let rule = "another fault has this id: remove it first";
                return Err(conflict("id", rule.to_owned()));
            }
            Some(id) => id,
            None => self.new_id(),
        };
        if self.added.len() == MAX_FAULTS {
            // The oldest that has run out makes room.
            let Some(oldest) = self.added.iter().position(AddedFault::has_run_out) else {
                let rule = format!("there are {MAX_FAULTS} faults already: remove some");
                return Err(conflict("body", rule));
            };
            self.added.remove(oldest);
        }
        fault.id = Some(id);
        let added = AddedFault {
            fault: Arc::new(fault),
            matched: 0,
            struck: 0,
        };
        self.added.push(added.clone());
        Ok(added)
    }

    fn new_id(&mut self) -> String {
        loop {
            self.given += 1;
            let id = format!("fault-{}", self.given);
            if self.get(&id).is_none() {
                return id;
            }
        }
    }

    pub(crate) fn get(&self, id: &str) -> Option<&AddedFault> {
        self.added.iter().find(|fault| fault.id() == id)
    }

    pub(crate) fn remove(&mut self, id: &str) -> Option<AddedFault> {
        let index = self.added.iter().position(|fault| fault.id() == id)?;
        Some(self.added.remove(index))
    }

    pub(crate) fn clear(&mut self) {
        self.added.clear();
    }

    /// All faults, also those that have run out.
    pub(crate) fn all(&self) -> &[AddedFault] {
        &self.added
    }

    /// Faults that have not run out.
    pub(crate) fn pending(&self) -> impl Iterator<Item = &AddedFault> {
        self.added.iter().filter(|fault| !fault.has_run_out())
    }

    /// Returns `true` if a canned answer serves this path.
    pub(crate) fn answers(&self, path: &str) -> bool {
        let answers = |fault: &AddedFault| {
            let is_answer = matches!(fault.fault.effect, Effect::Answer(_));
            is_answer && fault.fault.path.as_deref() == Some(path)
        };
        self.added.iter().any(answers)
    }

    /// Counts the request for all faults that match it, and takes the effect of the first that is due.
    pub(crate) fn take(
        &mut self,
        request: &RequestFacts<'_>,
        random: &mut Random,
    ) -> Option<Effect> {
        let mut effect = None;
        for added in &mut self.added {
            if !added.fault.matches(request) {
                continue;
            }
            let is_due = added.is_due() && !added.has_run_out();
            if is_due && effect.is_none() && added.draw(random) {
                added.struck += 1;
                effect = Some(added.fault.effect.clone());
            }
        }
        effect
    }
}
