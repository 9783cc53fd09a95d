//! The profile of a user.

use pyo3::{exceptions::PyValueError, prelude::*, types::PyDict};
use weixin::Avatar;

/// The profile of a user.
#[pyclass(frozen, eq, module = "weixin_login")]
#[derive(PartialEq)]
pub(crate) struct User(pub(crate) weixin::User);

#[pymethods]
impl User {
    #[getter]
    fn openid(&self) -> &str {
        self.0.openid.as_str()
    }

    #[getter]
    fn unionid(&self) -> Option<&str> {
        self.0.unionid.as_ref().map(weixin::UnionId::as_str)
    }

    #[getter]
    fn nickname(&self) -> &str {
        &self.0.nickname
    }

    #[getter]
    fn real_nickname(&self) -> Option<&str> {
        self.0.real_nickname()
    }

    #[getter]
    fn headimgurl(&self) -> Option<&str> {
        self.0.headimgurl.as_deref()
    }

    #[getter]
    fn has_placeholder_avatar(&self) -> bool {
        self.0.avatar() == Avatar::Placeholder
    }

    #[getter]
    fn sex(&self) -> u8 {
        self.0.sex
    }

    #[getter]
    fn language(&self) -> &str {
        &self.0.language
    }

    #[getter]
    fn city(&self) -> &str {
        &self.0.city
    }

    #[getter]
    fn province(&self) -> &str {
        &self.0.province
    }

    #[getter]
    fn country(&self) -> &str {
        &self.0.country
    }

    #[getter]
    fn privilege(&self) -> Vec<String> {
        self.0.privilege.clone()
    }

    /// Under WeChat's names, for JSON.
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

    /// From the JSON of `/sns/userinfo`, such as one that was stored.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        let user = serde_json::from_str(text);
        // Names the member, not the values.
        user.map(Self)
            .map_err(|_| PyValueError::new_err("not a profile: expected the JSON of a User"))
    }
}
