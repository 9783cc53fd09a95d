//! The running simulator: start, control, stop on drop.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    extract::connect_info::Connected,
    http::HeaderValue,
    serve::{IncomingStream, Listener},
};
use tokio::{net::TcpListener, sync::watch};

use crate::{
    App, Fault, Finding, Lifetimes, Person, PhoneError, Recorded, SimBuilder, clock::Clock,
    peer::Peer, routes, world::World,
};

/// What is decided at the start.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) seed: Option<u64>,
    pub(crate) frozen_at: Option<SystemTime>,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) auto_allow: bool,
    pub(crate) strict_order: bool,
    /// `None`: as WeChat.
    pub(crate) token_content_type: Option<HeaderValue>,
}

/// What every request needs.
#[derive(Debug)]
pub(crate) struct Shared {
    /// Such as `http://127.0.0.1:9300`.
    pub(crate) origin: String,
    pub(crate) settings: Settings,
    pub(crate) clock: Clock,
    world: Mutex<World>,
    /// Wakes every browser that polls.
    clock_moves: watch::Sender<()>,
    /// Wakes whoever waits for anything to happen.
    happens: watch::Sender<()>,
}

impl Shared {
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
        self.tell();
        changed
    }

    /// Something has happened.
    pub(crate) fn tell(&self) {
        self.happens.send_replace(());
    }

    /// Tells when anything happens, of which nobody is told what.
    pub(crate) fn happens(&self) -> watch::Receiver<()> {
        self.happens.subscribe()
    }

    pub(crate) fn clock_moves(&self) -> watch::Receiver<()> {
        self.clock_moves.subscribe()
    }

    pub(crate) fn advance(&self, by: Duration) -> Result<(), Duration> {
        self.clock.advance(by)?;
        self.clock_moves.send_replace(());
        self.tell();
        Ok(())
    }

    pub(crate) fn reset(&self) {
        self.clock.reset();
        // The logins go, and the browsers that poll for them are told.
        self.world().reset(self.settings.seed);
        self.tell();
    }
}

/// WeChat on this machine. Stops when it is dropped.
#[derive(Debug)]
#[must_use = "the simulator stops when this is dropped"]
pub struct Sim {
    shared: Arc<Shared>,
    /// Dropped with the simulator, which ends the servers.
    stop: watch::Sender<()>,
}

impl Sim {
    /// Starts with the default app and people, at a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// The error of the operating system if there is no port to listen at.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A simulator with options.
    pub fn builder() -> SimBuilder {
        SimBuilder::new()
    }

    pub(crate) fn serve(
        listener: TcpListener,
        apps: Vec<App>,
        people: Vec<Person>,
        settings: Settings,
    ) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            origin: format!("http://{}", listener.local_addr()?),
            clock: Clock::new(settings.frozen_at),
            world: Mutex::new(World::new(
                apps,
                people,
                settings.seed,
                settings.lifetimes.clone(),
            )),
            clock_moves: watch::Sender::new(()),
            happens: watch::Sender::new(()),
            settings,
        });
        let sim = Self {
            shared,
            stop: watch::Sender::new(()),
        };
        sim.serve_router(listener);
        Ok(sim)
    }

    /// Listens at one more address, in plain HTTP; returns which, if the port was left open.
    ///
    /// # Errors
    ///
    /// The error of the operating system if the address cannot be listened at.
    pub async fn serve_http(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        self.serve_router(listener);
        Ok(address)
    }

    pub(crate) fn router(&self) -> Router {
        routes::router(Arc::clone(&self.shared))
    }

    pub(crate) fn serve_router<L: Listener>(&self, listener: L)
    where
        L::Addr: std::fmt::Debug,
        Peer: for<'a> Connected<IncomingStream<'a, L>>,
    {
        self.serve_on(listener, self.router());
    }

    pub(crate) fn serve_on<L: Listener>(&self, listener: L, router: Router)
    where
        L::Addr: std::fmt::Debug,
        Peer: for<'a> Connected<IncomingStream<'a, L>>,
    {
        let server = axum::serve(
            listener,
            router.into_make_service_with_connect_info::<Peer>(),
        );
        let server = server.with_graceful_shutdown(self.stopped());
        tokio::spawn(async move { server.await });
    }

    /// Ends when the simulator is dropped.
    pub(crate) fn stopped(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut stop = self.stop.subscribe();
        async move { while stop.changed().await.is_ok() {} }
    }

    /// The one address of all of this WeChat's hosts, such as `http://127.0.0.1:9300`.
    pub fn url(&self) -> &str {
        &self.shared.origin
    }

    /// The apps as they are now.
    pub fn apps(&self) -> Vec<App> {
        self.shared.world().apps.clone()
    }

    /// The ids of the QR codes that wait for a phone, the newest last.
    pub fn pending(&self) -> Vec<String> {
        let logins = self.shared.world().logins.pending(self.shared.now());
        logins.into_iter().map(|login| login.uuid).collect()
    }

    /// The phone reads a QR code.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if the QR code has been confirmed or has expired.
    pub fn scan(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, now| world.logins.scan(uuid, now).map(|_| ()))
    }

    /// The person of that id or nickname scans a QR code and says yes; returns the address that
    /// the browser is sent to.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if there is no such person, or if the QR code has been confirmed or has expired.
    pub fn allow(&self, uuid: &str, person: &str) -> Result<String, PhoneError> {
        self.shared
            .change(|world, now| world.allow(uuid, Some(person), now))
    }

    /// The phone scans a QR code and says no.
    ///
    /// # Errors
    ///
    /// [`PhoneError`] if the QR code has been confirmed or has expired.
    pub fn cancel(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, now| world.cancel(uuid, now).map(|_| ()))
    }

    /// Ends the time of a QR code now.
    ///
    /// # Errors
    ///
    /// [`PhoneError::Expired`] if there is no such QR code.
    pub fn expire(&self, uuid: &str) -> Result<(), PhoneError> {
        self.shared
            .change(|world, now| world.logins.expire(uuid, now))
    }

    /// Moves the clock forward, 100 years in all at the most.
    ///
    /// # Errors
    ///
    /// How far it can still be moved, if that is less.
    pub fn advance(&self, by: Duration) -> Result<(), Duration> {
        self.shared.advance(by)
    }

    /// Forgets everything that happened, the moves of the clock included; apps and people are again as
    /// they were at the start.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Lets something go wrong.
    pub fn fault(&self, fault: Fault) {
        self.shared.world().faults.add(fault);
    }

    /// What passed here and would not at WeChat, or is unsafe there.
    pub fn findings(&self) -> Vec<Finding> {
        self.shared.world().findings.all().to_vec()
    }

    /// Fails a test if anything was found.
    ///
    /// # Panics
    ///
    /// With the findings, if there are any.
    pub fn expect_no_findings(&self) {
        let findings = self.findings();
        let line = |finding: &Finding| {
            let Finding { rule, sent, .. } = finding;
            format!(
                "{}: {sent}\n  WeChat: {}\n  {}",
                rule.id, rule.answer.en, rule.mend.en
            )
        };
        let lines: Vec<_> = findings.iter().map(line).collect();
        assert!(
            lines.is_empty(),
            "findings:
{}",
            lines.join(
                "
"
            )
        );
    }

    /// The last 1000 requests to WeChat's paths, secrets masked.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.world().requests()
    }
}
