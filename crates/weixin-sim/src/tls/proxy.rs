//! An HTTP proxy to WeChat's hosts, all of which are this simulator, and to others.

use std::sync::Arc;

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use tokio::{io::copy_bidirectional, net::TcpStream, sync::watch};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::{handshakes::Sender, other_hosts::OtherHosts};
use crate::{hosts::is_wechat, routes::Peer, sim::stopped};

/// Reason phrase: many clients show nothing else of a rejected CONNECT.
const REJECTED: ReasonPhrase = ReasonPhrase::from_static(b"This proxy serves WeChat's hosts only");

pub(super) struct Proxy {
    /// Base URL of the simulator.
    pub(super) simulator: String,
    pub(super) wechat: Router,
    pub(super) tls: TlsAcceptor,
    pub(super) handshakes: Sender,
    pub(super) others: OtherHosts,
    /// Closed when the simulator stops.
    pub(super) stop: watch::Receiver<()>,
}

impl Proxy {
    pub(super) fn router(self) -> Router {
        Router::new().fallback(forward).with_state(Arc::new(self))
    }

    fn reject(&self, address: &Uri) -> Response {
        let Some(host) = address.host() else {
            let text = format!(
                "weixin sim: this is a proxy to WeChat's hosts. The simulator itself is at {}\n",
                self.simulator
            );
            return (StatusCode::BAD_REQUEST, text).into_response();
        };
        let text = format!(
            "weixin sim: this proxy serves WeChat's hosts by HTTPS on port 443 or HTTP on port 80, and not {host}. \
             Add it to NO_PROXY to reach it directly, or omit --only-wechat of `weixin sim exec`\n"
        );
        let mut response = (StatusCode::FORBIDDEN, text).into_response();
        response.extensions_mut().insert(REJECTED);
        response
    }
}

/// Handles `CONNECT host:443` and `GET http://host/…`.
async fn forward(
    State(proxy): State<Arc<Proxy>>,
    ConnectInfo(peer): ConnectInfo<Peer>,
    request: Request,
) -> Response {
    let address = request.uri();
    let port = address.port_u16();
    let known = address.host().is_some_and(is_wechat);
    // Other ports are mistakes of the program under test: WeChat listens on these two only.
    match (known, request.method() == Method::CONNECT) {
        (true, true) if port == Some(443) => tunnel(proxy, peer, request),
        (true, false) if matches!(port, None | Some(80)) => {
            let answer = proxy.wechat.clone().oneshot(request).await;
            answer.unwrap_or_else(|never| match never {})
        }
        (false, true) => connect(&proxy, request).await,
        _ => proxy.reject(address),
    }
}

/// Connects to another host, unless the proxy rejects those.
async fn connect(proxy: &Proxy, request: Request) -> Response {
    let host = request.uri().authority().map(ToString::to_string);
    let host = host.unwrap_or_default();
    match proxy.others.connect(&host).await {
        None => proxy.reject(request.uri()),
        Some(Ok(stream)) => {
            tokio::spawn(forward_bytes(request, stream, proxy.stop.clone()));
            StatusCode::OK.into_response()
        }
        Some(Err(error)) => {
            let text = format!("weixin sim: cannot connect to {host}: {error}\n");
            (StatusCode::BAD_GATEWAY, text).into_response()
        }
    }
}

/// Forwards bytes in both directions until one end closes, or the simulator stops.
async fn forward_bytes(request: Request, mut stream: TcpStream, stop: watch::Receiver<()>) {
    let Ok(upgraded) = hyper::upgrade::on(request).await else {
        return;
    };
    let mut upgraded = TokioIo::new(upgraded);
    tokio::select! {
        () = stopped(stop) => {}
        // How a connection ends concerns its two ends only.
        _ = copy_bidirectional(&mut upgraded, &mut stream) => {}
    }
}

/// Passes the connection to the TLS listener: the client speaks TLS next.
fn tunnel(proxy: Arc<Proxy>, peer: Peer, request: Request) -> Response {
    tokio::spawn(async move {
        if let Ok(upgraded) = hyper::upgrade::on(request).await {
            let stream = TokioIo::new(upgraded);
            proxy.handshakes.begin(&proxy.tls, stream, peer.address);
        }
    });
    StatusCode::OK.into_response()
}
