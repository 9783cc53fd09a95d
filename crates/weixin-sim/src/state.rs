//! Shared state of the HTTP handlers.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use tokio::sync::watch;
use url::Url;

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

/// Snapshots of the control API.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    pub(crate) kept: BTreeMap<u64, Arc<Snapshot>>,
    /// Number of the last one. None gets the number of one that was deleted.
    pub(crate) last: u64,
}

/// World, clock and settings, shared by all requests.
#[derive(Debug)]
pub(crate) struct SimState {
    /// ID of the world; `None` for the simulator's first one.
    pub(crate) id: Option<String>,
    /// Base URL on this machine, such as `http://127.0.0.1:9300`.
    pub(crate) origin: String,
    /// Base URL under which browsers and phones reach this world, if it was given.
    public: Option<String>,
    pub(crate) port: u16,
    /// It listens on all addresses, so only a request says where its client reaches it.
    pub(crate) is_everywhere: bool,
    pub(crate) settings: Settings,
    pub(crate) activity: Activity,
    pub(crate) clock: Clock,
    world: Lock<World>,
    /// Snapshots by number, of the control API.
    pub(crate) snapshots: Mutex<Snapshots>,
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
            origin: format!("http://{}", on_this_machine(address)),
            public: settings.public_url.as_ref().map(origin),
            port: address.port(),
            is_everywhere: address.ip().is_unspecified(),
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

    /// Base URL for clients of which nothing else is known.
    pub(crate) fn own_url(&self) -> &str {
        self.public_url().unwrap_or(&self.origin)
    }

    pub(crate) fn public_url(&self) -> Option<&str> {
        self.public.as_deref()
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

/// Scheme, host and port of an HTTP URL.
fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}

/// The address with which this machine reaches a listener: `0.0.0.0` is none.
fn on_this_machine(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let loopback = match address {
            SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        };
        address.set_ip(loopback);
    }
    address
}
