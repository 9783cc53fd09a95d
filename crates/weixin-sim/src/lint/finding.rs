//! Findings: requests that the simulator accepts although WeChat rejects them or they are unsafe.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::Arc,
};

use serde::Serialize;
use tokio::sync::oneshot;

use super::rule::Rule;
use crate::{
    parameters::{shortened, without},
    waiters::Waiters,
};

/// Maximum number of findings that are kept.
const MAX_REMEMBERED: usize = 1000;

/// Maximum number of states of exchanged logins that are compared with later ones.
const MAX_STATES: usize = 100_000;

/// Maximum number of bytes of an app ID in a finding: clients can send any.
pub(crate) const MAX_APP_ID: usize = 128;

/// Stands for the number of a login before the last reset: logins count from 1 after it.
pub(crate) const BEFORE_RESET: u64 = 0;

/// Maximum number of rules that are kept of one request.
const MAX_BROKEN: usize = 20;

/// Maximum number of bytes of the offending part of a request.
const MAX_SENT: usize = 1024;

/// A broken rule, with the request that broke it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The broken rule. Its class is that of this request: a port is [`Local`](crate::RuleClass::Local) only on
    /// loopback.
    #[serde(flatten)]
    pub rule: Rule,
    /// Offending part of the request, without secrets.
    pub sent: String,
    /// Number of occurrences.
    pub times: u32,
    /// Fails a test run: the class is `Rejected` or `Unsafe`, and the rule is not accepted.
    pub fails: bool,
    /// Origin of the first occurrence.
    #[serde(flatten)]
    pub cause: Cause,
}

/// Origin of a [`Finding`].
#[derive(Clone, Debug, Default, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cause {
    /// The app that sent the request, if it is known.
    pub app_id: Option<String>,
    /// Number of the login in the timeline, if the request belongs to one.
    pub login: Option<u64>,
    /// Number of the request in the request log.
    pub request: Option<u64>,
    /// Name of the test that ran: see [`Sim::set_test`](crate::Sim::set_test).
    pub test: Option<String>,
    /// ID of the world, if it is not the simulator's first one: see [`Sim::world`](crate::Sim::world).
    pub world: Option<String>,
}

impl Finding {
    /// Returns `true` if the other one is this finding again.
    fn is_like(&self, other: &Self) -> bool {
        self.repeats(&other.rule, &other.sent, &other.cause) && self.fails == other.fails
    }

    fn repeats(&self, rule: &Rule, sent: &str, cause: &Cause) -> bool {
        self.rule == *rule
            && self.sent == sent
            && self.cause.app_id == cause.app_id
            && self.cause.test == cause.test
            && self.cause.world == cause.world
    }
}

/// All findings since the start or the last reset, and those before the reset.
#[derive(Clone, Debug, Default)]
pub(crate) struct Findings {
    /// Shared with readers, who read them while the world is not locked.
    all: Vec<Arc<Finding>>,
    /// Findings before the last reset: a test run that resets between its tests must not lose them.
    earlier: Vec<Arc<Finding>>,
    accepted: Vec<Rule>,
    /// Origin of the findings that are added next.
    cause: Cause,
    /// Secrets that a finding must not show.
    secrets: Vec<String>,
    /// Rules broken since they were last taken.
    broken: Vec<Rule>,
    /// First exchanged login of each state, hashed, to detect a repeated one.
    logins: HashMap<u64, u64>,
    waiters: Waiters<Finding>,
}

impl Findings {
    pub(crate) fn new(accepted: Vec<Rule>) -> Self {
        Self {
            accepted,
            ..Self::default()
        }
    }

    /// The findings after a reset, with these accepted rules.
    pub(crate) fn after_reset(&self, accepted: Vec<Rule>) -> Self {
        let states = self.logins.keys();
        Self {
            earlier: self.since_start(),
            logins: states.map(|state| (*state, BEFORE_RESET)).collect(),
            ..Self::new(accepted)
        }
    }

    /// The findings of a copy with this number of logins, before which these happened: none is lost, and none is counted
    /// twice.
    pub(crate) fn restored(&self, copy: &Self, begun: u64) -> Self {
        let mut earlier = self.since_start();
        for finding in &copy.all {
            if let Some(known) = earlier.iter_mut().find(|known| known.is_like(finding)) {
                let known = Arc::make_mut(known);
                known.times = known.times.saturating_sub(finding.times);
            }
        }
        earlier.retain(|finding| finding.times > 0);
        let mut logins = copy.logins.clone();
        for (state, login) in &self.logins {
            // One that the copy has may complete again: that is the same login.
            if *login == BEFORE_RESET || *login > begun {
                logins.entry(*state).or_insert(BEFORE_RESET);
            }
        }
        Self {
            earlier,
            logins,
            ..copy.clone()
        }
    }

    /// Sets the origin of the findings that are added next.
    pub(crate) fn set_cause(&mut self, cause: Cause, secrets: Vec<String>) {
        let shown = |app| shortened(without(app, &secrets), MAX_APP_ID);
        self.cause = Cause {
            app_id: cause.app_id.map(shown),
            ..cause
        };
        self.secrets = secrets;
    }

    pub(crate) fn add(&mut self, rule: &Rule, sent: String) {
        let sent = shortened(without(sent, &self.secrets), MAX_SENT);
        if self.broken.len() < MAX_BROKEN && !self.broken.contains(rule) {
            self.broken.push(*rule);
        }
        let cause = &self.cause;
        let mut all = self.all.iter_mut();
        let known = all.find(|known| known.repeats(rule, &sent, cause));
        if let Some(known) = known {
            Arc::make_mut(known).times += 1;
            self.waiters.happened(known);
        } else {
            let finding = Arc::new(Finding {
                rule: *rule,
                sent,
                times: 1,
                fails: fails(rule, &self.accepted),
                cause: cause.clone(),
            });
            self.waiters.happened(&finding);
            push(&mut self.all, finding);
        }
    }

    /// Takes the rules that were broken since the last call.
    pub(crate) fn take_broken(&mut self) -> Vec<Rule> {
        std::mem::take(&mut self.broken)
    }

    /// First finding that `wants` accepts, or where to wait for it.
    pub(crate) fn find(
        &mut self,
        wants: impl Fn(&Finding) -> bool + Send + Sync + 'static,
    ) -> Result<Arc<Finding>, oneshot::Receiver<Arc<Finding>>> {
        let known = self.all.iter().find(|finding| wants(finding)).cloned();
        known.ok_or_else(|| self.waiters.wait(wants))
    }

    pub(crate) fn all(&self) -> Vec<Arc<Finding>> {
        self.all.clone()
    }

    /// All findings since the start, the newest last.
    pub(crate) fn since_start(&self) -> Vec<Arc<Finding>> {
        let mut all = self.earlier.clone();
        merge(&mut all, &self.all);
        all
    }

    /// Replaces the accepted rules, also for the findings since the last reset.
    pub(crate) fn accept(&mut self, rules: Vec<Rule>) {
        self.accepted = rules;
        for finding in &mut self.all {
            Arc::make_mut(finding).fails = fails(&finding.rule, &self.accepted);
        }
    }

    pub(crate) fn accepted(&self) -> &[Rule] {
        &self.accepted
    }

    /// Remembers the state of an exchanged login; returns the number of the first login that used it, or
    /// [`BEFORE_RESET`], if that is another one.
    pub(crate) fn earlier_login(&mut self, state: u64, login: u64) -> Option<u64> {
        // May miss a repeated state, but keeps the memory bounded.
        if self.logins.len() >= MAX_STATES && !self.logins.contains_key(&state) {
            self.logins.clear();
        }
        let first = *self.logins.entry(state).or_insert(login);
        (first != login).then_some(first)
    }
}

/// Adds findings to others. One that is known already is counted.
pub(crate) fn merge(all: &mut Vec<Arc<Finding>>, more: &[Arc<Finding>]) {
    for finding in more {
        if let Some(known) = all.iter_mut().find(|known| known.is_like(finding)) {
            Arc::make_mut(known).times += finding.times;
        } else {
            push(all, Arc::clone(finding));
        }
    }
}

/// Adds a finding. If there are too many, one that fails takes the place of one that does not: no number of local ones
/// hides it.
fn push(all: &mut Vec<Arc<Finding>>, finding: Arc<Finding>) {
    if all.len() < MAX_REMEMBERED {
        all.push(finding);
    } else if finding.fails
        && let Some(place) = all.iter_mut().find(|known| !known.fails)
    {
        *place = finding;
    }
}

fn fails(rule: &Rule, accepted: &[Rule]) -> bool {
    rule.class.fails() && accepted.iter().all(|accepted| accepted.id != rule.id)
}

/// Hashes the state of a login, whatever its app: tests may have an app each. States may be long, and there are many: the
/// hash is what is kept.
pub(crate) fn hash_state(state: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}
