//! The meaning and the remedy of WeChat's error codes.

use pyo3::{prelude::*, types::PyDict};
use weixin::error::{ErrCode, Explanation};

use crate::classes::{action, class, responsible};

/// The meaning and the remedy of one of WeChat's error codes, or ``None`` if it is unknown.
#[pyfunction]
pub(crate) fn explain(py: Python<'_>, code: i64) -> PyResult<Option<Bound<'_, PyAny>>> {
    let explanation = ErrCode(code).explanation();
    explanation.map(|known| object(py, known)).transpose()
}

/// An `Explanation` of `weixin_login.errors`.
pub(crate) fn object<'py>(
    py: Python<'py>,
    explanation: &Explanation,
) -> PyResult<Bound<'py, PyAny>> {
    let facts = PyDict::new(py);
    facts.set_item("code", explanation.code.0)?;
    facts.set_item("message", explanation.message)?;
    facts.set_item("endpoints", explanation.endpoints)?;
    facts.set_item("cause", (explanation.cause.en, explanation.cause.zh))?;
    facts.set_item("remedy", (explanation.remedy.en, explanation.remedy.zh))?;
    facts.set_item("action", action(explanation.code.action()))?;
    facts.set_item(
        "responsible",
        explanation.code.responsible().map(responsible),
    )?;
    class(py, "Explanation")?.call((), Some(&facts))
}
