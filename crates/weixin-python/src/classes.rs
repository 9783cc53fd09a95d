//! The classes of `weixin_login.errors`, and the words that they use.

use pyo3::{prelude::*, sync::PyOnceLock};
use weixin::{Action, error::Responsible};

/// A class of `weixin_login.errors`.
pub(crate) fn class<'py>(py: Python<'py>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    static MODULE: PyOnceLock<Py<PyModule>> = PyOnceLock::new();
    let module =
        MODULE.get_or_try_init(py, || py.import("weixin_login.errors").map(Bound::unbind))?;
    module.bind(py).getattr(name)
}

pub(crate) fn action(action: Action) -> &'static str {
    match action {
        Action::FixConfiguration => "fix_configuration",
        Action::LogIn => "log_in",
        Action::Refresh => "refresh",
        Action::Retry => "retry",
        _ => "report",
    }
}

pub(crate) fn responsible(party: Responsible) -> &'static str {
    match party {
        Responsible::User => "user",
        Responsible::WeChat => "wechat",
        _ => "developer",
    }
}
