//! One computation at a time, with dropped callers, servers that stop, clocks that differ and stores that fail. The
//! runtime's time is paused: it advances by itself when every task waits.
#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    future::{Ready, pending, ready},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime},
};

use tokio::{
    runtime::Builder,
    sync::Notify,
    task::yield_now,
    time::{Instant, sleep, timeout},
};
use weixin::{
    Error,
    clock::Clock,
    error::StoreError,
    store::{MemoryStore, Record, Store, StoreFuture, Version},
    tokens::{Renewable, SingleFlight},
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);
const LEASE: Duration = Duration::from_secs(30);

fn begin() -> SystemTime {
    SystemTime::UNIX_EPOCH + 1_000_000 * HOUR
}

/// A clock that goes with the runtime's time, and may be wrong.
#[derive(Clone, Copy, Debug)]
struct RuntimeClock {
    start: Instant,
    zero: SystemTime,
}

impl RuntimeClock {
    fn new() -> Self {
        Self {
            start: Instant::now(),
            zero: begin(),
        }
    }

    fn ahead(mut self, by: Duration) -> Self {
        self.zero += by;
        self
    }

    fn behind(mut self, by: Duration) -> Self {
        self.zero -= by;
        self
    }
}

impl Clock for RuntimeClock {
    fn now(&self) -> SystemTime {
        self.zero + self.start.elapsed()
    }
}

/// A value with the seconds after the begin at which it is renewed and expires.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Ticket {
    name: String,
    refresh: u64,
    expires: u64,
}

fn ticket(name: &str) -> Ticket {
    Ticket {
        name: name.to_owned(),
        refresh: 3600,
        expires: 7200,
    }
}

impl Renewable for Ticket {
    fn encode(&self) -> Vec<u8> {
        format!("{} {} {}", self.name, self.refresh, self.expires).into_bytes()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(bytes).ok()?;
        let mut parts = text.split(' ');
        Some(Self {
            name: parts.next()?.to_owned(),
            refresh: parts.next()?.parse().ok()?,
            expires: parts.next()?.parse().ok()?,
        })
    }

    fn refresh_at(&self) -> SystemTime {
        begin() + Duration::from_secs(self.refresh)
    }

    fn expires_at(&self) -> SystemTime {
        begin() + Duration::from_secs(self.expires)
    }
}

type Flight = SingleFlight<Ticket>;
type Outcome = Result<Ticket, Error>;
type Pending = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// A store that counts, and that can be set to fail or to stop in the middle.
#[derive(Clone, Debug, Default)]
struct Spied(Arc<Spy>);

#[derive(Debug, Default)]
struct Spy {
    records: MemoryStore,
    loads: AtomicUsize,
    sweeps: AtomicUsize,
    rejects_writes: AtomicBool,
    rejects_loads: AtomicBool,
    /// Loads wait, after they have read.
    holds_loads: AtomicBool,
    /// Writes wait, after they have written.
    holds_writes: AtomicBool,
    resume: Notify,
}

#[derive(Debug, thiserror::Error)]
#[error("the row could not be written")]
struct CannotWrite(#[source] std::io::Error);

impl Spied {
    async fn hold(&self, is_held: &AtomicBool) {
        if is_held.load(Ordering::Relaxed) {
            self.0.resume.notified().await;
        }
    }

    fn loads(&self) -> usize {
        self.0.loads.load(Ordering::Relaxed)
    }

    fn sweeps(&self) -> usize {
        self.0.sweeps.load(Ordering::Relaxed)
    }

    fn reject_writes(&self, rejects: bool) {
        self.0.rejects_writes.store(rejects, Ordering::Relaxed);
    }

    fn reject_loads(&self, rejects: bool) {
        self.0.rejects_loads.store(rejects, Ordering::Relaxed);
    }
}

impl Store for Spied {
    fn load<'a>(&'a self, key: &'a str) -> StoreFuture<'a, Option<Record>> {
        Box::pin(async move {
            self.0.loads.fetch_add(1, Ordering::Relaxed);
            if self.0.rejects_loads.load(Ordering::Relaxed) {
                return Err(StoreError::new("the row could not be read"));
            }
            let found = self.0.records.load(key).await;
            self.hold(&self.0.holds_loads).await;
            found
        })
    }

    fn compare_exchange<'a>(
        &'a self,
        key: &'a str,
        current: Option<Version>,
        new: Option<Record>,
    ) -> StoreFuture<'a, bool> {
        Box::pin(async move {
            if self.0.rejects_writes.load(Ordering::Relaxed) {
                let cause = std::io::Error::other("no space left on device");
                return Err(StoreError::new(CannotWrite(cause)));
            }
            let written = self.0.records.compare_exchange(key, current, new).await;
            self.hold(&self.0.holds_writes).await;
            written
        })
    }

    fn remove_expired(&self, now: SystemTime) -> StoreFuture<'_, ()> {
        self.0.sweeps.fetch_add(1, Ordering::Relaxed);
        self.0.records.remove_expired(now)
    }
}

fn server(store: &Spied) -> Flight {
    SingleFlight::new(store.clone(), RuntimeClock::new()).lease(LEASE)
}

/// A computation that returns at once.
fn returns(name: &str) -> impl FnOnce(Option<Ticket>) -> Ready<Outcome> + Send + use<> {
    let value = ticket(name);
    move |_| ready(Ok(value))
}

fn fails(error: Error) -> impl FnOnce(Option<Ticket>) -> Ready<Outcome> + Send + use<> {
    move |_| ready(Err(error))
}

/// A computation that must not begin. It does not panic, since a panic is an outcome that some tests expect.
fn forbidden(_: Option<Ticket>) -> Ready<Outcome> {
    ready(Ok(ticket("computed-a-second-time")))
}

fn outage() -> Error {
    StoreError::new("WeChat is down").into()
}

/// A computation that waits for a notification before it returns.
#[derive(Clone, Debug, Default)]
struct Slow {
    began: Arc<Notify>,
    end: Arc<Notify>,
    count: Arc<AtomicUsize>,
}

impl Slow {
    fn returns(&self, name: &str) -> impl FnOnce(Option<Ticket>) -> Pending + Send + use<> {
        self.ends(Ok(ticket(name)))
    }

    fn ends(&self, outcome: Outcome) -> impl FnOnce(Option<Ticket>) -> Pending + Send + use<> {
        let slow = self.clone();
        move |_| {
            Box::pin(async move {
                slow.count.fetch_add(1, Ordering::Relaxed);
                slow.began.notify_one();
                slow.end.notified().await;
                outcome
            })
        }
    }

    fn count(&self) -> usize {
        self.count.load(Ordering::Relaxed)
    }
}

/// Starts a computation on this server, and returns when it is under way.
async fn begun(
    server: &Flight,
    slow: &Slow,
    rejected: Option<Ticket>,
    outcome: Outcome,
) -> tokio::task::JoinHandle<Result<Arc<Ticket>, Error>> {
    let (flight, init) = (server.clone(), slow.ends(outcome));
    let caller =
        tokio::spawn(async move { flight.try_get_with("key", rejected.as_ref(), init).await });
    slow.began.notified().await;
    caller
}

async fn get(server: &Flight, name: &str) -> Result<String, Error> {
    let value = server.try_get_with("key", None, returns(name)).await;
    value.map(|value| value.name.clone())
}

/// The value, without a computation.
async fn known(server: &Flight) -> String {
    let value = server.try_get_with("key", None, forbidden).await;
    value.unwrap().name.clone()
}

// A dropped caller, a panic, the end of a runtime.

#[tokio::test(start_paused = true)]
async fn a_dropped_caller_changes_nothing_and_the_next_one_gets_the_value_at_once() {
    let store = Spied::default();
    let (one, slow) = (server(&store), Slow::default());
    let caller = begun(&one, &slow, None, Ok(ticket("first"))).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());

    let start = Instant::now();
    let next = tokio::spawn({
        let one = one.clone();
        async move { known(&one).await }
    });
    yield_now().await;
    slow.end.notify_one();
    assert_eq!(next.await.unwrap(), "first");
    assert_eq!((start.elapsed(), slow.count()), (Duration::ZERO, 1));
    // Nothing is left of it for other servers either.
    assert_eq!(known(&server(&store)).await, "first");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn sixteen_callers_share_one_look_up_and_its_value() {
    let store = Spied::default();
    let (one, slow) = (server(&store), Slow::default());
    let callers = (0..16).map(|_| {
        let (one, init) = (one.clone(), slow.returns("shared"));
        tokio::spawn(async move { one.try_get_with("key", None, init).await.unwrap() })
    });
    let callers: Vec<_> = callers.collect();
    slow.began.notified().await;
    slow.end.notify_one();
    let mut values = Vec::new();
    for caller in callers {
        values.push(caller.await.unwrap());
    }
    assert!(values.iter().all(|value| Arc::ptr_eq(value, &values[0])));
    assert_eq!((slow.count(), store.loads()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn sixteen_callers_share_one_look_up_and_its_error() {
    let store = Spied::default();
    let (one, slow) = (server(&store), Slow::default());
    let callers = (0..16).map(|_| {
        let (one, init) = (one.clone(), slow.ends(Err(outage())));
        tokio::spawn(async move { one.try_get_with("key", None, init).await.unwrap_err() })
    });
    let callers: Vec<_> = callers.collect();
    slow.began.notified().await;
    slow.end.notify_one();
    for caller in callers {
        let error = caller.await.unwrap();
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(cause, "WeChat is down");
    }
    assert_eq!((slow.count(), store.loads()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_panic_frees_the_lease() {
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store));
    let start = Instant::now();
    let panics = |_: Option<Ticket>| -> Ready<_> { panic!("on purpose") };
    let error = one.try_get_with("key", None, panics).await.unwrap_err();
    assert!(matches!(error, Error::StoreBusy) && error.is_retryable());
    assert_eq!(get(&other, "second").await.unwrap(), "second");
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// A clock that is moved by hand.
#[derive(Clone, Debug)]
struct Hand(Arc<Mutex<SystemTime>>);

impl Clock for Hand {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }
}

#[test]
fn a_runtime_that_is_shut_down_leaves_a_lease_that_expires() {
    let hand = Hand(Arc::new(Mutex::new(begin())));
    let one: Flight = SingleFlight::new(MemoryStore::new(), hand.clone()).lease(LEASE);
    let first = Builder::new_current_thread().enable_time().build().unwrap();
    first.block_on(async {
        let slow = Slow::default();
        begun(&one, &slow, None, Ok(ticket("lost"))).await;
    });
    drop(first);

    let second = Builder::new_current_thread();
    let second = { second }.enable_time().start_paused(true).build().unwrap();
    second.block_on(async {
        // Not by the first runtime's flight, which never returns.
        *hand.0.lock().unwrap() += 29 * SECOND;
        let early = timeout(SECOND, get(&one, "early")).await;
        assert!(early.is_err(), "the lease has not expired");
        *hand.0.lock().unwrap() += SECOND;
        assert_eq!(known_or(&one, "early").await, "early");
    });
}

/// The value of an earlier caller's computation.
async fn known_or(server: &Flight, name: &str) -> String {
    get(server, name).await.unwrap()
}

#[test]
fn a_caller_of_another_runtime_takes_the_place_of_one_that_was_shut_down() {
    let one: Flight = SingleFlight::new(MemoryStore::new(), Hand(Arc::new(Mutex::new(begin()))));
    let first = Builder::new_current_thread().enable_time().build().unwrap();
    // It has only joined a flight that reads the store for the first time.
    let waiting = one.clone();
    first.block_on(async {
        tokio::spawn(async move { waiting.try_get_with("key", None, |_| pending()).await });
        yield_now().await;
    });
    let (joined, is_joined) = std::sync::mpsc::channel();
    let follower = std::thread::spawn({
        let one = one.clone().lease(SECOND);
        move || {
            let runtime = Builder::new_current_thread();
            let runtime = { runtime }
                .enable_time()
                .start_paused(true)
                .build()
                .unwrap();
            runtime.block_on(async {
                let caller = tokio::spawn(async move { get(&one, "second").await });
                yield_now().await;
                joined.send(()).unwrap();
                caller.await.unwrap()
            })
        }
    });
    is_joined.recv().unwrap();
    drop(first);
    assert_eq!(follower.join().unwrap().unwrap(), "second");
}

// Removals and insertions during a flight, and on another server.

#[tokio::test(start_paused = true)]
async fn a_removal_is_seen_at_once_here_and_after_ten_seconds_on_another_server() {
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store));
    one.insert("key", ticket("first")).await.unwrap();
    assert_eq!(
        (known(&one).await, known(&other).await),
        ("first".into(), "first".into())
    );
    one.remove("key").await.unwrap();
    assert_eq!(get(&one, "second").await.unwrap(), "second");
    sleep(Duration::from_millis(9_999)).await;
    assert_eq!(known(&other).await, "first");
    sleep(Duration::from_millis(1)).await;
    assert_eq!(known(&other).await, "second");
}

#[tokio::test(start_paused = true)]
async fn an_insertion_is_seen_at_once_here_and_after_the_time_that_is_set_on_another_server() {
    let store = Spied::default();
    let one = server(&store);
    let other = server(&store).cache_for(2 * SECOND);
    one.insert("key", ticket("first")).await.unwrap();
    assert_eq!(
        (known(&one).await, known(&other).await),
        ("first".into(), "first".into())
    );
    one.insert("key", ticket("second")).await.unwrap();
    assert_eq!(
        (known(&one).await, known(&other).await),
        ("second".into(), "first".into())
    );
    sleep(2 * SECOND).await;
    assert_eq!(known(&other).await, "second");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_under_way_does_not_bring_back_a_removed_key() {
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store));
    one.insert("key", ticket("old")).await.unwrap();
    for remover in [&one, &other] {
        one.insert("key", ticket("old")).await.unwrap();
        let slow = Slow::default();
        let caller = begun(&one, &slow, Some(ticket("old")), Ok(ticket("new"))).await;
        remover.remove("key").await.unwrap();
        slow.end.notify_one();
        let error = caller.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::StoreBusy), "{error:?}");
        assert!(error.is_retryable() && !error.needs_login());
        assert!(store.load("key").await.unwrap().is_none());
        assert_eq!(get(&one, "later").await.unwrap(), "later");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_was_inserted_during_a_renewal_is_its_result() {
    for outcome in [Ok(ticket("new")), Err(Error::LoginExpired), Err(outage())] {
        let store = Spied::default();
        let [one, other] = [(); 2].map(|()| server(&store));
        one.insert("key", ticket("old")).await.unwrap();
        let slow = Slow::default();
        let caller = begun(&one, &slow, Some(ticket("old")), outcome).await;
        other.insert("key", ticket("login")).await.unwrap();
        slow.end.notify_one();
        assert_eq!(caller.await.unwrap().unwrap().name, "login");
        assert_eq!(
            (known(&one).await, known(&other).await),
            ("login".into(), "login".into())
        );
    }
}

#[tokio::test(start_paused = true)]
async fn a_login_that_was_inserted_during_a_rejected_renewal_and_is_due_for_renewal_is_not_removed()
{
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store));
    one.insert("key", ticket("old")).await.unwrap();
    let (slow, over) = (Slow::default(), Err(Error::LoginExpired));
    let caller = begun(&one, &slow, Some(ticket("old")), over).await;
    let due = Ticket {
        refresh: 0,
        ..ticket("login")
    };
    other.insert("key", due).await.unwrap();
    slow.end.notify_one();
    let error = caller.await.unwrap().unwrap_err();
    assert!(error.is_retryable() && !error.needs_login(), "{error:?}");
    assert_eq!(get(&one, "renewed").await.unwrap(), "renewed");
}

#[tokio::test(start_paused = true)]
async fn a_caller_after_a_removal_does_not_join_a_flight_that_began_before_it() {
    let store = Spied::default();
    let one = server(&store);
    one.insert("key", ticket("old")).await.unwrap();
    store.0.holds_loads.store(true, Ordering::Relaxed);
    let before = tokio::spawn({
        let one = one.clone();
        async move { known(&one).await }
    });
    while store.loads() < 2 {
        yield_now().await;
    }
    store.0.holds_loads.store(false, Ordering::Relaxed);
    one.remove("key").await.unwrap();
    assert_eq!(get(&one, "new").await.unwrap(), "new");
    store.0.resume.notify_one();
    assert_eq!(
        before.await.unwrap(),
        "old",
        "it was read before the removal"
    );
    assert_eq!(
        known(&one).await,
        "new",
        "what was read before it is not in memory"
    );
}

#[tokio::test(start_paused = true)]
async fn a_removal_whose_caller_is_dropped_in_the_middle_is_seen_by_this_server() {
    let store = Spied::default();
    let one = server(&store);
    one.insert("key", ticket("old")).await.unwrap();
    assert_eq!(known(&one).await, "old");
    store.0.holds_writes.store(true, Ordering::Relaxed);
    assert!(timeout(SECOND, one.remove("key")).await.is_err());
    store.0.holds_writes.store(false, Ordering::Relaxed);
    assert_eq!(get(&one, "new").await.unwrap(), "new");
}

// Rejected values.

#[tokio::test(start_paused = true)]
async fn a_rejected_value_is_recognized_by_its_content_also_when_memory_has_dropped_it() {
    let store = Spied::default();
    let one = server(&store).capacity(2);
    let rejected = one
        .try_get_with("key", None, returns("rejected"))
        .await
        .unwrap();
    for n in 0..4 {
        let key = n.to_string();
        one.try_get_with(&key, None, returns("other"))
            .await
            .unwrap();
    }
    let renewed = one.try_get_with("key", Some(&rejected), returns("renewed"));
    assert_eq!(renewed.await.unwrap().name, "renewed");
    // Again, by a late caller: a renewed value is in memory and in the store by now.
    for server in [one, server(&store)] {
        let late = server.try_get_with("key", Some(&rejected), forbidden);
        assert_eq!(late.await.unwrap().name, "renewed");
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_with_a_rejected_value_does_not_get_it_from_a_flight_that_started_before() {
    let store = Spied::default();
    let one = server(&store);
    one.insert("key", ticket("rejected")).await.unwrap();
    store.0.holds_loads.store(true, Ordering::Relaxed);
    let unaware = tokio::spawn({
        let one = one.clone();
        async move { known(&one).await }
    });
    while store.loads() < 2 {
        yield_now().await;
    }
    let aware = tokio::spawn({
        let one = one.clone();
        async move {
            one.try_get_with("key", Some(&ticket("rejected")), returns("renewed"))
                .await
        }
    });
    yield_now().await;
    store.0.holds_loads.store(false, Ordering::Relaxed);
    store.0.resume.notify_one();
    assert_eq!(unaware.await.unwrap(), "rejected");
    assert_eq!(aware.await.unwrap().unwrap().name, "renewed");
}

#[tokio::test(start_paused = true)]
async fn a_rejected_value_is_not_the_result_of_a_renewal_that_failed() {
    let one = server(&Spied::default());
    one.insert("key", ticket("rejected")).await.unwrap();
    let rejected = ticket("rejected");
    let failed = one.try_get_with("key", Some(&rejected), fails(outage()));
    let error = failed.await.unwrap_err();
    assert!(matches!(error, Error::Store(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_renewal_may_bring_the_rejected_value_again() {
    let one = server(&Spied::default());
    one.insert("key", ticket("same")).await.unwrap();
    let rejected = ticket("same");
    let renewed = one.try_get_with("key", Some(&rejected), returns("same"));
    assert_eq!(renewed.await.unwrap().name, "same");
}

#[tokio::test(start_paused = true)]
async fn an_expired_login_is_removed_from_the_store_and_from_memory() {
    let store = Spied::default();
    let one = server(&store);
    let value = one.try_get_with("key", None, returns("old")).await.unwrap();
    let over = one.try_get_with("key", Some(&value), fails(Error::LoginExpired));
    assert!(matches!(over.await.unwrap_err(), Error::LoginExpired));
    assert!(store.load("key").await.unwrap().is_none());
    assert_eq!(get(&one, "new").await.unwrap(), "new");
}

#[tokio::test(start_paused = true)]
async fn a_value_that_cannot_be_renewed_is_used_until_it_expires_and_renewal_is_tried_every_ten_seconds()
 {
    let store = Spied::default();
    let one = server(&store);
    one.insert("key", ticket("old")).await.unwrap();
    sleep(3600 * SECOND).await;
    let attempts = Arc::new(AtomicUsize::new(0));
    for _ in 0..40 {
        let attempts = Arc::clone(&attempts);
        let value = one.try_get_with("key", None, move |previous| {
            assert_eq!(previous, Some(ticket("old")));
            attempts.fetch_add(1, Ordering::Relaxed);
            ready(Err(outage()))
        });
        assert_eq!(value.await.unwrap().name, "old");
        sleep(SECOND).await;
    }
    assert_eq!(attempts.load(Ordering::Relaxed), 4);
    // It expires at 7200 seconds, and not ten seconds after the last look.
    sleep(3555 * SECOND).await;
    let value = one.try_get_with("key", None, fails(outage())).await;
    assert_eq!(value.unwrap().name, "old");
    sleep(5 * SECOND).await;
    let expired = one.try_get_with("key", None, fails(outage())).await;
    assert!(matches!(expired, Err(Error::Store(_))), "{expired:?}");
}

// Leases.

#[tokio::test(start_paused = true)]
async fn the_value_is_used_during_a_renewal_on_another_server_and_waited_for_once_it_has_expired() {
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store));
    one.insert("key", ticket("old")).await.unwrap();
    sleep(7199 * SECOND).await;
    let slow = Slow::default();
    let new = Ticket {
        expires: 20_000,
        refresh: 20_000,
        ..ticket("new")
    };
    let caller = begun(&one, &slow, None, Ok(new)).await;
    assert_eq!(known(&other).await, "old");
    sleep(SECOND).await;
    let waits = tokio::spawn({
        let other = other.clone();
        async move { known(&other).await }
    });
    sleep(5 * SECOND).await;
    assert!(!waits.is_finished());
    slow.end.notify_one();
    assert_eq!(waits.await.unwrap(), "new");
    assert_eq!(caller.await.unwrap().unwrap().name, "new");
}

/// Stops a server during a computation, while its clock shows this time.
async fn stops(store: &Spied, now: SystemTime, is_once: bool) {
    let hand = Hand(Arc::new(Mutex::new(now)));
    let server: Flight = SingleFlight::new(store.clone(), hand).lease(LEASE);
    let server = if is_once { server.once() } else { server };
    let outlives = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()
        .unwrap();
    let (slow, begun) = (Slow::default(), Arc::new(Notify::new()));
    outlives.spawn({
        let begun = Arc::clone(&begun);
        async move {
            let init = slow.returns("lost");
            let caller = tokio::spawn(async move { server.try_get_with("key", None, init).await });
            slow.began.notified().await;
            begun.notify_one();
            caller.await.unwrap().unwrap();
        }
    });
    begun.notified().await;
    outlives.shutdown_background();
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_is_replaced_when_its_lease_expires() {
    let store = Spied::default();
    stops(&store, begin(), false).await;
    let (other, start) = (server(&store), Instant::now());
    assert_eq!(get(&other, "second").await.unwrap(), "second");
    assert!((LEASE..LEASE + SECOND).contains(&start.elapsed()));
}

#[tokio::test(start_paused = true)]
async fn a_stopped_server_whose_clock_was_ahead_blocks_others_no_longer_than_a_lease() {
    for ahead in [SECOND, HOUR, 1_000_000 * HOUR] {
        let store = Spied::default();
        stops(&store, begin() + ahead, false).await;
        let (other, start) = (server(&store), Instant::now());
        assert_eq!(get(&other, "second").await.unwrap(), "second");
        assert!((LEASE..LEASE + SECOND).contains(&start.elapsed()));
    }
}

#[tokio::test(start_paused = true)]
async fn a_running_server_whose_clock_is_ahead_still_computes_alone() {
    let store = Spied::default();
    let clock = RuntimeClock::new().ahead(HOUR / 2);
    let one: Flight = SingleFlight::new(store.clone(), clock).lease(LEASE);
    let (other, slow) = (server(&store), Slow::default());
    let caller = begun(&one, &slow, None, Ok(ticket("only"))).await;
    let waits = tokio::spawn(async move { known(&other).await });
    sleep(20 * SECOND).await;
    slow.end.notify_one();
    assert_eq!(caller.await.unwrap().unwrap().name, "only");
    assert_eq!(waits.await.unwrap(), "only");
}

#[tokio::test(start_paused = true)]
async fn a_server_whose_lease_was_taken_over_uses_the_value_of_the_one_that_took_over() {
    let store = Spied::default();
    let clock = RuntimeClock::new().behind(LEASE);
    let one: Flight = SingleFlight::new(store.clone(), clock).lease(LEASE);
    let (other, slow) = (server(&store), Slow::default());
    let caller = begun(&one, &slow, None, Ok(ticket("late"))).await;
    assert_eq!(get(&other, "newer").await.unwrap(), "newer");
    slow.end.notify_one();
    assert_eq!(caller.await.unwrap().unwrap().name, "newer");
    assert_eq!(known(&one).await, "newer");
}

#[tokio::test(start_paused = true)]
async fn a_computation_that_does_not_return_is_canceled_when_its_lease_expires() {
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store));
    let slow = Slow::default();
    let start = Instant::now();
    let caller = begun(&one, &slow, None, Ok(ticket("late"))).await;
    let error = caller.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::StoreBusy), "{error:?}");
    assert_eq!(start.elapsed(), LEASE);
    assert_eq!(get(&other, "second").await.unwrap(), "second");
    assert_eq!(start.elapsed(), LEASE);
    yield_now().await;
    assert_eq!(Arc::strong_count(&slow.count), 1, "it is gone");
}

#[tokio::test(start_paused = true)]
async fn a_lease_lasts_one_second_at_least_and_one_hour_at_most() {
    for (wanted, expected) in [(Duration::ZERO, SECOND), (24 * HOUR, HOUR)] {
        let one = server(&Spied::default()).lease(wanted);
        let slow = Slow::default();
        let start = Instant::now();
        let caller = begun(&one, &slow, None, Ok(ticket("late"))).await;
        let error = caller.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::StoreBusy), "{error:?}");
        assert_eq!(start.elapsed(), expected);
    }
}

#[tokio::test(start_paused = true)]
async fn a_caller_waits_for_repeated_leases_for_as_long_as_two() {
    let store = Spied::default();
    let other = server(&store);
    stops(&store, begin() + HOUR, false).await;
    let start = Instant::now();
    let busy = tokio::spawn(async move { get(&other, "never").await });
    // Each time before it would be taken over, the lease of another server starts.
    for _ in 0..2 {
        sleep(29 * SECOND).await;
        assert!(!busy.is_finished());
        begin_lease_again(&store).await;
    }
    let error = busy.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::StoreBusy), "{error:?}");
    assert!((2 * LEASE..2 * LEASE + SECOND).contains(&start.elapsed()));
}

/// Writes the record as a server does that takes a lease over.
async fn begin_lease_again(store: &Spied) {
    let old = store.load("key").await.unwrap().unwrap();
    let version = Version::random().unwrap();
    let new = Record::new(old.expose().to_vec(), version, old.expires_at());
    assert!(
        store
            .compare_exchange("key", Some(old.version()), Some(new))
            .await
            .unwrap()
    );
}

// Once.

#[tokio::test(start_paused = true)]
async fn once_computes_a_value_for_all_servers_until_it_expires() {
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store).once());
    let slow = Slow::default();
    let caller = begun(&one, &slow, None, Ok(ticket("once"))).await;
    let waits = tokio::spawn({
        let other = other.clone();
        async move { known(&other).await }
    });
    sleep(SECOND).await;
    slow.end.notify_one();
    assert_eq!(caller.await.unwrap().unwrap().name, "once");
    assert_eq!(waits.await.unwrap(), "once");
    // It is neither renewed nor rejected.
    sleep(7190 * SECOND).await;
    for server in [&one, &other] {
        let rejected = ticket("once");
        let value = server.try_get_with("key", Some(&rejected), forbidden);
        assert_eq!(value.await.unwrap().name, "once");
    }
    sleep(9 * SECOND).await;
    assert_eq!(get(&one, "later").await.unwrap(), "later");
}

#[tokio::test(start_paused = true)]
async fn once_computes_again_after_an_error() {
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store).once());
    let failed = one.try_get_with("key", None, fails(outage())).await;
    assert!(matches!(failed.unwrap_err(), Error::Store(_)));
    assert!(store.load("key").await.unwrap().is_none());
    assert_eq!(get(&other, "second").await.unwrap(), "second");
}

#[tokio::test(start_paused = true)]
async fn once_is_not_taken_over_from_a_server_that_stopped() {
    let store = Spied::default();
    stops(&store, begin(), true).await;
    let (other, start) = (server(&store).once(), Instant::now());
    let unknown = other
        .try_get_with("key", None, forbidden)
        .await
        .unwrap_err();
    assert!(matches!(unknown, Error::OutcomeUnknown { .. }) && unknown.needs_login());
    assert!((LEASE..LEASE + SECOND).contains(&start.elapsed()));
    // Two hours later the record may go.
    sleep(7_198 * SECOND).await;
    store
        .0
        .records
        .remove_expired(
            RuntimeClock {
                start,
                zero: begin(),
            }
            .now(),
        )
        .await
        .unwrap();
    let unknown = other
        .try_get_with("key", None, forbidden)
        .await
        .unwrap_err();
    assert!(matches!(unknown, Error::OutcomeUnknown { .. }));
    sleep(2 * SECOND).await;
    store
        .0
        .records
        .remove_expired(
            RuntimeClock {
                start,
                zero: begin(),
            }
            .now(),
        )
        .await
        .unwrap();
    assert_eq!(get(&other, "later").await.unwrap(), "later");
}

#[tokio::test(start_paused = true)]
async fn once_is_not_taken_over_from_a_server_that_stopped_after_an_earlier_value_had_expired() {
    let store = Spied::default();
    let one = server(&store).once();
    assert_eq!(get(&one, "first").await.unwrap(), "first");
    sleep(7_201 * SECOND).await;
    let now = begin() + 7_201 * SECOND;
    stops(&store, now, true).await;
    sleep(LEASE + SECOND).await;
    let unknown = one.try_get_with("key", None, forbidden).await;
    assert!(matches!(unknown.unwrap_err(), Error::OutcomeUnknown { .. }));
}

#[tokio::test(start_paused = true)]
async fn once_computes_with_the_value_that_has_expired() {
    let store = Spied::default();
    let one = server(&store).once();
    assert_eq!(get(&one, "first").await.unwrap(), "first");
    sleep(7_201 * SECOND).await;
    let next = |previous: Option<Ticket>| {
        ready(Ok(Ticket {
            expires: 20_000,
            ..ticket(&format!("after {}", previous.unwrap().name).replace(' ', "-"))
        }))
    };
    let value = one.try_get_with("key", None, next).await.unwrap();
    assert_eq!(value.name, "after-first");
}

/// A store may return records that have expired, until they are removed.
#[tokio::test(start_paused = true)]
async fn once_drops_an_unknown_outcome_after_two_hours_also_if_the_store_still_has_it() {
    let store = Spied::default();
    stops(&store, begin(), true).await;
    let other = server(&store).once();
    sleep(LEASE + 7_199 * SECOND).await;
    let unknown = other.try_get_with("key", None, forbidden).await;
    assert!(matches!(unknown.unwrap_err(), Error::OutcomeUnknown { .. }));
    sleep(SECOND).await;
    assert!(store.load("key").await.unwrap().is_some());
    let mut later = ticket("later");
    later.expires = 20_000;
    let value = other.try_get_with("key", None, move |_| ready(Ok(later)));
    assert_eq!(value.await.unwrap().name, "later");
}

#[tokio::test(start_paused = true)]
async fn once_has_an_unknown_outcome_after_a_panic_and_after_a_computation_that_does_not_return() {
    let store = Spied::default();
    let [one, other] = [(); 2].map(|()| server(&store).once());
    let panics = |_: Option<Ticket>| -> Ready<_> { panic!("on purpose") };
    let start = Instant::now();
    let error = one.try_get_with("key", None, panics).await.unwrap_err();
    assert!(matches!(error, Error::OutcomeUnknown { .. }), "{error:?}");
    let unknown = other
        .try_get_with("key", None, forbidden)
        .await
        .unwrap_err();
    assert!(matches!(unknown, Error::OutcomeUnknown { .. }));
    assert_eq!(start.elapsed(), Duration::ZERO);
    sleep(7_199 * SECOND).await;
    other.insert("another", ticket("sweeps")).await.unwrap();
    yield_now().await;
    let unknown = other
        .try_get_with("key", None, forbidden)
        .await
        .unwrap_err();
    assert!(matches!(unknown, Error::OutcomeUnknown { .. }));

    let endless = one.try_get_with("slow", None, |_| pending()).await;
    assert!(matches!(endless.unwrap_err(), Error::OutcomeUnknown { .. }));
    let unknown = other
        .try_get_with("slow", None, forbidden)
        .await
        .unwrap_err();
    assert!(matches!(unknown, Error::OutcomeUnknown { .. }));
}

// Stores that fail, memory, expired records.

#[tokio::test(start_paused = true)]
async fn a_value_that_cannot_be_written_is_used_on_this_server_as_long_as_memory_has_it() {
    let store = Spied::default();
    let one = server(&store);
    let slow = Slow::default();
    let caller = begun(&one, &slow, None, Ok(ticket("unwritten"))).await;
    store.reject_writes(true);
    slow.end.notify_one();
    assert_eq!(caller.await.unwrap().unwrap().name, "unwritten");
    assert_eq!(known(&one).await, "unwritten");
    store.reject_writes(false);
    sleep(10 * SECOND).await;
    assert_eq!(get(&one, "second").await.unwrap(), "second");
}

/// A renewal, and one that failed so that the previous value would go on.
fn renewals() -> [(Option<Ticket>, Outcome); 2] {
    [
        (Some(ticket("old")), Ok(ticket("renewed"))),
        (None, Err(outage())),
    ]
}

/// A server whose value is due for renewal, and a computation under way.
async fn renewing(
    store: &Spied,
    rejected: Option<Ticket>,
    outcome: Outcome,
) -> (
    Flight,
    Slow,
    tokio::task::JoinHandle<Result<Arc<Ticket>, Error>>,
) {
    let one = server(store);
    one.insert("key", ticket("old")).await.unwrap();
    sleep(3_601 * SECOND).await;
    let slow = Slow::default();
    let caller = begun(&one, &slow, rejected, outcome).await;
    (one, slow, caller)
}

#[tokio::test(start_paused = true)]
async fn a_key_that_was_removed_during_a_renewal_stays_so_if_the_store_rejects_the_result() {
    for (rejected, outcome) in renewals() {
        let store = Spied::default();
        let (one, slow, caller) = renewing(&store, rejected, outcome).await;
        server(&store).remove("key").await.unwrap();
        store.reject_writes(true);
        slow.end.notify_one();
        caller.await.unwrap().unwrap_err();
        let error = one.try_get_with("key", None, forbidden).await.unwrap_err();
        assert!(matches!(error, Error::Store(_)), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_value_that_can_be_neither_written_nor_looked_for_is_not_kept_in_memory() {
    for (rejected, outcome) in renewals() {
        let store = Spied::default();
        let (one, slow, caller) = renewing(&store, rejected, outcome.clone()).await;
        server(&store).remove("key").await.unwrap();
        store.reject_writes(true);
        store.reject_loads(true);
        slow.end.notify_one();
        let expected = outcome.map_or_else(|_| "old".to_owned(), |value| value.name);
        assert_eq!(caller.await.unwrap().unwrap().name, expected);
        store.reject_writes(false);
        store.reject_loads(false);
        assert_eq!(get(&one, "later").await.unwrap(), "later");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_computed_if_the_lease_cannot_be_written() {
    let store = Spied::default();
    let one = server(&store);
    store.reject_writes(true);
    let error = one.try_get_with("key", None, forbidden).await.unwrap_err();
    assert!(matches!(error, Error::Store(_)) && error.is_retryable());
}

/// A log in memory.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn a_store_error_is_logged_with_all_its_causes() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .without_time()
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let store = Spied::default();
    let one = server(&store);
    store.reject_writes(true);
    one.insert("key", ticket("value")).await.unwrap_err();
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert_eq!(
        text,
        " WARN weixin::tokens::single_flight::records: the store failed cause=\"the row could not be written: no space left on device\"\n"
    );
}

#[tokio::test(start_paused = true)]
async fn a_record_of_another_program_is_an_error_and_can_be_replaced() {
    let store = Spied::default();
    let one = server(&store);
    let expires = begin() + HOUR;
    let foreign = Record::new(b"foreign".to_vec(), Version::random().unwrap(), expires);
    let written = store.compare_exchange("key", None, Some(foreign));
    assert!(written.await.unwrap());
    let error = one.try_get_with("key", None, forbidden).await.unwrap_err();
    assert!(matches!(error, Error::Store(_)), "{error:?}");
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(
        cause,
        "the record was not written by this version of the crate"
    );
    one.insert("key", ticket("own")).await.unwrap();
    assert_eq!(known(&one).await, "own");
}

#[tokio::test(start_paused = true)]
async fn expired_records_are_removed_once_an_hour_by_servers_that_write() {
    let store = Spied::default();
    let one = server(&store);
    let short = Ticket {
        expires: 10,
        ..ticket("short")
    };
    let long = Ticket {
        refresh: 10_000,
        expires: 10_000,
        ..ticket("long")
    };
    for n in 0..10_000_u32 {
        one.insert(&n.to_string(), short.clone()).await.unwrap();
    }
    yield_now().await;
    assert_eq!(store.sweeps(), 1);
    sleep(3_599 * SECOND).await;
    one.insert("key", long.clone()).await.unwrap();
    yield_now().await;
    assert_eq!(store.sweeps(), 1);
    assert!(store.load("9999").await.unwrap().is_some());
    sleep(SECOND).await;
    one.insert("key", long.clone()).await.unwrap();
    yield_now().await;
    assert_eq!(store.sweeps(), 2);
    for n in 0..10_000_u32 {
        assert!(store.load(&n.to_string()).await.unwrap().is_none());
    }
    assert_eq!(known(&one).await, "long");
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_neither_stops_the_removal_nor_extends_a_value_in_memory() {
    let store = Spied::default();
    let hand = Hand(Arc::new(Mutex::new(begin() + 100 * HOUR)));
    let one: Flight = SingleFlight::new(store.clone(), hand.clone());
    let value = Ticket {
        refresh: 1_000_000,
        expires: 1_000_000,
        ..ticket("first")
    };
    one.insert("key", value.clone()).await.unwrap();
    assert_eq!(known(&one).await, "first");
    *hand.0.lock().unwrap() = begin();
    let other = SingleFlight::new(store.clone(), hand.clone());
    other
        .insert(
            "key",
            Ticket {
                name: "second".into(),
                ..value
            },
        )
        .await
        .unwrap();
    assert_eq!(known(&one).await, "second");
    let sweeps = store.sweeps();
    one.insert("key", ticket("third")).await.unwrap();
    yield_now().await;
    assert_eq!(store.sweeps(), sweeps + 1);
}

#[tokio::test(start_paused = true)]
async fn at_most_as_many_keys_as_the_capacity_are_looked_up_at_a_time() {
    let store = Spied::default();
    let one = server(&store).capacity(4);
    let slow = Slow::default();
    let mut callers = Vec::new();
    for n in 0..4 {
        let (one, init) = (one.clone(), slow.returns("value"));
        callers.push(tokio::spawn(async move {
            one.try_get_with(&n.to_string(), None, init).await
        }));
        slow.began.notified().await;
    }
    let error = one.try_get_with("key", None, forbidden).await.unwrap_err();
    assert!(matches!(error, Error::StoreBusy), "{error:?}");
    // Callers with the same key do not count.
    let joins = tokio::spawn({
        let one = one.clone();
        async move { one.try_get_with("0", None, forbidden).await }
    });
    yield_now().await;
    for _ in 0..4 {
        slow.end.notify_one();
        yield_now().await;
    }
    for caller in callers {
        assert_eq!(caller.await.unwrap().unwrap().name, "value");
    }
    assert_eq!(joins.await.unwrap().unwrap().name, "value");
    assert_eq!(get(&one, "room").await.unwrap(), "room");
}

#[tokio::test(start_paused = true)]
async fn a_hit_does_not_read_the_store() {
    let store = Spied::default();
    let one = server(&store);
    get(&one, "value").await.unwrap();
    let loads = store.loads();
    for _ in 0..100 {
        assert_eq!(known(&one).await, "value");
    }
    assert_eq!(store.loads(), loads);
}
