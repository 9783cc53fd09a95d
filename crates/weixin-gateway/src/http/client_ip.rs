//! The address of the one who sends a request.

use std::{
    net::IpAddr,
    sync::atomic::{AtomicBool, Ordering},
};

use axum::http::HeaderMap;

use crate::config::Network;

const FORWARDED_FOR: &str = "x-forwarded-for";

/// The proxies whose `X-Forwarded-For` counts.
#[derive(Debug)]
pub(crate) struct ClientAddresses {
    proxies: Vec<Network>,
    /// Whether the log has said that a proxy is not trusted.
    is_warned: AtomicBool,
}

impl ClientAddresses {
    pub(crate) fn new(proxies: Vec<Network>) -> Self {
        Self {
            proxies,
            is_warned: AtomicBool::new(false),
        }
    }

    /// The last address that is no proxy of ours: what stands before it was written by strangers.
    pub(super) fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        if !self.is_trusted(peer) {
            if headers.contains_key(FORWARDED_FOR) {
                self.warn(peer);
            }
            return peer;
        }
        let headers = headers.get_all(FORWARDED_FOR).into_iter();
        let texts: Vec<_> = headers.filter_map(|it| it.to_str().ok()).collect();
        let hops = texts.iter().flat_map(|text| text.split(',')).rev();
        let mut client = peer;
        for hop in hops {
            let Ok(address) = hop.trim().parse() else {
                break;
            };
            client = address;
            if !self.is_trusted(address) {
                break;
            }
        }
        client
    }

    fn is_trusted(&self, address: IpAddr) -> bool {
        self.proxies.iter().any(|proxy| proxy.contains(address))
    }

    /// Once: without it, all users of a proxy would share one limit, and nothing would say why.
    fn warn(&self, peer: IpAddr) {
        if !self.is_warned.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                %peer,
                "a request has X-Forwarded-For, and its sender is not in server.trusted_proxies: if it is your proxy, add it"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

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
        ] {
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append(FORWARDED_FOR, HeaderValue::from_static(value));
            }
            let client = addresses.client(peer.parse().unwrap(), &headers);
            assert_eq!(client.to_string(), expected, "{peer} {forwarded:?}");
        }
    }
}
