//! One exchange per login, however often its callback comes, and the result for its repeats.

use std::{
    collections::{HashMap, VecDeque},
    sync::Arc,
    time::{Duration, SystemTime},
};

use sha2::{Digest, Sha256};
use tokio::sync::watch;
use weixin::{Code, Token, transport::TransportErrorKind};

use crate::state_cookie::{LOGIN_TIME, REPLAY_WINDOW};

/// How long a used state is remembered: as long as its cookie may last.
pub(crate) const USED_STATE_TTL: Duration = LOGIN_TIME;
/// Most used states that are remembered, the newest. A state that is forgotten early accepts another code, as one does after a
/// restart or on another server without a shared store, but only in the browser that still has its cookie. WeChat takes the
/// first code once. A site for which this is too much keeps in its own store which logins have begun.
const MAX_USED: usize = 100_000;
/// Most results that are kept for repeats, the newest: each holds a token, about a kilobyte.
const MAX_REPLAYABLE: usize = 10_000;
/// Most exchanges at once: anyone can cause one by starting a login and making up its code.
pub(crate) const MAX_IN_FLIGHT: usize = 256;

/// The fingerprint of a text that is not kept itself: 128 bits of its SHA-256.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct Fingerprint([u8; 16]);

impl Fingerprint {
    pub(crate) fn of(text: &str) -> Self {
        let digest = Sha256::digest(text);
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        Self(bytes)
    }

    /// In hexadecimal, for a store.
    #[cfg(feature = "shared")]
    pub(crate) fn hex(self) -> String {
        data_encoding::HEXLOWER.encode(&self.0)
    }
}

/// The result of one exchange.
#[derive(Clone, Debug)]
pub(crate) enum Outcome {
    Failed(Arc<weixin::Error>),
    Token(Arc<Token>),
    /// Another server has exchanged it, less than a minute ago.
    #[cfg(feature = "shared")]
    Repeat(Arc<Token>),
    /// Another server has exchanged it, with another code, or too long ago.
    #[cfg(feature = "shared")]
    Used,
}

impl From<Result<Token, weixin::Error>> for Outcome {
    fn from(outcome: Result<Token, weixin::Error>) -> Self {
        match outcome {
            Ok(token) => Self::Token(Arc::new(token)),
            Err(error) => Self::Failed(Arc::new(error)),
        }
    }
}

/// Returns `true` if nothing was sent to WeChat, so that the code is unused.
pub(crate) fn nothing_was_sent(error: &weixin::Error) -> bool {
    matches!(
        error,
        weixin::Error::Transport(error) if error.kind() == TransportErrorKind::Connect
    )
}

/// A result to come.
pub(crate) type Pending = watch::Receiver<Option<Outcome>>;

/// The role of a verified callback.
#[derive(Debug)]
pub(crate) enum Entry {
    /// Exchange the code, and send the result here.
    Leader(watch::Sender<Option<Outcome>>, Pending),
    /// Another callback exchanges the code, or has: wait for the result.
    Follower(Pending),
    /// The state has been used, too long ago or with another code.
    Used,
}

#[derive(Debug)]
struct Exchange {
    code: Fingerprint,
    since: SystemTime,
    /// `None` once it may no longer be repeated, so that no token stays in memory.
    result: Option<Pending>,
}

/// Used states, each with the fingerprint of its code and, for a minute, its result.
#[derive(Debug, Default)]
pub(crate) struct Exchanges {
    by_state: HashMap<Fingerprint, Exchange>,
    /// The states of `by_state` in the order of their use. A released one stays here until its turn; its time distinguishes
    /// it from a later use of the same state.
    order: VecDeque<(SystemTime, Fingerprint)>,
    /// The number at the front of `order` that have no result any more.
    ended: usize,
}

impl Exchanges {
    pub(crate) fn is_used(&mut self, state: &str, now: SystemTime) -> bool {
        self.remove_expired(now);
        self.by_state.contains_key(&Fingerprint::of(state))
    }

    /// Uses `state` with `code`: of many callers at once, one is the leader.
    pub(crate) fn enter(&mut self, state: &str, code: &Code, now: SystemTime) -> Entry {
        self.remove_expired(now);
        let (state, code) = (Fingerprint::of(state), Fingerprint::of(code.expose()));
        if let Some(known) = self.by_state.get(&state) {
            return match &known.result {
                Some(pending) if known.code == code && is_recent(known.since, now) => {
                    Entry::Follower(pending.clone())
                }
                _ => Entry::Used,
            };
        }
        let (sender, receiver) = watch::channel(None);
        let exchange = Exchange {
            code,
            since: now,
            result: Some(receiver.clone()),
        };
        self.by_state.insert(state, exchange);
        self.order.push_back((now, state));
        Entry::Leader(sender, receiver)
    }

    /// Returns `true` unless the replay of a result has ended. A login for which nothing was sent is not kept: its repeats
    /// get the same error.
    pub(crate) fn may_repeat(&mut self, state: &str, now: SystemTime) -> bool {
        self.remove_expired(now);
        let known = self.by_state.get(&Fingerprint::of(state));
        known.is_none_or(|known| known.result.is_some())
    }

    /// Undoes [`enter`](Self::enter), if nothing was sent to WeChat.
    pub(crate) fn release(&mut self, state: &str) {
        self.by_state.remove(&Fingerprint::of(state));
    }

    /// Ends the replay of a result.
    pub(crate) fn end_replay(&mut self, state: &str) {
        if let Some(known) = self.by_state.get_mut(&Fingerprint::of(state)) {
            known.result = None;
        }
    }

    /// Bounds everything by time and by number. With a state, everything of it is removed.
    fn remove_expired(&mut self, now: SystemTime) {
        while let Some((since, state)) = self.order.get(self.ended).copied() {
            let replayable = self.order.len() - self.ended;
            // Less, not equal: the caller may add one.
            if is_recent(since, now) && replayable < MAX_REPLAYABLE {
                break;
            }
            if let Some(known) = self.by_state.get_mut(&state)
                && known.since == since
            {
                known.result = None;
            }
            self.ended += 1;
        }
        while let Some((since, state)) = self.order.front().copied() {
            if age(since, now) < USED_STATE_TTL && self.order.len() < MAX_USED {
                break;
            }
            if self
                .by_state
                .get(&state)
                .is_some_and(|known| known.since == since)
            {
                self.by_state.remove(&state);
            }
            self.order.pop_front();
            self.ended = self.ended.saturating_sub(1);
        }
    }
}

/// A time in the future is from before the clock was set back: further ahead than the window, it is not recent, or a repeat
/// would be possible for as long as the clock was set back.
fn is_recent(since: SystemTime, now: SystemTime) -> bool {
    match now.duration_since(since) {
        Ok(age) => age < REPLAY_WINDOW,
        Err(ahead) => ahead.duration() < REPLAY_WINDOW,
    }
}

/// Zero if the clock has been set back.
fn age(since: SystemTime, now: SystemTime) -> Duration {
    now.duration_since(since).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(text: &str) -> Code {
        Code::new(text).unwrap()
    }

    fn begin() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(500_000 * 60 * 60)
    }

    #[test]
    fn the_same_callback_is_a_repeat_for_a_minute_and_then_nothing() {
        let begin = begin();
        let mut exchanges = Exchanges::default();
        assert!(!exchanges.is_used("s1", begin));
        let Entry::Leader(_sender, _) = exchanges.enter("s1", &code("c1"), begin) else {
            panic!("not the leader");
        };
        assert!(exchanges.is_used("s1", begin));
        let nearly = begin + REPLAY_WINDOW - Duration::from_millis(1);
        let is_follower = |entry| matches!(entry, Entry::Follower(_));
        assert!(is_follower(exchanges.enter("s1", &code("c1"), nearly)));
        assert!(!is_follower(exchanges.enter("s1", &code("c2"), nearly)));
        let later = begin + REPLAY_WINDOW;
        assert!(matches!(
            exchanges.enter("s1", &code("c1"), later),
            Entry::Used
        ));
        assert!(exchanges.is_used("s1", begin + USED_STATE_TTL - Duration::from_secs(1)));
        assert!(!exchanges.is_used("s1", begin + USED_STATE_TTL));
    }

    #[test]
    fn a_result_is_dropped_with_its_minute_and_by_the_end_of_the_login() {
        for end in [false, true] {
            let mut exchanges = Exchanges::default();
            let Entry::Leader(sender, receiver) = exchanges.enter("s1", &code("c1"), begin())
            else {
                panic!("not the leader");
            };
            drop(receiver);
            assert_eq!(sender.receiver_count(), 1);
            if end {
                exchanges.end_replay("s1");
            } else {
                exchanges.remove_expired(begin() + REPLAY_WINDOW);
            }
            assert_eq!(sender.receiver_count(), 0);
            assert!(exchanges.is_used("s1", begin()));
            assert!(matches!(
                exchanges.enter("s1", &code("c1"), begin()),
                Entry::Used
            ));
        }
    }

    #[test]
    fn a_state_for_which_nothing_was_sent_is_as_good_as_before() {
        let mut exchanges = Exchanges::default();
        let _first = exchanges.enter("s1", &code("c1"), begin());
        exchanges.release("s1");
        assert!(!exchanges.is_used("s1", begin()));
        // Its first use takes nothing from the second one when its own time is over.
        let later = begin() + Duration::from_secs(59);
        assert!(matches!(
            exchanges.enter("s1", &code("c2"), later),
            Entry::Leader(..)
        ));
        let later = later + Duration::from_secs(59);
        assert!(matches!(
            exchanges.enter("s1", &code("c2"), later),
            Entry::Follower(_)
        ));
        assert!(exchanges.is_used("s1", begin() + USED_STATE_TTL));
        assert!(!exchanges.is_used("s1", later + USED_STATE_TTL));
        assert!(exchanges.order.is_empty());
    }

    #[test]
    fn every_container_is_bounded_and_the_oldest_go_first() {
        let mut exchanges = Exchanges::default();
        let mut results = Vec::new();
        for number in 0..MAX_USED + 10 {
            let entry = exchanges.enter(&number.to_string(), &code("c1"), begin());
            let Entry::Leader(sender, _) = entry else {
                panic!("{number} is not the leader");
            };
            results.push(sender);
        }
        assert_eq!(exchanges.by_state.len(), MAX_USED);
        assert_eq!(exchanges.order.len(), MAX_USED);
        assert_eq!(exchanges.ended, MAX_USED - MAX_REPLAYABLE);
        let kept = results.iter().filter(|sender| !sender.is_closed()).count();
        assert_eq!(kept, MAX_REPLAYABLE);
        assert!(!exchanges.is_used("9", begin()) && exchanges.is_used("11", begin()));

        exchanges.remove_expired(begin() + USED_STATE_TTL);
        assert_eq!(
            (
                exchanges.by_state.len(),
                exchanges.order.len(),
                exchanges.ended
            ),
            (0, 0, 0)
        );
    }

    #[test]
    fn a_clock_that_is_set_back_extends_no_replay_by_more_than_a_minute() {
        for (seconds, is_follower) in [(59, true), (60, false), (60 * 60, false)] {
            let mut exchanges = Exchanges::default();
            let _first = exchanges.enter("s1", &code("c1"), begin());
            let earlier = begin() - Duration::from_secs(seconds);
            let entry = exchanges.enter("s1", &code("c1"), earlier);
            assert_eq!(
                matches!(entry, Entry::Follower(_)),
                is_follower,
                "{seconds}"
            );
            assert!(exchanges.is_used("s1", earlier));
        }
    }
}
