//! The options of WeChat's pages, as Python passes them.

use pyo3::{exceptions::PyValueError, prelude::*};
use weixin::{
    ConsentOptions, Language, QrPageOptions,
    authorize::{CallbackTarget, TextColor},
};

/// Options of WeChat's QR page.
#[derive(Default, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct QrPage {
    language: Option<String>,
    text_color: Option<String>,
    lite_style: bool,
    stylesheet: Option<String>,
    inline_stylesheet: Option<String>,
    no_fast_login: bool,
    callback_target: Option<String>,
}

/// Options of the official account's consent page.
#[derive(Default, FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Consent {
    silent: bool,
    force_dialog: bool,
    force_snapshot: bool,
}

impl QrPage {
    pub(crate) fn options(&self) -> PyResult<QrPageOptions> {
        let mut options = QrPageOptions::new();
        if let Some(name) = &self.language {
            options = options.language(language(name)?);
        }
        options = match self.text_color.as_deref() {
            None => options,
            Some("black") => options.text_color(TextColor::Black),
            Some("white") => options.text_color(TextColor::White),
            Some(_) => return Err(expected("text_color", "'black' or 'white'")),
        };
        if let Some(text) = &self.stylesheet {
            let url = text.parse().map_err(|_| expected("stylesheet", "a URL"))?;
            options = options.stylesheet(&url);
        }
        if let Some(css) = &self.inline_stylesheet {
            options = options.inline_stylesheet(css);
        }
        if self.lite_style {
            options = options.lite_style();
        }
        if self.no_fast_login {
            options = options.no_fast_login();
        }
        match self.callback_target.as_deref() {
            None => Ok(options),
            Some(name) => Ok(options.callback_target(callback_target(name)?)),
        }
    }
}

impl Consent {
    pub(crate) fn options(&self) -> ConsentOptions {
        let mut options = ConsentOptions::new();
        if self.silent {
            options = options.silent();
        }
        if self.force_dialog {
            options = options.force_dialog();
        }
        if self.force_snapshot {
            options = options.force_snapshot();
        }
        options
    }
}

pub(crate) fn callback_target(name: &str) -> PyResult<CallbackTarget> {
    match name {
        "top" => Ok(CallbackTarget::Top),
        "frame" => Ok(CallbackTarget::Frame),
        _ => Err(expected("callback_target", "'top' or 'frame'")),
    }
}

pub(crate) fn language(name: &str) -> PyResult<Language> {
    match name {
        "zh" => Ok(Language::Chinese),
        "en" => Ok(Language::English),
        _ => Err(expected("language", "'zh' or 'en'")),
    }
}

fn expected(name: &str, rule: &str) -> PyErr {
    PyValueError::new_err(format!("{name}: expected {rule}"))
}
