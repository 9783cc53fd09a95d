//! Serves connections, ends those of clients that are too slow, and stops without cutting a response.

use std::{
    future,
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    serve::Listener,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::{TcpListener, TcpStream};
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use super::{
    connections::Connections,
    places::{Place, Places},
    provider::Shared,
};

/// Longest time in which the head of a request arrives, also of the next one on an idle connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Longest time in which a client reads nothing of a response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Largest head of a request. Its query is 16 KiB at most.
const MAX_HEAD: usize = 64 * 1024;

/// How long running requests may take when the gateway stops.
pub(crate) const STOP_TIMEOUT: Duration = Duration::from_secs(20);

/// Connections to the address of the metrics. The files that they take are those of the logins' connections.
pub(super) const METRICS_CONNECTIONS: usize = 64;

/// Those of one address, so that another one can still read the metrics.
pub(super) const METRICS_CONNECTIONS_BY_ADDRESS: usize = 32;

/// Serves the page with the metrics, as long as the process runs.
#[doc(hidden)]
pub async fn serve_metrics(listener: TcpListener, router: Router) {
    Server::of_metrics(router)
        .run(listener, future::pending())
        .await;
}

/// A router, and how its connections are served.
pub(crate) struct Server {
    router: Router,
    open: Box<Open>,
}

/// A place for a connection of this address. `None`: it is to be closed.
type Open = dyn Fn(IpAddr) -> Option<Place> + Send + Sync;

impl Server {
    /// The server of logins. `shared` is what requests are served with at this moment: it names the proxies.
    pub(crate) fn new(
        router: Router,
        shared: impl Fn() -> Arc<Shared> + Send + Sync + 'static,
    ) -> Self {
        let connections = Connections::default();
        let open = move |peer| connections.open(peer, &shared());
        Self {
            router,
            open: Box::new(open),
        }
    }

    fn of_metrics(router: Router) -> Self {
        let by_address = METRICS_CONNECTIONS_BY_ADDRESS;
        let places = Places::new(METRICS_CONNECTIONS, by_address, by_address);
        let open = move |peer| places.take(peer);
        Self {
            router,
            open: Box::new(open),
        }
    }

    /// Serves until `stop` resolves and what is running then has ended.
    pub(crate) async fn run(self, mut listener: TcpListener, stop: impl Future<Output = ()>) {
        let connections = GracefulShutdown::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                (stream, peer) = Listener::accept(&mut listener) => {
                    if let Some(place) = (self.open)(peer.ip()) {
                        self.serve(stream, peer, place, &connections);
                    }
                }
            }
        }
        drop(listener);
        if tokio::time::timeout(STOP_TIMEOUT, connections.shutdown())
            .await
            .is_err()
        {
            tracing::warn!("some requests were still running when the gateway stopped");
        }
    }

    fn serve(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        place: Place,
        connections: &GracefulShutdown,
    ) {
        let router = self.router.clone();
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream
            .as_mut()
            .set_write_timeout_pinned(Some(WRITE_TIMEOUT));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .half_close(true)
            .header_read_timeout(HEAD_TIMEOUT)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service);
        let connection = connections.watch(connection);
        // How a connection ends concerns its client only.
        tokio::spawn(async move {
            let _ = connection.await;
            drop(place);
        });
    }
}
