//! Error pages of WeChat's login.

use thiserror::Error;

use super::ErrCode;

/// WeChat's login page would show an error instead of a QR code. Nothing of it reaches the site.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum LoginPageError {
    /// `AppID 参数错误`
    #[error("wechat's login page does not know the app id (AppID 参数错误)")]
    AppId,
    /// A dialog with a number, of an official account's page: 10003 to 10016.
    #[error("wechat's login page shows error {0}")]
    Dialog(ErrCode),
    /// `请在微信客户端打开链接`: the page of an official account cannot be asked from outside WeChat.
    #[error("wechat shows this login page inside wechat only, and cannot be asked from here")]
    OutsideWeChat,
    /// `redirect_uri 参数错误`
    #[error(
        "wechat's login page refuses the callback: its host must be the registered callback domain, without port and not an IP address (redirect_uri 参数错误)"
    )]
    RedirectUri,
    /// `该链接无法访问`: callback or scope, the page does not say which.
    #[error("wechat's login page refuses the callback or the scope (该链接无法访问)")]
    Refused,
    /// `Scope 参数错误或没有 Scope 权限`
    #[error(
        "wechat's login page refuses the scope: the app id must be that of an approved website app with login permission (Scope 参数错误或没有 Scope 权限)"
    )]
    Scope,
    /// A page without a QR code and without a known error text.
    #[error("wechat's login page shows neither a QR code nor an error that is known")]
    Unrecognised,
}

impl LoginPageError {
    /// Whether the application is set up wrongly.
    pub fn is_configuration(self) -> bool {
        match self {
            Self::Dialog(code) => code.is_configuration(),
            Self::OutsideWeChat | Self::Unrecognised => false,
            _ => true,
        }
    }
}
