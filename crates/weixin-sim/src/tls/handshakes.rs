//! Connections whose TLS handshake is done, as something to listen at.

use std::{future::pending, io, net::SocketAddr, time::Duration};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::mpsc,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::routes::Peer;

/// Longest handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// A stream of any kind under TLS.
pub(super) type Secured = TlsStream<Box<dyn Stream>>;

pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// What comes out of the handshakes.
pub(super) struct Handshakes {
    address: SocketAddr,
    sender: mpsc::Sender<(Secured, SocketAddr)>,
    done: mpsc::Receiver<(Secured, SocketAddr)>,
}

/// Where connections go in.
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
    /// One slow client keeps nobody else waiting.
    pub(super) fn begin(&self, tls: &TlsAcceptor, stream: impl Stream + 'static, peer: SocketAddr) {
        let stream: Box<dyn Stream> = Box::new(stream);
        let (sender, handshake) = (self.0.clone(), tls.accept(stream));
        tokio::spawn(async move {
            // A client that goes away, or does not trust the certificate, says so itself.
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

impl Connected<IncomingStream<'_, Handshakes>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Handshakes>) -> Self {
        Self {
            address: *stream.remote_addr(),
            secure: true,
        }
    }
}
