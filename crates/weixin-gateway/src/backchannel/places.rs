//! How many requests run at a time, and which client gets the next place.

use std::{
    collections::{BTreeMap, HashMap, hash_map::Entry},
    hash::Hash,
};

use crate::oidc::{ClientId, Timestamp};

/// Requests at a time for one client: one that responds slowly, or never, must not delay the others.
const MAX_PER_CLIENT: usize = 4;

/// Requests at a time to one host, which clients may share. One that would have to wait gets no place.
const MAX_PER_HOST: usize = 4;

/// Requests at a time for all.
const MAX_RUNNING: usize = 64;

/// The requests that run.
#[derive(Debug, Default)]
pub(super) struct Places {
    running: usize,
    of_clients: HashMap<ClientId, usize>,
    of_hosts: HashMap<String, usize>,
    /// The turn in which each client that still waits got its last places.
    turns: BTreeMap<ClientId, u64>,
    turn: u64,
}

/// The place of a request.
#[derive(Debug)]
pub(super) struct Place {
    client: ClientId,
    /// None: the client is not told by this node.
    host: Option<String>,
}

impl Places {
    /// Sorts the clients that have to be told of something: the one whose last turn is the longest ago comes first. Else the
    /// clients at hosts that do not respond would take each place that becomes free.
    pub(super) fn sort(&mut self, due: &mut [(ClientId, Timestamp)]) {
        let turn = |(client, _): &(ClientId, _)| Some((client.clone(), *self.turns.get(client)?));
        self.turns = due.iter().filter_map(turn).collect();
        due.sort_by_key(|(client, _)| self.turns.get(client));
    }

    /// How many requests for this client may begin.
    pub(super) fn room(&self, client: &ClientId, host: Option<&str>) -> usize {
        let of_client = self.of_clients.get(client).copied().unwrap_or_default();
        let of_host = host.and_then(|host| self.of_hosts.get(host));
        let of_host = of_host.copied().unwrap_or_default();
        let room = MAX_RUNNING.saturating_sub(self.running);
        room.min(MAX_PER_CLIENT.saturating_sub(of_client))
            .min(MAX_PER_HOST.saturating_sub(of_host))
    }

    /// A request begins.
    pub(super) fn enter(&mut self, client: &ClientId, host: Option<&str>) -> Place {
        self.turn += 1;
        self.turns.insert(client.clone(), self.turn);
        self.running += 1;
        *self.of_clients.entry(client.clone()).or_default() += 1;
        if let Some(host) = host {
            *self.of_hosts.entry(host.to_owned()).or_default() += 1;
        }
        Place {
            client: client.clone(),
            host: host.map(str::to_owned),
        }
    }

    /// A request has ended.
    pub(super) fn leave(&mut self, place: Place) {
        self.running -= 1;
        count_down(&mut self.of_clients, place.client);
        if let Some(host) = place.host {
            count_down(&mut self.of_hosts, host);
        }
    }
}

fn count_down<K: Eq + Hash>(running: &mut HashMap<K, usize>, key: K) {
    if let Entry::Occupied(mut count) = running.entry(key) {
        *count.get_mut() -= 1;
        if *count.get() == 0 {
            count.remove();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(number: usize) -> ClientId {
        format!("c{number:02}").parse().unwrap()
    }

    /// One look at the outbox, in which each client has as many tokens as there is room for: those that got places.
    fn look(places: &mut Places, clients: &[(ClientId, &str)]) -> Vec<Place> {
        let due = clients
            .iter()
            .map(|(id, _)| (id.clone(), Timestamp::from_millis(0)));
        let (mut due, mut entered): (Vec<_>, _) = (due.collect(), Vec::new());
        places.sort(&mut due);
        for (id, _) in due {
            let (_, host) = clients.iter().find(|(it, _)| *it == id).unwrap();
            for _ in 0..places.room(&id, Some(host)) {
                entered.push(places.enter(&id, Some(host)));
            }
        }
        entered
    }

    fn ids(places: &[Place]) -> Vec<&str> {
        places.iter().map(|place| place.client.as_str()).collect()
    }

    #[test]
    fn clients_behind_a_host_that_hangs_take_its_places_and_no_others() {
        let mut clients: Vec<_> = (0..16).map(|it| (client(it), "hangs.example")).collect();
        clients.push((client(16), "fast.example"));
        let mut places = Places::default();
        let entered = look(&mut places, &clients);
        assert_eq!(ids(&entered), [["c00"; 4], ["c16"; 4]].concat());
        assert!(look(&mut places, &clients).is_empty());
    }

    #[test]
    fn clients_of_one_host_take_turns() {
        let clients: Vec<_> = (0..3).map(|it| (client(it), "slow.example")).collect();
        let mut places = Places::default();
        let mut entered = look(&mut places, &clients);
        let mut order = Vec::new();
        for _ in 0..6 {
            places.leave(entered.remove(0));
            let next = look(&mut places, &clients);
            order.push(ids(&next).concat());
            entered.extend(next);
        }
        assert_eq!(order, ["c01", "c02", "c00", "c01", "c02", "c00"]);
    }

    #[test]
    fn clients_wait_for_a_place_no_longer_than_each_of_the_others() {
        let hosts: Vec<_> = (0..18).map(|it| format!("h{it}.example")).collect();
        let clients = hosts.iter().enumerate();
        let clients = clients.map(|(number, host)| (client(number), &**host));
        let clients: Vec<_> = clients.collect();
        let mut places = Places::default();
        let mut entered = look(&mut places, &clients);
        assert_eq!(entered.len(), 64);
        let mut next = || {
            places.leave(entered.remove(0));
            let new = look(&mut places, &clients);
            let id = ids(&new).concat();
            entered.extend(new);
            id
        };
        assert_eq!([next(), next(), next()], ["c16", "c17", "c00"]);
    }

    /// Of a client that has nothing to be told of any more, nothing is kept.
    #[test]
    fn what_has_ended_is_forgotten() {
        let clients = [(client(0), "rp.example"), (client(1), "rp.example")];
        let mut places = Places::default();
        for place in look(&mut places, &clients) {
            places.leave(place);
        }
        places.sort(&mut []);
        let Places {
            running,
            of_clients,
            of_hosts,
            turns,
            ..
        } = places;
        assert_eq!(
            (running, of_clients.len(), of_hosts.len(), turns.len()),
            (0, 0, 0, 0)
        );
    }
}
