//! A stored access token of a user.

use std::sync::Arc;

use pyo3::{exceptions::PyTypeError, prelude::*};

use crate::{secret::Secret, unix_time::unix_seconds};

/// A stored access token of a user. It is not pickled.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct UserToken(pub(crate) Arc<weixin::tokens::UserToken>);

#[pymethods]
impl UserToken {
    /// The app.
    #[getter]
    fn app_id(&self) -> &str {
        self.0.app().as_str()
    }

    /// The OpenID.
    #[getter]
    fn openid(&self) -> &str {
        self.0.openid().as_str()
    }

    /// The UnionID.
    #[getter]
    fn unionid(&self) -> Option<&str> {
        self.0.unionid().map(weixin::UnionId::as_str)
    }

    /// The access token.
    #[getter]
    fn access_token(&self) -> PyResult<Secret> {
        Secret::copy_of(self.0.access_token().expose())
    }

    /// When it expires, in seconds since 1970.
    #[getter]
    fn expires_at(&self) -> f64 {
        unix_seconds(self.0.expires_at())
    }

    /// When the user must log in again, in seconds since 1970.
    #[getter]
    fn login_expires_at(&self) -> f64 {
        unix_seconds(self.0.login_expires_at())
    }

    fn __repr__(&self) -> String {
        format!(
            "UserToken(app_id='{}', openid='{}', …)",
            self.0.app(),
            self.0.openid()
        )
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a UserToken is not pickled: ask UserTokens for it",
        ))
    }
}
