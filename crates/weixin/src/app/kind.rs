//! The kinds of apps.

use std::fmt;

/// The kind of an app, which decides how its users log in.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum AppKind {
    /// 网站应用: the QR page, in any browser.
    Website,
    /// 公众号: the consent page, inside WeChat's own browser.
    OfficialAccount,
    /// 移动应用: WeChat on the phone gives the app a code.
    MobileApp,
    /// 小程序: `wx.login` gives the mini program a code.
    MiniProgram,
}

impl fmt::Display for AppKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Website => "website app",
            Self::OfficialAccount => "official account",
            Self::MobileApp => "mobile app",
            Self::MiniProgram => "mini program",
        })
    }
}
