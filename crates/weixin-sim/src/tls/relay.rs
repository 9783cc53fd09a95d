//! TLS under WeChat's host names, and a proxy, for a simulator that runs in another process.

use std::{error::Error, io, net::SocketAddr, sync::Arc};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request, State},
    http::{HeaderValue, StatusCode, Uri, header::HOST},
    response::{IntoResponse, Response},
};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};
use url::Url;

use super::{Authority, OtherHosts, front::Front};
use crate::routes::{Peer, broken_connection};

/// WeChat's hosts on this machine, for a simulator that runs in another process: requests are passed to its URL with the
/// host that the program asked for. Stops when dropped.
///
/// Requests that came over TLS get `X-Forwarded-Proto: https`, which a simulator believes of this machine and of its
/// local networks.
#[derive(Debug)]
#[must_use = "the relay stops when this is dropped"]
pub struct Relay {
    url: String,
    /// Host and port of the simulator.
    target: Arc<str>,
    stop: watch::Sender<()>,
}

impl Relay {
    /// Creates a relay to the simulator at this URL, in plain HTTP; only its host and its port are used.
    pub fn to(url: &Url) -> Self {
        let host = url.host_str().unwrap_or_default();
        let port = url.port_or_known_default().unwrap_or_default();
        Self {
            url: url.origin().ascii_serialization(),
            target: format!("{host}:{port}").into(),
            stop: watch::Sender::new(()),
        }
    }

    /// Listens on an address, in plain HTTP; returns the address with its actual port.
    ///
    /// # Errors
    ///
    /// The operating system's error if it cannot listen on the address.
    pub async fn serve_http(&self, address: SocketAddr) -> io::Result<SocketAddr> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        self.front().serve(listener, false);
        Ok(address)
    }

    /// Listens for TLS as all of WeChat's hosts, as [`Sim::serve_tls`](crate::Sim::serve_tls) does.
    ///
    /// # Errors
    ///
    /// The operating system's error if it cannot listen on the address.
    pub async fn serve_tls(
        &self,
        address: SocketAddr,
        authority: &Authority,
    ) -> io::Result<SocketAddr> {
        self.front().serve_tls(address, authority).await
    }

    /// Listens as a proxy to WeChat's hosts, as [`Sim::serve_proxy`](crate::Sim::serve_proxy) does.
    ///
    /// # Errors
    ///
    /// The operating system's error if it cannot listen on the address.
    pub async fn serve_proxy(
        &self,
        address: SocketAddr,
        authority: &Authority,
        others: OtherHosts,
    ) -> io::Result<SocketAddr> {
        self.front().serve_proxy(address, authority, others).await
    }

    fn front(&self) -> Front<'_> {
        Front {
            url: &self.url,
            router: Router::new()
                .fallback(forward)
                .with_state(Arc::clone(&self.target)),
            stop: &self.stop,
        }
    }
}

async fn forward(
    State(target): State<Arc<str>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    match TcpStream::connect(&*target).await {
        // A fault may break the connection: the program sees the same.
        Ok(stream) => match pass(stream, peer.secure, request).await {
            Ok(response) => response,
            Err(_) => broken_connection(),
        },
        Err(error) => {
            let text = format!("weixin sim: no simulator at {target}: {error}\n");
            (StatusCode::BAD_GATEWAY, text).into_response()
        }
    }
}

/// Passes a request on, with the host that the client asked for.
async fn pass(
    stream: TcpStream,
    secure: bool,
    mut request: Request,
) -> Result<Response, Box<dyn Error + Send + Sync>> {
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let host = request.uri().authority().map(ToString::to_string);
    if let Some(host) = host {
        request
            .headers_mut()
            .insert(HOST, HeaderValue::try_from(host)?);
    }
    let path = request.uri().path_and_query().cloned();
    *request.uri_mut() = path.map_or_else(|| Uri::from_static("/"), Uri::from);
    let proto = if secure { "https" } else { "http" };
    let headers = request.headers_mut();
    headers.insert("x-forwarded-proto", HeaderValue::from_static(proto));
    Ok(sender.send_request(request).await?.map(Body::new))
}
