//! Notes on standard error while a command takes long.

use std::{pin::pin, time::Duration};

use tokio::time::{self, Instant};

use crate::{message::Message, output::Output};

/// Before the first note, and between two of them.
pub(super) const INTERVAL: Duration = Duration::from_secs(2);

/// Runs work, with a note every two seconds: what is done, and the seconds that it has taken so far.
pub(super) async fn noted<T>(
    output: Output,
    work: impl Future<Output = T>,
    note: impl Fn(u64) -> Message,
) -> T {
    let mut work = pin!(work);
    let begin = Instant::now();
    let mut notes = time::interval_at(begin + INTERVAL, INTERVAL);
    loop {
        tokio::select! {
            biased;
            result = &mut work => return result,
            _ = notes.tick() => output.note(note(begin.elapsed().as_secs())),
        }
    }
}
