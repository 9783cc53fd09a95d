//! The list of worlds, and the findings of those that have ended.

use std::{collections::BTreeMap, io, ops::RangeInclusive, sync::Arc, time::Duration};

use thiserror::Error;
use tokio::sync::watch;

use crate::{
    lint::finding::{Finding, merge},
    state::SimState,
};

/// ID by which the simulator's first world is found.
pub(crate) const FIRST: &str = "main";

/// Maximum number of worlds at the same time.
const MAX_WORLDS: usize = 200;

#[derive(Debug, Default)]
pub(super) struct Registry {
    pub(super) open: BTreeMap<String, Entry>,
    /// Number of worlds that got an ID here.
    named: u64,
    /// Ended worlds with requests under way, which may still have findings.
    pub(super) ending: Vec<Arc<SimState>>,
    /// Findings of ended worlds: a test run must not lose them.
    pub(super) ended: Vec<Arc<Finding>>,
}

#[derive(Debug)]
pub(super) struct Entry {
    pub(super) state: Arc<SimState>,
    pub(super) lifetime: Lifetime,
}

/// The end of a world.
#[derive(Debug)]
pub(super) enum Lifetime {
    /// After this time without requests.
    Idle {
        after: Duration,
        /// Dropping it stops the world.
        _stop: watch::Sender<()>,
    },
    /// When the Rust test drops its handle, which has the sender.
    Handle,
}

/// A world in a list.
#[derive(Debug)]
pub(crate) struct Listed {
    pub(crate) id: String,
    pub(crate) state: Arc<SimState>,
    /// `None` if a handle in Rust keeps the world.
    pub(crate) idle: Option<Duration>,
}

/// A world that cannot be opened or ended.
#[derive(Debug, Error)]
pub(crate) enum WorldError {
    #[error("is used by another world")]
    IdInUse,
    #[error("there are {MAX_WORLDS} worlds, the maximum: delete one")]
    TooMany,
    #[error("all ports from {} to {} are in use: delete a world, or start the simulator with a wider range", .0.start(), .0.end())]
    NoPort(RangeInclusive<u16>),
    #[error("the simulator's first world ends with it")]
    First,
    #[error("a Rust program holds this world: it ends with its handle")]
    Held,
    #[error("cannot listen: {0}")]
    Listen(#[from] io::Error),
}

impl Registry {
    /// Keeps the findings of a world that ends.
    pub(super) fn end(&mut self, state: Arc<SimState>) {
        self.ending.push(state);
        self.settle();
    }

    /// Forgets ended worlds without requests, but not their findings.
    fn settle(&mut self) {
        let done = |state: &mut Arc<SimState>| !state.activity.is_under_way();
        let settled: Vec<_> = self.ending.extract_if(.., done).collect();
        for state in settled {
            merge(&mut self.ended, &state.world().findings.since_start());
        }
    }

    /// Findings of the ended worlds, and the worlds that may still have some.
    pub(super) fn findings(&mut self) -> (Vec<Arc<Finding>>, Vec<Arc<SimState>>) {
        self.settle();
        let open = self.open.values().map(|entry| Arc::clone(&entry.state));
        let live = open.chain(self.ending.iter().cloned()).collect();
        (self.ended.clone(), live)
    }

    pub(super) fn check(&self, id: Option<&str>) -> Result<(), WorldError> {
        if id.is_some_and(|id| id == FIRST || self.open.contains_key(id)) {
            return Err(WorldError::IdInUse);
        }
        if self.open.len() >= MAX_WORLDS {
            return Err(WorldError::TooMany);
        }
        Ok(())
    }

    /// An ID that no world has.
    pub(super) fn new_id(&mut self) -> String {
        loop {
            self.named += 1;
            let id = format!("world-{}", self.named);
            if !self.open.contains_key(&id) {
                return id;
            }
        }
    }
}

impl Entry {
    pub(super) fn listed(&self, id: &str) -> Listed {
        Listed {
            id: id.to_owned(),
            state: Arc::clone(&self.state),
            idle: match &self.lifetime {
                Lifetime::Idle { after, .. } => Some(*after),
                Lifetime::Handle => None,
            },
        }
    }
}
