//! What passes here and would not at WeChat, or is unsafe there: the rule, and how to mend it.

use std::collections::HashSet;

use serde::Serialize;

/// Most findings, and most states, that are remembered.
const MAX_REMEMBERED: usize = 1000;

/// A text in both languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Bilingual {
    /// 中文
    pub zh: &'static str,
    /// English
    pub en: &'static str,
}

/// A rule of WeChat's, or of safe logins.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// Such as `callback-port`.
    pub id: &'static str,
    /// What WeChat would answer.
    pub answer: Bilingual,
    /// How to mend it.
    pub remedy: Bilingual,
    /// Where the rule stands: a page below developers.weixin.qq.com, an RFC, or what was observed.
    pub source: &'static str,
}

/// A rule that was broken, and how.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// What was sent, without secrets.
    pub sent: String,
    /// How often.
    pub times: u32,
}

/// What was found so far.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    all: Vec<Finding>,
    /// App id and state of every login so far.
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

    /// Whether a login of this app has had this state before.
    pub(crate) fn has_seen(&mut self, app: &str, state: &str) -> bool {
        if self.states.len() >= MAX_REMEMBERED {
            self.states.clear();
        }
        !self.states.insert((app.to_owned(), state.to_owned()))
    }
}
