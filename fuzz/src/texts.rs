//! Texts from browsers, and from WeChat's errors.

use std::str;

use url::Url;
use weixin::{
    ApiError, AuthorizeRequest, Callback, CsrfToken, Device, Endpoints, ErrCode, LoginRequest,
    RedirectUri,
};

/// The query of a callback, of which anybody may be the author.
pub fn callback(data: &[u8]) {
    let Ok(query) = str::from_utf8(data) else {
        return;
    };
    let csrf = CsrfToken::from_state("0123456789abcdefghijkl").unwrap();
    let verified = Callback::parse(query).and_then(|callback| callback.verify(&csrf));
    if let Ok(code) = verified {
        assert!(query.contains("state="), "a code without a state");
        assert!(!code.expose().is_empty());
    }
}

/// An answer's error, suffixes of every age included.
pub fn error_text(data: &[u8]) {
    let Some(error) = ApiError::read("/sns/auth", data) else {
        return;
    };
    assert_ne!(error.code, ErrCode(0));
    assert!(!error.message.chars().any(char::is_control));
    assert!(error.message.chars().count() <= 300);
    let _ = (error.time(), error.caller_ip(), error.to_string());
    let _ = (error.code.blame(), error.code.explanation());
}

/// A header that anybody may write.
pub fn user_agent(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let device = Device::from_user_agent(&text);
    let is_wechat = text.to_ascii_lowercase().contains("micromessenger");
    assert!(is_wechat || device != Device::WeChat, "{text}");
}

/// A callback address, and the login addresses that are made of it: WeChat must read it as it was given.
pub fn login_url(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(redirect_uri) = text.parse::<RedirectUri>() else {
        return;
    };
    assert_eq!(redirect_uri.as_str(), text);
    let _ = redirect_uri.check_registrable();
    let (endpoints, app) = (Endpoints::default(), "wx0123456789abcdef".parse().unwrap());
    let qr_page = LoginRequest::new(redirect_uri.clone()).url(&endpoints, &app);
    let inside = AuthorizeRequest::new(redirect_uri).url(&endpoints, &app);
    for login in [qr_page.unwrap(), inside.unwrap()] {
        let url = Url::parse(login.as_str()).unwrap();
        assert_eq!(url.host_str(), Some("open.weixin.qq.com"));
        assert_eq!(url.fragment(), Some("wechat_redirect"));
        let read = url.query_pairs().find(|(name, _)| name == "redirect_uri");
        assert_eq!(read.unwrap().1, text);
    }
}
