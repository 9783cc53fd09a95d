//! The signals that end the command.

use crate::error::CliError;

/// A signal to pass on.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Signal {
    Interrupt,
    Terminate,
}

/// The signals that end the command: Ctrl-C and SIGTERM. Watch before anything is printed: a program that reads the
/// first line may send a signal at once.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Shutdown {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Shutdown {
    pub(crate) fn watch() -> Result<Self, CliError> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for Ctrl-C or SIGTERM.
    pub(crate) async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// Waits for a signal to pass on to a child process.
    pub(crate) async fn signal(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
        }
    }
}

/// The signal that ends the command: Ctrl-C.
#[cfg(windows)]
#[derive(Debug)]
pub(crate) struct Shutdown(tokio::signal::windows::CtrlC);

#[cfg(windows)]
impl Shutdown {
    pub(crate) fn watch() -> Result<Self, CliError> {
        Ok(Self(tokio::signal::windows::ctrl_c()?))
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn requested(&mut self) {
        self.0.recv().await;
    }

    /// Never returns: Windows ends programs without a signal, and Ctrl-C reaches a child process as well.
    pub(crate) async fn signal(&mut self) -> Signal {
        std::future::pending().await
    }
}
