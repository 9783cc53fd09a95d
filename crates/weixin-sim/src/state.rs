//! Shared state of the HTTP handlers.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use tokio::sync::watch;

use crate::{
    activity::Activity,
    clock::{Clock, ClockCopy},
    lock::{Guard, Lock},
    settings::Settings,
    world::{Setup, World, WorldCopy},
};

/// A number that grows, and wakes those that wait for that.
#[derive(Debug, Default)]
pub(crate) struct Version(watch::Sender<u64>);

impl Version {
    pub(crate) fn get(&self) -> u64 {
        *self.0.borrow()
    }

    pub(crate) fn increase(&self) {
        // Unlike `send`, this also counts when no receiver is waiting.
        self.0.send_modify(|version| *version += 1);
    }

    /// Waits until `find` returns a value; tries again each time that the number has grown.
    pub(crate) async fn until<T>(&self, find: impl Fn() -> Option<T>) -> T {
        let mut grown = self.0.subscribe();
        loop {
            if let Some(found) = find() {
                return found;
            }
            // Cannot fail: the sender is a field of `self`.
            let _ = grown.changed().await;
        }
    }
}

/// A world and its clock at one time: see [`Sim::snapshot`](crate::Sim::snapshot).
#[derive(Debug)]
pub struct Snapshot {
    world: WorldCopy,
    clock: ClockCopy,
}

/// World, clock and settings, shared by all requests.
#[derive(Debug)]
pub(crate) struct SimState {
    /// ID of the world; `None` for the simulator's first one.
    pub(crate) id: Option<String>,
    /// Base URL, such as `http://127.0.0.1:9300`.
    pub(crate) origin: String,
    pub(crate) settings: Settings,
    pub(crate) activity: Activity,
    pub(crate) clock: Clock,
    world: Lock<World>,
    /// Snapshots by number, of the control API.
    pub(crate) snapshots: Mutex<BTreeMap<u64, Arc<Snapshot>>>,
    /// Wakes all long polls when the clock is moved, frozen or run.
    clock_changes: watch::Sender<()>,
    /// All changes, also the requests that are logged.
    pub(crate) changes: Version,
    /// Changes by the phone, the pages and the control API. API calls do not wake those that wait for them.
    pub(crate) world_changes: Version,
}

impl SimState {
    /// A new world that is served on this address.
    pub(crate) fn new(address: SocketAddr, setup: Setup, settings: Settings) -> Self {
        let id = setup.world.clone();
        let world = World::new(setup);
        Self {
            id,
            origin: format!("http://{address}"),
            activity: Activity::new(),
            clock: Clock::new(settings.frozen_at),
            world: Lock::new(world),
            snapshots: Mutex::default(),
            clock_changes: watch::Sender::new(()),
            changes: Version::default(),
            world_changes: Version::default(),
            settings,
        }
    }

    pub(crate) fn now(&self) -> SystemTime {
        self.clock.now()
    }

    /// Locks the world. Its methods never leave it half changed.
    pub(crate) fn world(&self) -> Guard<'_, World> {
        self.world.lock()
    }

    pub(crate) fn change<T>(&self, change: impl FnOnce(&mut World, SystemTime) -> T) -> T {
        let now = self.now();
        let changed = change(&mut self.world(), now);
        self.notify();
        changed
    }

    /// Signals a change. Call it without the lock, so that a woken reader does not wait for it.
    fn notify(&self) {
        self.world_changes.increase();
        self.changes.increase();
    }

    pub(crate) fn clock_changes(&self) -> watch::Receiver<()> {
        self.clock_changes.subscribe()
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

    /// Copies the world and its clock.
    pub(crate) fn snapshot(&self) -> Snapshot {
        let clock = self.clock.copy();
        let world = self.world().snapshot();
        Snapshot { world, clock }
    }

    /// Restores the world and the clock of a snapshot.
    pub(crate) fn restore(&self, snapshot: &Snapshot) {
        self.clock.restore(snapshot.clock);
        self.world().restore(&snapshot.world);
        // Browsers that poll look again: those whose login is not in the snapshot see that it has expired.
        self.clock_changes.send_replace(());
        self.notify();
    }

    pub(crate) fn reset(&self) {
        self.clock.reset();
        // Dropping the logins closes their channels, which wakes the browsers that poll.
        self.world().reset();
        self.notify();
    }
}
