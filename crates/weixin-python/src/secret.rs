//! Secrets that Python can pass on, but not print by accident.

use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    pyclass::CompareOp,
    types::PyString,
};
use weixin::AppSecret;

/// A secret: ``repr`` and ``str`` do not show it, and it cannot be pickled.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct Secret(AppSecret);

impl Secret {
    pub(crate) fn copy_of(text: &str) -> PyResult<Self> {
        // The rules of all secrets are the same; the error does not repeat the text.
        let secret = AppSecret::new(text).map_err(|error| {
            PyValueError::new_err(format!("not a valid secret: expected {}", error.rule))
        })?;
        Ok(Self(secret))
    }

    pub(crate) fn text(&self) -> &str {
        self.0.expose()
    }
}

#[pymethods]
impl Secret {
    #[new]
    fn new(value: &str) -> PyResult<Self> {
        Self::copy_of(value)
    }

    /// The secret itself. Search for this name to review every use.
    fn expose(&self) -> &str {
        self.text()
    }

    fn __repr__(&self) -> &'static str {
        "Secret(…)"
    }

    fn __richcmp__(&self, other: &Bound<'_, PyAny>, operation: CompareOp) -> PyResult<bool> {
        let is_equal = match other.cast::<Self>() {
            Ok(other) => same(self.text().as_bytes(), other.get().text().as_bytes()),
            Err(_) => false,
        };
        match operation {
            CompareOp::Eq => Ok(is_equal),
            CompareOp::Ne => Ok(!is_equal),
            _ => Err(PyTypeError::new_err("secrets have no order")),
        }
    }

    fn __copy__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __deepcopy__(slf: Py<Self>, _memo: &Bound<'_, PyAny>) -> Py<Self> {
        slf
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a Secret is not pickled: store what `expose()` returns, encrypted",
        ))
    }
}

/// Compares in a time that does not depend on the place of the first difference.
fn same(one: &[u8], other: &[u8]) -> bool {
    one.len() == other.len() && one.iter().zip(other).fold(0, |all, (a, b)| all | (a ^ b)) == 0
}

/// A secret, or its text.
pub(crate) enum SecretText<'py> {
    Secret(Bound<'py, Secret>),
    Text(Bound<'py, PyString>),
}

impl SecretText<'_> {
    pub(crate) fn text(&self) -> PyResult<String> {
        match self {
            Self::Secret(secret) => Ok(secret.get().text().to_owned()),
            Self::Text(text) => text.extract(),
        }
    }
}

impl<'a, 'py> FromPyObject<'a, 'py> for SecretText<'py> {
    type Error = PyErr;

    fn extract(value: Borrowed<'a, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(secret) = value.cast::<Secret>() {
            return Ok(Self::Secret(secret.to_owned()));
        }
        match value.cast::<PyString>() {
            Ok(text) => Ok(Self::Text(text.to_owned())),
            Err(_) => Err(PyTypeError::new_err("expected a str or a Secret")),
        }
    }
}
