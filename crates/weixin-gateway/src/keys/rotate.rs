//! When the next key of an algorithm is due (Core §10.1.1).

use std::time::Duration;

use super::sealed_key::{Phase, SealedKey};
use crate::{
    config::LONGEST_SESSION,
    oidc::{Algorithm, Timestamp},
};

const DAY: Duration = Duration::from_hours(24);

/// How long a key signs.
const SIGNS: Duration = Duration::from_hours(90 * 24);

/// How long a key is published before it signs: clients keep the JWKS, and other nodes have to read it first.
const PUBLISHED_BEFORE: Duration = DAY;

/// How long a key is published after it has stopped signing: longer than any session, whose ID tokens are hints.
pub(crate) const KEPT_AFTER: Duration = LONGEST_SESSION.saturating_add(DAY);

/// A key that is to be made.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct NextKey {
    pub(crate) algorithm: Algorithm,
    /// Its number among the keys of the algorithm.
    pub(crate) number: i64,
    pub(crate) published_at: Timestamp,
    pub(crate) active_at: Timestamp,
}

impl NextKey {
    /// A key that signs at once.
    pub(crate) const fn at_once(algorithm: Algorithm, number: i64, now: Timestamp) -> Self {
        Self {
            algorithm,
            number,
            published_at: now,
            active_at: now,
        }
    }
}

/// The keys that are due, so that RS256 and the algorithms of the clients can sign.
pub(crate) fn next_keys(rows: &[SealedKey], needed: &[Algorithm], now: Timestamp) -> Vec<NextKey> {
    let is_needed = |it: &Algorithm| *it == Algorithm::Rs256 || needed.contains(it);
    let needed = Algorithm::ALL.into_iter().filter(is_needed);
    let next = |algorithm| next_key(algorithm, last_of(rows, algorithm), now);
    needed.filter_map(next).collect()
}

/// The key of an algorithm that was made last.
pub(crate) fn last_of(rows: &[SealedKey], algorithm: Algorithm) -> Option<&SealedKey> {
    let rows = rows.iter().filter(|row| row.algorithm == algorithm);
    rows.max_by_key(|row| row.number)
}

fn next_key(algorithm: Algorithm, last: Option<&SealedKey>, now: Timestamp) -> Option<NextKey> {
    let Some(last) = last else {
        return Some(NextKey::at_once(algorithm, 1, now));
    };
    let number = last.number + 1;
    if matches!(last.phase(now), Phase::Retired | Phase::Removed) {
        return Some(NextKey::at_once(algorithm, number, now));
    }
    let end = last.active_at.after(SIGNS);
    let soonest = now.after(PUBLISHED_BEFORE);
    // If no node ran when it was due, the old key signs until the new one has been published for a day.
    (soonest >= end).then_some(NextKey {
        algorithm,
        number,
        published_at: now,
        active_at: soonest.max(end),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::KeyId;

    const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn day(day: u32) -> Timestamp {
        START.after(DAY * day)
    }

    fn row(number: i64, active_at: Timestamp) -> SealedKey {
        SealedKey {
            kid: KeyId::from_stored(format!("rsa{number}")),
            algorithm: Algorithm::Rs256,
            number,
            sealed: Vec::new(),
            published_at: START,
            active_at,
            retired_at: None,
            removed_at: None,
        }
    }

    fn next(number: i64, published_at: Timestamp, active_at: Timestamp) -> NextKey {
        NextKey {
            algorithm: Algorithm::Rs256,
            number,
            published_at,
            active_at,
        }
    }

    #[test]
    fn the_first_key_signs_at_once() {
        let first = next(1, START, START);
        assert_eq!(next_keys(&[], &[], START), [first]);
        let both = [Algorithm::EdDsa, Algorithm::Rs256];
        let ed = NextKey {
            algorithm: Algorithm::EdDsa,
            ..first
        };
        assert_eq!(next_keys(&[], &both, START), [first, ed]);
        assert_eq!(next_keys(&[row(1, START)], &both, START), [ed]);
    }

    #[test]
    fn the_next_key_is_published_a_day_before_the_90_days_end() {
        let rows = [row(1, START)];
        let before = Timestamp::from_millis(day(89).millis() - 1);
        assert_eq!(next_keys(&rows, &[], before), []);
        assert_eq!(next_keys(&rows, &[], day(89)), [next(2, day(89), day(90))]);
        let rows = [row(1, START), row(2, day(90))];
        for day in [day(89), day(90), day(178)] {
            assert_eq!(next_keys(&rows, &[], day), []);
        }
        assert_eq!(
            next_keys(&rows, &[], day(179)),
            [next(3, day(179), day(180))]
        );
    }

    #[test]
    fn a_key_that_is_late_is_published_for_a_day_all_the_same() {
        let late = next(2, day(400), day(401));
        assert_eq!(next_keys(&[row(1, START)], &[], day(400)), [late]);
    }

    #[test]
    fn a_key_without_successor_that_no_longer_signs_is_replaced_at_once() {
        let retired = SealedKey {
            retired_at: Some(day(1)),
            ..row(3, START)
        };
        assert_eq!(next_keys(std::slice::from_ref(&retired), &[], START), []);
        let next = next(4, day(1), day(1));
        assert_eq!(
            next_keys(std::slice::from_ref(&retired), &[], day(1)),
            [next]
        );
        let removed = SealedKey {
            removed_at: Some(day(1)),
            ..retired
        };
        assert_eq!(next_keys(&[removed], &[], day(1)), [next]);
    }

    /// A clock that is behind must not make a second key beside the one that another node has just made.
    #[test]
    fn a_key_from_the_near_future_is_not_doubled() {
        assert_eq!(next_keys(&[row(1, day(1))], &[], START), []);
    }

    #[test]
    fn an_algorithm_that_no_client_uses_gets_no_new_key() {
        let ed = SealedKey {
            algorithm: Algorithm::EdDsa,
            ..row(1, START)
        };
        let rows = [row(1, day(300)), ed];
        assert_eq!(next_keys(&rows, &[], day(300)), []);
        let used = next_keys(&rows, &[Algorithm::EdDsa], day(300));
        assert_eq!(used.len(), 1);
    }
}
