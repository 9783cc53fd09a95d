//! Python from threads that it does not know, until the interpreter ends.

use std::{
    sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering},
    thread,
    time::{Duration, Instant},
};

use pyo3::prelude::*;

/// The longest time that the end of the interpreter waits for these threads.
const MAX_WAIT: Duration = Duration::from_secs(2);

static IS_ENDING: AtomicBool = AtomicBool::new(false);
static ATTACHED: AtomicUsize = AtomicUsize::new(0);
/// The process that `ATTACHED` counts: a child of it has none of its threads.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// Runs Python in a thread of the runtime; `None` once the interpreter ends, which would end such a thread in the middle
/// of Rust.
pub(crate) fn attach<T>(work: impl FnOnce(Python<'_>) -> T) -> Option<T> {
    count_this_process();
    ATTACHED.fetch_add(1, Ordering::SeqCst);
    let result = if IS_ENDING.load(Ordering::SeqCst) {
        None
    } else {
        Python::try_attach(work)
    };
    ATTACHED.fetch_sub(1, Ordering::SeqCst);
    result
}

fn count_this_process() {
    let process = std::process::id();
    if PROCESS.swap(process, Ordering::SeqCst) != process {
        ATTACHED.store(0, Ordering::SeqCst);
    }
}

/// For `atexit`: keeps other threads from entering Python, and waits for those that are in it.
#[pyfunction]
fn end(py: Python<'_>) {
    count_this_process();
    IS_ENDING.store(true, Ordering::SeqCst);
    py.detach(|| {
        let start = Instant::now();
        while ATTACHED.load(Ordering::SeqCst) > 0 && start.elapsed() < MAX_WAIT {
            thread::sleep(Duration::from_millis(1));
        }
    });
}

/// Registers the end of the interpreter.
pub(crate) fn register(py: Python<'_>, module: &Bound<'_, PyModule>) -> PyResult<()> {
    let end = wrap_pyfunction!(end, module)?;
    py.import("atexit")?.call_method1("register", (end,))?;
    Ok(())
}
