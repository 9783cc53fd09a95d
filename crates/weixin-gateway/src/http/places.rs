//! What goes on at one time: so much in all, and so much from one address, which cannot take the places of all others.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::client_ip::{network, network_of};

/// Places for what goes on at one time.
#[derive(Debug)]
pub(super) struct Places {
    in_all: usize,
    /// By IPv4 address, or by IPv6 network of 64 bits: a user has all addresses of one.
    by_address: usize,
    /// By IPv6 network of 48 bits, which a user may have as well.
    by_site: usize,
    taken: Mutex<Taken>,
}

#[derive(Debug, Default)]
struct Taken {
    in_all: usize,
    by_address: HashMap<IpAddr, usize>,
    by_site: HashMap<IpAddr, usize>,
}

/// Why there is no place.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Full {
    /// This address, or its network, has no more.
    Address,
    /// All places are taken.
    All,
}

/// A place that is taken until this is dropped.
#[derive(Debug)]
#[must_use = "the place is free again when this is dropped"]
pub(super) struct Place {
    places: Arc<Places>,
    address: IpAddr,
    /// `None`: an IPv4 address.
    site: Option<IpAddr>,
}

impl Places {
    pub(super) fn new(in_all: usize, by_address: usize, by_site: usize) -> Arc<Self> {
        Arc::new(Self {
            in_all,
            by_address,
            by_site,
            taken: Mutex::default(),
        })
    }

    /// A place for this address. `None`: it has no more, or all are taken.
    pub(super) fn take(self: &Arc<Self>, address: IpAddr) -> Option<Place> {
        self.try_take(address).ok()
    }

    /// The same with the reason.
    pub(super) fn try_take(self: &Arc<Self>, address: IpAddr) -> Result<Place, Full> {
        let site = site_of(address);
        let address = network_of(address);
        let mut taken = self.taken();
        let of_address = number(&taken.by_address, address);
        let of_site = site.map_or(0, |site| number(&taken.by_site, site));
        if of_address >= self.by_address || of_site >= self.by_site {
            return Err(Full::Address);
        }
        if taken.in_all >= self.in_all {
            return Err(Full::All);
        }
        taken.in_all += 1;
        taken.by_address.insert(address, of_address + 1);
        if let Some(site) = site {
            taken.by_site.insert(site, of_site + 1);
        }
        drop(taken);
        Ok(Place {
            places: Arc::clone(self),
            address,
            site,
        })
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // No code between two changes can panic.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn site_of(address: IpAddr) -> Option<IpAddr> {
    match address.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(network(address, 48)),
    }
}

fn number(taken: &HashMap<IpAddr, usize>, address: IpAddr) -> usize {
    taken.get(&address).copied().unwrap_or(0)
}

fn free(taken: &mut HashMap<IpAddr, usize>, address: IpAddr) {
    match number(taken, address) {
        0 | 1 => taken.remove(&address),
        more => taken.insert(address, more - 1),
    };
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken();
        taken.in_all -= 1;
        free(&mut taken.by_address, self.address);
        if let Some(site) = self.site {
            free(&mut taken.by_site, site);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn take(places: &Arc<Places>, addresses: &[&str]) -> Vec<Place> {
        let addresses = addresses.iter().map(|text| text.parse().unwrap());
        addresses.filter_map(|it| places.take(it)).collect()
    }

    #[test]
    fn one_address_does_not_take_the_places_of_others() {
        let places = Places::new(3, 2, 9);
        let [a, b, c] = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
        let mut of_a = take(&places, &[a, a, a, "::ffff:192.0.2.1"]);
        assert_eq!(of_a.len(), 2);
        let of_b = take(&places, &[b]);
        assert_eq!((of_b.len(), take(&places, &[c]).len()), (1, 0));
        drop(of_a.pop());
        let of_c = take(&places, &[c]);
        assert_eq!((of_c.len(), take(&places, &[a]).len()), (1, 0));
        drop(of_b);
        of_a.extend(take(&places, &[a, a]));
        assert_eq!(of_a.len(), 2);
        drop((of_a, of_c));
        assert_eq!(places.taken().in_all, 0);
        assert!(places.taken().by_address.is_empty());
    }

    #[test]
    fn the_addresses_of_one_ipv6_network_share_their_places() {
        let places = Places::new(9, 2, 9);
        let network = ["2001:db8:1:1::1", "2001:db8:1:1::2", "2001:db8:1:1::3"];
        let taken = take(&places, &network);
        assert_eq!(taken.len(), 2);
        assert_eq!(take(&places, &["2001:db8:1:2::1"]).len(), 1);
    }

    #[test]
    fn the_networks_of_one_ipv6_site_share_their_places() {
        let places = Places::new(9, 2, 3);
        let site: Vec<_> = (0..9).map(|it| format!("2001:db8:1:{it}::1")).collect();
        let site: Vec<_> = site.iter().map(String::as_str).collect();
        let mut taken = take(&places, &site);
        assert_eq!(taken.len(), 3);
        let others = ["2001:db8:2::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"];
        taken.extend(take(&places, &others));
        assert_eq!(taken.len(), 7);
        drop(taken.remove(0));
        taken.extend(take(&places, &site));
        assert_eq!(taken.len(), 7);
        drop(taken);
        assert_eq!(places.taken().in_all, 0);
        assert!(places.taken().by_address.is_empty() && places.taken().by_site.is_empty());
    }
}
