//! The access tokens of users, refreshed in time.

use std::{sync::Arc, time::Duration};

use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
};
use weixin::{AppId, OpenId};

use crate::{
    app::App, failure::raise, process::PerProcess, runner::Runner, store::Store, token::Token,
    user::User, user_token::UserToken,
};

/// The access tokens of the users of some apps.
#[pyclass(frozen, module = "weixin_login._core")]
pub(crate) struct UserTokens {
    apps: Vec<Py<App>>,
    store: Py<Store>,
    login_lifetime: Duration,
    runner: Runner,
    tokens: PerProcess<weixin::UserTokens>,
}

impl UserTokens {
    fn get_tokens(&self, py: Python<'_>) -> PyResult<weixin::UserTokens> {
        let tokens = self.tokens.get(py, || {
            let mut apps = self
                .apps
                .iter()
                .map(|app| app.get().client(py, "UserTokens"));
            let first = apps.next().ok_or_else(no_app)??;
            let tokens = weixin::UserTokens::new(first, self.store.get().get(py)?);
            let tokens = tokens.login_lifetime(self.login_lifetime);
            apps.try_fold(tokens, |tokens, app| Ok::<_, PyErr>(tokens.app(app?)))
        })?;
        Ok((*tokens).clone())
    }

    /// The app, which may be left out if there is only one.
    fn app_id(&self, py: Python<'_>, given: Option<&str>) -> PyResult<AppId> {
        match (given, self.apps.as_slice()) {
            (Some(text), _) => text.parse().map_err(raise(py)),
            (None, [app]) => Ok(app.get().settings.id.clone()),
            (None, _) => Err(PyTypeError::new_err(
                "app_id: needed, as there are several apps",
            )),
        }
    }
}

fn no_app() -> PyErr {
    PyValueError::new_err("clients: expected at least one")
}

#[pymethods]
impl UserTokens {
    #[new]
    #[pyo3(signature = (apps, store, *, login_lifetime, asyncio=false))]
    fn new(
        py: Python<'_>,
        apps: Vec<Py<App>>,
        store: Py<Store>,
        login_lifetime: u64,
        asyncio: bool,
    ) -> PyResult<Self> {
        let tokens = Self {
            apps,
            store,
            login_lifetime: Duration::from_secs(login_lifetime),
            runner: Runner::of(asyncio),
            tokens: PerProcess::new(),
        };
        tokens.get_tokens(py)?;
        Ok(tokens)
    }

    fn insert<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'_, Token>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (tokens, token) = (self.get_tokens(py)?, token.get().0.clone());
        self.runner
            .run(py, async move { Ok(tokens.insert(&token).await?) })
    }

    #[pyo3(signature = (openid, app_id=None))]
    fn get<'py>(
        &self,
        py: Python<'py>,
        openid: &str,
        app_id: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (tokens, app) = (self.get_tokens(py)?, self.app_id(py, app_id)?);
        let openid: OpenId = openid.parse().map_err(raise(py))?;
        self.runner.run(py, async move {
            Ok(UserToken(tokens.get(&app, &openid).await?))
        })
    }

    fn renew<'py>(
        &self,
        py: Python<'py>,
        rejected: &Bound<'_, UserToken>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (tokens, rejected) = (self.get_tokens(py)?, Arc::clone(&rejected.get().0));
        self.runner.run(
            py,
            async move { Ok(UserToken(tokens.renew(&rejected).await?)) },
        )
    }

    #[pyo3(signature = (openid, app_id=None))]
    fn user<'py>(
        &self,
        py: Python<'py>,
        openid: &str,
        app_id: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (tokens, app) = (self.get_tokens(py)?, self.app_id(py, app_id)?);
        let openid: OpenId = openid.parse().map_err(raise(py))?;
        self.runner.run(
            py,
            async move { Ok(User(tokens.user(&app, &openid).await?)) },
        )
    }

    #[pyo3(signature = (openid, app_id=None))]
    fn remove<'py>(
        &self,
        py: Python<'py>,
        openid: &str,
        app_id: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (tokens, app) = (self.get_tokens(py)?, self.app_id(py, app_id)?);
        let openid: OpenId = openid.parse().map_err(raise(py))?;
        self.runner
            .run(py, async move { Ok(tokens.remove(&app, &openid).await?) })
    }
}
