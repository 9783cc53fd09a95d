//! The login of a web site, for any framework: headers and queries in, responses out. The rules are those of `weixin-axum`.

use pyo3::{exceptions::PyValueError, prelude::*};
use weixin::{RedirectUri, app::App as WeixinApp};
use weixin_axum::{LoginError, ReturnPath, StartLogin, pages::PageText};

use crate::{
    app::App,
    attach::attach,
    embedded::EmbeddedLogin,
    failure::Failure,
    login::Login,
    login_error,
    options::{Consent, QrPage, callback_target},
    process::PerProcess,
    response::{Response, header_list, header_map},
    return_path,
    runner::Runner,
    store::Store,
};

type Headers = Vec<(String, String)>;

/// The login of a web site.
#[pyclass(frozen, module = "weixin_login._core")]
pub(crate) struct WebLogin {
    apps: Vec<Py<App>>,
    redirect_uri: RedirectUri,
    login_path: Option<ReturnPath>,
    pages: Option<Py<PyAny>>,
    store: Option<Py<Store>>,
    runner: Runner,
    login: PerProcess<weixin_axum::WebLogin>,
}

impl WebLogin {
    /// The login of this process.
    fn get(&self, py: Python<'_>) -> PyResult<weixin_axum::WebLogin> {
        let login = self.login.get(py, || self.build(py))?;
        Ok((*login).clone())
    }

    fn build(&self, py: Python<'_>) -> PyResult<weixin_axum::WebLogin> {
        let mut builder = weixin_axum::WebLogin::builder(self.redirect_uri.clone());
        for app in &self.apps {
            builder = match &*app.get().get(py)? {
                WeixinApp::Website(app) => builder.website(app.clone()),
                WeixinApp::OfficialAccount(app) => builder.official_account(app.clone()),
                _ => return Err(PyValueError::new_err(NOT_FOR_THE_WEB)),
            };
        }
        if let Some(path) = &self.login_path {
            builder = builder.login_path(path.clone());
        }
        if let Some(render) = &self.pages {
            let render = render.clone_ref(py);
            builder = builder.pages(move |page| rendered(&render, page));
        }
        if let Some(store) = &self.store {
            builder = builder.shared(store.get().get(py)?);
        }
        builder
            .build()
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }

    fn start_login(
        py: Python<'_>,
        start: StartLogin,
        return_to: Option<&str>,
        qr_page: Option<QrPage>,
        consent: Option<Consent>,
    ) -> PyResult<StartLogin> {
        let mut start = start;
        if let Some(path) = return_to {
            start = start.return_to(return_path::parse(py, path)?);
        }
        if let Some(options) = qr_page {
            start = start.qr_page(options.options()?);
        }
        if let Some(options) = consent {
            start = start.consent(options.options());
        }
        Ok(start)
    }
}

const NOT_FOR_THE_WEB: &str =
    "clients: expected a website app, an official account, or both: other kinds have no login page";

#[pymethods]
impl WebLogin {
    #[new]
    #[pyo3(signature = (apps, *, redirect_uri=None, login_path=None, pages=None, store=None, asyncio=false))]
    fn new(
        py: Python<'_>,
        apps: Vec<Py<App>>,
        redirect_uri: Option<&str>,
        login_path: Option<&str>,
        pages: Option<Py<PyAny>>,
        store: Option<Py<Store>>,
        asyncio: bool,
    ) -> PyResult<Self> {
        let first = apps
            .first()
            .ok_or_else(|| PyValueError::new_err(NOT_FOR_THE_WEB))?;
        let redirect_uri = first.get().redirect_uri(py, redirect_uri)?;
        let login_path = match login_path {
            Some(path) => Some(return_path::parse(py, path)?),
            None => None,
        };
        let login = Self {
            redirect_uri,
            login_path,
            pages,
            store,
            runner: Runner::of(asyncio),
            login: PerProcess::new(),
            apps,
        };
        login.get(py)?;
        Ok(login)
    }

    #[pyo3(signature = (headers, *, return_to=None, force_dialog=false, qr_page=None, consent=None))]
    fn start(
        &self,
        py: Python<'_>,
        headers: Headers,
        return_to: Option<&str>,
        force_dialog: bool,
        qr_page: Option<QrPage>,
        consent: Option<Consent>,
    ) -> PyResult<Response> {
        let start = self
            .get(py)?
            .start(&header_map(headers))
            .map_err(failed(py))?;
        let mut start = Self::start_login(py, start, return_to, qr_page, consent)?;
        if force_dialog {
            start = start.force_dialog();
        }
        Ok(start.into_http().into())
    }

    #[pyo3(signature = (headers, *, return_to=None))]
    fn start_silently(
        &self,
        py: Python<'_>,
        headers: Headers,
        return_to: Option<&str>,
    ) -> PyResult<Option<Response>> {
        let Some(start) = self.get(py)?.start_silently(&header_map(headers)) else {
            return Ok(None);
        };
        let start = Self::start_login(py, start, return_to, None, None)?;
        Ok(Some(start.into_http().into()))
    }

    #[pyo3(signature = (headers, *, return_to=None, callback_target=None, qr_page=None))]
    fn embed(
        &self,
        py: Python<'_>,
        headers: Headers,
        return_to: Option<&str>,
        callback_target: Option<&str>,
        qr_page: Option<QrPage>,
    ) -> PyResult<EmbeddedLogin> {
        let mut embedded = self
            .get(py)?
            .embed(&header_map(headers))
            .map_err(failed(py))?;
        if let Some(path) = return_to {
            embedded = embedded.return_to(return_path::parse(py, path)?);
        }
        if let Some(options) = qr_page {
            embedded = embedded.qr_page(options.options()?);
        }
        if let Some(name) = callback_target {
            embedded = embedded.callback_target(self::callback_target(name)?);
        }
        Ok(EmbeddedLogin(embedded))
    }

    fn callback<'py>(
        &self,
        py: Python<'py>,
        query: &str,
        headers: Headers,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (login, runner) = (self.get(py)?, self.runner);
        let (query, headers) = (query.to_owned(), header_map(headers));
        self.runner.run(py, async move {
            let exchanged = match login.verify(&query, &headers) {
                Ok(callback) => login.exchange(callback).await,
                Err(failed) => Err(failed),
            };
            let (login, headers) = exchanged.map_err(|failed| Failure::Login(Box::new(failed)))?;
            Ok(Login::new(login, header_list(&headers), runner))
        })
    }

    fn end_login<'py>(&self, py: Python<'py>, headers: Headers) -> PyResult<Bound<'py, PyAny>> {
        let (login, headers) = (self.get(py)?, header_map(headers));
        self.runner.run(py, async move {
            Ok(header_list(&login.end_login(&headers).await))
        })
    }

    fn __repr__(&self) -> String {
        format!("WebLogin(redirect_uri='{}')", self.redirect_uri)
    }
}

fn failed(py: Python<'_>) -> impl FnOnce(LoginError) -> PyErr {
    move |failed| login_error::exception(py, failed)
}

/// A page by the site's own function. If it fails, the page is its text, escaped, and Python shows the exception.
fn rendered(render: &Py<PyAny>, page: &PageText) -> String {
    let called = attach(|py| {
        let link = page.link.as_ref().map(|link| (&link.href, &link.label));
        let arguments = (page.language.tag(), &page.title, &page.text, link);
        let html = render
            .call1(py, arguments)
            .and_then(|html| html.extract(py));
        html.unwrap_or_else(|error: PyErr| {
            error.write_unraisable(py, Some(render.bind(py)));
            escaped(page)
        })
    });
    called.unwrap_or_default()
}

fn escaped(page: &PageText) -> String {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        "<!doctype html><h1>{}</h1><p>{}</p>",
        escape(&page.title),
        escape(&page.text)
    )
}
