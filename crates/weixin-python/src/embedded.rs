//! The QR code inside a page.

use pyo3::prelude::*;
use weixin_axum::embed;

use crate::response::header_list;

/// A QR code inside a page that is written by hand.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct EmbeddedQr(pub(crate) weixin::authorize::EmbeddedQr);

#[pymethods]
impl EmbeddedQr {
    /// The URL for an ``iframe``.
    #[getter]
    fn frame_url(&self) -> &str {
        self.0.frame_url().as_str()
    }

    /// The origin for a ``Content-Security-Policy``.
    #[getter]
    fn frame_origin(&self) -> String {
        self.0.frame_origin().as_str().to_owned()
    }

    /// The URL of ``wxLogin.js``.
    #[getter]
    fn script_url(&self) -> &str {
        self.0.script_url().as_str()
    }

    /// The argument of ``new WxLogin(…)``, escaped for HTML.
    fn settings(&self, container: &str) -> String {
        self.0.settings(container)
    }
}

/// A login by a QR code inside a page of the site.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct EmbeddedLogin(pub(crate) embed::EmbeddedLogin);

#[pymethods]
impl EmbeddedLogin {
    /// An ``iframe`` element: HTML, without a script of WeChat's in the page.
    #[getter]
    fn iframe(&self) -> String {
        self.0.iframe()
    }

    /// HTML with WeChat's ``wxLogin.js``, for the element with the ID ``container`` before it.
    fn script(&self, container: &str) -> String {
        self.0.script(container)
    }

    /// The nonce of the page's scripts, for others of your own.
    #[getter]
    fn nonce(&self) -> &str {
        self.0.nonce()
    }

    /// A ``Content-Security-Policy`` that allows both ways.
    #[getter]
    fn content_security_policy(&self) -> String {
        let policy = self.0.content_security_policy();
        policy.to_str().unwrap_or_default().to_owned()
    }

    /// Headers of the page's response: cookies.
    #[getter]
    fn headers(&self) -> Vec<(String, String)> {
        header_list(&self.0.headers())
    }
}
