//! What systemd is told: that the gateway is ready, that it stops, and, if it asks, that it is alive. Elsewhere, and without
//! systemd, nothing happens.

#[cfg(unix)]
use sd_notify::NotifyState;

/// The gateway serves from now on.
pub(super) fn ready() {
    #[cfg(unix)]
    {
        notify(&[NotifyState::Ready]);
        if let Some(interval) = sd_notify::watchdog_enabled() {
            tokio::spawn(stay_alive(interval / 2));
        }
    }
}

/// The gateway stops: running requests still have their time.
pub(super) fn stopping() {
    #[cfg(unix)]
    notify(&[NotifyState::Stopping]);
}

/// Without a message in time, systemd restarts the gateway: its threads are stuck.
#[cfg(unix)]
async fn stay_alive(interval: std::time::Duration) {
    loop {
        notify(&[NotifyState::Watchdog]);
        tokio::time::sleep(interval).await;
    }
}

#[cfg(unix)]
fn notify(state: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(state) {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "systemd did not receive a message");
    }
}
