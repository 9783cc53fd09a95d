//! The hosts of WeChat's login page, API and scripts, or a simulator.

use std::{fmt, str::FromStr};

use url::Url;

use crate::error::ParseError;

const OPEN: &str = "https://open.weixin.qq.com";

/// The API's main host and its official backups (docs/wechat.md#hosts).
const API: [&str; 5] = [
    "https://api.weixin.qq.com",
    "https://api2.weixin.qq.com",
    "https://sh.api.weixin.qq.com",
    "https://sz.api.weixin.qq.com",
    "https://hk.api.weixin.qq.com",
];

const SCRIPTS: &str = "https://res.wx.qq.com";

/// The hosts of WeChat's login page, API and scripts.
///
/// By default they are WeChat's own: `https://open.weixin.qq.com`, and `https://api.weixin.qq.com` with its official
/// backups `api2`, `sh.api`, `sz.api` and `hk.api` (docs/wechat.md#hosts).
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoints {
    open: Origin,
    /// The first is preferred.
    api: Vec<Origin>,
    scripts: Origin,
}

impl Endpoints {
    /// Hosts of your own for the login page and for the API, without backups.
    pub fn new(open: Origin, api: Origin) -> Self {
        Self {
            open,
            api: vec![api],
            scripts: Origin(SCRIPTS.to_owned()),
        }
    }

    /// One host for everything, such as a simulator.
    pub fn single(origin: Origin) -> Self {
        Self {
            open: origin.clone(),
            api: vec![origin.clone()],
            scripts: origin,
        }
    }

    /// Adds a host of the API, for when the ones before it cannot be reached.
    #[must_use]
    pub fn backup(mut self, api: Origin) -> Self {
        self.api.push(api);
        self
    }

    /// The host of the login page.
    pub fn open(&self) -> &Origin {
        &self.open
    }

    /// The hosts of the API: the main one first, then its backups.
    pub fn api(&self) -> &[Origin] {
        &self.api
    }

    /// The host of `wxLogin.js`.
    pub fn scripts(&self) -> &Origin {
        &self.scripts
    }

    /// Returns `true` for WeChat's own login page, with WeChat's rules for redirect URIs.
    pub(crate) fn is_wechat(&self) -> bool {
        self.open.0 == OPEN
    }
}

impl Default for Endpoints {
    fn default() -> Self {
        Self {
            open: Origin(OPEN.to_owned()),
            api: API.map(|origin| Origin(origin.to_owned())).into(),
            scripts: Origin(SCRIPTS.to_owned()),
        }
    }
}

/// The base URL of a server, such as `http://127.0.0.1:9300`. It may have a path, for a proxy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin(String);

impl Origin {
    /// The URL, without a trailing slash.
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
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let url = Url::parse(text).map_err(|_| INVALID)?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if plain {
            Ok(Self(url.as_str().trim_end_matches('/').to_owned()))
        } else {
            Err(INVALID)
        }
    }
}

const INVALID: ParseError = ParseError::new(
    "origin",
    "the URL of a server, such as http://127.0.0.1:9300, without user, query and fragment",
);

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
            assert_eq!(bad.parse::<Origin>(), Err(INVALID), "{bad}");
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
