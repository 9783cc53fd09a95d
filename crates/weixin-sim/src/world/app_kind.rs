//! Kinds of apps.

use serde::{Deserialize, Serialize};

use crate::Bilingual;

/// Kind of an app; each has its own login.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum AppKind {
    /// Website app (网站应用): the QR page.
    #[default]
    Website,
    /// Official account (公众号): the page in WeChat's built-in browser.
    OfficialAccount,
    /// Mobile app (移动应用): WeChat passes the code to an app on the phone.
    MobileApp,
    /// Mini program (小程序): `wx.login` returns the code.
    MiniProgram,
}

impl AppKind {
    /// The kind in words.
    pub(crate) fn words(self) -> Bilingual {
        match self {
            Self::Website => Bilingual::new("网站应用", "Website"),
            Self::OfficialAccount => Bilingual::new("公众号", "Official account"),
            Self::MobileApp => Bilingual::new("移动应用", "Mobile app"),
            Self::MiniProgram => Bilingual::new("小程序", "Mini program"),
        }
    }
}
