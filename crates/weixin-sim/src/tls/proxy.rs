//! An HTTP proxy to WeChat's hosts, all of which are this simulator.

use std::sync::Arc;

use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use super::handshakes::Sender;
use crate::{hosts::is_wechat, routes::Peer};

/// Reason phrase: many clients show nothing else of a rejected CONNECT.
const REJECTED: ReasonPhrase = ReasonPhrase::from_static(b"This proxy serves WeChat's hosts only");

pub(super) struct Proxy {
    /// Base URL of the simulator.
    pub(super) simulator: String,
    pub(super) wechat: Router,
    pub(super) tls: TlsAcceptor,
    pub(super) handshakes: Sender,
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
            "weixin sim: this proxy serves only WeChat's hosts, by HTTPS on port 443 or HTTP on port 80, \
             and not {host}. Add it to NO_PROXY to reach it directly\n"
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
        _ => proxy.reject(address),
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
