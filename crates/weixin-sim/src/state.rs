//! Shared state of the HTTP handlers.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use tokio::sync::watch;

use crate::{
    clock::Clock,
    settings::Settings,
    world::{Setup, World},
};

/// World, clock and settings, shared by all requests.
#[derive(Debug)]
pub(crate) struct SimState {
    /// Base URL, such as `http://127.0.0.1:9300`.
    pub(crate) origin: String,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    world: Mutex<World>,
    /// Wakes all long polls when the clock is moved, frozen or run.
    clock_changes: watch::Sender<()>,
    /// Counts changes, and wakes everything that waits for one.
    changes: watch::Sender<u64>,
}

impl SimState {
    pub(crate) fn new(origin: String, setup: Setup, settings: Settings) -> Self {
        let world = World::new(setup);
        Self {
            origin,
            clock: Clock::new(settings.frozen_at),
            world: Mutex::new(world),
            clock_changes: watch::Sender::new(()),
            changes: watch::Sender::new(0),
            settings,
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Locks the world. Its methods never leave it half changed, so a poisoned lock is safe to use.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World, SystemTime) -> T) -> T {
        let now = self.now();
        let changed = change(&mut self.world(), now);
        self.notify();
        changed
    }

    /// Signals a change.
    pub(crate) fn notify(&self) {
        // Unlike `send`, this also counts when no receiver is waiting.
        self.changes.send_modify(|version| *version += 1);
    }

    pub(crate) fn clock_changes(&self) -> watch::Receiver<()> {
        self.clock_changes.subscribe()
    }

    /// Number of changes so far.
    pub(crate) fn version(&self) -> u64 {
        *self.changes.borrow()
    }

    /// Waits until `find` returns a value; checks again after each change.
    pub(crate) async fn until<T>(&self, find: impl Fn(&Self) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = find(self) {
                return found;
            }
            // Cannot fail: the sender is a field of `self`.
            let _ = changes.changed().await;
        }
    }

    pub(crate) fn freeze_clock(&self) {
        self.clock.freeze();
        self.clock_changes.send_replace(());
        self.notify();
    }

    pub(crate) fn run_clock(&self) {
        self.clock.run();
        self.clock_changes.send_replace(());
        self.notify();
    }

    pub(crate) fn advance(&self, by: Duration) -> Result<(), Duration> {
        self.clock.advance(by)?;
        self.clock_changes.send_replace(());
        self.notify();
        Ok(())
    }

    pub(crate) fn reset(&self) {
        self.clock.reset();
        // Dropping the logins closes their channels, which wakes the browsers that poll.
        self.world().reset();
        self.notify();
    }
}
