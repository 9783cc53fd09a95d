//! Connections of the proxy to hosts other than WeChat's.

use std::{io, time::Duration};

use axum::http::HeaderValue;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Maximum time until a connection is open.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum size of the other proxy's answer, in bytes.
const MAX_HEAD: usize = 8 * 1024;

/// Handling of CONNECT to other hosts than WeChat's by [`Sim::serve_proxy`](crate::Sim::serve_proxy).
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum OtherHosts {
    /// Rejects them (403).
    Reject,
    /// Connects to them directly.
    Direct,
    /// Connects to them through another HTTP proxy.
    Proxy {
        /// Host and port of the proxy, such as `proxy.example.com:3128`.
        address: String,
        /// Value of `Proxy-Authorization`.
        authorization: Option<HeaderValue>,
    },
}

impl OtherHosts {
    /// Opens a connection to `host:port`; `None` if these hosts are rejected.
    pub(super) async fn connect(&self, host: &str) -> Option<io::Result<TcpStream>> {
        let connected = match self {
            Self::Reject => return None,
            Self::Direct => timeout(CONNECT_TIMEOUT, TcpStream::connect(host)).await,
            Self::Proxy {
                address,
                authorization,
            } => {
                let tunnel = through(address, authorization.as_ref(), host);
                timeout(CONNECT_TIMEOUT, tunnel).await
            }
        };
        Some(connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into())))
    }
}

/// Opens a tunnel to `host` through another proxy.
async fn through(
    address: &str,
    authorization: Option<&HeaderValue>,
    host: &str,
) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    let mut head = format!("CONNECT {host} HTTP/1.1\r\nHost: {host}\r\n").into_bytes();
    if let Some(authorization) = authorization {
        head.extend_from_slice(b"Proxy-Authorization: ");
        head.extend_from_slice(authorization.as_bytes());
        head.extend_from_slice(b"\r\n");
    }
    head.extend_from_slice(b"\r\n");
    stream.write_all(&head).await?;
    let answer = read_head(&mut stream).await?;
    let line = answer.lines().next().unwrap_or_default();
    if line.split(' ').nth(1) == Some("200") {
        return Ok(stream);
    }
    let text = format!("the proxy {address} responded {line:?}");
    Err(io::Error::other(text))
}

/// Reads up to the empty line and no further: what follows belongs to the client.
async fn read_head(stream: &mut TcpStream) -> io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == MAX_HEAD {
            return Err(io::ErrorKind::InvalidData.into());
        }
        head.push(stream.read_u8().await?);
    }
    Ok(String::from_utf8_lossy(&head).into_owned())
}
