//! Errors of the SDK as exceptions of `weixin_login.errors`.

use pyo3::{exceptions::PyRuntimeError, prelude::*, types::PyDict};
use weixin::{Error, error::LoginPageError, transport::TransportErrorKind};

use crate::{
    callable,
    classes::{action, class, responsible},
    explain,
};

/// The exception of an error.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let transport = match error {
        Error::OutcomeUnknown { source, .. } => source,
        other => other,
    };
    let source = std::error::Error::source(transport);
    if let Some(mistake) = source.and_then(|source| callable::misuse(py, source)) {
        return PyErr::from_value(mistake);
    }
    match build(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(failed) => failed,
    }
}

fn build<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let facts = PyDict::new(py);
    facts.set_item("action", action(error.action()))?;
    facts.set_item("responsible", error.responsible().map(responsible))?;
    facts.set_item("code", error.code().map(|code| code.0))?;
    if let Some(explanation) = error.explanation() {
        facts.set_item("explanation", explain::object(py, explanation)?)?;
    }
    add_details(error, &facts)?;
    let exception = class(py, class_name(error))?.call((text(error),), Some(&facts))?;
    if let Some(cause) = cause(py, error)? {
        exception.setattr("__cause__", cause)?;
    }
    Ok(exception)
}

/// The text of an error; a store's with its cause, as the developer can correct it.
fn text(error: &Error) -> String {
    match (error, std::error::Error::source(error)) {
        (Error::Store(_), Some(cause)) => format!("{error}: {}", chain(cause)),
        _ => error.to_string(),
    }
}

/// A cause and its own causes in one text: "dns error: …".
fn chain(cause: &dyn std::error::Error) -> String {
    let mut text = cause.to_string();
    let mut next = cause.source();
    while let Some(deeper) = next {
        text = format!("{text}: {deeper}");
        next = deeper.source();
    }
    text
}

fn add_details(error: &Error, facts: &Bound<'_, PyDict>) -> PyResult<()> {
    match error {
        Error::Api(api) => {
            facts.set_item("path", api.path)?;
            facts.set_item("message", &api.message)?;
            facts.set_item("rid", api.rid.as_deref())?;
            facts.set_item(
                "caller_ip",
                api.caller_ip().map(|address| address.to_string()),
            )
        }
        Error::Decode { path, field } => {
            facts.set_item("path", path)?;
            facts.set_item("field", field)
        }
        Error::OutcomeUnknown { path, .. } => facts.set_item("path", path),
        Error::Parse(parse) => {
            facts.set_item("what", parse.what)?;
            facts.set_item("rule", parse.rule)
        }
        Error::Status { path, status } => {
            facts.set_item("path", path)?;
            facts.set_item("status", status)
        }
        Error::LoginPage(page) => facts.set_item("reason", page_reason(*page)),
        Error::Callback(weixin::error::CallbackError::Malformed(parse)) => {
            facts.set_item("reason", "malformed")?;
            facts.set_item("what", parse.what)?;
            facts.set_item("rule", parse.rule)
        }
        Error::Callback(weixin::error::CallbackError::Declined) => {
            facts.set_item("reason", "declined")
        }
        Error::Callback(_) => facts.set_item("reason", "csrf_mismatch"),
        Error::Transport(failed) => facts.set_item("reason", transport_reason(failed.kind())),
        _ => Ok(()),
    }
}

fn class_name(error: &Error) -> &'static str {
    match error {
        Error::Api(_) => "ApiError",
        Error::Callback(_) => "CallbackError",
        Error::Decode { .. } => "DecodeError",
        Error::LoginExpired => "LoginExpiredError",
        Error::LoginPage(_) => "LoginPageError",
        Error::OutcomeUnknown { .. } => "OutcomeUnknownError",
        Error::Parse(_) => "ParseError",
        Error::Payload(_) => "PayloadError",
        Error::SnapshotUser => "SnapshotUserError",
        Error::Status { .. } => "StatusError",
        Error::Store(_) | Error::StoreBusy => "StoreError",
        Error::Transport(_) => "TransportError",
        Error::UnknownApp(_) => "UnknownAppError",
        _ => "Error",
    }
}

/// What Python shows as the cause: another of our exceptions, that of a callable transport, or the text of the source.
fn cause<'py>(py: Python<'py>, error: &Error) -> PyResult<Option<Bound<'py, PyAny>>> {
    if let Error::OutcomeUnknown { source, .. } = error {
        return build(py, source).map(Some);
    }
    let Some(source) = std::error::Error::source(error) else {
        return Ok(None);
    };
    let text = callable::raised(py, source).unwrap_or_else(|| chain(source));
    let value = PyRuntimeError::new_err(text).into_value(py);
    Ok(Some(value.into_bound(py).into_any()))
}

fn page_reason(error: LoginPageError) -> &'static str {
    match error {
        LoginPageError::AppId => "app_id",
        LoginPageError::Code(_) => "code",
        LoginPageError::OutsideWeChat => "outside_wechat",
        LoginPageError::RedirectUri => "redirect_uri",
        LoginPageError::Rejected => "rejected",
        LoginPageError::Scope => "scope",
        _ => "unrecognized",
    }
}

fn transport_reason(kind: TransportErrorKind) -> &'static str {
    match kind {
        TransportErrorKind::Connect => "connect",
        TransportErrorKind::Timeout => "timeout",
        TransportErrorKind::TooLarge => "too_large",
        _ => "other",
    }
}
