//! The log, in Python's `logging`.

use std::{
    fmt,
    sync::{
        Mutex,
        mpsc::{self, SyncSender},
    },
    thread,
};

use log::{Level, LevelFilter, Log, Metadata, Record};
use pyo3::prelude::*;
use tokio::runtime::Handle;

use crate::attach::attach;

/// The name of the logger in Python.
const NAME: &str = "weixin_login";

/// The most lines of the runtime that wait for Python's handlers; others are dropped.
const MAX_WAITING: usize = 1000;

/// Sends warnings, and failed logins, to Python's logger. Nothing of other crates: their lines could contain URLs.
pub(crate) fn to_python(py: Python<'_>) -> PyResult<()> {
    let logger = pyo3_log::Logger::new(py, pyo3_log::Caching::Loggers)?.filter(LevelFilter::Info);
    let logger = PythonLog {
        logger: Box::leak(Box::new(logger)),
        thread: Mutex::new(None),
    };
    // Not for a second copy of this module in the same process.
    if log::set_boxed_logger(Box::new(logger)).is_ok() {
        log::set_max_level(LevelFilter::Info);
    }
    Ok(())
}

/// The logger under one name, whatever the module of the line.
struct PythonLog {
    /// As long as the process, for the thread that logs.
    logger: &'static pyo3_log::Logger,
    /// The thread that logs for calls in progress, and its process: a handler in Python may take its time, or make calls
    /// itself.
    thread: Mutex<Option<(u32, SyncSender<Line>)>>,
}

type Line = (Level, String);

impl PythonLog {
    fn is_ours(metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let level = match target.split("::").next() {
            Some("weixin") => LevelFilter::Warn,
            Some("weixin_axum") => LevelFilter::Info,
            _ => LevelFilter::Off,
        };
        metadata.level() <= level
    }

    /// Hands a line to the thread that logs. Never waits: neither for the thread, nor for a lock that was held in a fork.
    fn hand_over(&self, line: Line) {
        let Ok(mut thread) = self.thread.try_lock() else {
            return;
        };
        let process = std::process::id();
        if thread.as_ref().is_none_or(|(owner, _)| *owner != process) {
            *thread = self.start().map(|sender| (process, sender));
        }
        if let Some((_, sender)) = &*thread {
            // Dropped if too many wait.
            let _ = sender.try_send(line);
        }
    }

    fn start(&self) -> Option<SyncSender<Line>> {
        let (sender, lines) = mpsc::sync_channel::<Line>(MAX_WAITING);
        let logger = self.logger;
        let log_lines = move || {
            for (level, text) in lines {
                attach(|_py| write(logger, level, format_args!("{text}")));
            }
        };
        let named = thread::Builder::new().name("weixin-login-log".to_owned());
        named.spawn(log_lines).ok().map(|_| sender)
    }
}

fn write(logger: &pyo3_log::Logger, level: Level, text: fmt::Arguments<'_>) {
    let record = Record::builder()
        .args(text)
        .level(level)
        .target(NAME)
        .build();
    logger.log(&record);
}

impl Log for PythonLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Self::is_ours(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        if !Self::is_ours(record.metadata()) {
            return;
        }
        // Within the runtime, also in a thread that waits for a call.
        if Handle::try_current().is_ok() {
            self.hand_over((record.level(), record.args().to_string()));
        } else {
            write(self.logger, record.level(), *record.args());
        }
    }

    fn flush(&self) {}
}
