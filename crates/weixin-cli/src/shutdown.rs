//! The signals that end the command.

use crate::error::CliError;

/// The signals that end the command: Ctrl-C, SIGTERM, and the end of the terminal. Watch before anything is printed: a program that reads the
/// first line may send a signal at once.
#[cfg(unix)]
#[derive(Debug)]
pub(crate) struct Shutdown {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    hang_up: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Shutdown {
    pub(crate) fn watch() -> Result<Self, CliError> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for one of the signals.
    pub(crate) async fn requested(&mut self) {
        self.next().await;
    }

    /// Waits for one of the signals; returns its name for `kill`.
    pub(crate) async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.interrupt.recv() => "INT",
            _ = self.terminate.recv() => "TERM",
            _ = self.hang_up.recv() => "HUP",
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

    /// Waits for Ctrl-C.
    pub(crate) async fn next(&mut self) -> &'static str {
        self.0.recv().await;
        "INT"
    }
}
