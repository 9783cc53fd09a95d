//! The profile of a user.

use pyo3::{exceptions::PyValueError, prelude::*, types::PyDict};
use weixin::Avatar;

/// The profile of a user (``/sns/userinfo``). WeChat sends no sex and no region since 2021.
#[pyclass(frozen, eq, module = "weixin_login")]
#[derive(PartialEq)]
pub(crate) struct User(pub(crate) weixin::User);

#[pymethods]
impl User {
    /// The OpenID.
    #[getter]
    fn openid(&self) -> &str {
        self.0.openid.as_str()
    }

    /// The UnionID, if the app belongs to an Open Platform account.
    #[getter]
    fn unionid(&self) -> Option<&str> {
        self.0.unionid.as_ref().map(weixin::UnionId::as_str)
    }

    /// The name: any text. Escape it where you show it.
    #[getter]
    fn nickname(&self) -> &str {
        &self.0.nickname
    }

    /// The name, or ``None`` if WeChat withholds it (``微信用户``).
    #[getter]
    fn real_nickname(&self) -> Option<&str> {
        self.0.real_nickname()
    }

    /// The URL of the avatar. It expires when the user changes the avatar: copy the picture.
    #[getter]
    fn headimgurl(&self) -> Option<&str> {
        self.0.headimgurl.as_deref()
    }

    /// The avatar is the gray picture of all users whose avatar WeChat withholds.
    #[getter]
    fn has_placeholder_avatar(&self) -> bool {
        self.0.avatar() == Avatar::Placeholder
    }

    /// 1 male, 2 female, 0 unknown (always, since 2021).
    #[getter]
    fn sex(&self) -> u8 {
        self.0.sex
    }

    /// A language such as ``zh_CN``, or empty.
    #[getter]
    fn language(&self) -> &str {
        &self.0.language
    }

    /// Empty since 2021.
    #[getter]
    fn city(&self) -> &str {
        &self.0.city
    }

    /// Empty since 2021.
    #[getter]
    fn province(&self) -> &str {
        &self.0.province
    }

    /// Empty since 2021.
    #[getter]
    fn country(&self) -> &str {
        &self.0.country
    }

    /// Privileges such as ``chinaunicom``.
    #[getter]
    fn privilege(&self) -> Vec<String> {
        self.0.privilege.clone()
    }

    /// The profile under WeChat's names, for JSON.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let user = &self.0;
        let all = PyDict::new(py);
        all.set_item("openid", user.openid.as_str())?;
        all.set_item("nickname", &user.nickname)?;
        all.set_item("sex", user.sex)?;
        all.set_item("language", &user.language)?;
        all.set_item("city", &user.city)?;
        all.set_item("province", &user.province)?;
        all.set_item("country", &user.country)?;
        all.set_item("headimgurl", user.headimgurl.as_deref())?;
        all.set_item("privilege", &user.privilege)?;
        all.set_item("unionid", self.unionid())?;
        Ok(all)
    }

    fn __repr__(&self) -> String {
        format!(
            "User(openid='{}', nickname={:?})",
            self.0.openid, self.0.nickname
        )
    }

    /// The profile in WeChat's JSON, such as one that was stored.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        let user = serde_json::from_str(text);
        // Names the member, not the values.
        user.map(Self)
            .map_err(|_| PyValueError::new_err("not a profile: expected the JSON of a User"))
    }
}
