//! Asks WeChat's login page whether it accepts an authorize URL, before a user is sent there.

use http::{Request, Response, StatusCode, header::USER_AGENT};
use url::{Position, Url};

use crate::{
    error::{ErrCode, Error, LoginPageError, ParseError},
    transport::{Origin, TransportError, TransportErrorKind},
};

/// A login page of WeChat's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum LoginPage {
    /// The QR page of website apps.
    Qr,
    /// The consent page of official accounts.
    Consent,
}

/// On the real QR page only: the path of its QR picture (docs/wechat.md#the-login-page).
const QR_MARKER: &str = "/connect/qrcode/";

/// The consent page shows nothing to browsers other than WeChat's own (docs/wechat.md#official-account-login).
const WECHAT_BROWSER: &str = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) \
                              Version/4.0 Mobile Safari/537.36 MicroMessenger/8.0.50";

impl LoginPage {
    /// The path, the only part of the URL that may be logged.
    fn path(self) -> &'static str {
        match self {
            Self::Qr => "/connect/qrconnect",
            Self::Consent => "/connect/oauth2/authorize",
        }
    }

    /// Rejects a URL of another page: a program may have it from outside.
    pub(crate) fn check_url(self, url: &Url, open: &Origin) -> Result<(), ParseError> {
        let page = [open.as_str(), self.path()].concat();
        let is_own = Url::parse(&page)
            .is_ok_and(|page| url[..Position::AfterPath] == page[..Position::AfterPath]);
        if is_own {
            return Ok(());
        }
        let rule = match self {
            Self::Qr => "a URL of WeChat's QR page",
            Self::Consent => "a URL of WeChat's consent page",
        };
        Err(ParseError::new("authorize URL", rule))
    }

    pub(crate) fn request(self, url: &Url) -> Result<Request<Vec<u8>>, Error> {
        let mut request = Request::get(&url[..Position::AfterQuery]);
        if self == Self::Consent {
            request = request.header(USER_AGENT, WECHAT_BROWSER);
        }
        request
            .body(Vec::new())
            .map_err(|_| TransportError::from(TransportErrorKind::Other).into())
    }

    /// Recognizes WeChat's pages by their texts. A page that is neither a login nor a known error is an error as well.
    pub(crate) fn check(self, response: &Response<Vec<u8>>) -> Result<(), Error> {
        // A silent login redirects to the site at once.
        if self == Self::Consent && response.status().is_redirection() {
            return Ok(());
        }
        if response.status() != StatusCode::OK {
            return Err(Error::Status {
                path: self.path(),
                status: response.status().as_u16(),
            });
        }
        let page = String::from_utf8_lossy(response.body());
        if page.contains(QR_MARKER) {
            return Ok(());
        }
        // WeChat's texts have been seen with and without the space.
        let page: String = page.chars().filter(|c| !c.is_whitespace()).collect();
        let found = TEXTS.into_iter().find(|(text, _)| page.contains(text));
        Err(found
            .map_or(LoginPageError::Unrecognized, |(_, error)| error)
            .into())
    }
}

/// The error texts of the pages, without spaces (docs/wechat.md#login-page-errors, #official-account-login).
const TEXTS: [(&str, LoginPageError); 16] = [
    ("AppID参数错误", LoginPageError::AppId),
    ("Scope参数错误", LoginPageError::Scope),
    ("redirect_uri参数错误", LoginPageError::RedirectUri),
    ("该链接无法访问", LoginPageError::Rejected),
    ("请在微信客户端打开链接", LoginPageError::OutsideWeChat),
    ("redirect_uri域名与后台配置不一致", dialog(10003)),
    ("此公众号被封禁", dialog(10004)),
    ("此公众号并没有这些scope的权限", dialog(10005)),
    ("必须关注此测试号", dialog(10006)),
    ("操作太频繁了", dialog(10009)),
    ("scope不能为空", dialog(10010)),
    ("redirect_uri不能为空", dialog(10011)),
    ("appid不能为空", dialog(10012)),
    ("state不能为空", dialog(10013)),
    ("公众号未授权第三方平台", dialog(10015)),
    ("不支持微信开放平台的Appid", dialog(10016)),
];

const fn dialog(code: i64) -> LoginPageError {
    LoginPageError::Code(ErrCode(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Response<Vec<u8>> {
        Response::new(text.as_bytes().to_vec())
    }

    #[test]
    fn each_page_is_recognized_by_its_text() {
        let table = [
            ("<p>AppID 参数错误</p>", LoginPageError::AppId),
            (
                "<p>Scope 参数错误或没有 Scope 权限</p>",
                LoginPageError::Scope,
            ),
            ("<p>redirect_uri 参数错误</p>", LoginPageError::RedirectUri),
            ("<p>redirect_uri参数错误</p>", LoginPageError::RedirectUri),
            ("<p>该链接无法访问</p>", LoginPageError::Rejected),
            ("请在微信客户端打开链接", LoginPageError::OutsideWeChat),
            ("<p>此公众号并没有这些 scope 的权限</p>", dialog(10005)),
            ("<p>hello</p>", LoginPageError::Unrecognized),
            ("", LoginPageError::Unrecognized),
        ];
        for (text, expected) in table {
            let error = LoginPage::Qr.check(&page(text)).unwrap_err();
            assert!(
                matches!(error, Error::LoginPage(found) if found == expected),
                "{text}"
            );
        }
    }

    #[test]
    fn the_qr_page_is_accepted_whatever_else_it_says() {
        let text = r#"<img src="/connect/qrcode/081fNLs3OTjRKaOo"><p>redirect_uri 参数错误</p>"#;
        LoginPage::Qr.check(&page(text)).unwrap();
    }

    #[test]
    fn a_redirect_is_a_silent_login_inside_wechat_and_nothing_else() {
        let mut redirect = page("");
        *redirect.status_mut() = StatusCode::FOUND;
        LoginPage::Consent.check(&redirect).unwrap();
        let error = LoginPage::Qr.check(&redirect).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/connect/qrconnect returned HTTP status 302"
        );
    }

    #[test]
    fn the_consent_page_is_asked_as_wechats_own_browser_and_without_the_fragment() {
        let url = "https://open.weixin.qq.com/connect/x?a=b#wechat_redirect"
            .parse()
            .unwrap();
        let consent = LoginPage::Consent.request(&url).unwrap();
        assert!(consent.headers().contains_key(USER_AGENT));
        let qr = LoginPage::Qr.request(&url).unwrap();
        assert!(qr.headers().is_empty());
        assert_eq!(qr.uri(), "https://open.weixin.qq.com/connect/x?a=b");
    }
}
