//! The runtime of this process.

use std::sync::Arc;

use pyo3::prelude::*;
use tokio::runtime::{Builder, Runtime};

use crate::process::PerProcess;

static RUNTIME: PerProcess<Runtime> = PerProcess::new();

/// The runtime of this process: one thread for connections and tasks.
pub(crate) fn runtime(py: Python<'_>) -> PyResult<Arc<Runtime>> {
    RUNTIME.get(py, || {
        let mut builder = Builder::new_multi_thread();
        let runtime = builder
            .worker_threads(1)
            .thread_name("weixin-login")
            .enable_all()
            .build()?;
        Ok(runtime)
    })
}
