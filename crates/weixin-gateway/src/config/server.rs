//! Where the gateway listens, which proxies it trusts, and how it stops.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::PathBuf,
    str::FromStr,
    sync::Arc,
    time::Duration,
};

use serde::Deserialize;
use weixin::error::ParseError;

use super::{
    duration,
    error::ConfigError,
    problem::both,
    secret::{PlacedSecret, ReadFile},
    unreadable_file::Holds,
};
use crate::master_key::MasterKeys;

/// The table `[server]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ServerEntry {
    #[serde(default = "default_listen")]
    listen: SocketAddr,
    #[serde(default)]
    trusted_proxies: Vec<String>,
    key_file: PathBuf,
    stop_delay: Option<String>,
}

/// Of `stop_delay`. A load balancer notices `/readyz` in this time.
const DEFAULT_STOP_DELAY: Duration = Duration::from_secs(5);
const MAX_STOP_DELAY: Duration = Duration::from_mins(5);

fn default_listen() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 8080).into()
}

/// The server of the gateway.
#[derive(Debug)]
pub(crate) struct ServerConfig {
    pub(crate) listen: SocketAddr,
    /// The proxies whose `X-Forwarded-For` counts.
    pub(crate) trusted_proxies: Vec<Network>,
    pub(crate) keys: Arc<MasterKeys>,
    /// Where they are.
    pub(crate) key_file: PathBuf,
    /// How long connections are still accepted while the gateway stops.
    pub(crate) stop_delay: Duration,
}

impl ServerEntry {
    pub(super) fn check(self, read: ReadFile<'_>) -> Result<ServerConfig, ConfigError> {
        let place = "server.key_file".to_owned();
        let keys = PlacedSecret::read(place, &self.key_file, Holds::MasterKeys, read)?;
        Ok(ServerConfig {
            listen: self.listen,
            trusted_proxies: networks(&self.trusted_proxies)?,
            keys: keys.parse(MasterKeys::parse).map(Arc::new)?,
            key_file: self.key_file,
            stop_delay: stop_delay(self.stop_delay.as_deref())?,
        })
    }
}

/// The networks of a list. A wrong one is not repeated, as no value is.
fn networks(texts: &[String]) -> Result<Vec<Network>, ConfigError> {
    let network = |(number, text): (usize, &String)| {
        let place = || format!("server.trusted_proxies #{number}");
        text.parse()
            .map_err(|error: ParseError| ConfigError::new(place(), error))
    };
    (1..).zip(texts).map(network).collect()
}

fn stop_delay(text: Option<&str>) -> Result<Duration, ConfigError> {
    let Some(text) = text else {
        return Ok(DEFAULT_STOP_DELAY);
    };
    let delay = duration::parse(text).filter(|delay| *delay <= MAX_STOP_DELAY);
    delay.ok_or_else(|| {
        let problem = both(
            "应为时长，例如 \"5s\"，最长 5 分钟",
            "expected a duration such as \"5s\", of at most 5 minutes",
        );
        ConfigError::new("server.stop_delay", problem)
    })
}

/// A network, such as `10.0.0.0/8`, or one address.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Network {
    address: IpAddr,
    /// How many leading bits are compared.
    prefix: u32,
}

impl Network {
    /// Whether every address of its version is in the network.
    pub(crate) const fn is_everyone(&self) -> bool {
        self.prefix == 0
    }

    /// Whether all its addresses are of this machine.
    pub(crate) const fn is_loopback(&self) -> bool {
        let own = if self.address.is_ipv4() { 8 } else { 128 };
        self.address.is_loopback() && self.prefix >= own
    }

    /// Whether the address is in the network. An IPv4 address is the same when it is written as IPv6.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let differing = own.to_bits() ^ other.to_bits();
                differing.leading_zeros() >= self.prefix
            }
            _ => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { address, prefix } = self;
        let is_one = *prefix == if address.is_ipv4() { 32 } else { 128 };
        if is_one {
            write!(f, "{address}")
        } else {
            write!(f, "{address}/{prefix}")
        }
    }
}

impl FromStr for Network {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = ParseError::new("network", "an address or a network, such as 10.0.0.0/8");
        let (address, prefix) = text
            .split_once('/')
            .map_or((text, None), |(a, b)| (a, Some(b)));
        let address = address.parse::<IpAddr>().map_err(|_| error)?;
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.map_or(Ok(longest), str::parse);
        let prefix = prefix
            .ok()
            .filter(|prefix| *prefix <= longest)
            .ok_or(error)?;
        Ok(Self { address, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_its_addresses() {
        for (network, address, is_inside) in [
            ("127.0.0.1", "127.0.0.1", true),
            ("127.0.0.1", "127.0.0.2", false),
            ("127.0.0.1", "::ffff:127.0.0.1", true),
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("0.0.0.0/0", "11.0.0.1", true),
            ("0.0.0.0/0", "::1", false),
            ("fd00::/8", "fdff::1", true),
            ("::1", "::1", true),
            ("::1/128", "::2", false),
        ] {
            let network: Network = network.parse().unwrap();
            assert_eq!(
                network.contains(address.parse().unwrap()),
                is_inside,
                "{address}"
            );
        }
        for bad in [
            "",
            "x",
            "10.0.0.0/33",
            "::1/129",
            "10.0.0.0/",
            "10.0.0.0/-1",
            "10.0.0/8",
        ] {
            assert!(bad.parse::<Network>().is_err(), "{bad}");
        }
    }
}
