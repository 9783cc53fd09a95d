//! Mini programs: sessions, payloads and phone numbers.

use pyo3::{exceptions::PyTypeError, prelude::*};
use weixin::{
    AppId, UserIds,
    mini_program::{EncryptedData, JsCode, SessionKey},
};

use crate::{
    app::App,
    failure::raise,
    secret::{Secret, SecretText},
    unix_time::unix_seconds,
};

/// The session of a mini program's user. It is not pickled.
#[pyclass(frozen, module = "weixin_login")]
pub(crate) struct Session {
    pub(crate) app: AppId,
    pub(crate) session: weixin::mini_program::Session,
}

#[pymethods]
impl Session {
    /// The mini program.
    #[getter]
    fn app_id(&self) -> &str {
        self.app.as_str()
    }

    /// The keys to look accounts up by, the best one first: ``union:…``, ``open:APPID:…``.
    #[getter]
    fn identities(&self) -> Vec<String> {
        let session = &self.session;
        let ids = UserIds::new(
            self.app.clone(),
            session.openid.clone(),
            session.unionid.clone(),
        );
        ids.identities().map(|one| one.to_string()).collect()
    }

    /// The OpenID.
    #[getter]
    fn openid(&self) -> &str {
        self.session.openid.as_str()
    }

    /// The UnionID, if the mini program belongs to an Open Platform account.
    #[getter]
    fn unionid(&self) -> Option<&str> {
        self.session.unionid.as_ref().map(weixin::UnionId::as_str)
    }

    /// Decrypts payloads. It stays on the server.
    #[getter]
    fn session_key(&self) -> PyResult<Secret> {
        Secret::copy_of(self.session.session_key.expose())
    }

    fn __repr__(&self) -> String {
        format!("Session(openid='{}', …)", self.session.openid)
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
    /// With the country code if it is not Chinese.
    #[pyo3(get)]
    phone_number: String,
    /// Without the country code.
    #[pyo3(get)]
    pure_phone_number: String,
    /// Such as ``86``.
    #[pyo3(get)]
    country_code: String,
    /// Of a payload: when WeChat encrypted it, in seconds since 1970. Reject old ones.
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
    /// The name; ``微信用户`` in versions published after November 8, 2022.
    nickname: String,
    /// The URL of the avatar.
    avatar_url: Option<String>,
    /// When WeChat encrypted it, in seconds since 1970.
    encrypted_at: f64,
}

/// Exchanges the code of `wx.login` for a session.
#[pyfunction]
pub(crate) fn session<'py>(
    py: Python<'py>,
    app: &Bound<'_, App>,
    js_code: SecretText<'_>,
) -> PyResult<Bound<'py, PyAny>> {
    let app = app.get();
    let (program, id) = (app.mini_program(py, "session")?, app.settings.id.clone());
    let code = JsCode::new(js_code.text()?).map_err(raise(py))?;
    app.runner.run(py, async move {
        let session = program.session(code).await?;
        Ok(Session { app: id, session })
    })
}

/// Decrypts the payload of the phone number button.
#[pyfunction]
pub(crate) fn decrypt_phone(
    py: Python<'_>,
    app: &Bound<'_, App>,
    session_key: SecretText<'_>,
    encrypted_data: String,
    iv: String,
) -> PyResult<PhoneNumber> {
    let program = app.get().mini_program(py, "decrypt_phone")?;
    let data = EncryptedData { encrypted_data, iv };
    let decrypted = program.decrypt_phone(&key(py, &session_key)?, &data);
    let decrypted = decrypted.map_err(raise(py))?;
    let encrypted_at = unix_seconds(decrypted.encrypted_at);
    Ok(PhoneNumber::new(decrypted.data, Some(encrypted_at)))
}

/// Decrypts a profile payload.
#[pyfunction]
pub(crate) fn decrypt_profile(
    py: Python<'_>,
    app: &Bound<'_, App>,
    session_key: SecretText<'_>,
    encrypted_data: String,
    iv: String,
) -> PyResult<Profile> {
    let program = app.get().mini_program(py, "decrypt_profile")?;
    let data = EncryptedData { encrypted_data, iv };
    let decrypted = program.decrypt_profile(&key(py, &session_key)?, &data);
    let decrypted = decrypted.map_err(raise(py))?;
    Ok(Profile {
        nickname: decrypted.data.nickname,
        avatar_url: decrypted.data.avatar_url,
        encrypted_at: unix_seconds(decrypted.encrypted_at),
    })
}

/// Whether a mini program's ``rawData`` has this signature. Compares in constant time.
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
