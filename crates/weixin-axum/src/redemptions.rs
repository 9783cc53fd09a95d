//! Which states were spent, and the one answer that a repeated callback gets again.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};

use subtle::ConstantTimeEq;
use tokio::sync::watch;
use weixin::{Code, Token};

/// How long the same callback gets the same answer.
pub(crate) const REPEAT: Duration = Duration::from_mins(1);
/// How long a spent state is remembered: as long as its cookie could have lived.
pub(crate) const REMEMBER: Duration = Duration::from_mins(10);
/// Most states that are remembered; the oldest go first.
const MAX_REMEMBERED: usize = 100_000;

/// The outcome of one exchange, for all who wait for it.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Failed(Arc<weixin::Error>),
    /// Another server has it, and it is too late or another code.
    #[cfg(feature = "shared")]
    Spent,
    Token(Arc<Token>),
}

impl From<Result<Token, weixin::Error>> for Outcome {
    fn from(outcome: Result<Token, weixin::Error>) -> Self {
        match outcome {
            Ok(token) => Self::Token(Arc::new(token)),
            Err(error) => Self::Failed(Arc::new(error)),
        }
    }
}

/// An outcome to come.
pub(crate) type Pending = watch::Receiver<Option<Outcome>>;

#[derive(Debug)]
struct Redemption {
    code: Code,
    since: Instant,
    /// `None` once it may no longer be repeated: no token stays in memory for longer.
    outcome: Option<Pending>,
}

/// What to do with a verified code.
#[derive(Debug)]
pub(crate) enum Turn {
    /// Exchange it, and tell the outcome here.
    First(Code, watch::Sender<Option<Outcome>>, Pending),
    /// It is being exchanged, or has been: wait for the outcome.
    Again(Pending),
    /// The state has been used, too long ago or with another code.
    Spent,
}

/// Spent states, each with its code and outcome.
#[derive(Debug, Default)]
pub(crate) struct Redemptions {
    by_state: HashMap<String, Redemption>,
    /// States in the order in which they were spent, until their outcome is forgotten.
    repeatable: VecDeque<(Instant, String)>,
    /// States in the order in which they were spent, until they are forgotten.
    remembered: VecDeque<(Instant, String)>,
}

impl Redemptions {
    pub(crate) fn is_spent(&mut self, state: &str, now: Instant) -> bool {
        self.forget(now);
        self.by_state.contains_key(state)
    }

    /// Spends `state` with `code`: of many callers at once, one is the first.
    pub(crate) fn turn(&mut self, state: &str, code: Code, now: Instant) -> Turn {
        self.forget(now);
        if let Some(known) = self.by_state.get(state) {
            let same = bool::from(
                known
                    .code
                    .expose()
                    .as_bytes()
                    .ct_eq(code.expose().as_bytes()),
            );
            return match &known.outcome {
                Some(outcome) if same && now < known.since + REPEAT => Turn::Again(outcome.clone()),
                _ => Turn::Spent,
            };
        }
        let Ok(copy) = Code::new(code.expose()) else {
            return Turn::Spent;
        };
        let (sender, receiver) = watch::channel(None);
        let redemption = Redemption {
            code: copy,
            since: now,
            outcome: Some(receiver.clone()),
        };
        self.by_state.insert(state.to_owned(), redemption);
        self.repeatable.push_back((now, state.to_owned()));
        self.remembered.push_back((now, state.to_owned()));
        Turn::First(code, sender, receiver)
    }

    fn forget(&mut self, now: Instant) {
        while let Some((_, state)) = self
            .repeatable
            .pop_front_if(|(since, _)| now >= *since + REPEAT)
        {
            if let Some(redemption) = self.by_state.get_mut(&state) {
                redemption.outcome = None;
            }
        }
        while let Some((since, _)) = self.remembered.front() {
            if now < *since + REMEMBER && self.by_state.len() < MAX_REMEMBERED {
                break;
            }
            if let Some((_, state)) = self.remembered.pop_front() {
                self.by_state.remove(&state);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        Code::new(text).unwrap()
    }

    #[test]
    fn the_same_callback_is_a_repeat_for_a_minute_and_then_nothing() {
        let begin = Instant::now();
        let mut redemptions = Redemptions::default();
        assert!(!redemptions.is_spent("s1", begin));
        assert!(matches!(
            redemptions.turn("s1", code("c1"), begin),
            Turn::First(..)
        ));
        assert!(redemptions.is_spent("s1", begin));
        let nearly = begin + Duration::from_millis(59_999);
        assert!(matches!(
            redemptions.turn("s1", code("c1"), nearly),
            Turn::Again(_)
        ));
        assert!(matches!(
            redemptions.turn("s1", code("c2"), nearly),
            Turn::Spent
        ));
        let later = begin + Duration::from_mins(1);
        assert!(matches!(
            redemptions.turn("s1", code("c1"), later),
            Turn::Spent
        ));
        assert!(redemptions.is_spent("s1", begin + Duration::from_secs(599)));
        assert!(!redemptions.is_spent("s1", begin + Duration::from_mins(10)));
    }

    #[test]
    fn no_outcome_is_kept_for_longer_than_it_can_be_repeated() {
        let begin = Instant::now();
        let mut redemptions = Redemptions::default();
        let Turn::First(_, sender, receiver) = redemptions.turn("s1", code("c1"), begin) else {
            panic!("not the first");
        };
        drop(receiver);
        assert_eq!(sender.receiver_count(), 1);
        redemptions.forget(begin + REPEAT);
        assert_eq!(sender.receiver_count(), 0);
    }

    #[test]
    fn memory_is_bounded_and_the_oldest_go_first() {
        let begin = Instant::now();
        let mut redemptions = Redemptions::default();
        for number in 0..=MAX_REMEMBERED {
            redemptions.turn(&number.to_string(), code("c1"), begin);
        }
        assert_eq!(redemptions.by_state.len(), MAX_REMEMBERED);
        assert!(!redemptions.by_state.contains_key("0") && redemptions.by_state.contains_key("1"));
    }
}
