//! Findings: requests that the simulator accepts although WeChat rejects them or they are unsafe.

use std::collections::HashSet;

use serde::Serialize;

use crate::bilingual::Bilingual;

/// Maximum number of findings, and of states, that are kept.
const MAX_REMEMBERED: usize = 1000;

/// A rule of WeChat, or of secure logins.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// Identifier, such as `callback-port`.
    pub id: &'static str,
    /// WeChat's response.
    pub answer: Bilingual,
    /// How to fix it.
    pub remedy: Bilingual,
    /// Source of the rule: a page below developers.weixin.qq.com, an RFC, or an observation.
    pub source: &'static str,
}

/// A broken rule, with the request that broke it.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The broken rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// Offending part of the request, without secrets.
    pub sent: String,
    /// Number of occurrences.
    pub times: u32,
}

/// All findings since the start or the last reset.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
    /// App ID and state of earlier logins, to detect a repeated state.
    states: HashSet<(String, String)>,
}

impl Findings {
    pub(crate) fn add(&mut self, rule: &Rule, sent: String) {
        let known = self
            .all
            .iter_mut()
            .find(|known| known.rule.id == rule.id && known.sent == sent);
        if let Some(known) = known {
            known.times += 1;
        } else if self.all.len() < MAX_REMEMBERED {
            self.all.push(Finding {
                rule: *rule,
                sent,
                times: 1,
            });
        }
    }

    pub(crate) fn all(&self) -> &[Finding] {
        &self.all
    }

    /// Remembers the state; returns `true` if an earlier login of the app used it.
    pub(crate) fn has_seen(&mut self, app: &str, state: &str) -> bool {
        // May miss a repeated state, but keeps the memory bounded.
        if self.states.len() >= MAX_REMEMBERED {
            self.states.clear();
        }
        !self.states.insert((app.to_owned(), state.to_owned()))
    }
}
