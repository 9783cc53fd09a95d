//! The QR code inside a page.

use pyo3::prelude::*;
use weixin_axum::embed;

use crate::response::header_list;

/// The URLs of a QR code inside a page, for a page that is written by hand.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct EmbeddedQr(pub(crate) weixin::authorize::EmbeddedQr);

#[pymethods]
impl EmbeddedQr {
    #[getter]
    fn frame_url(&self) -> &str {
        self.0.frame_url().as_str()
    }

    #[getter]
    fn frame_origin(&self) -> String {
        self.0.frame_origin().as_str().to_owned()
    }

    #[getter]
    fn script_url(&self) -> &str {
        self.0.script_url().as_str()
    }

    fn settings(&self, container: &str) -> String {
        self.0.settings(container)
    }
}

/// A login by a QR code inside a page of the site.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct EmbeddedLogin(pub(crate) embed::EmbeddedLogin);

#[pymethods]
impl EmbeddedLogin {
    #[getter]
    fn iframe(&self) -> String {
        self.0.iframe()
    }

    fn script(&self, container: &str) -> String {
        self.0.script(container)
    }

    #[getter]
    fn nonce(&self) -> &str {
        self.0.nonce()
    }

    #[getter]
    fn content_security_policy(&self) -> String {
        let policy = self.0.content_security_policy();
        policy.to_str().unwrap_or_default().to_owned()
    }

    #[getter]
    fn headers(&self) -> Vec<(String, String)> {
        header_list(&self.0.headers())
    }
}
