//! Serves connections, and ends those of clients that are too slow.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, Request},
    serve::Listener,
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::watch;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt;

use crate::routes::Peer;

/// Maximum time in which the head of a request arrives, also of the next one on an idle connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum time in which a client reads nothing of a response.
const WRITE_TIMEOUT: Duration = Duration::from_secs(30);

/// Maximum size of a request's head, in bytes.
const MAX_HEAD: usize = 64 * 1024;

/// A router, and how its connections are served.
#[derive(Clone)]
pub(crate) struct Server {
    router: Router,
    /// The connections use TLS.
    secure: bool,
    /// Closed when the simulator stops.
    stop: watch::Receiver<()>,
    head_timeout: Duration,
}

impl Server {
    pub(crate) fn new(router: Router, secure: bool, stop: watch::Receiver<()>) -> Self {
        Self {
            router,
            secure,
            stop,
            head_timeout: HEAD_TIMEOUT,
        }
    }

    /// Accepts connections until the simulator stops.
    pub(crate) async fn run<L: Listener<Addr = SocketAddr>>(self, mut listener: L) {
        loop {
            tokio::select! {
                () = stopped(self.stop.clone()) => return,
                (stream, address) = listener.accept() => {
                    tokio::spawn(self.clone().connection(stream, address));
                }
            }
        }
    }

    /// Serves one connection. When the simulator stops, a request under way is still answered.
    async fn connection<S>(self, stream: S, address: SocketAddr)
    where
        S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static,
    {
        let (secure, router) = (self.secure, self.router);
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            let mut request: Request = request.map(Body::new);
            let peer = Peer { address, secure };
            request.extensions_mut().insert(ConnectInfo(peer));
            router.clone().oneshot(request)
        });
        let mut stream = Box::pin(TimeoutStream::new(stream));
        stream
            .as_mut()
            .set_write_timeout_pinned(Some(WRITE_TIMEOUT));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // A client that has closed its side may have sent a whole request, which must not be lost.
            .half_close(true)
            .header_read_timeout(self.head_timeout)
            .max_buf_size(MAX_HEAD)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        let mut connection = pin!(connection);
        // How a connection ends concerns its client only.
        tokio::select! {
            _ = connection.as_mut() => return,
            () = stopped(self.stop) => connection.as_mut().graceful_shutdown(),
        }
        let _ = connection.await;
    }
}

/// Resolves when the simulator is dropped.
pub(crate) async fn stopped(mut stop: watch::Receiver<()>) {
    while stop.changed().await.is_ok() {}
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    #[tokio::test]
    async fn a_client_that_does_not_send_a_whole_head_is_disconnected() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = watch::Sender::new(());
        let mut server = Server::new(Router::new(), false, stop.subscribe());
        server.head_timeout = Duration::from_millis(1);
        tokio::spawn(server.run(listener));
        for head in ["", "GET / HTTP/1.1\r\nHost: x\r\nX-Slow: "] {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(head.as_bytes()).await.unwrap();
            let mut answer = Vec::new();
            // Without a time-out, this would wait forever.
            let _ = stream.read_to_end(&mut answer).await;
            assert_eq!(String::from_utf8_lossy(&answer), "");
        }
    }
}
