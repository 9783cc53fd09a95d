//! A completed web login.

use std::sync::Arc;

use pyo3::{exceptions::PyTypeError, prelude::*};

use crate::{
    failure::{Failure, raise},
    response::Response,
    runner::Runner,
    token::{Token, TokenOf},
    user::User,
};

/// A completed login.
#[pyclass(frozen, module = "weixin_login._core")]
pub(crate) struct Login {
    login: Arc<weixin_axum::Login>,
    headers: Vec<(String, String)>,
    runner: Runner,
}

impl Login {
    pub(crate) fn new(
        login: weixin_axum::Login,
        headers: Vec<(String, String)>,
        runner: Runner,
    ) -> Self {
        Self {
            login: Arc::new(login),
            headers,
            runner,
        }
    }
}

#[pymethods]
impl Login {
    #[getter]
    fn app_id(&self) -> &str {
        self.login.app_id().as_str()
    }

    #[getter]
    fn openid(&self) -> &str {
        self.login.openid().as_str()
    }

    #[getter]
    fn unionid(&self) -> Option<&str> {
        self.login.unionid().map(weixin::UnionId::as_str)
    }

    #[getter]
    fn identities(&self) -> Vec<String> {
        let ids = self.login.user_ids();
        ids.identities().map(|one| one.to_string()).collect()
    }

    #[getter]
    fn token(&self) -> Token {
        Token(TokenOf::Login(Arc::clone(&self.login)))
    }

    #[getter]
    fn return_to(&self) -> Option<&str> {
        self.login.return_to().map(weixin_axum::ReturnPath::as_str)
    }

    #[getter]
    fn is_repeat(&self) -> bool {
        self.login.is_repeat()
    }

    #[getter]
    fn headers(&self) -> Vec<(String, String)> {
        self.headers.clone()
    }

    fn user<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let login = Arc::clone(&self.login);
        self.runner.run(py, async move {
            let user = login.user().await;
            user.map(User)
                .map_err(|failed| Failure::Login(Box::new(failed)))
        })
    }

    fn popup(&self, py: Python<'_>, opener: &str, message: String) -> PyResult<Response> {
        let opener = opener.parse().map_err(raise(py))?;
        Ok(self.login.popup(&opener, message).into_http().into())
    }

    fn __repr__(&self) -> String {
        format!("Login(openid='{}', …)", self.login.openid())
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a Login is not pickled: store its IDs",
        ))
    }
}
