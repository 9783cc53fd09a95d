//! A web login that failed.

use std::sync::{Mutex, OnceLock, PoisonError};

use pyo3::{exceptions::PyRuntimeError, prelude::*, types::PyDict};
use weixin::Language;
use weixin_axum::LoginError;

use crate::{classes::class, error, response::Response};

/// The response of a failed login.
#[pyclass(frozen, module = "weixin_login._core")]
pub(crate) struct FailedLogin {
    /// Rendered once, which writes the log line.
    error: Mutex<Option<LoginError>>,
    response: OnceLock<Response>,
}

#[pymethods]
impl FailedLogin {
    fn response(&self) -> PyResult<Response> {
        let taken = self
            .error
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // Not under the lock: the log line may run a handler in Python, which lets other threads run.
        if let Some(error) = taken {
            let _ = self.response.set(error.into_http().into());
        }
        let busy = || PyRuntimeError::new_err("another thread is rendering this response");
        self.response.get().cloned().ok_or_else(busy)
    }
}

/// The exception of a failed login.
pub(crate) fn exception(py: Python<'_>, failed: LoginError) -> PyErr {
    build(py, failed).map_or_else(|error| error, PyErr::from_value)
}

fn build(py: Python<'_>, failed: LoginError) -> PyResult<Bound<'_, PyAny>> {
    let facts = PyDict::new(py);
    let kind = failed.kind();
    facts.set_item("kind", kind.as_str())?;
    facts.set_item("status", kind.status().as_u16())?;
    facts.set_item("title", both(kind.title()))?;
    facts.set_item("text", both(kind.message()))?;
    facts.set_item("is_page", failed.is_page())?;
    facts.set_item(
        "return_to",
        failed.return_to().map(weixin_axum::ReturnPath::as_str),
    )?;
    let cause = failed.weixin().map(|cause| error::exception(py, cause));
    let message = failed.to_string();
    let failed = FailedLogin {
        error: Mutex::new(Some(failed)),
        response: OnceLock::new(),
    };
    facts.set_item("failed", Py::new(py, failed)?)?;
    let exception = class(py, "LoginError")?.call((message,), Some(&facts))?;
    if let Some(cause) = cause {
        exception.setattr("__cause__", cause.into_value(py))?;
    }
    Ok(exception)
}

fn both(text: weixin::Bilingual) -> (&'static str, &'static str) {
    (text.pick(Language::English), text.pick(Language::Chinese))
}
