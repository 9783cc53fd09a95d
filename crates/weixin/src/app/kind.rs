//! What an app id stands for, and with it the way to log in.

use std::fmt;

use crate::Error;

/// What kind of application an app id stands for; each has its own way to log in.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum AppKind {
    /// 网站应用: the QR page.
    #[default]
    Website,
    /// 公众号: the page inside WeChat's own browser.
    OfficialAccount,
    /// 移动应用: the code that WeChat hands to an app on the phone.
    MobileApp,
    /// 小程序: the code of `wx.login`.
    MiniProgram,
}

impl AppKind {
    /// Refuses a call that is for other kinds, before anything is sent.
    pub(crate) fn must_be(
        self,
        kinds: &[Self],
        call: &'static str,
        instead: &'static str,
    ) -> Result<(), Error> {
        if kinds.contains(&self) {
            Ok(())
        } else {
            Err(Error::WrongKind {
                call,
                kind: self,
                instead,
            })
        }
    }
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
