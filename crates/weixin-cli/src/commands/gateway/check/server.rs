//! How requests reach the gateway: whose `X-Forwarded-For` counts, and who can read the metrics.

use std::net::IpAddr;

use weixin_gateway::{Config, ServerOverview};

use super::{
    super::super::doctor::check::{Check, CheckResult},
    ports,
};
use crate::message::message;

pub(super) async fn examine(config: &Config) -> Vec<CheckResult> {
    let server = config.server();
    let metrics = same_port(&server).or_else(|| metrics(&server));
    let results = [Some(proxies(&server)), metrics].into_iter().flatten();
    results.chain(ports::examine(&server).await).collect()
}

/// A proxy that is not trusted makes all users one address, and one that anyone can pose as makes them whatever they say.
fn proxies(server: &ServerOverview) -> CheckResult {
    let listen = server.listen.ip();
    let remedy = message(
        "在 [server] trusted_proxies 中填写反向代理的地址；如果没有反向代理，可以忽略",
        "put the address of your reverse proxy into [server] trusted_proxies, unless there is no proxy",
    );
    if server.trusts_everyone() {
        return CheckResult::warning(
            Check::TrustedProxies,
            message(
                "信任所有地址：任何人都可以伪造自己的地址，绕过频率限制",
                "every address is trusted: anyone can pose as any address, and no limit holds",
            ),
            message(
                "在 [server] trusted_proxies 中只填写反向代理的地址",
                "name only your reverse proxy in [server] trusted_proxies",
            ),
        );
    }
    if server.trusted_proxies.is_empty() {
        let detail = message(
            "没有可信的反向代理：忽略 X-Forwarded-For，同一代理后面的所有用户共用一个地址的上限",
            "no proxy is trusted: X-Forwarded-For is ignored, and all users of a proxy share the limits of one address",
        );
        return CheckResult::warning(Check::TrustedProxies, detail, remedy);
    }
    if listen.is_loopback() && !server.trusts(listen) {
        let detail = message(
            format!("只有本机的程序能访问 {listen}，但本机的地址不在 trusted_proxies 中"),
            format!(
                "only programs of this machine reach {listen}, and none of them is a trusted proxy"
            ),
        );
        return CheckResult::warning(Check::TrustedProxies, detail, remedy);
    }
    let proxies = server.trusted_proxies.join(", ");
    if !listen.is_loopback() && server.trusts_only_this_machine() {
        return CheckResult::warning(
            Check::TrustedProxies,
            message(
                format!(
                    "其他机器可以访问 {listen}，但只采信来自 {proxies} 的 X-Forwarded-For：其他机器或容器上的反向代理，其所有用户共用一个地址的上限"
                ),
                format!(
                    "other machines reach {listen}, but X-Forwarded-For counts only from {proxies}: all users of a proxy on another \
                     machine, or outside of a container, share the limits of one address"
                ),
            ),
            message(
                "如果反向代理在其他机器上或在容器外，请把它的地址加入 [server] trusted_proxies；如果在本机，请把 [server] listen 改为 127.0.0.1",
                "if the proxy is on another machine or outside of the container, add its address to [server] trusted_proxies; \
                 if it is on this machine, use 127.0.0.1 in [server] listen",
            ),
        );
    }
    let detail = message(
        format!("采信来自 {proxies} 的 X-Forwarded-For"),
        format!("X-Forwarded-For counts from {proxies}"),
    );
    CheckResult::ok(Check::TrustedProxies, detail)
}

/// One listener would take the port of the other.
fn same_port(server: &ServerOverview) -> Option<CheckResult> {
    let (own, metrics) = (server.listen, server.metrics_listen?);
    let overlaps =
        own.ip() == metrics.ip() || own.ip().is_unspecified() || metrics.ip().is_unspecified();
    if own.port() != metrics.port() || own.port() == 0 || !overlaps {
        return None;
    }
    let port = own.port();
    let detail = message(
        format!("{metrics} 和 [server] listen 使用同一端口 {port}"),
        format!("{metrics} has the port {port}, which [server] listen has already"),
    );
    let remedy = message(
        "在 [metrics] listen 中使用其他端口，例如 127.0.0.1:9090",
        "use another port in [metrics] listen, such as 127.0.0.1:9090",
    );
    Some(CheckResult::failed(Check::Metrics, detail, remedy))
}

/// Metrics need no password.
fn metrics(server: &ServerOverview) -> Option<CheckResult> {
    let address = server.metrics_listen?;
    let detail = message(
        format!("在 {address} 提供监控指标"),
        format!("metrics are served at {address}"),
    );
    if is_internal(address.ip()) {
        return Some(CheckResult::ok(Check::Metrics, detail));
    }
    let remedy = message(
        "监控指标不需要密码：请使用内网地址，或用防火墙只允许 Prometheus 访问",
        "metrics need no password: use an internal address, or a firewall that lets only Prometheus in",
    );
    Some(CheckResult::warning(Check::Metrics, detail, remedy))
}

fn is_internal(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => address.is_loopback() || address.is_private(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
    }
}
