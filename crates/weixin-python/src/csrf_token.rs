//! The secret that binds a login to a browser, and the callback that is compared with it.

use pyo3::{exceptions::PyTypeError, prelude::*};
use weixin::Callback;

use crate::{
    failure::raise,
    secret::{Secret, SecretText},
};

/// The secret that binds a login to a browser.
///
/// Without it, an attacker could log your user in to the attacker's account (login CSRF). Keep it where only this
/// browser has it, such as its session: ``session["weixin"] = csrf.expose()``. WeChat gets a hash of it only.
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

    /// A token whose state is this text, as it is: for a state of your own.
    #[staticmethod]
    fn from_state(py: Python<'_>, state: &str) -> PyResult<Self> {
        let token = weixin::CsrfToken::from_state(state).map_err(raise(py))?;
        Ok(Self(token))
    }

    /// The secret, to keep it.
    fn expose(&self) -> &str {
        self.0.expose()
    }

    /// The parameter ``state`` that WeChat gets and returns.
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

/// Compares a callback with the login that this browser has started, and returns its code.
///
/// ``query`` is the callback's query string as it came, without ``?``. Nothing is sent.
///
/// :raises CallbackError: the user declined, or the callback belongs to another login.
#[pyfunction]
pub(crate) fn verify_callback(
    py: Python<'_>,
    query: &Bound<'_, PyAny>,
    csrf: &Bound<'_, CsrfToken>,
) -> PyResult<Secret> {
    let query: String = query.extract().map_err(|_| {
        PyTypeError::new_err(
            "query: expected the query string as it came, such as request.query_string.decode()",
        )
    })?;
    let callback = Callback::parse(&query).map_err(raise(py))?;
    let code = callback.verify(&csrf.get().0).map_err(raise(py))?;
    Secret::copy_of(code.expose())
}
