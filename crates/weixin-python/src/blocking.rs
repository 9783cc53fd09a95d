//! Calls that block the calling thread.

use std::{pin::pin, time::Duration};

use pyo3::{IntoPyObjectExt, prelude::*};
use tokio::time::timeout;

use crate::{failure::Failure, runtime::runtime};

/// How often a call looks for signals, such as that of Ctrl-C.
const SIGNAL_INTERVAL: Duration = Duration::from_millis(100);

/// Runs a call without the GIL. A signal handler that raises, such as that of Ctrl-C, ends it.
pub(crate) fn run<'py, T>(
    py: Python<'py>,
    call: impl Future<Output = Result<T, Failure>> + Send,
) -> PyResult<Bound<'py, PyAny>>
where
    T: for<'a> IntoPyObject<'a> + Send,
{
    let runtime = runtime(py)?;
    let mut call = pin!(call);
    let result = loop {
        let waited =
            py.detach(|| runtime.block_on(async { timeout(SIGNAL_INTERVAL, call.as_mut()).await }));
        match waited {
            Ok(result) => break result,
            Err(_) => py.check_signals()?,
        }
    };
    match result {
        Ok(value) => value.into_bound_py_any(py),
        Err(failure) => Err(failure.into_exception(py)),
    }
}
