//! Copies of a world, and their restoration.

use super::World;
use crate::random::Random;

/// A world at one time. The copy of its randomness begins with a seed.
#[derive(Debug)]
pub(crate) struct WorldCopy {
    world: World,
    seed: [u8; 32],
}

impl World {
    /// Copies the world. From now on, its randomness is that of a new seed, which the copy has too.
    pub(crate) fn snapshot(&mut self) -> WorldCopy {
        let seed = self.random.fork();
        let world = self.copy(seed);
        WorldCopy { world, seed }
    }

    /// Restores a copy, of this world or of another one. The findings since then are kept apart.
    pub(crate) fn restore(&mut self, copy: &WorldCopy) {
        let findings = self
            .findings
            .restored(&copy.world.findings, copy.world.timeline.begun());
        let requests = self.requests.restored(&copy.world.requests);
        let timeline = self.timeline.restored(&copy.world.timeline);
        let id = self.setup.world.take();
        *self = copy.world.copy(copy.seed);
        self.setup.world = id;
        (self.findings, self.requests, self.timeline) = (findings, requests, timeline);
    }

    fn copy(&self, seed: [u8; 32]) -> Self {
        Self {
            setup: self.setup.clone(),
            apps: self.apps.clone(),
            users: self.users.clone(),
            random: Random::from_fork(seed),
            logins: self.logins.copy(),
            grants: self.grants.clone(),
            app_tokens: self.app_tokens.clone(),
            mini_programs: self.mini_programs.clone(),
            desktop: self.desktop.clone(),
            quotas: self.quotas.clone(),
            faults: self.faults.clone(),
            auto_allow: self.auto_allow.clone(),
            findings: self.findings.clone(),
            test: self.test.clone(),
            timeline: self.timeline.clone(),
            requests: self.requests.clone(),
        }
    }
}
