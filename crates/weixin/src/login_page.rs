//! Asks WeChat's page whether it accepts a login URL, before a user is sent there.

use http::{Request, Response, StatusCode};
use thiserror::Error;

use crate::{Error, LoginUrl, TransportError, TransportErrorKind};

/// The path of the QR page; the only part of its URL that may be logged.
const PATH: &str = "/connect/qrconnect";

/// What only the real QR page has: the address of its QR picture.
const QR_MARKER: &str = "/connect/qrcode/";

/// The request for the page behind `login`.
pub(crate) fn request(login: &LoginUrl) -> Result<Request<Vec<u8>>, Error> {
    let (url, _fragment) = login
        .as_str()
        .split_once('#')
        .unwrap_or((login.as_str(), ""));
    Request::get(url)
        .body(Vec::new())
        .map_err(|_| TransportError::from(TransportErrorKind::Other).into())
}

/// Recognises WeChat's pages by their texts; a page that is neither is an error as well.
pub(crate) fn parse(response: &Response<Vec<u8>>) -> Result<(), Error> {
    if response.status() != StatusCode::OK {
        return Err(Error::Status {
            path: PATH,
            status: response.status().as_u16(),
        });
    }
    let page = String::from_utf8_lossy(response.body());
    if page.contains(QR_MARKER) {
        return Ok(());
    }
    // WeChat's texts have been seen with and without the space.
    let page: String = page.chars().filter(|c| !c.is_whitespace()).collect();
    let texts = [
        ("AppID参数错误", LoginPageError::AppId),
        ("Scope参数错误", LoginPageError::Scope),
        ("redirect_uri参数错误", LoginPageError::RedirectUri),
        ("该链接无法访问", LoginPageError::Refused),
    ];
    let found = texts.into_iter().find(|(text, _)| page.contains(text));
    Err(found
        .map_or(LoginPageError::Unrecognised, |(_, error)| error)
        .into())
}

/// WeChat's login page would show an error instead of a QR code. Nothing of it reaches the site.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum LoginPageError {
    /// `AppID 参数错误`
    #[error("wechat's login page does not know the app id (AppID 参数错误)")]
    AppId,
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
    /// Whether the application is set up wrongly, or WeChat's page is not what it was.
    pub fn is_configuration(self) -> bool {
        self != Self::Unrecognised
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_page_is_recognised_by_its_text() {
        let table = [
            ("<p>AppID 参数错误</p>", LoginPageError::AppId),
            (
                "<p>Scope 参数错误或没有 Scope 权限</p>",
                LoginPageError::Scope,
            ),
            ("<p>redirect_uri 参数错误</p>", LoginPageError::RedirectUri),
            ("<p>redirect_uri参数错误</p>", LoginPageError::RedirectUri),
            ("<p>该链接无法访问</p>", LoginPageError::Refused),
            ("<p>hello</p>", LoginPageError::Unrecognised),
            ("", LoginPageError::Unrecognised),
        ];
        for (page, expected) in table {
            let error = parse(&Response::new(page.as_bytes().to_vec())).unwrap_err();
            assert!(
                matches!(error, Error::LoginPage(found) if found == expected),
                "{page}"
            );
        }
    }

    #[test]
    fn the_qr_page_is_accepted_whatever_else_it_says() {
        let page = r#"<img src="/connect/qrcode/081fNLs3OTjRKaOo"><p>redirect_uri 参数错误</p>"#;
        parse(&Response::new(page.as_bytes().to_vec())).unwrap();
    }
}
