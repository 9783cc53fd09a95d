//! The outcome of one case.

use super::{account::Missing, difference::Difference};

/// The outcome of one case.
#[derive(Debug)]
pub(super) enum Outcome {
    Same,
    Differs(Vec<Difference>),
    /// No connection to the host.
    Unreachable(String),
    Skipped(Missing),
    /// The command was interrupted before, or only lists the cases.
    NotSent,
}

impl Outcome {
    /// The name in JSON.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Differs(_) => "differs",
            Self::Unreachable(_) => "unreachable",
            Self::Skipped(_) => "skipped",
            Self::NotSent => "not_sent",
        }
    }
}

/// A case after it was sent or left out. Nothing in it is secret.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) confidence: &'static str,
    /// The request on one line.
    pub(super) request: String,
    pub(super) outcome: Outcome,
    /// The `Date` header of the response.
    pub(super) date: Option<String>,
    pub(super) rid: Option<String>,
}

/// The number of cases with each outcome.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) struct Counts {
    pub(super) same: usize,
    pub(super) differs: usize,
    pub(super) unreachable: usize,
    pub(super) skipped: usize,
    pub(super) not_sent: usize,
}

impl Counts {
    pub(super) fn of(entries: &[Entry]) -> Self {
        let mut counts = Self::default();
        for entry in entries {
            *match entry.outcome {
                Outcome::Same => &mut counts.same,
                Outcome::Differs(_) => &mut counts.differs,
                Outcome::Unreachable(_) => &mut counts.unreachable,
                Outcome::Skipped(_) => &mut counts.skipped,
                Outcome::NotSent => &mut counts.not_sent,
            } += 1;
        }
        counts
    }
}
