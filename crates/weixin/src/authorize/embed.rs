//! The QR code inside a page of the site: a frame of its own, or WeChat's `wxLogin.js`.

use std::fmt;

use serde_json::{Map, Value};
use url::Url;

use super::{
    CallbackTarget, CsrfToken, QrPageOptions, RedirectUri,
    qr_page::{TextColor, parse_url},
};
use crate::{
    error::Error,
    identity::AppId,
    language::Language,
    transport::{Endpoints, Origin},
};

/// The QR code for a page of the site, in one of two ways.
///
/// A frame of its own, without a script of WeChat's in the page:
///
/// ```html
/// <iframe src="{frame_url}" sandbox="allow-scripts allow-same-origin allow-top-navigation"></iframe>
/// ```
///
/// Or WeChat's script, which puts the frame into an element:
///
/// ```html
/// <div id="weixin"></div>
/// <script src="{script_url}"></script>
/// <script>new WxLogin({settings})</script>
/// ```
///
/// See docs/wechat.md#the-embedded-qr-code.
#[derive(Clone)]
pub struct EmbeddedQr {
    frame_url: Url,
    frame_origin: Origin,
    script_url: Url,
    settings: Map<String, Value>,
}

impl EmbeddedQr {
    pub(crate) fn new(
        endpoints: &Endpoints,
        app: &AppId,
        redirect_uri: &RedirectUri,
        csrf: &CsrfToken,
        options: &QrPageOptions,
    ) -> Result<Self, Error> {
        let mut frame_url = options.url(endpoints, app, redirect_uri, csrf)?;
        frame_url.set_fragment(None);
        frame_url
            .query_pairs_mut()
            .append_pair("login_type", "jssdk");
        let scripts = endpoints.scripts().as_str();
        let script_url = format!("{scripts}/connect/zh_CN/htmledition/js/wxLogin.js");
        Ok(Self {
            frame_url,
            frame_origin: endpoints.open().clone(),
            script_url: parse_url(&script_url)?,
            settings: settings(app, redirect_uri, csrf, options),
        })
    }

    /// The URL of WeChat's page, for an `iframe` element.
    pub fn frame_url(&self) -> &Url {
        &self.frame_url
    }

    /// The URL of `wxLogin.js`.
    pub fn script_url(&self) -> &Url {
        &self.script_url
    }

    /// The argument of `new WxLogin(…)` for the element with the ID `container`, as JSON that is safe inside a `script`
    /// element.
    pub fn settings(&self, container: &str) -> String {
        let mut settings = self.settings.clone();
        settings.insert("id".to_owned(), container.into());
        safe_in_script(&Value::Object(settings).to_string())
    }

    /// The origin of the frame, for a `Content-Security-Policy`.
    pub fn frame_origin(&self) -> Origin {
        self.frame_origin.clone()
    }
}

/// `Debug` does not show the state.
impl fmt::Debug for EmbeddedQr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedQr")
            .field("script_url", &self.script_url.as_str())
            .finish_non_exhaustive()
    }
}

/// The script puts these values into a URL without encoding them, so they are encoded here.
fn settings(
    app: &AppId,
    redirect_uri: &RedirectUri,
    csrf: &CsrfToken,
    options: &QrPageOptions,
) -> Map<String, Value> {
    let text = |text: &str| Some(Value::from(text));
    let is_frame = |target| Value::from(target == CallbackTarget::Frame);
    let is_english = options.language == Some(Language::English);
    let settings = [
        ("appid", text(app.as_str())),
        ("scope", text("snsapi_login")),
        ("redirect_uri", text(redirect_uri.percent_encoded())),
        ("state", text(&csrf.percent_encoded_state())),
        ("self_redirect", options.callback_target.map(is_frame)),
        (
            "style",
            options.text_color.map(TextColor::as_str).and_then(text),
        ),
        ("href", options.encoded_stylesheet().map(Value::from)),
        ("lang", is_english.then(|| Value::from("en"))),
        ("stylelite", options.is_lite.then(|| Value::from(1))),
        ("fast_login", options.no_fast_login.then(|| Value::from(0))),
    ];
    settings
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), value?)))
        .collect()
}

/// Escapes what would end a `script` element, or a line of JavaScript.
fn safe_in_script(json: &str) -> String {
    json.chars()
        .map(|c| match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => format!("\\u{:04x}", u32::from(c)),
            c => c.to_string(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn embedded(redirect_uri: &str, options: &QrPageOptions) -> EmbeddedQr {
        let app = "wx0123456789abcdef".parse().unwrap();
        let redirect_uri = redirect_uri.parse().unwrap();
        let csrf = CsrfToken::from_state("s1").unwrap();
        EmbeddedQr::new(&Endpoints::default(), &app, &redirect_uri, &csrf, options).unwrap()
    }

    #[test]
    fn values_are_encoded_since_the_script_does_not() {
        let qr = embedded("https://shop.example/cb?a=1&b=2", &QrPageOptions::new());
        insta::assert_snapshot!(qr.script_url(), @"https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js");
        insta::assert_snapshot!(qr.settings("weixin"), @r#"{"appid":"wx0123456789abcdef","id":"weixin","redirect_uri":"https%3A%2F%2Fshop.example%2Fcb%3Fa%3D1%26b%3D2","scope":"snsapi_login","state":"s1"}"#);
    }

    #[test]
    fn the_frame_has_the_qr_page_as_the_script_opens_it() {
        let qr = embedded("https://shop.example/cb?a=1", &QrPageOptions::new());
        insta::assert_snapshot!(qr.frame_url(), @"https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fshop.example%2Fcb%3Fa%3D1&response_type=code&scope=snsapi_login&state=s1&login_type=jssdk");
        assert_eq!(qr.frame_origin().as_str(), "https://open.weixin.qq.com");
    }

    #[test]
    fn options_have_the_types_that_the_script_compares_with() {
        let options = QrPageOptions::new()
            .language(Language::English)
            .text_color(TextColor::White)
            .inline_stylesheet("a{}")
            .callback_target(CallbackTarget::Frame)
            .lite_style()
            .no_fast_login();
        let qr = embedded("https://shop.example/", &options);
        insta::assert_snapshot!(qr.settings("weixin"), @r#"{"appid":"wx0123456789abcdef","fast_login":0,"href":"data%3Atext%2Fcss%3Bbase64%2CYXt9","id":"weixin","lang":"en","redirect_uri":"https%3A%2F%2Fshop.example%2F","scope":"snsapi_login","self_redirect":true,"state":"s1","style":"white","stylelite":1}"#);
    }

    #[test]
    fn nothing_in_the_settings_ends_the_script() {
        let qr = embedded("https://shop.example/", &QrPageOptions::new());
        let settings = qr.settings("</script><script>alert(1)//\u{2028}");
        assert!(
            !settings.contains(['<', '>', '&', '\u{2028}']),
            "{settings}"
        );
        let value: Value = serde_json::from_str(&settings).unwrap();
        assert_eq!(value["id"], "</script><script>alert(1)//\u{2028}");
    }
}
