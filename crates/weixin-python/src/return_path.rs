//! Return paths as Python's frameworks have them.

use percent_encoding::{AsciiSet, utf8_percent_encode};
use pyo3::prelude::*;
use weixin_axum::ReturnPath;

use crate::failure::raise;

/// What is not ASCII is encoded in any case. Control characters are not: they are rejected.
const NOT_IN_A_PATH: &AsciiSet = &AsciiSet::EMPTY.add(b' ');

/// A path, which frameworks pass decoded: what is not ASCII, and spaces, are encoded again.
pub(crate) fn parse(py: Python<'_>, text: &str) -> PyResult<ReturnPath> {
    encoded(text).parse().map_err(raise(py))
}

/// A path on this site, for ``return_to``: encoded, or ``None`` for anything else, such as a URL of another site.
///
/// Use it for what a visitor can make up: ``weixin.start(return_to=return_path(request.args.get("next")))``.
#[pyfunction]
#[pyo3(signature = (text))]
pub(crate) fn return_path(text: Option<&str>) -> Option<String> {
    let path: ReturnPath = encoded(text?).parse().ok()?;
    Some(path.as_str().to_owned())
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NOT_IN_A_PATH).to_string()
}
