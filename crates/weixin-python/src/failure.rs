//! What can fail in a call, and the exception that Python gets.

use pyo3::prelude::*;
use weixin_axum::LoginError;

use crate::{error, login_error};

/// What can fail in a call.
pub(crate) enum Failure {
    /// The SDK.
    Weixin(weixin::Error),
    /// A web login.
    Login(Box<LoginError>),
}

impl Failure {
    /// The exception: a class of `weixin_login.errors`.
    pub(crate) fn into_exception(self, py: Python<'_>) -> PyErr {
        match self {
            Self::Weixin(failed) => error::exception(py, &failed),
            Self::Login(failed) => login_error::exception(py, *failed),
        }
    }
}

impl<E: Into<weixin::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Weixin(error.into())
    }
}

/// The exception of a call that asks no server.
pub(crate) fn raise<E: Into<weixin::Error>>(py: Python<'_>) -> impl FnOnce(E) -> PyErr {
    move |failed| error::exception(py, &failed.into())
}
