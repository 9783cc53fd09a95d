//! The grants that were read in the last second, so that a client that asks for userinfo again and again costs no read.
//!
//! It holds nothing longer than a second, and nothing beyond a durable commit of this process, which each revocation and
//! each end of a session is. What another node or a command revokes is seen after a second.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use super::grants::GrantInUse;
use crate::oidc::{GrantId, Timestamp};

const LIFETIME: Duration = Duration::from_secs(1);

/// Grants at most; more than that are read each time.
const MAX: usize = 20_000;

/// When something is read: what was committed later is not in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    /// The durable commits of this process before the read.
    pub(super) commits: u64,
    pub(super) now: Timestamp,
}

/// The grants that were read in the last second.
#[derive(Debug)]
pub(super) struct GrantCache(RwLock<Generation>);

/// Grants that were read in the same second, between the same two commits.
#[derive(Debug)]
struct Generation {
    began: Moment,
    grants: HashMap<GrantId, Arc<GrantInUse>>,
}

impl GrantCache {
    pub(super) fn get(&self, id: GrantId, moment: Moment) -> Option<Arc<GrantInUse>> {
        let generation = self.read();
        generation
            .includes(moment)
            .then(|| generation.grants.get(&id).cloned())
            .flatten()
    }

    /// Keeps what was read at this moment, unless something was committed since.
    pub(super) fn insert(&self, id: GrantId, grant: &Arc<GrantInUse>, moment: Moment) {
        let mut generation = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if !generation.includes(moment) {
            if moment.commits < generation.began.commits {
                return;
            }
            *generation = Generation::new(moment);
        }
        if generation.grants.len() < MAX {
            generation.grants.insert(id, Arc::clone(grant));
        }
    }

    /// Forgets everything, after a change that no durable commit makes.
    pub(super) fn clear(&self, moment: Moment) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Generation::new(moment);
    }

    fn read(&self) -> RwLockReadGuard<'_, Generation> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for GrantCache {
    fn default() -> Self {
        Self(RwLock::new(Generation::new(Moment {
            commits: 0,
            now: Timestamp::from_millis(0),
        })))
    }
}

impl Generation {
    fn new(began: Moment) -> Self {
        Self {
            began,
            grants: HashMap::new(),
        }
    }

    /// A clock that was set back ends it too.
    fn includes(&self, moment: Moment) -> bool {
        self.began.commits == moment.commits
            && self.began.now <= moment.now
            && moment.now.since(self.began.now) < LIFETIME
    }
}
