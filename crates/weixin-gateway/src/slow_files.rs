//! Files whose file system may not respond, as one of a network: the gateway goes on meanwhile, and can be stopped.

use std::{
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
    thread,
    time::Duration,
};

use tokio::{sync::oneshot, time::timeout};

/// How long a read may take before it is given up.
const PATIENCE: Duration = Duration::from_secs(10);

/// The most reads that have not ended, beyond which a gateway looks at its files no more by itself: their threads stay.
const MAX_STUCK: usize = 64;

static STUCK: AtomicUsize = AtomicUsize::new(0);

/// What a function has read, on a thread of its own: the runtime would wait for one of its own when the gateway stops. `None`
/// if it was given up, as the log says.
pub(crate) async fn read<T: Send + 'static>(
    file: &Path,
    read: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let done = on_a_thread(read).await;
    if done.is_none() {
        let file = file.display();
        tracing::error!(%file, "the configuration, or a file that it names, cannot be read: its file system does not respond. Reload (SIGHUP) if it is right again, and is not loaded");
    }
    done
}

/// Whether so many reads are stuck that another one would not help.
pub(crate) fn are_stuck() -> bool {
    STUCK.load(Ordering::Relaxed) >= MAX_STUCK
}

async fn on_a_thread<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = oneshot::channel();
    let work = move || {
        STUCK.fetch_add(1, Ordering::Relaxed);
        let done = read();
        STUCK.fetch_sub(1, Ordering::Relaxed);
        drop(sender.send(done));
    };
    thread::Builder::new().spawn(work).ok()?;
    timeout(PATIENCE, receiver).await.ok()?.ok()
}
