//! The connection to one host, step by step: its name, TCP, TLS; or the proxy before it.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;
use rustls_platform_verifier::BuilderVerifierExt;
use tokio::{
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{
    TlsConnector,
    rustls::{
        CertificateError, ClientConfig, Error as TlsError, crypto::aws_lc_rs, pki_types::ServerName,
    },
};
use url::{Host, Url};

use super::check::{Check, CheckResult};
use crate::error::CliError;
use crate::message::{Message, message};

/// Longest wait for each step of a connection. The message of a time-out names it.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);

/// The network settings of this machine.
#[derive(Clone, Debug)]
pub(super) struct NetworkEnv {
    proxies: Arc<Matcher>,
    tls: Arc<ClientConfig>,
}

impl NetworkEnv {
    /// Reads the proxies and the trusted certificates of this machine.
    pub(super) fn detect() -> Result<Self, CliError> {
        let trust = || -> Result<_, TlsError> {
            let provider = Arc::new(aws_lc_rs::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()?
                .with_platform_verifier()?;
            Ok(config.with_no_client_auth())
        };
        let no_tls = |error| {
            CliError::Other(message(
                format!("无法在本机启用 TLS：{error}"),
                format!("TLS cannot be set up on this machine: {error}"),
            ))
        };
        Ok(Self {
            proxies: Arc::new(Matcher::from_env()),
            tls: Arc::new(trust().map_err(no_tls)?),
        })
    }

    /// Connects to a host. Returns the results, and whether requests can be sent; if not, the last result has the reason.
    pub(super) async fn run(&self, url: &Url) -> (Vec<CheckResult>, bool) {
        let mut probe = Probe {
            tls: &self.tls,
            results: Vec::new(),
        };
        let connected = match self.proxy(url) {
            Some(proxy) => probe.via_proxy(&proxy).await,
            None => probe.direct(url).await,
        };
        (probe.results, connected.is_some())
    }

    /// The proxy before a host, which the SDK's transport uses as well.
    fn proxy(&self, url: &Url) -> Option<Uri> {
        if is_loopback(url) {
            return None;
        }
        let uri: Uri = url.as_str().parse().ok()?;
        Some(self.proxies.intercept(&uri)?.uri().clone())
    }
}

/// Returns `true` for this machine itself, for which the SDK's transport uses no proxy.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(domain)) => domain == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A connection in progress. Each step adds its result, and returns `None` if it fails.
struct Probe<'a> {
    tls: &'a Arc<ClientConfig>,
    results: Vec<CheckResult>,
}

impl Probe<'_> {
    async fn direct(&mut self, url: &Url) -> Option<()> {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or(443);
        let addresses = self.resolve(host, port).await?;
        let stream = self.connect(&addresses).await?;
        if url.scheme() == "https" {
            self.handshake(host, stream).await?;
        }
        Some(())
    }

    /// Connects to the proxy only: it makes the rest of the connection. Its steps are one result.
    async fn via_proxy(&mut self, proxy: &Uri) -> Option<()> {
        let host = proxy.host().unwrap_or_default();
        let is_https = proxy.scheme_str() == Some("https");
        let port = proxy.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let began = Instant::now();
        let connected = match self.resolve(host, port).await {
            Some(addresses) => self.connect(&addresses).await,
            None => None,
        };
        let last = self.results.pop()?;
        self.results.clear();
        let name = format!("{host}:{port}");
        if connected.is_some() {
            let detail = message(
                format!("请求经 {name} 发出"),
                format!("requests go through {name}"),
            );
            let ok = CheckResult::ok(Check::Proxy, detail);
            self.results.push(ok.after(began.elapsed()));
            return Some(());
        }
        let detail = last.detail().prefixed(&name);
        let remedy = message(
            "环境变量（如 HTTPS_PROXY）指定了这个代理：请确认它在运行，或把微信的域名加入 NO_PROXY",
            "a variable such as HTTPS_PROXY names this proxy: check that it is running, or add WeChat's hosts to NO_PROXY",
        );
        self.results
            .push(CheckResult::failed(Check::Proxy, detail, remedy));
        None
    }

    async fn resolve(&mut self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        // An IPv6 address has brackets in a URL.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let began = Instant::now();
        let error = match timeout(CONNECT_TIMEOUT, lookup_host((host, port))).await {
            Err(_) => io::ErrorKind::TimedOut.into(),
            Ok(Err(error)) => error,
            Ok(Ok(addresses)) => {
                let addresses: Vec<_> = addresses.collect();
                let detail = match addresses.as_slice() {
                    [first] => first.ip().to_string(),
                    [first, more @ ..] => format!("{} +{}", first.ip(), more.len()),
                    [] => "-".to_owned(),
                };
                let ok = CheckResult::ok(Check::NameResolution, Message::untranslated(detail));
                self.results.push(ok.after(began.elapsed()));
                return Some(addresses);
            }
        };
        let remedy = message(
            "请检查域名是否写错，以及本机的 DNS 设置（/etc/resolv.conf、容器网络）",
            "check the host for typing errors, and this machine's DNS (/etc/resolv.conf, the container's network)",
        );
        self.fail(Check::NameResolution, &error, remedy)
    }

    async fn connect(&mut self, addresses: &[SocketAddr]) -> Option<TcpStream> {
        let began = Instant::now();
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let detail = Message::untranslated(address.to_string());
                    let ok = CheckResult::ok(Check::Connection, detail);
                    self.results.push(ok.after(began.elapsed()));
                    return Some(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        let remedy = message(
            "防火墙或安全组可能阻止了出站连接；如果是模拟器，请确认 `weixin sim` 在运行",
            "a firewall or security group may block outgoing connections; if this is a simulator, check that `weixin sim` is running",
        );
        self.fail(Check::Connection, &last, remedy)
    }

    async fn handshake(&mut self, host: &str, stream: TcpStream) -> Option<()> {
        let began = Instant::now();
        let handshake = async {
            let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
            TlsConnector::from(Arc::clone(self.tls))
                .connect(name, stream)
                .await
        };
        let error = match timeout(CONNECT_TIMEOUT, handshake).await {
            Err(_) => io::ErrorKind::TimedOut.into(),
            Ok(Err(error)) => error,
            Ok(Ok(stream)) => {
                let version = stream.get_ref().1.protocol_version();
                let version = version.map(|version| format!("{version:?}"));
                let version = version.unwrap_or_default().replace('_', ".");
                let ok = CheckResult::ok(Check::Tls, Message::untranslated(version));
                self.results.push(ok.after(began.elapsed()));
                return Some(());
            }
        };
        let remedy = certificate_remedy(&error).unwrap_or_else(|| {
            message(
                "可能有设备在中途改写了 TLS（公司防火墙、代理），或者这个端口不支持 TLS",
                "a device may intercept TLS (a company firewall, a proxy), or this port does not support TLS",
            )
        });
        self.fail(Check::Tls, &error, remedy)
    }

    fn fail<T>(&mut self, check: Check, error: &io::Error, remedy: Message) -> Option<T> {
        let detail = match error.kind() {
            io::ErrorKind::TimedOut => message("3 秒内没有响应", "no response within 3 s"),
            io::ErrorKind::ConnectionRefused => message("连接被拒绝", "the connection was refused"),
            _ => Message::untranslated(error.to_string()),
        };
        self.results
            .push(CheckResult::failed(check, detail, remedy));
        None
    }
}

/// The remedy for a rejected certificate; `None` for other errors.
fn certificate_remedy(error: &io::Error) -> Option<Message> {
    let tls: &TlsError = error.get_ref()?.downcast_ref()?;
    let TlsError::InvalidCertificate(certificate) = tls else {
        return None;
    };
    Some(match certificate {
        CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. }
        | CertificateError::Expired
        | CertificateError::ExpiredContext { .. } => message(
            "请先校准本机时钟：时钟不准时，证书会被判定为无效",
            "set this machine's clock first: with a wrong clock, certificates are invalid",
        ),
        _ => message(
            "证书不受信任：防火墙可能解密了流量；请把它的根证书加入系统信任列表，或用 SSL_CERT_FILE 指定；精简镜像请安装 ca-certificates",
            "the certificate is not trusted: a firewall may decrypt traffic; add its certificate authority to the system's or to SSL_CERT_FILE. Small images need the package ca-certificates",
        ),
    })
}
