//! The address of the one who sends a request.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    sync::atomic::{AtomicI64, Ordering},
    time::Duration,
};

use axum::http::HeaderMap;

use crate::{config::Network, oidc::Timestamp};

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The pause between two warnings.
const WARNING_INTERVAL: Duration = Duration::from_mins(1);

/// How many characters of an unreadable hop are logged.
const SHOWN: usize = 40;

/// The proxies whose `X-Forwarded-For` counts.
#[derive(Debug)]
pub(crate) struct ClientAddresses {
    proxies: Vec<Network>,
    untrusted: RareWarning,
    unreadable: RareWarning,
}

impl ClientAddresses {
    pub(crate) fn new(proxies: Vec<Network>) -> Self {
        Self {
            proxies,
            untrusted: RareWarning::default(),
            unreadable: RareWarning::default(),
        }
    }

    /// The last address that is no proxy of ours: what stands before it was written by strangers.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap, now: Timestamp) -> IpAddr {
        if !self.is_trusted(peer) {
            if headers.contains_key(FORWARDED_FOR) && self.untrusted.is_due(now) {
                warn_of_untrusted(peer);
            }
            return peer;
        }
        let values: Vec<_> = headers.get_all(FORWARDED_FOR).into_iter().collect();
        // Bytes: a byte of a stranger's that is no ASCII does not hide what a proxy has added.
        let hops = values.iter().map(|value| value.as_bytes());
        let hops = hops.flat_map(|value| value.split(|byte| *byte == b','));
        let mut client = peer;
        for hop in hops.rev() {
            let Some(address) = address(hop) else {
                if self.unreadable.is_due(now) {
                    warn_of_unreadable(client, hop);
                }
                break;
            };
            client = address;
            if !self.is_trusted(address) {
                break;
            }
        }
        client
    }

    pub(super) fn is_trusted(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|proxy| proxy.contains(address))
    }
}

/// The address of a hop. Some proxies write its port too, and some put an IPv6 address into brackets.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let hop = str::from_utf8(hop).ok()?.trim();
    let in_brackets = hop.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    if let Some(address) = in_brackets {
        return address.parse().map(IpAddr::V6).ok();
    }
    let with_port = |_| hop.parse::<SocketAddr>().map(|it| it.ip());
    hop.parse().or_else(with_port).ok()
}

/// An IPv4 address, or the IPv6 network of 64 bits: a user has all addresses of one.
pub(super) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        address @ IpAddr::V4(_) => address,
        IpAddr::V6(address) => network(address, 64),
    }
}

/// The IPv6 network of an address.
pub(super) fn network(address: Ipv6Addr, prefix: u32) -> IpAddr {
    let mask = u128::MAX.unbounded_shl(128 - prefix);
    Ipv6Addr::from_bits(address.to_bits() & mask).into()
}

/// When the log may say the same again, in Unix milliseconds.
#[derive(Debug, Default)]
pub(super) struct RareWarning(AtomicI64);

impl RareWarning {
    /// Whether a minute has passed since the last warning. Of several requests at once, one warns.
    pub(super) fn is_due(&self, now: Timestamp) -> bool {
        let next = self.0.load(Ordering::Relaxed);
        let new = now.after(WARNING_INTERVAL).millis();
        // Or the clock was set back.
        let is_due = now.millis() >= next || next > new;
        let (success, failure) = (Ordering::Relaxed, Ordering::Relaxed);
        let mine = || self.0.compare_exchange(next, new, success, failure).is_ok();
        is_due && mine()
    }
}

/// Without its proxy, all users of it would share one limit, and nothing would say why.
fn warn_of_untrusted(peer: IpAddr) {
    tracing::warn!(
        %peer,
        "requests have X-Forwarded-For, and their sender is not in server.trusted_proxies: if it is your proxy, add it"
    );
}

/// All users of such a proxy share one limit. `{:?}` quotes and escapes what it sent.
fn warn_of_unreadable(proxy: IpAddr, hop: &[u8]) {
    let hop = String::from_utf8_lossy(hop);
    let value: String = hop.trim().chars().take(SHOWN).collect();
    tracing::warn!(
        %proxy,
        ?value,
        "the X-Forwarded-For of a trusted proxy does not end with an IP address, so all of its users share one limit: let the proxy add the address of the browser, such as by proxy_add_x_forwarded_for of nginx"
    );
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn at(seconds: u64) -> Timestamp {
        (std::time::UNIX_EPOCH + Duration::from_secs(seconds)).into()
    }

    #[test]
    fn an_untrusted_proxy_is_warned_of_once_a_minute() {
        let warning = RareWarning::default();
        let warns = [0, 1, 59, 60, 61, 180].map(|seconds| warning.is_due(at(seconds)));
        assert_eq!(warns, [true, false, false, true, false, true]);
    }

    #[test]
    fn a_clock_that_is_set_back_delays_no_warning() {
        let warning = RareWarning::default();
        let warns = [3600, 3601, 1800, 1859, 1860].map(|seconds| warning.is_due(at(seconds)));
        assert_eq!(warns, [true, false, true, false, true]);
    }

    #[test]
    fn only_what_a_trusted_proxy_has_seen_counts() {
        let proxies = ["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"];
        let proxies = proxies.map(|text| text.parse().unwrap());
        let addresses = ClientAddresses::new(proxies.into());
        for (peer, forwarded, expected) in [
            ("203.0.113.7", &["192.0.2.1"][..], "203.0.113.7"), // a stranger
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1", &["192.0.2.1, 10.1.2.3"], "192.0.2.1"),
            ("127.0.0.1", &["192.0.2.1", "10.1.2.3"], "192.0.2.1"),
            ("127.0.0.1", &["8.8.8.8, 192.0.2.1"], "192.0.2.1"), // the first was sent by the client
            ("127.0.0.1", &["8.8.8.8, unknown, 10.1.2.3"], "10.1.2.3"),
            ("127.0.0.1", &["10.1.2.3"], "10.1.2.3"),
            ("2001:db8::1", &["2001:db9::5"], "2001:db9::5"),
            ("::ffff:127.0.0.1", &["192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1", &["192.0.2.1:5678"], "192.0.2.1"),
            ("127.0.0.1", &["192.0.2.1:5678, 10.1.2.3:80"], "192.0.2.1"),
            ("127.0.0.1", &["[2001:db9::5]"], "2001:db9::5"),
            ("127.0.0.1", &["[2001:db9::5]:80"], "2001:db9::5"),
            ("127.0.0.1", &["8.8.8.8, [192.0.2.1]"], "127.0.0.1"),
            ("127.0.0.1", &["\u{e9}, 192.0.2.1"], "192.0.2.1"),
            ("127.0.0.1", &["8.8.8.8", "\u{e9}"], "127.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, HeaderValue::try_from(*value).unwrap());
            }
            let client = addresses.client(peer.parse().unwrap(), &headers, at(0));
            assert_eq!(client.to_string(), expected, "{peer} {forwarded:?}");
        }
    }
}
