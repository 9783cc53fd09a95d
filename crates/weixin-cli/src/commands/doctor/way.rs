//! The way to one host, step by step: its name, a connection, TLS; or the proxy before it.

use std::{io, net::SocketAddr, sync::Arc, time::Instant};

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
use url::Url;
use weixin::Https;

use super::{
    PATIENCE,
    finding::{Check, Finding, Said, say},
};
use crate::failure::Failure;

/// What every way begins with.
#[derive(Clone, Debug)]
pub(super) struct Start {
    proxies: Arc<Matcher>,
    tls: Arc<ClientConfig>,
}

impl Start {
    /// From this machine: its proxies, and whom it trusts.
    pub(super) fn here() -> Result<Self, Failure> {
        let trust = || -> Result<_, TlsError> {
            let provider = Arc::new(aws_lc_rs::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()?
                .with_platform_verifier()?;
            Ok(config.with_no_client_auth())
        };
        let no_tls =
            |error| Failure::Other(format!("TLS cannot be set up on this machine: {error}"));
        Ok(Self {
            proxies: Arc::new(Matcher::from_env()),
            tls: Arc::new(trust().map_err(no_tls)?),
        })
    }

    /// Goes to where requests can be sent. The last finding says where the way ends, if it does.
    pub(super) async fn walk(&self, to: &Url) -> (Vec<Finding>, bool) {
        let mut way = Way {
            tls: &self.tls,
            findings: Vec::new(),
        };
        let arrived = match self.proxy(to) {
            Some(proxy) => way.reach_proxy(&proxy).await,
            None => way.straight(to).await,
        };
        (way.findings, arrived.is_some())
    }

    /// The proxy before a host, as the SDK's transport finds it.
    fn proxy(&self, to: &Url) -> Option<Uri> {
        if Https::is_loopback(to) {
            return None;
        }
        let uri: Uri = to.as_str().parse().ok()?;
        Some(self.proxies.intercept(&uri)?.uri().clone())
    }
}

/// How far it is gone. A step that fails leaves its finding and ends it.
struct Way<'a> {
    tls: &'a Arc<ClientConfig>,
    findings: Vec<Finding>,
}

impl Way<'_> {
    async fn straight(&mut self, to: &Url) -> Option<()> {
        let host = to.host_str().unwrap_or_default();
        let port = to.port_or_known_default().unwrap_or(443);
        let addresses = self.resolve(host, port).await?;
        let stream = self.connect(&addresses).await?;
        if to.scheme() == "https" {
            self.handshake(host, stream).await?;
        }
        Some(())
    }

    /// Name and connection are told together: the rest of the way is the proxy's.
    async fn reach_proxy(&mut self, proxy: &Uri) -> Option<()> {
        let host = proxy.host().unwrap_or_default();
        let is_https = proxy.scheme_str() == Some("https");
        let port = proxy.port_u16().unwrap_or(if is_https { 443 } else { 80 });
        let began = Instant::now();
        let arrived = match self.resolve(host, port).await {
            Some(addresses) => self.connect(&addresses).await,
            None => None,
        };
        let last = self.findings.pop()?;
        self.findings.clear();
        let name = format!("{host}:{port}");
        if arrived.is_some() {
            let detail = say(
                format!("请求经 {name} 发出"),
                format!("requests go through {name}"),
            );
            let good = Finding::good(Check::Proxy, detail);
            self.findings.push(good.after(began.elapsed()));
            return Some(());
        }
        let detail = last.detail().prefixed(&name);
        let remedy = say(
            "环境变量 HTTPS_PROXY 等指向这个代理：请确认它在运行，或把微信的域名加入 NO_PROXY",
            "HTTPS_PROXY or the like names this proxy: look whether it runs, or put WeChat's hosts into NO_PROXY",
        );
        self.findings
            .push(Finding::failed(Check::Proxy, detail, remedy));
        None
    }

    async fn resolve(&mut self, host: &str, port: u16) -> Option<Vec<SocketAddr>> {
        // An IPv6 address of a URL has brackets.
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let began = Instant::now();
        let error = match timeout(PATIENCE, lookup_host((host, port))).await {
            Err(_) => io::ErrorKind::TimedOut.into(),
            Ok(Err(error)) => error,
            Ok(Ok(addresses)) => {
                let addresses: Vec<_> = addresses.collect();
                let detail = match addresses.as_slice() {
                    [first] => first.ip().to_string(),
                    [first, more @ ..] => format!("{} +{}", first.ip(), more.len()),
                    [] => "-".to_owned(),
                };
                let good = Finding::good(Check::NameResolution, Said::same(detail));
                self.findings.push(good.after(began.elapsed()));
                return Some(addresses);
            }
        };
        let remedy = say(
            "请检查域名是否写错，以及本机的 DNS 设置（/etc/resolv.conf、容器网络）",
            "look for a typing error in the host, and at this machine's DNS (/etc/resolv.conf, the container's network)",
        );
        self.fail(Check::NameResolution, &error, remedy)
    }

    async fn connect(&mut self, addresses: &[SocketAddr]) -> Option<TcpStream> {
        let began = Instant::now();
        let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
        for address in addresses {
            match timeout(PATIENCE, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => {
                    let good = Finding::good(Check::Connection, Said::same(address.to_string()));
                    self.findings.push(good.after(began.elapsed()));
                    return Some(stream);
                }
                Ok(Err(error)) => last = error,
                Err(_) => last = io::ErrorKind::TimedOut.into(),
            }
        }
        let remedy = say(
            "防火墙或安全组可能挡住了出站连接；如果是模拟器，请确认 `weixin sim` 在运行",
            "a firewall or security group may block the way out; for a simulator, look whether `weixin sim` runs",
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
        let error = match timeout(PATIENCE, handshake).await {
            Err(_) => io::ErrorKind::TimedOut.into(),
            Ok(Err(error)) => error,
            Ok(Ok(stream)) => {
                let version = stream.get_ref().1.protocol_version();
                let version = version.map(|version| format!("{version:?}"));
                let version = version.unwrap_or_default().replace('_', ".");
                let good = Finding::good(Check::Tls, Said::same(version));
                self.findings.push(good.after(began.elapsed()));
                return Some(());
            }
        };
        let remedy = untrusted(&error).unwrap_or_else(|| {
            say(
                "有设备在中途改写了 TLS（公司防火墙、代理），或者这个端口不是 TLS",
                "something on the way rewrites TLS (a company's firewall, a proxy), or this port speaks no TLS",
            )
        });
        self.fail(Check::Tls, &error, remedy)
    }

    fn fail<T>(&mut self, check: Check, error: &io::Error, remedy: Said) -> Option<T> {
        let detail = match error.kind() {
            io::ErrorKind::TimedOut => say("三秒内没有回应", "no answer within 3 s"),
            io::ErrorKind::ConnectionRefused => say("连接被拒绝", "the connection is refused"),
            _ => Said::same(error.to_string()),
        };
        self.findings.push(Finding::failed(check, detail, remedy));
        None
    }
}

/// What helps against a certificate that is refused.
fn untrusted(error: &io::Error) -> Option<Said> {
    let tls: &TlsError = error.get_ref()?.downcast_ref()?;
    let TlsError::InvalidCertificate(certificate) = tls else {
        return None;
    };
    Some(match certificate {
        CertificateError::NotValidYet
        | CertificateError::NotValidYetContext { .. }
        | CertificateError::Expired
        | CertificateError::ExpiredContext { .. } => say(
            "请先校准本机时钟；证书在时钟正确时才有效",
            "set this machine's clock first: a certificate is good at the right time only",
        ),
        _ => say(
            "证书不受信任：可能经过了会解密的防火墙；把它的根证书加入系统信任，或用 SSL_CERT_FILE 指定；精简镜像请安装 ca-certificates",
            "the certificate is not trusted: perhaps a firewall decrypts; add its authority to the system's or name it in SSL_CERT_FILE. Small images lack the package ca-certificates",
        ),
    })
}
