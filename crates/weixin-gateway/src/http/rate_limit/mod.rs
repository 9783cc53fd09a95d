//! How much one address can do in a minute: begin logins, send requests that fail, and fill the log and the audit log.

mod forward_clock;
mod keys;

use std::{
    fmt,
    net::IpAddr,
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use governor::{Quota, RateLimiter, middleware::NoOpMiddleware, nanos::Nanos};
use tokio::sync::Semaphore;
use weixin::clock::Clock;

use self::{forward_clock::ForwardClock, keys::BoundedKeys};
use super::{
    client_ip::{network, network_of},
    places::Places,
};
use crate::{config::Limits, oidc::ClientId, telemetry};

/// How much more a whole IPv6 site may do than one network of it.
pub(super) const SITE_FACTOR: u32 = 4;

/// How often addresses that have been idle are forgotten.
const INTERVAL: Duration = Duration::from_mins(1);

/// Exchanges of one address at one time: a quarter of those that a login of `weixin-axum` does at one time for all.
pub(super) const EXCHANGES: usize = 64;

/// Those of an IPv6 network of 48 bits: half of them.
pub(super) const EXCHANGES_OF_SITE: usize = 128;

/// Forms of one address that are still arriving at one time. A proxy that waits for the whole form sends none of these.
pub(super) const FORMS_BY_ADDRESS: usize = 128;

/// Those of an IPv6 network of 48 bits.
pub(super) const FORMS_BY_SITE: usize = 256;

/// Those of all addresses: fewer than requests can run, so that requests that are complete run as well.
pub(super) const FORMS_IN_ALL: usize = 2_048;

/// Requests that run at one time: fewer than proxies have connections, so that the others get a response, and `/readyz` as
/// well. One address cannot let so many wait: its forms are limited, and its exchanges.
pub(super) const REQUESTS: usize = 3_072;

/// The most keys of one limiter, about 10 MB. More addresses than that have a network of machines behind them, which no limit
/// by address stops.
const MAX_KEYS: usize = 100_000;

/// The client that an address sends requests for, if it is a known one, and the address or its network.
type Key = (Option<ClientId>, IpAddr);

type Limiter = RateLimiter<Key, BoundedKeys<Key>, ForwardClock, NoOpMiddleware<Nanos>>;

/// How much one address can do in a minute: without it, one visitor could fill the places of all.
pub(crate) struct RateLimit {
    /// Logins that an address begins.
    logins: Limiters,
    /// Codes that are exchanged at WeChat: a login that has begun can come back again and again.
    exchanges: Limiters,
    /// The exchanges that go on. WeChat may be slow, and then they take the places of others.
    pub(super) exchanging: Arc<Places>,
    /// The forms that are still arriving.
    pub(super) forms: Arc<Places>,
    /// The requests that run.
    pub(super) running: Semaphore,
    /// Requests of clients that fail, such as those with a wrong secret.
    failures: Limiters,
    /// Failed logins that become events: anyone can begin logins and fail at them.
    events: Limiters,
    /// Responses of which the log says something, such as error pages: anyone can cause them.
    logged: Limiters,
    /// Those of which it says nothing, since the last line about them.
    unlogged: AtomicU64,
    clock: Arc<dyn Clock>,
}

impl RateLimit {
    pub(crate) fn new(limits: &Limits, clock: Arc<dyn Clock>) -> Self {
        let forward = ForwardClock::new(Arc::clone(&clock));
        let limiters = |per_minute| Limiters::new(per_minute, &forward);
        Self {
            logins: limiters(limits.logins_per_minute),
            exchanges: limiters(limits.logins_per_minute),
            exchanging: Places::new(usize::MAX, EXCHANGES, EXCHANGES_OF_SITE),
            forms: Places::new(FORMS_IN_ALL, FORMS_BY_ADDRESS, FORMS_BY_SITE),
            running: Semaphore::new(REQUESTS),
            failures: limiters(limits.failures_per_minute),
            events: limiters(limits.failures_per_minute),
            logged: limiters(limits.failures_per_minute),
            unlogged: AtomicU64::new(0),
            clock,
        }
    }

    /// Whether this address can begin one more login.
    pub(super) fn allows(&self, address: Option<IpAddr>) -> bool {
        self.logins.allow(None, address)
    }

    /// Whether one more code from this address can be exchanged at WeChat.
    pub(super) fn allows_exchange(&self, address: Option<IpAddr>) -> bool {
        self.exchanges.allow(None, address)
    }

    /// Whether one more request of a client can fail at this address. Those for unknown clients count together.
    pub(super) fn allows_failure(
        &self,
        client: Option<&ClientId>,
        address: Option<IpAddr>,
    ) -> bool {
        self.failures.allow(client, address)
    }

    /// Whether one more failed login of this address can become an event. Others are counted.
    pub(super) fn allows_event(&self, address: Option<IpAddr>) -> bool {
        let allows = self.events.allow(None, address);
        if !allows {
            telemetry::not_recorded();
        }
        allows
    }

    /// Whether the log may say something of one more response, such as an error page, to this address. Others are counted.
    pub(super) fn allows_log(&self, address: Option<IpAddr>) -> bool {
        let allows = self.logged.allow(None, address);
        if !allows {
            self.unlogged.fetch_add(1, Ordering::Relaxed);
            telemetry::not_logged();
        }
        allows
    }

    /// Forgets the addresses that have been idle, each minute.
    pub(crate) async fn maintain(&self) {
        loop {
            self.clock.sleep(INTERVAL).await;
            self.forget_idle();
            self.log_unlogged();
        }
    }

    fn log_unlogged(&self) {
        let responses = self.unlogged.swap(0, Ordering::Relaxed);
        if responses > 0 {
            tracing::warn!(
                responses,
                "some addresses cause many error responses, and the log says nothing of these"
            );
        }
    }

    fn forget_idle(&self) {
        let all = [
            &self.logins,
            &self.exchanges,
            &self.failures,
            &self.events,
            &self.logged,
        ];
        for limiter in all.into_iter().flat_map(Limiters::iter) {
            if limiter.len() >= MAX_KEYS {
                tracing::warn!(
                    "requests come from more than {MAX_KEYS} addresses: some of them were not limited"
                );
            }
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").finish_non_exhaustive()
    }
}

/// One limit, by address, network and site. None of the tables can be filled by addresses of another kind.
struct Limiters {
    /// By IPv4 address. Absent, as all: no limit.
    addresses: Option<Limiter>,
    /// By IPv6 network of 64 bits: a user has all addresses of one.
    networks: Option<Limiter>,
    /// By IPv6 network of 48 bits, which a user may have as well.
    sites: Option<Limiter>,
}

impl Limiters {
    /// Zero: no limit.
    fn new(per_minute: u32, clock: &ForwardClock) -> Self {
        let limiter = |per_minute| {
            let quota = Quota::per_minute(NonZeroU32::new(per_minute)?);
            let keys = BoundedKeys::new(MAX_KEYS);
            Some(Limiter::new(quota, keys, clock.clone()))
        };
        Self {
            addresses: limiter(per_minute),
            networks: limiter(per_minute),
            sites: limiter(per_minute.saturating_mul(SITE_FACTOR)),
        }
    }

    fn allow(&self, client: Option<&ClientId>, address: Option<IpAddr>) -> bool {
        let Some(address) = address else {
            return true;
        };
        let has_share = |limiter: &Option<Limiter>, address: IpAddr| {
            let key = (client.cloned(), address);
            let limiter = limiter.as_ref();
            limiter.is_none_or(|limiter| limiter.check_key(&key).is_ok())
        };
        match address.to_canonical() {
            address @ IpAddr::V4(_) => has_share(&self.addresses, address),
            // What a network may not do does not count for its neighbors.
            IpAddr::V6(site) => {
                has_share(&self.networks, network_of(address))
                    && has_share(&self.sites, network(site, 48))
            }
        }
    }

    fn iter(&self) -> impl Iterator<Item = &Limiter> {
        let networks = self.networks.iter().chain(&self.sites);
        self.addresses.iter().chain(networks)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::Ipv4Addr,
        sync::Mutex,
        time::{SystemTime, UNIX_EPOCH},
    };

    use super::*;

    #[derive(Debug)]
    struct TestClock(Mutex<SystemTime>);

    impl Clock for TestClock {
        fn now(&self) -> SystemTime {
            *self.0.lock().unwrap()
        }
    }

    fn limit(per_minute: u32) -> (RateLimit, Arc<TestClock>) {
        let clock = Arc::new(TestClock(Mutex::new(UNIX_EPOCH)));
        let limits = Limits {
            logins_per_minute: per_minute,
            failures_per_minute: per_minute,
            ..Limits::default()
        };
        let limit = RateLimit::new(&limits, Arc::clone(&clock) as Arc<dyn Clock>);
        (limit, clock)
    }

    fn allowed(limit: &RateLimit, addresses: impl Iterator<Item = String>) -> usize {
        let allows = |text: &String| limit.allows(Some(text.parse().unwrap()));
        addresses.filter(allows).count()
    }

    #[test]
    fn an_address_can_begin_so_many_logins_a_minute() {
        let (limit, clock) = limit(60);
        let same = || (0..100).map(|_| "192.0.2.1".to_owned());
        assert_eq!(allowed(&limit, same()), 60);
        assert_eq!(allowed(&limit, same()), 0);
        let mapped = (0..100).map(|_| "::ffff:192.0.2.1".to_owned());
        assert_eq!(allowed(&limit, mapped), 0);
        assert_eq!(allowed(&limit, ["192.0.2.2".to_owned()].into_iter()), 1);
        *clock.0.lock().unwrap() += Duration::from_secs(10);
        assert_eq!(allowed(&limit, same()), 10);
    }

    #[test]
    fn a_clock_that_is_set_back_keeps_no_address_waiting() {
        const HOURS: Duration = Duration::from_hours(8);
        let (limit, clock) = limit(60);
        let same = || (0..100).map(|_| "192.0.2.1".to_owned());
        // Ahead for a moment, and right again.
        *clock.0.lock().unwrap() += HOURS;
        assert_eq!(allowed(&limit, same()), 60);
        *clock.0.lock().unwrap() -= HOURS;
        assert_eq!(allowed(&limit, same()), 0);
        *clock.0.lock().unwrap() += Duration::from_secs(10);
        assert_eq!(allowed(&limit, same()), 10);
        // Ahead since the start.
        *clock.0.lock().unwrap() += HOURS;
        let limits = Limits {
            logins_per_minute: 60,
            ..Limits::default()
        };
        let limit = RateLimit::new(&limits, Arc::clone(&clock) as Arc<dyn Clock>);
        assert_eq!(allowed(&limit, same()), 60);
        *clock.0.lock().unwrap() -= HOURS;
        assert_eq!(allowed(&limit, same()), 0);
        for _ in 0..3 {
            *clock.0.lock().unwrap() += Duration::from_secs(10);
            assert_eq!(allowed(&limit, same()), 10);
        }
        *clock.0.lock().unwrap() += Duration::from_mins(2);
        limit.forget_idle();
        assert_eq!(keys(&limit), [0, 0, 0]);
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_are_one() {
        let (limit, _) = limit(60);
        let network = (0..100).map(|number| format!("2001:db8:1:1::{number:x}"));
        assert_eq!(allowed(&limit, network), 60);
        let site = (2..1002).map(|number| format!("2001:db8:1:{number:x}::1"));
        assert_eq!(allowed(&limit, site), 240 - 60);
    }

    #[test]
    fn each_client_has_a_share_of_its_own() {
        let (limit, _) = limit(60);
        let address = || Some("192.0.2.1".parse().unwrap());
        let ids: [ClientId; 2] = ["a", "b"].map(|id| id.parse().unwrap());
        for client in [None, Some(&ids[0]), Some(&ids[1])] {
            let allowed = (0..100).filter(|_| limit.allows_failure(client, address()));
            assert_eq!(allowed.count(), 60, "{client:?}");
        }
    }

    /// Addresses, networks and sites.
    fn keys(limit: &RateLimit) -> [usize; 3] {
        let Limiters {
            addresses,
            networks,
            sites,
        } = &limit.logins;
        [addresses, networks, sites].map(|it| it.as_ref().unwrap().len())
    }

    #[test]
    fn many_ipv6_networks_lift_neither_the_limit_of_ipv4_nor_that_of_sites() {
        let (limit, _) = limit(60);
        let networks = (0..MAX_KEYS)
            .map(|number| format!("2001:db8:{:x}:{:x}::", number >> 16, number & 0xffff));
        assert_eq!(allowed(&limit, networks), 2 * 240);
        assert_eq!(keys(&limit), [0, MAX_KEYS, 2]);
        let address = (0..100).map(|_| "192.0.2.1".to_owned());
        assert_eq!(allowed(&limit, address), 60);
        let site = (0..1000).map(|number| format!("2001:db8:f:{number:x}::"));
        assert_eq!(allowed(&limit, site), 240);
    }

    #[test]
    fn the_memory_is_bounded_and_idle_addresses_are_forgotten() {
        let (limit, clock) = limit(60);
        let many = u32::try_from(MAX_KEYS).unwrap() + 1_000;
        let addresses = (0..many).map(|number| Ipv4Addr::from_bits(number).to_string());
        assert_eq!(allowed(&limit, addresses), MAX_KEYS + 1_000);
        assert_eq!(keys(&limit), [MAX_KEYS, 0, 0]);
        // Those that are known stay limited.
        let first = (0..100).map(|_| "0.0.0.0".to_owned());
        assert_eq!(allowed(&limit, first), 59);
        *clock.0.lock().unwrap() += Duration::from_secs(2);
        limit.forget_idle();
        assert_eq!(keys(&limit), [1, 0, 0]);
        *clock.0.lock().unwrap() += Duration::from_mins(1);
        limit.forget_idle();
        assert_eq!(keys(&limit), [0, 0, 0]);
    }

    #[test]
    fn zero_is_no_limit() {
        let (limit, _) = limit(0);
        let same = (0..1000).map(|_| "192.0.2.1".to_owned());
        assert_eq!(allowed(&limit, same), 1000);
        assert!(limit.allows(None));
    }
}
