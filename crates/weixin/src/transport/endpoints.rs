//! WeChat's addresses, or the simulator's one.

use std::{fmt, str::FromStr};

use thiserror::Error;
use url::Url;

const OPEN: &str = "https://open.weixin.qq.com";

/// The API's main address and its official backups.
const API: [&str; 5] = [
    "https://api.weixin.qq.com",
    "https://api2.weixin.qq.com",
    "https://sh.api.weixin.qq.com",
    "https://sz.api.weixin.qq.com",
    "https://hk.api.weixin.qq.com",
];

const SCRIPTS: &str = "https://res.wx.qq.com";

/// Where the login page, the API and the scripts are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoints {
    open: Origin,
    /// The first is preferred.
    api: Vec<Origin>,
    scripts: Origin,
}

impl Endpoints {
    /// Two addresses of your own: that of the login page and that of the API, without backups.
    pub fn new(open: Origin, api: Origin) -> Self {
        Self {
            open,
            api: vec![api],
            scripts: Origin(SCRIPTS.to_owned()),
        }
    }

    /// One address for everything, as a simulator has it.
    pub fn single(origin: Origin) -> Self {
        Self {
            open: origin.clone(),
            api: vec![origin.clone()],
            scripts: origin,
        }
    }

    /// One more address of the API, for when those before it cannot be reached.
    #[must_use]
    pub fn backup(mut self, api: Origin) -> Self {
        self.api.push(api);
        self
    }

    /// Where the login page is.
    pub fn open(&self) -> &Origin {
        &self.open
    }

    /// Where the API is: the address that is asked first, and its backups.
    pub fn api(&self) -> &[Origin] {
        &self.api
    }

    /// Where browsers get `wxLogin.js` from.
    pub fn scripts(&self) -> &Origin {
        &self.scripts
    }

    /// Whether the login page is WeChat's own, with WeChat's rules for callbacks.
    pub(crate) fn is_wechats_own(&self) -> bool {
        self.open.0 == OPEN
    }
}

/// WeChat's own: `https://open.weixin.qq.com`, and `https://api.weixin.qq.com` with its official backups
/// `api2`, `sh.api`, `sz.api` and `hk.api`.
impl Default for Endpoints {
    fn default() -> Self {
        Self {
            open: Origin(OPEN.to_owned()),
            api: API.map(|origin| Origin(origin.to_owned())).into(),
            scripts: Origin(SCRIPTS.to_owned()),
        }
    }
}

/// The address of a server, such as `http://127.0.0.1:9300`; may end with a path, for a proxy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin(String);

impl Origin {
    /// The address, without a slash at its end.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        let url = Url::parse(text).map_err(|_| InvalidOrigin)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if plain {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err(InvalidOrigin)
        }
    }
}

/// Text that is not the address of a server.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error(
    "expected the address of a server, such as http://127.0.0.1:9300, without user, query and fragment"
)]
pub struct InvalidOrigin;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_no_user_query_or_fragment() {
        for bad in [
            "",
            "127.0.0.1:9300",
            "ftp://a.example",
            "http://u@a.example",
            "http://a.example?x",
            "http://a.example#x",
        ] {
            assert_eq!(bad.parse::<Origin>(), Err(InvalidOrigin), "{bad}");
        }
        assert_eq!(
            "http://a.example/".parse::<Origin>().unwrap().0,
            "http://a.example"
        );
        assert_eq!(
            "http://a.example/wx/".parse::<Origin>().unwrap().0,
            "http://a.example/wx"
        );
    }
}
