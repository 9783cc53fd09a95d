//! How many authorization requests wait, as far as this process knows. Of those that were pushed and that no browser has
//! brought yet, each client has a share: one client cannot take the places of all.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// One client may have one in so many places.
const SHARES: u32 = 4;

/// The requests that wait. Between two counts of the rows it knows only what this process adds.
#[derive(Debug, Default)]
pub(super) struct RequestCounts(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    all: i64,
    /// By client: pushed, and not opened.
    pushed: HashMap<String, i64>,
}

impl RequestCounts {
    pub(super) fn all(&self) -> i64 {
        self.counts().all
    }

    /// Takes a place for one more request, before it is stored: many may come at once. Returns whether there was one.
    pub(super) fn add(&self, pushed_by: Option<&str>, limit: u32) -> bool {
        let mut counts = self.counts();
        if counts.all >= i64::from(limit) {
            return false;
        }
        if let Some(client) = pushed_by {
            let pushed = counts.pushed.entry(client.to_owned()).or_default();
            if *pushed >= i64::from(limit.div_ceil(SHARES)) {
                return false;
            }
            *pushed += 1;
        }
        counts.all += 1;
        true
    }

    /// Gives the place of a request back that was not stored.
    pub(super) fn remove(&self, pushed_by: Option<&str>) {
        let mut counts = self.counts();
        counts.all -= 1;
        if let Some(client) = pushed_by {
            counts.take_from(client);
        }
    }

    /// A browser has brought a pushed request: from now on it is like those that browsers begin.
    pub(super) fn opened(&self, client: &str) {
        self.counts().take_from(client);
    }

    /// Replaces the counts by those of the rows: of each client, all requests and those that it has pushed.
    pub(super) fn replace(&self, rows: impl Iterator<Item = (String, i64, i64)>) {
        let mut new = Counts::default();
        for (client, all, pushed) in rows {
            new.all += all;
            if pushed > 0 {
                new.pushed.insert(client, pushed);
            }
        }
        *self.counts() = new;
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        // A panic leaves no more than a number that is wrong until the next count.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    /// A count of the rows may have come between.
    fn take_from(&mut self, client: &str) {
        if let Some(pushed) = self.pushed.get_mut(client) {
            *pushed -= 1;
            if *pushed <= 0 {
                self.pushed.remove(client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn added(counts: &RequestCounts, pushed_by: Option<&str>, limit: u32) -> usize {
        (0..100).filter(|_| counts.add(pushed_by, limit)).count()
    }

    #[test]
    fn one_client_has_a_quarter_of_the_places() {
        for (limit, share) in [(1, 1), (4, 1), (5, 2), (40, 10)] {
            let counts = RequestCounts::default();
            assert_eq!(added(&counts, Some("a"), limit), share, "{limit}");
        }
        let counts = RequestCounts::default();
        let shares = ["a", "b", "a"].map(|client| added(&counts, Some(client), 40));
        assert_eq!(shares, [10, 10, 0]);
        assert_eq!(added(&counts, None, 40), 20);
        assert_eq!(added(&counts, Some("c"), 40), 0);
        assert_eq!(counts.all(), 40);
    }

    #[test]
    fn a_request_that_was_opened_or_not_stored_leaves_its_share() {
        let counts = RequestCounts::default();
        assert_eq!(added(&counts, Some("a"), 40), 10);
        counts.opened("a");
        assert_eq!((added(&counts, Some("a"), 40), counts.all()), (1, 11));
        counts.remove(Some("a"));
        assert_eq!((added(&counts, Some("a"), 40), counts.all()), (1, 11));
        counts.remove(None);
        assert_eq!((added(&counts, Some("a"), 40), counts.all()), (0, 10));
    }

    #[test]
    fn the_rows_decide_and_no_client_is_remembered_without_one() {
        let counts = RequestCounts::default();
        assert_eq!(added(&counts, Some("a"), 40), 10);
        let rows = [("a", 7, 0), ("b", 9, 9), ("c", 3, 1)];
        counts.replace(
            rows.map(|(id, all, pushed)| (id.to_owned(), all, pushed))
                .into_iter(),
        );
        assert_eq!(counts.all(), 19);
        counts.opened("a");
        counts.opened("c");
        let known: Vec<_> = counts.counts().pushed.clone().into_iter().collect();
        assert_eq!(known, [("b".to_owned(), 9)]);
        assert_eq!(added(&counts, Some("b"), 40), 1);
    }
}
