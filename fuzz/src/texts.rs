//! Texts from browsers, and from WeChat's errors.

use std::str;

use http::Response;
use weixin::{
    AppSecret, Callback, ConsentOptions, CsrfToken, OfficialAccount, QrPageOptions, RedirectUri,
    Website,
    authorize::Device,
    error::{ApiError, ErrCode},
    transport::{self, Transport},
};

/// The query of a callback, which an attacker may have written.
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

/// The error in a response, with the suffixes of all years.
pub fn error_text(data: &[u8]) {
    let Some(error) = ApiError::from_response("/sns/auth", data) else {
        return;
    };
    assert_ne!(error.code, ErrCode(0));
    assert!(!error.message.chars().any(char::is_control));
    assert!(error.message.chars().count() <= 300);
    let _ = (error.time(), error.caller_ip(), error.to_string());
    let code = error.code;
    let _ = (code.action(), code.responsible(), code.explanation());
}

/// A header that any program can send.
pub fn user_agent(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let device = Device::from_user_agent(&text);
    let is_wechat = text.to_ascii_lowercase().contains("micromessenger");
    assert!(is_wechat || device != Device::WeChat, "{text}");
}

/// A redirect URI, and the authorize URLs with it: WeChat must read it as it was given.
pub fn authorize_url(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let Ok(redirect_uri) = text.parse::<RedirectUri>() else {
        return;
    };
    assert_eq!(redirect_uri.to_string(), text);
    let csrf = CsrfToken::new("0123456789abcdefghijkl").unwrap();
    let id = || "wx0123456789abcdef".parse().unwrap();
    let website = Website::builder(id(), secret()).build_with(unreachable());
    let website = website.authorize_url(&redirect_uri, &csrf, &QrPageOptions::new());
    let is_registrable = redirect_uri.check_registrable().is_ok();
    assert_eq!(website.is_ok(), is_registrable, "{text}");

    // A test account accepts every host.
    let sandbox = OfficialAccount::builder(id(), secret()).sandbox();
    let sandbox = sandbox.build_with(unreachable());
    let sandbox = sandbox.authorize_url(&redirect_uri, &csrf, &ConsentOptions::new());
    for url in [website.ok(), Some(sandbox.unwrap())].into_iter().flatten() {
        assert_eq!(url.host_str(), Some("open.weixin.qq.com"));
        assert_eq!(url.fragment(), Some("wechat_redirect"));
        let read = |name| {
            url.query_pairs()
                .find(|(found, _)| found == name)
                .unwrap()
                .1
        };
        assert_eq!(read("redirect_uri"), text);
        assert_eq!(read("state"), csrf.state());
    }
}

fn secret() -> AppSecret {
    AppSecret::new("s").unwrap()
}

fn unreachable() -> impl Transport + 'static {
    transport::from_fn(async |_request| Ok(Response::new(Vec::new())))
}
