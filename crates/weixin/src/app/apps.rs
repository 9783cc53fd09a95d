//! Several applications of one site, and which of them logs this user in.

use thiserror::Error;

use super::AppKind;
use crate::{
    AuthorizeRequest, Client, Device, Error as CallError, LoginRequest, LoginUrl, RedirectUri,
};

/// The applications of one site: a website app for browsers, an official account for WeChat's own browser, a mobile app
/// and a mini program for their servers' calls. Any of them may be missing.
///
/// ```no_run
/// # fn example(website: weixin::Client, account: weixin::Client, agent: &str, callback: &weixin::RedirectUri)
/// # -> Result<(), Box<dyn std::error::Error>> {
/// use weixin::{Apps, Device};
///
/// let apps = Apps::new().with(website).with(account);
/// let start = apps.start(Device::from_user_agent(agent), callback)?;
/// if let Some(advice) = start.advice {
///     println!("{}", advice.en()); // the phone cannot scan itself
/// }
/// println!("go to {}", start.url);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "add applications by `with`"]
pub struct Apps(Vec<Client>);

/// Where a login begins.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Start<'a> {
    /// The application that the code will belong to: exchange it with this one.
    pub client: &'a Client,
    /// Where to send the browser.
    pub url: LoginUrl,
    /// What to tell the user first.
    pub advice: Option<Advice>,
}

/// A sentence for the user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Advice {
    /// A phone cannot scan its own screen.
    OpenInWeChat,
    /// Inside WeChat, and there is no official account: the QR code must be scanned by another phone.
    ScanWithAnother,
}

impl Advice {
    /// In English.
    pub fn en(self) -> &'static str {
        match self {
            Self::OpenInWeChat => {
                "A phone cannot scan its own screen: open this page inside WeChat, or scan the code with another phone."
            }
            Self::ScanWithAnother => {
                "This page cannot log you in inside WeChat: open it in a browser on a computer and scan the code with your phone."
            }
        }
    }

    /// 中文
    pub fn zh(self) -> &'static str {
        match self {
            Self::OpenInWeChat => {
                "手机无法扫描自己的屏幕：请在微信中打开本页，或用另一部手机扫码。"
            }
            Self::ScanWithAnother => "本页无法在微信内登录：请在电脑浏览器中打开，并用手机扫码。",
        }
    }
}

/// No login can begin.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    /// Neither a website app nor, for WeChat's own browser, an official account.
    #[error(
        "there is no app for this device: add a website app, and an official account for WeChat's own browser"
    )]
    NoApp,
    /// The login address could not be made.
    #[error(transparent)]
    Weixin(#[from] CallError),
}

impl Apps {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an application, in the place of another one of its kind.
    pub fn with(mut self, client: Client) -> Self {
        self.0.retain(|known| known.kind() != client.kind());
        self.0.push(client);
        self
    }

    /// The application of this kind.
    pub fn of_kind(&self, kind: AppKind) -> Option<&Client> {
        self.0.iter().find(|client| client.kind() == kind)
    }

    /// Begins the login that fits the device: the official account inside WeChat, the QR page elsewhere, with a
    /// sentence for those who cannot scan it.
    ///
    /// # Errors
    ///
    /// [`StartError::NoApp`] if no application fits; [`StartError::Weixin`] as [`Client::login_url`] and
    /// [`Client::authorize_url`].
    pub fn start(
        &self,
        device: Device,
        redirect_uri: &RedirectUri,
    ) -> Result<Start<'_>, StartError> {
        let account = self.of_kind(AppKind::OfficialAccount);
        if let (Device::WeChat, Some(client)) = (device, account) {
            return Ok(Start {
                client,
                url: client.authorize_url(AuthorizeRequest::from(redirect_uri))?,
                advice: None,
            });
        }
        let client = self.of_kind(AppKind::Website).ok_or(StartError::NoApp)?;
        Ok(Start {
            client,
            url: client.login_url(LoginRequest::from(redirect_uri))?,
            advice: match device {
                Device::Desktop => None,
                Device::Phone => Some(Advice::OpenInWeChat),
                Device::WeChat => Some(Advice::ScanWithAnother),
            },
        })
    }
}
