//! WeChat's two addresses, or the simulator's one.

use std::str::FromStr;

use thiserror::Error;
use url::Url;

/// Where the login page and the API are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Endpoints {
    open: Origin,
    api: Origin,
}

impl Endpoints {
    /// Two addresses of your own: that of the login page and that of the API.
    pub fn new(open: Origin, api: Origin) -> Self {
        Self { open, api }
    }

    /// One address for everything, as a simulator has it.
    pub fn single(origin: Origin) -> Self {
        Self {
            open: origin.clone(),
            api: origin,
        }
    }

    pub(crate) fn open(&self) -> &str {
        &self.open.0
    }

    pub(crate) fn api(&self) -> &str {
        &self.api.0
    }
}

/// WeChat's own: `https://open.weixin.qq.com` and `https://api.weixin.qq.com`.
impl Default for Endpoints {
    fn default() -> Self {
        Self {
            open: Origin("https://open.weixin.qq.com".to_owned()),
            api: Origin("https://api.weixin.qq.com".to_owned()),
        }
    }
}

/// The address of a server, such as `http://127.0.0.1:9300`; may end with a path, for a proxy.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Origin(String);

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
