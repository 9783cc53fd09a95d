//! An app of WeChat's, and the calls that it can make.

use std::sync::Arc;

use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
};
use url::Url;
use weixin::{
    Code, RedirectUri,
    app::{App as WeixinApp, AppKind},
    tokens::{RefreshToken, TokenStatus},
};

use crate::{
    csrf_token::CsrfToken,
    embedded::EmbeddedQr,
    failure::raise,
    options::{Consent, QrPage},
    process::PerProcess,
    runner::Runner,
    secret::SecretText,
    settings::{Arguments, Settings, kind_name},
    token::{BearerToken, Token},
    user::User,
};

/// An app of WeChat's.
#[pyclass(frozen, module = "weixin_login._core")]
pub(crate) struct App {
    pub(crate) settings: Settings,
    pub(crate) runner: Runner,
    app: PerProcess<WeixinApp>,
}

impl App {
    /// The app of this process.
    pub(crate) fn get(&self, py: Python<'_>) -> PyResult<Arc<WeixinApp>> {
        self.app.get(py, || self.settings.build(py))
    }

    /// The calls that apps with a login share.
    pub(crate) fn client(&self, py: Python<'_>, call: &str) -> PyResult<weixin::Client> {
        let app = self.get(py)?;
        app.client()
            .cloned()
            .ok_or_else(|| self.wrong_kind(call, "session"))
    }

    pub(crate) fn mini_program(&self, py: Python<'_>, call: &str) -> PyResult<weixin::MiniProgram> {
        match &*self.get(py)? {
            WeixinApp::MiniProgram(app) => Ok(app.clone()),
            _ => Err(self.wrong_kind(call, "exchange")),
        }
    }

    fn wrong_kind(&self, call: &str, instead: &str) -> PyErr {
        let kind = kind_name(self.settings.kind);
        PyTypeError::new_err(format!("kind='{kind}' has no {call}(): use {instead}()"))
    }

    pub(crate) fn redirect_uri(
        &self,
        py: Python<'_>,
        given: Option<&str>,
    ) -> PyResult<RedirectUri> {
        match given {
            Some(text) => text.parse().map_err(raise(py)),
            None => self.settings.redirect_uri.clone().ok_or_else(|| {
                PyValueError::new_err("redirect_uri: give it here, or to the client")
            }),
        }
    }
}

#[pymethods]
impl App {
    #[new]
    #[pyo3(signature = (app_id, app_secret, *, kind, redirect_uri, api_url, open_url, connect_timeout, timeout, max_attempts, transport, sandbox, allow_snapshot_users, asyncio=false))]
    fn new(
        py: Python<'_>,
        app_id: String,
        app_secret: SecretText<'_>,
        kind: String,
        redirect_uri: Option<String>,
        api_url: Option<String>,
        open_url: Option<String>,
        connect_timeout: f64,
        timeout: f64,
        max_attempts: u32,
        transport: Option<Py<PyAny>>,
        sandbox: bool,
        allow_snapshot_users: bool,
        asyncio: bool,
    ) -> PyResult<Self> {
        let arguments = Arguments {
            kind,
            app_id,
            app_secret,
            redirect_uri,
            api_url,
            open_url,
            connect_timeout,
            timeout,
            max_attempts,
            transport,
            sandbox,
            allow_snapshot_users,
        };
        Ok(Self {
            settings: Settings::new(py, arguments)?,
            runner: Runner::of(asyncio),
            app: PerProcess::new(),
        })
    }

    #[getter]
    fn app_id(&self) -> &str {
        self.settings.id.as_str()
    }

    #[getter]
    fn kind(&self) -> &'static str {
        kind_name(self.settings.kind)
    }

    #[getter(redirect_uri)]
    fn configured_redirect_uri(&self) -> Option<String> {
        self.settings.redirect_uri.as_ref().map(ToString::to_string)
    }

    #[pyo3(signature = (csrf, *, redirect_uri=None, qr_page=None, consent=None))]
    fn authorize_url(
        &self,
        py: Python<'_>,
        csrf: &Bound<'_, CsrfToken>,
        redirect_uri: Option<&str>,
        qr_page: Option<QrPage>,
        consent: Option<Consent>,
    ) -> PyResult<String> {
        if self.settings.kind == AppKind::MiniProgram {
            return Err(self.wrong_kind("authorize_url", "session"));
        }
        let redirect_uri = self.redirect_uri(py, redirect_uri)?;
        let csrf = &csrf.get().0;
        let url = match &*self.get(py)? {
            WeixinApp::Website(app) => {
                let options = qr_page.unwrap_or_default().options()?;
                app.authorize_url(&redirect_uri, csrf, &options)
            }
            WeixinApp::OfficialAccount(app) => {
                let options = consent.unwrap_or_default().options();
                app.authorize_url(&redirect_uri, csrf, &options)
            }
            _ => return Err(self.wrong_kind("authorize_url", "exchange")),
        };
        url.map(String::from).map_err(raise(py))
    }

    #[pyo3(signature = (csrf, *, redirect_uri=None, qr_page=None))]
    fn embedded_qr(
        &self,
        py: Python<'_>,
        csrf: &Bound<'_, CsrfToken>,
        redirect_uri: Option<&str>,
        qr_page: Option<QrPage>,
    ) -> PyResult<EmbeddedQr> {
        let redirect_uri = self.redirect_uri(py, redirect_uri)?;
        let WeixinApp::Website(app) = &*self.get(py)? else {
            return Err(self.wrong_kind("embedded_qr", "a website app: authorize_url"));
        };
        let options = qr_page.unwrap_or_default().options()?;
        let embedded = app.embedded_qr(&redirect_uri, &csrf.get().0, &options);
        embedded.map(EmbeddedQr).map_err(raise(py))
    }

    #[pyo3(signature = (redirect_uri=None))]
    fn probe<'py>(
        &self,
        py: Python<'py>,
        redirect_uri: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let redirect_uri = self.redirect_uri(py, redirect_uri)?;
        let app = self.get(py)?;
        if !matches!(*app, WeixinApp::Website(_) | WeixinApp::OfficialAccount(_)) {
            return Err(self.wrong_kind("probe", "exchange"));
        }
        self.runner.run(py, async move {
            match &*app {
                WeixinApp::Website(app) => app.probe(&redirect_uri).await?,
                WeixinApp::OfficialAccount(app) => app.probe(&redirect_uri).await?,
                _ => {}
            }
            Ok(())
        })
    }

    /// As `probe`, for a URL that another program has made.
    fn probe_url<'py>(&self, py: Python<'py>, url: &str) -> PyResult<Bound<'py, PyAny>> {
        let url = Url::parse(url)
            .map_err(|_| PyValueError::new_err("url: expected the URL of a login page"))?;
        let app = self.get(py)?;
        if !matches!(*app, WeixinApp::Website(_) | WeixinApp::OfficialAccount(_)) {
            return Err(self.wrong_kind("probe_url", "exchange"));
        }
        self.runner.run(py, async move {
            match &*app {
                WeixinApp::Website(app) => app.probe_url(&url).await?,
                WeixinApp::OfficialAccount(app) => app.probe_url(&url).await?,
                _ => {}
            }
            Ok(())
        })
    }

    fn exchange<'py>(&self, py: Python<'py>, code: SecretText<'_>) -> PyResult<Bound<'py, PyAny>> {
        let client = self.client(py, "exchange")?;
        let code = Code::new(code.text()?).map_err(raise(py))?;
        self.runner.run(py, async move {
            Ok(Token::of_call(client.exchange(code).await?))
        })
    }

    fn refresh<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'_, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let client = self.client(py, "refresh")?;
        let text = match token.cast::<Token>() {
            Ok(token) => token.get().0.refresh_token.expose().to_owned(),
            Err(_) => token.extract::<SecretText<'_>>()?.text()?,
        };
        let refresh_token = RefreshToken::new(text).map_err(raise(py))?;
        self.runner.run(py, async move {
            Ok(Token::of_call(client.refresh(&refresh_token).await?))
        })
    }

    #[pyo3(signature = (token, openid=None))]
    fn check<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'_, PyAny>,
        openid: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let client = self.client(py, "check")?;
        let token = BearerToken::of(py, token, openid)?;
        self.runner.run(py, async move {
            Ok(matches!(
                client.check(token.bearer()).await?,
                TokenStatus::Valid
            ))
        })
    }

    /// As `check`: why an access token is invalid (`errcode`, `errmsg`, `rid`), or `None` if it is valid.
    #[pyo3(signature = (token, openid=None))]
    fn check_error<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'_, PyAny>,
        openid: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let client = self.client(py, "check_error")?;
        let token = BearerToken::of(py, token, openid)?;
        self.runner.run(py, async move {
            Ok(match client.check(token.bearer()).await? {
                TokenStatus::Invalid(error) => Some((error.code.0, error.message, error.rid)),
                _ => None,
            })
        })
    }

    #[pyo3(signature = (token, openid=None))]
    fn user<'py>(
        &self,
        py: Python<'py>,
        token: &Bound<'_, PyAny>,
        openid: Option<&str>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let client = self.client(py, "user")?;
        let token = BearerToken::of(py, token, openid)?;
        self.runner.run(
            py,
            async move { Ok(User(client.user(token.bearer()).await?)) },
        )
    }
}
