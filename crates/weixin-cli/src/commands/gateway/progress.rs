//! Notes on standard error while a command takes long.

use std::{pin::pin, time::Duration};

use tokio::time::{self, Instant};

use crate::{
    message::{Message, message},
    output::Output,
};

/// Before the first note, and between two of them.
const INTERVAL: Duration = Duration::from_secs(2);

/// Runs work, with a note every two seconds: what is done, and the seconds that it has taken so far.
pub(super) async fn noted<T>(
    output: Output,
    work: impl Future<Output = T>,
    note: impl Fn(u64) -> Message,
) -> T {
    each_interval(work, |seconds| output.note(note(seconds))).await
}

/// Runs work, and a report every two seconds.
pub(super) async fn each_interval<T>(work: impl Future<Output = T>, report: impl Fn(u64)) -> T {
    let mut work = pin!(work);
    let begin = Instant::now();
    let mut reports = time::interval_at(begin + INTERVAL, INTERVAL);
    loop {
        tokio::select! {
            biased;
            result = &mut work => return result,
            _ = reports.tick() => report(begin.elapsed().as_secs()),
        }
    }
}

/// The note of a command that the database has not answered yet.
pub(super) fn waiting(seconds: u64) -> Message {
    message(
        format!("正在等待数据库：已用 {seconds} 秒"),
        format!("waiting for the database: {seconds} s so far"),
    )
}
