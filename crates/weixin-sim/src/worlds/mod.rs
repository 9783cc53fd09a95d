//! The worlds of one simulator: each has its own clock, apps, users, faults, log and findings, and a port of its own.

mod registry;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    ops::RangeInclusive,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, time::sleep};

use self::registry::{Entry, Lifetime, Registry};
pub(crate) use self::registry::{FIRST, Listed, WorldError};
use crate::{
    lint::finding::{Finding, merge},
    settings::Settings,
    state::SimState,
    world::Setup,
};

/// Serves a world until its stop signal is closed. A function of a layer above: this one knows no HTTP.
pub(crate) type Serve = fn(OpenedWorld, TcpListener);

/// A world that was opened, to be served.
#[derive(Debug)]
pub(crate) struct OpenedWorld {
    pub(crate) state: Arc<SimState>,
    pub(crate) worlds: Arc<Worlds>,
    pub(crate) stop: watch::Receiver<()>,
}

/// The start of each world: that of the simulator itself.
#[derive(Debug)]
pub(crate) struct Start {
    pub(crate) setup: Setup,
    pub(crate) settings: Settings,
    /// The address that the simulator listens on.
    pub(crate) ip: IpAddr,
    /// Ports of the worlds; any free ones by default.
    pub(crate) ports: Option<RangeInclusive<u16>>,
    pub(crate) serve: Serve,
}

/// All worlds of a simulator, and the findings of those that have ended.
#[derive(Debug)]
pub(crate) struct Worlds {
    /// The simulator's first one, which never ends.
    pub(crate) first: Arc<SimState>,
    start: Start,
    registry: Mutex<Registry>,
}

impl Worlds {
    pub(crate) fn new(first: Arc<SimState>, start: Start) -> Self {
        Self {
            first,
            start,
            registry: Mutex::default(),
        }
    }

    /// Opens a world that ends after this time without requests.
    pub(crate) async fn open(
        self: &Arc<Self>,
        id: Option<String>,
        idle: Duration,
    ) -> Result<Listed, WorldError> {
        let (state, stop) = self.begin(id, Some(idle)).await?;
        drop(stop);
        Ok(Listed {
            id: state.id.clone().unwrap_or_default(),
            state,
            idle: Some(idle),
        })
    }

    /// Opens a world that ends when the sender is dropped, and [`end`](Self::end) is called.
    pub(crate) async fn hold(
        self: &Arc<Self>,
    ) -> Result<(Arc<SimState>, watch::Sender<()>), WorldError> {
        self.begin(None, None).await
    }

    async fn begin(
        self: &Arc<Self>,
        id: Option<String>,
        idle: Option<Duration>,
    ) -> Result<(Arc<SimState>, watch::Sender<()>), WorldError> {
        self.registry().check(id.as_deref())?;
        let listener = self.listen().await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(());
        let state = {
            let mut registry = self.registry();
            // Another request may have been faster.
            registry.check(id.as_deref())?;
            let id = id.unwrap_or_else(|| registry.new_id());
            let mut setup = self.start.setup.clone();
            setup.world = Some(id.clone());
            let settings = self.start.settings.for_world(address.port());
            let state = Arc::new(SimState::new(address, setup, settings));
            let lifetime = match idle {
                Some(after) => Lifetime::Idle {
                    after,
                    _stop: stop.clone(),
                },
                None => Lifetime::Handle,
            };
            let entry = Entry {
                state: Arc::clone(&state),
                lifetime,
            };
            registry.open.insert(id, entry);
            state
        };
        if let Some(idle) = idle {
            let (worlds, state) = (Arc::clone(self), Arc::clone(&state));
            tokio::spawn(end_when_idle(worlds, state, idle, stopped.clone()));
        }
        let world = OpenedWorld {
            state: Arc::clone(&state),
            worlds: Arc::clone(self),
            stop: stopped,
        };
        (self.start.serve)(world, listener);
        self.changed();
        Ok((state, stop))
    }

    /// Listens on the first free port.
    async fn listen(&self) -> Result<TcpListener, WorldError> {
        let ip = self.start.ip;
        let Some(ports) = &self.start.ports else {
            return Ok(TcpListener::bind((ip, 0)).await?);
        };
        for port in ports.clone() {
            match TcpListener::bind(SocketAddr::new(ip, port)).await {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
                bound => return Ok(bound?),
            }
        }
        Err(WorldError::NoPort(ports.clone()))
    }

    pub(crate) fn find(&self, id: &str) -> Option<Listed> {
        if id == FIRST {
            return Some(Listed {
                id: id.to_owned(),
                state: Arc::clone(&self.first),
                idle: None,
            });
        }
        let registry = self.registry();
        let entry = registry.open.get(id)?;
        Some(entry.listed(id))
    }

    /// All worlds besides the first one, by ID.
    pub(crate) fn list(&self) -> Vec<Listed> {
        let registry = self.registry();
        let all = registry.open.iter();
        all.map(|(id, entry)| entry.listed(id)).collect()
    }

    /// Ends a world, if there is one with this ID. Its findings are kept.
    pub(crate) fn delete(&self, id: &str) -> Result<(), WorldError> {
        if id == FIRST {
            return Err(WorldError::First);
        }
        let state = match self.registry().open.get(id) {
            None => return Ok(()),
            Some(Entry {
                lifetime: Lifetime::Handle,
                ..
            }) => return Err(WorldError::Held),
            Some(entry) => Arc::clone(&entry.state),
        };
        self.end(&state);
        Ok(())
    }

    /// Ends this world. Its findings are kept.
    pub(crate) fn end(&self, state: &Arc<SimState>) {
        let mut registry = self.registry();
        let id = state.id.as_deref().unwrap_or_default();
        let entry = registry.open.get(id);
        // Another world may have got its ID.
        if entry.is_some_and(|entry| Arc::ptr_eq(&entry.state, state)) {
            registry.open.remove(id);
            registry.end(Arc::clone(state));
        }
        drop(registry);
        self.changed();
    }

    /// Updates the list of worlds on the dashboards of all of them.
    fn changed(&self) {
        self.first.changes.increase();
        for entry in self.registry().open.values() {
            entry.state.changes.increase();
        }
    }

    /// Ends all worlds that no handle holds.
    pub(crate) fn end_all(&self) {
        let mut registry = self.registry();
        let held = |entry: &Entry| matches!(entry.lifetime, Lifetime::Handle);
        registry.open.retain(|_, entry| held(entry));
    }

    /// Findings of all worlds since the start, after those of the first one.
    pub(crate) fn findings(&self) -> Vec<Arc<Finding>> {
        let mut all = self.first.world().findings.since_start();
        let (ended, live) = self.registry().findings();
        merge(&mut all, &ended);
        for state in live {
            let findings = state.world().findings.since_start();
            merge(&mut all, &findings);
        }
        all
    }

    fn registry(&self) -> MutexGuard<'_, Registry> {
        self.registry.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a world after a time without requests.
async fn end_when_idle(
    worlds: Arc<Worlds>,
    state: Arc<SimState>,
    limit: Duration,
    mut stop: watch::Receiver<()>,
) {
    loop {
        let left = limit.saturating_sub(state.activity.idle());
        if left.is_zero() {
            worlds.end(&state);
            return;
        }
        tokio::select! {
            () = sleep(left) => {}
            _ = stop.changed() => return,
        }
    }
}
