//! Mini programs: sessions, payloads and phone numbers.

use pyo3::{exceptions::PyTypeError, prelude::*};
use weixin::{
    MiniProgram,
    mini_program::{Decrypted, EncryptedData, SessionKey},
};

use crate::{
    failure::raise,
    secret::{Secret, SecretText},
    unix_time::unix_seconds,
};

/// The session of a mini program's user.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct Session(pub(crate) weixin::mini_program::Session);

#[pymethods]
impl Session {
    #[getter]
    fn openid(&self) -> &str {
        self.0.openid.as_str()
    }

    #[getter]
    fn unionid(&self) -> Option<&str> {
        self.0.unionid.as_ref().map(weixin::UnionId::as_str)
    }

    #[getter]
    fn session_key(&self) -> PyResult<Secret> {
        Secret::copy_of(self.0.session_key.expose())
    }

    fn __repr__(&self) -> String {
        format!("Session(openid='{}', …)", self.0.openid)
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyTypeError::new_err(
            "a Session is not pickled: store its fields, the session key on your server only",
        ))
    }
}

/// A phone number.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct PhoneNumber {
    #[pyo3(get)]
    phone_number: String,
    #[pyo3(get)]
    pure_phone_number: String,
    #[pyo3(get)]
    country_code: String,
    #[pyo3(get)]
    encrypted_at: Option<f64>,
}

impl PhoneNumber {
    pub(crate) fn new(
        number: weixin::mini_program::PhoneNumber,
        encrypted_at: Option<f64>,
    ) -> Self {
        Self {
            phone_number: number.phone_number,
            pure_phone_number: number.pure_phone_number,
            country_code: number.country_code,
            encrypted_at,
        }
    }
}

/// The profile in a payload.
#[pyclass(frozen, get_all, module = "weixin_login")]
pub(crate) struct Profile {
    nickname: String,
    avatar_url: Option<String>,
    encrypted_at: f64,
}

/// Decrypts the payload of the phone number button.
pub(crate) fn decrypt_phone(
    py: Python<'_>,
    app: &MiniProgram,
    session_key: &SecretText<'_>,
    data: &EncryptedData,
) -> PyResult<PhoneNumber> {
    let decrypted = app.decrypt_phone(&key(py, session_key)?, data);
    let Decrypted {
        data, encrypted_at, ..
    } = decrypted.map_err(raise(py))?;
    Ok(PhoneNumber::new(data, Some(unix_seconds(encrypted_at))))
}

/// Decrypts a profile payload.
pub(crate) fn decrypt_profile(
    py: Python<'_>,
    app: &MiniProgram,
    session_key: &SecretText<'_>,
    data: &EncryptedData,
) -> PyResult<Profile> {
    let decrypted = app.decrypt_profile(&key(py, session_key)?, data);
    let Decrypted {
        data, encrypted_at, ..
    } = decrypted.map_err(raise(py))?;
    Ok(Profile {
        nickname: data.nickname,
        avatar_url: data.avatar_url,
        encrypted_at: unix_seconds(encrypted_at),
    })
}

/// Whether a mini program's raw data has this signature.
#[pyfunction]
pub(crate) fn verify_signature(
    py: Python<'_>,
    session_key: SecretText<'_>,
    raw_data: &str,
    signature: &str,
) -> PyResult<bool> {
    Ok(key(py, &session_key)?.verify_signature(raw_data, signature))
}

fn key(py: Python<'_>, text: &SecretText<'_>) -> PyResult<SessionKey> {
    SessionKey::new(text.text()?).map_err(raise(py))
}
