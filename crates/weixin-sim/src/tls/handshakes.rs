//! A listener for connections after their TLS handshake.

use std::{future::pending, io, net::SocketAddr, time::Duration};

use axum::serve::Listener;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// Maximum duration of a handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// TLS over any kind of stream.
pub(super) type Secured = TlsStream<Box<dyn Stream>>;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Finished handshakes, as an axum listener.
pub(super) struct Handshakes {
    address: SocketAddr,
    sender: mpsc::Sender<(Secured, SocketAddr)>,
    done: mpsc::Receiver<(Secured, SocketAddr)>,
}

/// Entry for new connections.
#[derive(Clone)]
pub(super) struct Sender(mpsc::Sender<(Secured, SocketAddr)>);

impl Handshakes {
    pub(super) fn new(address: SocketAddr) -> Self {
        let (sender, done) = mpsc::channel(64);
        Self {
            address,
            sender,
            done,
        }
    }

    pub(super) fn sender(&self) -> Sender {
        Sender(self.sender.clone())
    }
}

impl Sender {
    /// Performs the handshake in its own task, so that a slow client does not block others.
    pub(super) fn begin(&self, tls: &TlsAcceptor, stream: impl Stream + 'static, peer: SocketAddr) {
        let stream: Box<dyn Stream> = Box::new(stream);
        let (sender, handshake) = (self.0.clone(), tls.accept(stream));
        tokio::spawn(async move {
            // A client that disconnects or does not trust the certificate reports it itself.
            if let Ok(Ok(secured)) = timeout(HANDSHAKE_TIMEOUT, handshake).await {
                let _ = sender.send((secured, peer)).await;
            }
        });
    }
}

impl Listener for Handshakes {
    type Io = Secured;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Secured, SocketAddr) {
        match self.done.recv().await {
            Some(connection) => connection,
            None => pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
