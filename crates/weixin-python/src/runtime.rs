//! The runtime of this process.

use std::sync::Arc;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::process::PerProcess;

/// The name of the runtime's thread.
const NAME: &str = "weixin-login";

/// Returns `true` on the thread that drives connections and timers, which must never wait for Python.
pub(crate) fn is_runtime_thread() -> bool {
    std::thread::current().name() == Some(NAME)
}

static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// The runtime of this process: one thread for connections and tasks.
pub(crate) fn runtime(py: Python<'_>) -> PyResult<Arc<Runtime>> {
    RUNTIME.get(py, || {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(1)
            .thread_name(NAME)
            .enable_all()
            .build()?;
        Ok(runtime)
    })
}
