//! Files whose file system may not respond, as one of a network: the gateway goes on meanwhile, and can be stopped.

use std::{path::Path, thread, time::Duration};

use tokio::{sync::oneshot, time::timeout};

/// How long a read may take before the log says so.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a function has read, on a thread of its own: the runtime would wait for one of its own when the gateway stops. `None`
/// if it has panicked, or there is no thread.
pub(crate) async fn read<T: Send + 'static>(
    file: &Path,
    read: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (sender, mut receiver) = oneshot::channel();
    let work = move || drop(sender.send(read()));
    thread::Builder::new().spawn(work).ok()?;
    if let Ok(done) = timeout(PATIENCE, &mut receiver).await {
        return done.ok();
    }
    let file = file.display();
    tracing::error!(%file, "the configuration, or a file that it names, cannot be read: its file system does not respond");
    receiver.await.ok()
}
