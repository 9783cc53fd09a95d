//! How many connections are open. A connection costs memory before it has sent a request.

use std::{net::IpAddr, sync::Arc};

use super::{
    client_ip::RareWarning,
    places::{Place, Places},
    provider::Shared,
};
use crate::telemetry;

/// Those of one address that is no proxy of ours. Heads that are sent by half take 64 KiB each at most.
const BY_ADDRESS: usize = 256;

/// Those of all such addresses.
const OF_STRANGERS: usize = 2_048;

/// Those of all proxies, which strangers cannot take. A proxy sends the requests of many users.
const OF_PROXIES: usize = 4_096;

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
            strangers: Places::new(OF_STRANGERS, BY_ADDRESS),
            proxies: Places::new(OF_PROXIES, OF_PROXIES),
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
