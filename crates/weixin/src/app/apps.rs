//! The apps of one site, and the one that fits a device.

use super::{OfficialAccount, Website};
use crate::{authorize::Device, language::Bilingual};

/// The apps of one site: a website app for browsers, an official account for WeChat's own browser, or both.
///
/// ```no_run
/// # fn example(website: weixin::Website, account: weixin::OfficialAccount, user_agent: &str) {
/// use weixin::app::{Apps, LoginRoute};
/// use weixin::authorize::Device;
///
/// let apps = Apps::new().website(website).official_account(account);
/// match apps.for_device(Device::from_user_agent(user_agent)) {
///     Some(LoginRoute::QrPage { app, hint }) => { /* app.authorize_url(..) */ }
///     Some(LoginRoute::InWeChat(app)) => { /* app.authorize_url(..) */ }
///     _ => { /* there is no app for this device */ }
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Apps {
    /// The website app.
    pub website: Option<Website>,
    /// The official account.
    pub official_account: Option<OfficialAccount>,
}

/// The login that fits a device.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum LoginRoute<'a> {
    /// WeChat's QR page.
    QrPage {
        /// The website app.
        app: &'a Website,
        /// A text for users who cannot scan the QR code on this device.
        hint: Option<ScanHint>,
    },
    /// The consent page, inside WeChat's own browser.
    InWeChat(&'a OfficialAccount),
}

/// A hint for users who cannot scan a QR code on their device.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum ScanHint {
    /// For a phone, which cannot scan its own screen, if the site has no official account.
    OpenOnComputer,
    /// For a phone, which cannot scan its own screen.
    OpenInWeChat,
    /// For WeChat's own browser, if the site has no official account.
    ScanWithAnotherDevice,
}

impl ScanHint {
    /// The hint in both languages.
    pub fn text(self) -> Bilingual {
        match self {
            Self::OpenOnComputer => Bilingual {
                en: "A phone cannot scan its own screen: start the login again on a computer, or scan the code with another phone.",
                zh: "手机无法扫描自己的屏幕：请在电脑上重新登录，或用另一部手机扫码。",
            },
            Self::OpenInWeChat => Bilingual {
                en: "A phone cannot scan its own screen: open the website in WeChat and log in there, or scan the code with another phone.",
                zh: "手机无法扫描自己的屏幕：请在微信中打开网站并登录，或用另一部手机扫码。",
            },
            Self::ScanWithAnotherDevice => Bilingual {
                en: "Logging in does not work inside WeChat here: open the website in a browser on a computer, and scan the code with your phone.",
                zh: "这里不支持在微信内登录：请在电脑浏览器中打开网站，并用手机扫码。",
            },
        }
    }
}

impl Apps {
    /// No apps yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the website app.
    #[must_use]
    pub fn website(mut self, app: Website) -> Self {
        self.website = Some(app);
        self
    }

    /// Sets the official account.
    #[must_use]
    pub fn official_account(mut self, app: OfficialAccount) -> Self {
        self.official_account = Some(app);
        self
    }

    /// The login for a device: the official account inside WeChat, the QR page elsewhere. `None` if the site has no app
    /// for it.
    pub fn for_device(&self, device: Device) -> Option<LoginRoute<'_>> {
        if let (Device::WeChat, Some(account)) = (device, &self.official_account) {
            return Some(LoginRoute::InWeChat(account));
        }
        let hint = match device {
            Device::Desktop => None,
            Device::Phone if self.official_account.is_none() => Some(ScanHint::OpenOnComputer),
            Device::Phone => Some(ScanHint::OpenInWeChat),
            Device::WeChat => Some(ScanHint::ScanWithAnotherDevice),
        };
        let app = self.website.as_ref()?;
        Some(LoginRoute::QrPage { app, hint })
    }
}

impl From<Website> for Apps {
    fn from(app: Website) -> Self {
        Self::new().website(app)
    }
}

impl From<OfficialAccount> for Apps {
    fn from(app: OfficialAccount) -> Self {
        Self::new().official_account(app)
    }
}
