//! Whether the gateway can listen on its addresses.

use std::{io::ErrorKind, net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use weixin_gateway::ServerOverview;

use super::super::super::doctor::check::{Check, CheckResult};
use crate::message::{Message, message};

/// The longest wait for the program that has the port.
const PATIENCE: Duration = Duration::from_secs(2);

/// The addresses on which a start would fail. A gateway that runs has them, too.
pub(super) async fn examine(server: &ServerOverview) -> Vec<CheckResult> {
    let metrics = server.metrics_listen;
    let listeners = [
        Some((server.listen, "[server] listen", "/healthz")),
        metrics.map(|address| (address, "[metrics] listen", "/metrics")),
    ];
    let mut results = Vec::new();
    for (address, key, path) in listeners.into_iter().flatten() {
        if let Err(error) = TcpListener::bind(address).await {
            results.push(match error.kind() {
                ErrorKind::AddrInUse => in_use(address, key, responds(address, path).await),
                _ => not_listening(address, key, &Message::from(&error)),
            });
        }
    }
    results
}

/// Whether what listens there responds as a gateway does.
async fn responds(address: SocketAddr, path: &str) -> bool {
    let mut address = address;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    let asked = async {
        let mut stream = TcpStream::connect(address).await?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut response = Vec::new();
        stream.take(100_000).read_to_end(&mut response).await?;
        std::io::Result::Ok(response)
    };
    let Ok(Ok(response)) = tokio::time::timeout(PATIENCE, asked).await else {
        return false;
    };
    let text = String::from_utf8_lossy(&response);
    let is_gateway = text.ends_with("\r\n\r\nok\n") || text.contains("\nweixin_gateway_");
    text.starts_with("HTTP/1.1 200 ") && is_gateway
}

fn in_use(address: SocketAddr, key: &str, by_gateway: bool) -> CheckResult {
    let port = address.port();
    if by_gateway {
        let detail = message(
            format!("网关正在 {address} 运行"),
            format!("a gateway is running at {address}"),
        );
        return CheckResult::ok(Check::Port, detail);
    }
    let detail = message(
        format!("{key}：端口 {port} 已被其他程序占用"),
        format!("{key}: the port {port} is in use by another program"),
    );
    let remedy = message(
        format!("停止占用端口的程序（用 ss -ltnp 查看），或修改 {key}"),
        format!("stop the program that uses it (ss -ltnp names it), or change {key}"),
    );
    CheckResult::failed(Check::Port, detail, remedy)
}

fn not_listening(address: SocketAddr, key: &str, reason: &Message) -> CheckResult {
    let detail = Message::of(|language| {
        let reason = reason.pick(language);
        match language {
            weixin::Language::English => format!("{key}: cannot listen on {address}: {reason}"),
            _ => format!("{key}：无法监听 {address}：{reason}"),
        }
    });
    let remedy = message(
        format!("在 {key} 中使用本机的地址和 1024 及以上的端口"),
        format!("use an address of this machine and a port from 1024 in {key}"),
    );
    CheckResult::failed(Check::Port, detail, remedy)
}
