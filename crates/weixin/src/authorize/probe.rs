//! Asks WeChat's page whether it accepts a login URL, before a user is sent there.

use http::{Request, Response, StatusCode, header::USER_AGENT};

use super::LoginUrl;
use crate::{ErrCode, Error, LoginPageError, TransportError, TransportErrorKind};

/// The paths of the login pages; the only part of their URLs that may be logged.
const QR_PAGE: &str = "/connect/qrconnect";
const INSIDE: &str = "/connect/oauth2/authorize";

/// What only the real QR page has: the address of its QR picture.
const QR_MARKER: &str = "/connect/qrcode/";

/// Official accounts' pages show nothing to browsers that are not WeChat's own.
const WECHATS_OWN: &str = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) \
                           Version/4.0 Mobile Safari/537.36 MicroMessenger/8.0.50";

/// The request for the page behind `login`.
pub(crate) fn request(login: &LoginUrl) -> Result<Request<Vec<u8>>, Error> {
    let (url, _fragment) = login
        .as_str()
        .split_once('#')
        .unwrap_or((login.as_str(), ""));
    let mut request = Request::get(url);
    if path(login) == INSIDE {
        request = request.header(USER_AGENT, WECHATS_OWN);
    }
    request
        .body(Vec::new())
        .map_err(|_| TransportError::from(TransportErrorKind::Other).into())
}

fn path(login: &LoginUrl) -> &'static str {
    if login.as_str().contains(INSIDE) {
        INSIDE
    } else {
        QR_PAGE
    }
}

/// Recognises WeChat's pages by their texts; a page that is neither is an error as well.
pub(crate) fn parse(login: &LoginUrl, response: &Response<Vec<u8>>) -> Result<(), Error> {
    let path = path(login);
    // A silent login goes straight back to the site.
    if path == INSIDE && response.status().is_redirection() {
        return Ok(());
    }
    if response.status() != StatusCode::OK {
        return Err(Error::Status {
            path,
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
        .map_or(LoginPageError::Unrecognised, |(_, error)| error)
        .into())
}

/// What the pages say, without spaces (WeChat's documentation and observations).
const TEXTS: [(&str, LoginPageError); 16] = [
    ("AppID参数错误", LoginPageError::AppId),
    ("Scope参数错误", LoginPageError::Scope),
    ("redirect_uri参数错误", LoginPageError::RedirectUri),
    ("该链接无法访问", LoginPageError::Refused),
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
    LoginPageError::Dialog(ErrCode(code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AuthorizeRequest, Endpoints, LoginRequest, RedirectUri};

    fn callback() -> RedirectUri {
        "https://shop.example/".parse().unwrap()
    }

    fn qr_page() -> LoginUrl {
        let request = LoginRequest::new(callback());
        request
            .url(&Endpoints::default(), &"wx1".parse().unwrap())
            .unwrap()
    }

    fn inside() -> LoginUrl {
        let request = AuthorizeRequest::new(callback());
        request
            .url(&Endpoints::default(), &"wx1".parse().unwrap())
            .unwrap()
    }

    fn page(text: &str) -> Response<Vec<u8>> {
        Response::new(text.as_bytes().to_vec())
    }

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
            ("请在微信客户端打开链接", LoginPageError::OutsideWeChat),
            ("<p>此公众号并没有这些 scope 的权限</p>", dialog(10005)),
            ("<p>hello</p>", LoginPageError::Unrecognised),
            ("", LoginPageError::Unrecognised),
        ];
        for (text, expected) in table {
            let error = parse(&qr_page(), &page(text)).unwrap_err();
            assert!(
                matches!(error, Error::LoginPage(found) if found == expected),
                "{text}"
            );
        }
    }

    #[test]
    fn the_qr_page_is_accepted_whatever_else_it_says() {
        let text = r#"<img src="/connect/qrcode/081fNLs3OTjRKaOo"><p>redirect_uri 参数错误</p>"#;
        parse(&qr_page(), &page(text)).unwrap();
    }

    #[test]
    fn a_redirect_is_a_silent_login_inside_wechat_and_nothing_else() {
        let mut redirect = page("");
        *redirect.status_mut() = StatusCode::FOUND;
        parse(&inside(), &redirect).unwrap();
        let error = parse(&qr_page(), &redirect).unwrap_err();
        assert_eq!(
            error.to_string(),
            "/connect/qrconnect answered with HTTP status 302"
        );
        assert!(
            request(&inside())
                .unwrap()
                .headers()
                .contains_key(USER_AGENT)
        );
        assert!(request(&qr_page()).unwrap().headers().is_empty());
    }
}
