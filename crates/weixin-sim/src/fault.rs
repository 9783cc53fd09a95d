//! What goes wrong on demand; off until asked for.

use serde::{Deserialize, Serialize};

use crate::random::Random;

/// What happens instead of, or to, an answer of the API.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Effect {
    /// The answer has another content type.
    ContentType(String),
    /// Half of the answer, as if that were all.
    Cut,
    /// The answer comes this many milliseconds later.
    DelayMs(u64),
    /// An error code of WeChat's documentation instead of the answer; nothing else happens.
    Errcode(i64),
    /// An HTML page under this HTTP status instead of the answer; nothing else happens.
    Html(u16),
    /// The connection breaks; nothing else happens.
    Reset,
    /// The connection breaks after the request has had its effect: a code is spent.
    ResetAfter,
}

/// When something goes wrong, and what.
///
/// ```
/// use weixin_sim::{Effect, Fault};
///
/// let busy_twice = Fault::new(Effect::Errcode(-1)).path("/sns/userinfo").times(2);
/// ```
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    effect: Effect,
    /// `None`: every path of the API.
    #[serde(default)]
    path: Option<String>,
    /// How often still; `None`: for ever.
    #[serde(default = "once")]
    times: Option<u32>,
    /// Of a hundred requests, how many.
    #[serde(default = "always")]
    percent: u8,
}

#[expect(clippy::unnecessary_wraps, reason = "the default of an option")]
fn once() -> Option<u32> {
    Some(1)
}

fn always() -> u8 {
    100
}

impl Fault {
    /// Once, at the next request to any path of the API.
    pub fn new(effect: Effect) -> Self {
        Self {
            effect,
            path: None,
            times: once(),
            percent: always(),
        }
    }

    /// At this path only, such as `/sns/userinfo`.
    #[must_use]
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = Some(path.into());
        self
    }

    /// This often.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = Some(times);
        self
    }

    /// For ever, at this many of a hundred requests; which ones is a matter of the simulator's seed.
    #[must_use]
    pub fn percent(mut self, percent: u8) -> Self {
        (self.times, self.percent) = (None, percent);
        self
    }

    pub(crate) fn effect(&self) -> &Effect {
        &self.effect
    }

    pub(crate) fn has_a_percentage(&self) -> bool {
        self.percent <= 100
    }

    fn strikes(&mut self, path: &str, random: &mut Random) -> bool {
        if self.path.as_deref().is_some_and(|mine| mine != path) || self.times == Some(0) {
            return false;
        }
        if self.percent < 100 && random.percent() >= self.percent {
            return false;
        }
        self.times = self.times.map(|times| times - 1);
        true
    }
}

/// Everything that is to go wrong, in the order in which it was asked for.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<Fault>);

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        self.0.push(fault);
    }

    pub(crate) fn pending(&self) -> &[Fault] {
        &self.0
    }

    /// What happens to a request for `path`.
    pub(crate) fn strike(&mut self, path: &str, random: &mut Random) -> Option<Effect> {
        let fault = self
            .0
            .iter_mut()
            .find_map(|fault| fault.strikes(path, random).then(|| fault.effect.clone()));
        self.0.retain(|fault| fault.times != Some(0));
        fault
    }
}
