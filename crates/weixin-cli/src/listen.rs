//! Listening, and ending cleanly.

use std::net::SocketAddr;

use tokio::net::TcpListener;

use crate::failure::Failure;

pub(crate) async fn bind(address: SocketAddr) -> Result<TcpListener, Failure> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| Failure::Listen { address, source })
}

/// The end that the person (Ctrl-C) or the system (SIGTERM) may want. Made before anything is
/// printed: who reads that it is ready may end it at once.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct End {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl End {
    pub(crate) fn watch() -> Result<Self, Failure> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Returns when the end has come.
    pub(crate) async fn wanted(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Returns when the system wants the end; what the person types is not for this program.
    pub(crate) async fn terminated(&mut self) {
        self.terminate.recv().await;
    }
}

/// The end that the person may want (Ctrl-C).
#[cfg(windows)]
#[derive(Debug)]
pub(crate) struct End(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl End {
    pub(crate) fn watch() -> Result<Self, Failure> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    /// Returns when the end has come.
    pub(crate) async fn wanted(&mut self) {
        self.0.recv().await;
    }

    /// Never returns: the system ends programs without asking.
    pub(crate) async fn terminated(&mut self) {
        std::future::pending().await
    }
}
