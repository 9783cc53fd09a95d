//! The module `weixin_login._core`: the SDK and its web login for Python. The public names, their signatures and their
//! documentation are in `python/weixin_login`.

mod app;
mod app_tokens;
mod asyncio;
mod attach;
mod blocking;
mod callable;
mod classes;
mod csrf_token;
mod embedded;
mod error;
mod explain;
mod failure;
mod https;
mod log;
mod login;
mod login_error;
mod mini_program;
mod options;
mod process;
mod response;
mod return_path;
mod runner;
mod runtime;
mod secret;
mod settings;
mod store;
mod token;
mod unix_time;
mod user;
mod user_token;
mod user_tokens;
mod web_login;

use pyo3::prelude::*;

/// The module.
#[pymodule(gil_used = true)]
#[pyo3(name = "_core")]
fn core(py: Python<'_>, module: &Bound<'_, PyModule>) -> PyResult<()> {
    log::to_python(py)?;
    attach::register(py, module)?;
    module.add_class::<app::App>()?;
    module.add_class::<app_tokens::AppToken>()?;
    module.add_class::<app_tokens::AppTokens>()?;
    module.add_class::<csrf_token::CsrfToken>()?;
    module.add_class::<embedded::EmbeddedLogin>()?;
    module.add_class::<embedded::EmbeddedQr>()?;
    module.add_class::<login_error::FailedLogin>()?;
    module.add_class::<login::Login>()?;
    module.add_class::<mini_program::PhoneNumber>()?;
    module.add_class::<mini_program::Profile>()?;
    module.add_class::<mini_program::Session>()?;
    module.add_class::<response::Response>()?;
    module.add_class::<secret::Secret>()?;
    module.add_class::<store::Store>()?;
    module.add_class::<token::Token>()?;
    module.add_class::<user::User>()?;
    module.add_class::<user_token::UserToken>()?;
    module.add_class::<user_tokens::UserTokens>()?;
    module.add_class::<web_login::WebLogin>()?;
    module.add_function(wrap_pyfunction!(csrf_token::verify_callback, module)?)?;
    module.add_function(wrap_pyfunction!(explain::explain, module)?)?;
    module.add_function(wrap_pyfunction!(return_path::return_path, module)?)?;
    module.add_function(wrap_pyfunction!(mini_program::decrypt_phone, module)?)?;
    module.add_function(wrap_pyfunction!(mini_program::decrypt_profile, module)?)?;
    module.add_function(wrap_pyfunction!(mini_program::session, module)?)?;
    module.add_function(wrap_pyfunction!(mini_program::verify_signature, module)?)?;
    module.add("VERSION", env!("CARGO_PKG_VERSION"))
}
