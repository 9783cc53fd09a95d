//! The access token of an app itself.

use std::sync::Arc;

use pyo3::{exceptions::PyTypeError, prelude::*};
use weixin::{
    app::App as WeixinApp,
    mini_program::{PhoneCode, SessionKey},
};

use crate::{
    app::App,
    failure::raise,
    mini_program::PhoneNumber,
    process::PerProcess,
    runner::Runner,
    secret::{Secret, SecretText},
    store::Store,
    unix_time::unix_seconds,
};

/// The access token of an app (接口调用凭据). It is not pickled.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct AppToken(Arc<weixin::tokens::AppToken>);

#[pymethods]
impl AppToken {
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

    fn __repr__(&self) -> &'static str {
        "AppToken(…)"
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "an AppToken is not pickled: ask AppTokens for it",
        ))
    }
}

/// The access token of an app, renewed in time.
#[pyclass(frozen, module = "weixin_login._core")]
pub(crate) struct AppTokens {
    app: Py<App>,
    store: Py<Store>,
    is_legacy: bool,
    runner: Runner,
    tokens: PerProcess<weixin::AppTokens>,
}

impl AppTokens {
    /// The tokens of this process.
    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<weixin::AppTokens> {
        let tokens = self.tokens.get(py, || {
            let store = self.store.get().get(py)?;
            let tokens = match &*self.app.get().get(py)? {
                WeixinApp::OfficialAccount(app) => app.app_tokens(store),
                WeixinApp::MobileApp(app) => app.app_tokens(store),
                WeixinApp::MiniProgram(app) => app.app_tokens(store),
                _ => return Err(PyTypeError::new_err("kind='website' has no app tokens")),
            };
            Ok(if self.is_legacy {
                tokens.legacy_endpoint()
            } else {
                tokens
            })
        })?;
        Ok((*tokens).clone())
    }
}

#[pymethods]
impl AppTokens {
    #[new]
    #[pyo3(signature = (app, store, *, legacy_endpoint=false, asyncio=false))]
    fn new(
        py: Python<'_>,
        app: Py<App>,
        store: Py<Store>,
        legacy_endpoint: bool,
        asyncio: bool,
    ) -> PyResult<Self> {
        let tokens = Self {
            app,
            store,
            is_legacy: legacy_endpoint,
            runner: Runner::of(asyncio),
            tokens: PerProcess::new(),
        };
        tokens.get(py)?;
        Ok(tokens)
    }

    #[pyo3(name = "get")]
    fn current<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let tokens = self.get(py)?;
        self.runner
            .run(py, async move { Ok(AppToken(tokens.get().await?)) })
    }

    fn renew<'py>(
        &self,
        py: Python<'py>,
        rejected: &Bound<'_, AppToken>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (tokens, rejected) = (self.get(py)?, Arc::clone(&rejected.get().0));
        self.runner.run(
            py,
            async move { Ok(AppToken(tokens.renew(&rejected).await?)) },
        )
    }

    fn phone_number<'py>(
        &self,
        py: Python<'py>,
        code: SecretText<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let app = self.app.get().mini_program(py, "phone_number")?;
        let code = PhoneCode::new(code.text()?).map_err(raise(py))?;
        let tokens = self.get(py)?;
        self.runner.run(py, async move {
            let number = app.phone_number(&tokens, code).await?;
            Ok(PhoneNumber::new(number, None))
        })
    }

    fn check_session<'py>(
        &self,
        py: Python<'py>,
        openid: &str,
        session_key: SecretText<'_>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let app = self.app.get().mini_program(py, "check_session")?;
        let openid = openid.parse().map_err(raise(py))?;
        let key = SessionKey::new(session_key.text()?).map_err(raise(py))?;
        let tokens = self.get(py)?;
        self.runner.run(py, async move {
            Ok(app.check_session(&tokens, &openid, &key).await?)
        })
    }
}
