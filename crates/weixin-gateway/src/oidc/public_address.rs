//! Which IP addresses are public.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether an address belongs to a host of the internet: it is not of this machine, of a private network or reserved, and
/// carries no IPv4 address, which may be private (IANA's registries of special-purpose addresses).
pub(crate) const fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

const fn is_public_v4(address: Ipv4Addr) -> bool {
    let is_special = match address.octets() {
        // this network, private, loopback; multicast, reserved, broadcast
        [0 | 10 | 127 | 224..=255, ..]
        // shared by customers of a carrier (CGNAT, RFC 6598)
        | [100, 64..=127, ..]
        // link-local, which has the metadata of clouds
        | [169, 254, ..]
        | [172, 16..=31, ..]
        // private, and benchmarks
        | [192, 168, ..]
        | [198, 18 | 19, ..]
        // protocols, documentation, relays of 6to4
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => true,
        _ => false,
    };
    !is_special
}

/// Only global unicast addresses, `2000::/3`. Loopback, link-local, unique-local, multicast, IPv4-mapped and NAT64
/// addresses are elsewhere.
const fn is_public_v6(address: Ipv6Addr) -> bool {
    let is_special = match address.segments() {
        // protocols, Teredo among them, which carries an IPv4 address; documentation
        [0x2001, 0..=0x01ff | 0x0db8, ..]
        | [0x3fff, 0..=0x0fff, ..]
        // 6to4, which carries an IPv4 address
        | [0x2002, ..] => true,
        [first, ..] => first & 0xe000 != 0x2000,
    };
    !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    const PUBLIC: &[&str] = &[
        "1.1.1.1",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2400:3200::1",
        "2606:4700:4700::1111",
        "3ffe::1",
        "3fff:1000::",
    ];

    const OTHERS: &[&str] = &[
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.169.254",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.1",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::a00:1",
        "100::1",
        "2001::1",
        "2001:0:7f00:1::",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456:789a::1",
        "fe80::1",
        "fec0::1",
        "ff02::1",
        "ffff::1",
    ];

    #[test]
    fn an_address_is_public_if_it_is_no_special_one() {
        for (addresses, expected) in [(PUBLIC, true), (OTHERS, false)] {
            for address in addresses {
                assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
            }
        }
    }
}
