//! How many logins one address can begin.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, UNIX_EPOCH},
};

use governor::{
    Quota, RateLimiter, clock, middleware::NoOpMiddleware, nanos::Nanos,
    state::keyed::DefaultKeyedStateStore,
};
use weixin::clock::Clock;

/// How much more a whole IPv6 site may do than one network of it.
const SITE_FACTOR: u32 = 4;

/// How often addresses that have been idle are forgotten.
const INTERVAL: Duration = Duration::from_mins(1);

type Limiter =
    RateLimiter<IpAddr, DefaultKeyedStateStore<IpAddr>, GatewayClock, NoOpMiddleware<Nanos>>;

/// How many logins one address can begin in a minute: without it, one visitor could fill the places of all.
pub(crate) struct RateLimit {
    limiters: Option<Limiters>,
    clock: Arc<dyn Clock>,
}

struct Limiters {
    /// By IPv4 address, or by IPv6 network of 64 bits: a user has all addresses of one.
    networks: Limiter,
    /// By IPv6 network of 48 bits, which a user may have as well.
    sites: Limiter,
}

impl RateLimit {
    /// Zero: no limit.
    pub(crate) fn new(per_minute: u32, clock: Arc<dyn Clock>) -> Self {
        let limiter = |per_minute: NonZeroU32| {
            let clock = GatewayClock(Arc::clone(&clock));
            let quota = Quota::per_minute(per_minute);
            Limiter::new(quota, DefaultKeyedStateStore::default(), clock)
        };
        let limiters = NonZeroU32::new(per_minute).map(|per_minute| Limiters {
            networks: limiter(per_minute),
            sites: limiter(
                per_minute.saturating_mul(NonZeroU32::new(SITE_FACTOR).unwrap_or(NonZeroU32::MIN)),
            ),
        });
        Self { limiters, clock }
    }

    /// Whether this address can begin one more.
    pub(super) fn allows(&self, address: Option<IpAddr>) -> bool {
        let (Some(limiters), Some(address)) = (&self.limiters, address) else {
            return true;
        };
        match address.to_canonical() {
            IpAddr::V4(_) => limiters.networks.check_key(&address.to_canonical()).is_ok(),
            IpAddr::V6(address) => {
                limiters.sites.check_key(&network(address, 48)).is_ok()
                    && limiters.networks.check_key(&network(address, 64)).is_ok()
            }
        }
    }

    /// Forgets the addresses that have been idle, each minute.
    pub(crate) async fn maintain(&self) {
        loop {
            self.clock.sleep(INTERVAL).await;
            for limiter in self
                .limiters
                .iter()
                .flat_map(|it| [&it.networks, &it.sites])
            {
                limiter.retain_recent();
                limiter.shrink_to_fit();
            }
        }
    }
}

impl fmt::Debug for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimit").finish_non_exhaustive()
    }
}

fn network(address: Ipv6Addr, prefix: u32) -> IpAddr {
    let mask = u128::MAX.unbounded_shl(128 - prefix);
    Ipv6Addr::from_bits(address.to_bits() & mask).into()
}

/// The gateway's clock, as the library takes it.
#[derive(Clone)]
struct GatewayClock(Arc<dyn Clock>);

impl clock::Clock for GatewayClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let since = self.0.now().duration_since(UNIX_EPOCH);
        since.unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Mutex, time::SystemTime};

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
        let limit = RateLimit::new(per_minute, Arc::clone(&clock) as Arc<dyn Clock>);
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
    fn the_addresses_of_one_ipv6_network_are_one() {
        let (limit, _) = limit(60);
        let network = (0..100).map(|number| format!("2001:db8:1:1::{number:x}"));
        assert_eq!(allowed(&limit, network), 60);
        let site = (2..1002).map(|number| format!("2001:db8:1:{number:x}::1"));
        assert_eq!(allowed(&limit, site), 240 - 100);
    }

    #[test]
    fn zero_is_no_limit() {
        let (limit, _) = limit(0);
        let same = (0..1000).map(|_| "192.0.2.1".to_owned());
        assert_eq!(allowed(&limit, same), 1000);
        assert!(limit.allows(None));
    }
}
