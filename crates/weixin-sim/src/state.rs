//! What every request needs.

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

/// What every request needs.
#[derive(Debug)]
pub(crate) struct SimState {
    /// Such as `http://127.0.0.1:9300`.
    pub(crate) origin: String,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    world: Mutex<World>,
    /// Wakes every browser that polls.
    clock_changes: watch::Sender<()>,
    /// Wakes whoever waits for anything to happen.
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

    /// No method of the world leaves it half changed, so a panic elsewhere does not spoil it.
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World, SystemTime) -> T) -> T {
        let now = self.now();
        let changed = change(&mut self.world(), now);
        self.notify();
        changed
    }

    /// Something has happened.
    pub(crate) fn notify(&self) {
        self.changes.send_modify(|version| *version += 1);
    }

    pub(crate) fn clock_changes(&self) -> watch::Receiver<()> {
        self.clock_changes.subscribe()
    }

    /// Another after everything that happens.
    pub(crate) fn version(&self) -> u64 {
        *self.changes.borrow()
    }

    /// Returns as soon as there is what is looked for.
    pub(crate) async fn until<T>(&self, look: impl Fn(&Self) -> Option<T>) -> T {
        let mut changes = self.changes.subscribe();
        loop {
            if let Some(found) = look(self) {
                return found;
            }
            // The sender is this one's own.
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
        // The logins go, and the browsers that poll for them are told.
        self.world().reset();
        self.notify();
    }
}
