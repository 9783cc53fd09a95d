//! Calls that asyncio awaits: a future of the running event loop, settled from the runtime's thread.

use pyo3::{
    IntoPyObjectExt, exceptions::PyRuntimeError, prelude::*, sync::PyOnceLock, types::PyCFunction,
};
use tokio::task::AbortHandle;

use crate::{attach::attach, failure::Failure, runtime::runtime};

/// Starts a call, and returns the future of its result. If the future is canceled, the call is.
pub(crate) fn spawn<'py, T>(
    py: Python<'py>,
    call: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> PyResult<Bound<'py, PyAny>>
where
    T: for<'a> IntoPyObject<'a> + Send + 'static,
{
    let event_loop = running_loop(py)?;
    let future = event_loop.call_method0(pyo3::intern!(py, "create_future"))?;
    let (loop_of_call, waiter) = (event_loop.unbind(), future.clone().unbind());
    let task = runtime(py)?.spawn(async move {
        let result = call.await;
        // `None` while the interpreter ends: no event loop is left.
        attach(|py| settle(py, &loop_of_call, &waiter, result));
    });
    let canceler = Canceler(task.abort_handle());
    future.call_method1(pyo3::intern!(py, "add_done_callback"), (canceler,))?;
    Ok(future)
}

fn running_loop(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    static GET: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    GET.import(py, "asyncio", "get_running_loop")?.call0()
}

fn settle<T>(py: Python<'_>, event_loop: &Py<PyAny>, future: &Py<PyAny>, result: Result<T, Failure>)
where
    T: for<'a> IntoPyObject<'a>,
{
    let result = match result {
        Ok(value) => value.into_bound_py_any(py),
        Err(failure) => Err(failure.into_exception(py)),
    };
    let (value, is_error) = match result {
        Ok(value) => (value, false),
        Err(error) => (error.into_value(py).into_bound(py).into_any(), true),
    };
    let schedule = || {
        let name = pyo3::intern!(py, "call_soon_threadsafe");
        event_loop.call_method1(py, name, (setter(py)?, future, value, is_error))
    };
    match schedule() {
        Ok(_) => {}
        // The loop is closed: its futures have no reader.
        Err(error) if error.is_instance_of::<PyRuntimeError>(py) => {}
        Err(error) => error.write_unraisable(py, None),
    }
}

/// The function that settles a future in its loop's thread.
fn setter(py: Python<'_>) -> PyResult<&Bound<'_, PyCFunction>> {
    static SETTER: PyOnceLock<Py<PyCFunction>> = PyOnceLock::new();
    let made = SETTER.get_or_try_init(py, || {
        wrap_pyfunction!(settle_in_loop, py).map(Bound::unbind)
    })?;
    Ok(made.bind(py))
}

/// Settles a future, unless it was canceled before.
#[pyfunction]
fn settle_in_loop(
    future: &Bound<'_, PyAny>,
    value: Bound<'_, PyAny>,
    is_error: bool,
) -> PyResult<()> {
    if future.call_method0("done")?.is_truthy()? {
        return Ok(());
    }
    let name = if is_error {
        "set_exception"
    } else {
        "set_result"
    };
    future.call_method1(name, (value,)).map(drop)
}

/// Ends the call of a canceled future. Of a finished one, there is nothing to end.
#[pyclass(frozen)]
struct Canceler(AbortHandle);

#[pymethods]
impl Canceler {
    fn __call__(&self, _future: &Bound<'_, PyAny>) {
        self.0.abort();
    }
}
