//! WeChat's host names (facts, introduction and 7), and the names of the simulator itself.

use std::net::IpAddr;

/// Host names that the simulator replaces.
pub const WECHAT_HOSTS: [&str; 11] = [
    "open.weixin.qq.com",
    "lp.open.weixin.qq.com",
    "long.open.weixin.qq.com",
    "api.weixin.qq.com",
    "api2.weixin.qq.com",
    "sh.api.weixin.qq.com",
    "sz.api.weixin.qq.com",
    "hk.api.weixin.qq.com",
    "res.wx.qq.com",
    "thirdwx.qlogo.cn",
    "wx.qlogo.cn",
];

/// Returns `true` for one of WeChat's host names, with or without a port.
pub(crate) fn is_wechat(host: &str) -> bool {
    let name = host.split(':').next().unwrap_or_default();
    let name = name.strip_suffix('.').unwrap_or(name);
    WECHAT_HOSTS
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name))
}

/// Returns `true` for a host that only this machine, its networks or the user can point here: an address of a local
/// network, a name without dots, a name that no public DNS has, one of WeChat's hosts, or a host that was allowed at the
/// start.
pub(crate) fn is_trusted(host: &str, allowed: &[String]) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.is_empty() {
        return false;
    }
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    if let Ok(address) = bare.parse::<IpAddr>() {
        return is_local(address) || allowed.iter().any(|known| known == bare);
    }
    let is_reserved = [".localhost", ".internal", ".test"]
        .iter()
        .any(|reserved| host.to_ascii_lowercase().ends_with(reserved));
    let is_allowed = || allowed.iter().any(|known| known.eq_ignore_ascii_case(host));
    !host.contains('.') || is_reserved || is_wechat(host) || is_allowed()
}

/// Returns `true` for an address of this machine or of a local network.
pub(crate) fn is_local(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            address.is_loopback()
                || address.is_private()
                || address.is_link_local()
                || address.is_unspecified()
        }
        IpAddr::V6(address) => {
            address.is_loopback()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_unspecified()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_trusted_unless_a_stranger_can_point_it_here() {
        let allowed = ["sim.example.com".to_owned(), "203.0.113.5".to_owned()];
        for (host, expected) in [
            ("127.0.0.1", true),
            ("127.87.88.1", true),
            ("[::1]", true),
            ("[::ffff:192.168.1.7]", true),
            ("192.168.1.7", true),
            ("172.17.0.2", true),
            ("[fd00::1]", true),
            ("0.0.0.0", true),
            ("localhost", true),
            ("weixin-sim", true),
            ("app.localhost", true),
            ("host.docker.internal", true),
            ("API.weixin.qq.com", true),
            ("SIM.example.com.", true),
            ("203.0.113.5", true),
            ("8.8.8.8", false),
            ("evil.example", false),
            ("localhost.evil.example", false),
            ("127.0.0.1.evil.example", false),
            ("weixin.qq.com.evil.example", false),
            ("", false),
        ] {
            assert_eq!(is_trusted(host, &allowed), expected, "{host}");
        }
    }
}
