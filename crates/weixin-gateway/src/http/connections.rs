//! How many connections are open. A connection costs memory before it has sent a request.

use std::{net::IpAddr, sync::Arc};

use super::{
    client_ip::RareWarning,
    places::{Place, Places},
    provider::Shared,
};
use crate::telemetry;

/// Those of one address that is no proxy of ours. Heads that are sent by half take 64 KiB each at most.
pub(super) const BY_ADDRESS: usize = 256;

/// Those of all such addresses.
pub(super) const OF_STRANGERS: usize = 2_048;

/// Those of an IPv6 network of 48 bits: it has 65,536 addresses, as they count here.
pub(super) const BY_SITE: usize = OF_STRANGERS / 4;

/// Those of all proxies, which strangers cannot take. A proxy sends the requests of many users.
pub(super) const OF_PROXIES: usize = 4_096;

/// The places of connections.
#[derive(Debug)]
pub(super) struct Connections {
    strangers: Arc<Places>,
    proxies: Arc<Places>,
    warning: RareWarning,
}

impl Default for Connections {
    fn default() -> Self {
        Self {
            strangers: Places::new(OF_STRANGERS, BY_ADDRESS, BY_SITE),
            proxies: Places::new(OF_PROXIES, OF_PROXIES, OF_PROXIES),
            warning: RareWarning::default(),
        }
    }
}

impl Connections {
    /// A place for a connection, as long as it is open. `None`: it is to be closed.
    pub(super) fn open(&self, peer: IpAddr, shared: &Shared) -> Option<Place> {
        let places = if shared.addresses.is_trusted(peer) {
            &self.proxies
        } else {
            &self.strangers
        };
        let place = places.take(peer);
        if place.is_none() {
            telemetry::turned_away("connections");
            if self.warning.is_due(shared.now()) {
                tracing::warn!(
                    %peer,
                    "too many connections are open, and new ones are closed: if this is your proxy, add it to server.trusted_proxies"
                );
            }
        }
        place
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(connections: &Connections, addresses: impl Iterator<Item = String>) -> Vec<Place> {
        let places = addresses.map(|text| connections.strangers.take(text.parse().unwrap()));
        places.flatten().collect()
    }

    /// A provider gives each customer such a network: it costs no more than one address.
    #[test]
    fn a_network_of_48_bits_does_not_take_the_places_of_all_strangers() {
        let connections = Connections::default();
        let site = (0..16).flat_map(|network| {
            (0..BY_ADDRESS).map(move |number| format!("2001:db8:1:{network:x}::{number:x}"))
        });
        let taken = open(&connections, site);
        assert_eq!(taken.len(), 512);
        let others = (0..OF_STRANGERS).map(|number| format!("2001:db8:{number:x}:ffff::1"));
        let others = open(&connections, others);
        assert_eq!(taken.len() + others.len(), OF_STRANGERS);
    }
}
