//! Error pages of WeChat's login.

use thiserror::Error;

use super::{Action, ErrCode, Responsible};

/// An error that WeChat's login page shows instead of a QR code or a question. The site receives nothing.
///
/// See docs/wechat.md#login-page-errors, #official-account-login.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum LoginPageError {
    /// The app ID is unknown (`AppID 参数错误`).
    #[error("WeChat's login page does not know the app ID (AppID 参数错误)")]
    AppId,
    /// A numbered error of an official account's page: 10003 to 10016.
    #[error("WeChat's login page shows error {0}")]
    Code(ErrCode),
    /// The page opens inside WeChat only (`请在微信客户端打开链接`): an official account's page cannot be checked from outside WeChat.
    #[error("WeChat shows this login page inside WeChat only, so it cannot be checked from here")]
    OutsideWeChat,
    /// The host of the redirect URI is not the registered callback domain (`redirect_uri 参数错误`).
    #[error(
        "WeChat's login page rejects the redirect URI: its host must be the registered callback domain, without a port, and not an IP address (redirect_uri 参数错误)"
    )]
    RedirectUri,
    /// The redirect URI or the scope is wrong: the page does not say which (`该链接无法访问`).
    #[error("WeChat's login page rejects the redirect URI or the scope (该链接无法访问)")]
    Rejected,
    /// The app does not have this scope (`Scope 参数错误或没有 Scope 权限`).
    #[error(
        "WeChat's login page rejects the scope: the app ID must belong to an approved website app with login permission (Scope 参数错误或没有 Scope 权限)"
    )]
    Scope,
    /// A page without a QR code and without a known error text.
    #[error("WeChat's login page shows neither a QR code nor a known error")]
    Unrecognized,
}

impl LoginPageError {
    /// The action that helps.
    pub fn action(self) -> Action {
        match self {
            Self::Code(code) => code.action(),
            Self::OutsideWeChat | Self::Unrecognized => Action::Report,
            _ => Action::FixConfiguration,
        }
    }

    /// The party who can fix it, unless WeChat's code is unknown.
    pub fn responsible(self) -> Option<Responsible> {
        match self {
            Self::Code(code) => code.responsible(),
            Self::Unrecognized => Some(Responsible::WeChat),
            _ => Some(Responsible::Developer),
        }
    }
}
