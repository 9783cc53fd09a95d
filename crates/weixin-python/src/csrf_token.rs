//! The secret that binds a login to a browser, and the callback that is compared with it.

use pyo3::{exceptions::PyTypeError, prelude::*};
use weixin::Callback;

use crate::{
    failure::raise,
    secret::{Secret, SecretText},
};

/// The secret that binds a login to a browser. Keep it where only this browser has it.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct CsrfToken(pub(crate) weixin::CsrfToken);

#[pymethods]
impl CsrfToken {
    #[new]
    #[pyo3(signature = (stored=None))]
    fn new(py: Python<'_>, stored: Option<SecretText<'_>>) -> PyResult<Self> {
        let token = match stored {
            Some(text) => weixin::CsrfToken::new(text.text()?).map_err(raise(py))?,
            None => weixin::CsrfToken::random().map_err(raise(py))?,
        };
        Ok(Self(token))
    }

    /// A state of your own, sent as it is.
    #[staticmethod]
    fn from_state(py: Python<'_>, state: &str) -> PyResult<Self> {
        let token = weixin::CsrfToken::from_state(state).map_err(raise(py))?;
        Ok(Self(token))
    }

    fn expose(&self) -> &str {
        self.0.expose()
    }

    #[getter]
    fn state(&self) -> String {
        self.0.state()
    }

    fn __repr__(&self) -> &'static str {
        "CsrfToken(…)"
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a CsrfToken is not pickled: keep what `expose()` returns in the browser's session",
        ))
    }
}

/// The code of a callback that belongs to this login.
#[pyfunction]
pub(crate) fn verify_callback(
    py: Python<'_>,
    query: &str,
    csrf: &Bound<'_, CsrfToken>,
) -> PyResult<Secret> {
    let callback = Callback::parse(query).map_err(raise(py))?;
    let code = callback.verify(&csrf.get().0).map_err(raise(py))?;
    Secret::copy_of(code.expose())
}
