//! The authorize URL of a website app: WeChat's QR page.

use std::fmt::Write;

use data_encoding::BASE64;
use url::Url;

use super::{CsrfToken, RedirectUri};
use crate::{
    error::{Error, ParseError},
    identity::AppId,
    language::Language,
    transport::Endpoints,
};

/// The look and the behavior of WeChat's QR page. The scope is always `snsapi_login`, the only one of a website app.
///
/// ```
/// use weixin::{Language, QrPageOptions};
///
/// let options = QrPageOptions::new().language(Language::English).lite_style();
/// ```
///
/// See docs/wechat.md#the-authorize-url.
#[derive(Clone, Debug, Default)]
#[must_use = "pass it to `Website::authorize_url`"]
pub struct QrPageOptions {
    pub(super) language: Option<Language>,
    pub(super) text_color: Option<TextColor>,
    pub(super) stylesheet: Option<String>,
    pub(super) callback_target: Option<CallbackTarget>,
    pub(super) is_lite: bool,
    pub(super) no_fast_login: bool,
}

impl QrPageOptions {
    /// WeChat's defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the language of the page (`lang`); WeChat's default is Chinese.
    pub fn language(mut self, language: Language) -> Self {
        self.language = Some(language);
        self
    }

    /// Sets the color of the page's text (`style`); WeChat's default is black.
    pub fn text_color(mut self, color: TextColor) -> Self {
        self.text_color = Some(color);
        self
    }

    /// Adds your stylesheet to the page (`href`), by its URL. No effect together with [`lite_style`](Self::lite_style).
    pub fn stylesheet(mut self, url: &Url) -> Self {
        self.stylesheet = Some(url.to_string());
        self
    }

    /// Adds your stylesheet to the page (`href`), by its text. No effect together with [`lite_style`](Self::lite_style).
    pub fn inline_stylesheet(mut self, css: &str) -> Self {
        let css = BASE64.encode(css.as_bytes());
        self.stylesheet = Some(format!("data:text/css;base64,{css}"));
        self
    }

    /// Chooses the window that opens the callback if the page is in a frame (`self_redirect`).
    pub fn callback_target(mut self, target: CallbackTarget) -> Self {
        self.callback_target = Some(target);
        self
    }

    /// Chooses the page's newer look (`stylelite=1`), which needs at least 220 × 220 pixels.
    pub fn lite_style(mut self) -> Self {
        self.is_lite = true;
        self
    }

    /// Turns off the login by WeChat for PC on the browser's machine (`fast_login=0`). Users report that it works
    /// together with [`lite_style`](Self::lite_style) only.
    ///
    /// See docs/wechat.md#the-authorize-url, #fast-login.
    pub fn no_fast_login(mut self) -> Self {
        self.no_fast_login = true;
        self
    }

    /// The URL of the QR page, with its parameters in WeChat's documented order (docs/wechat.md#the-authorize-url).
    pub(crate) fn url(
        &self,
        endpoints: &Endpoints,
        app: &AppId,
        redirect_uri: &RedirectUri,
        csrf: &CsrfToken,
    ) -> Result<Url, Error> {
        let mut url = String::with_capacity(192 + redirect_uri.percent_encoded().len());
        for part in [
            endpoints.open().as_str(),
            "/connect/qrconnect?appid=",
            app.as_str(),
            "&redirect_uri=",
            redirect_uri.percent_encoded(),
            "&response_type=code&scope=snsapi_login&state=",
            &csrf.percent_encoded_state(),
        ] {
            url.push_str(part);
        }
        self.add_to(&mut url);
        url.push_str("#wechat_redirect");
        parse_url(&url)
    }

    pub(super) fn encoded_stylesheet(&self) -> Option<String> {
        let href = self.stylesheet.as_deref()?;
        Some(form_urlencoded::byte_serialize(href.as_bytes()).collect())
    }

    fn add_to(&self, url: &mut String) {
        let stylesheet = self.encoded_stylesheet();
        let target = self.callback_target.map(CallbackTarget::as_str);
        let options = [
            ("lang", self.language.map(lang)),
            ("self_redirect", target),
            ("style", self.text_color.map(TextColor::as_str)),
            ("href", stylesheet.as_deref()),
            ("stylelite", self.is_lite.then_some("1")),
            ("fast_login", self.no_fast_login.then_some("0")),
        ];
        for (name, value) in options {
            if let Some(value) = value {
                // Writing to a `String` cannot fail.
                let _ = write!(url, "&{name}={value}");
            }
        }
    }
}

/// WeChat's word for a language of the QR page.
fn lang(language: Language) -> &'static str {
    match language {
        Language::Chinese => "cn",
        Language::English => "en",
    }
}

/// Every part was checked before, so this fails for no input.
pub(super) fn parse_url(url: &str) -> Result<Url, Error> {
    let error = ParseError::new("authorize URL", "an absolute URL");
    Url::parse(url).map_err(|_| error.into())
}

/// The color of the QR page's text (`style`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TextColor {
    /// For a light background, WeChat's default.
    Black,
    /// For a dark background.
    White,
}

impl TextColor {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::White => "white",
        }
    }
}

/// The window that opens the callback if the QR page is in a frame (`self_redirect`).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum CallbackTarget {
    /// The whole window (`false`), which the frame's `sandbox` must allow.
    #[default]
    Top,
    /// The frame (`true`). The site's cookies are third-party cookies there, which browsers block.
    Frame,
}

impl CallbackTarget {
    fn as_str(self) -> &'static str {
        match self {
            Self::Top => "false",
            Self::Frame => "true",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(redirect_uri: &str, state: &str, options: &QrPageOptions) -> String {
        let csrf = CsrfToken::from_state(state).unwrap();
        let (app, redirect_uri) = ("wx0123456789abcdef".parse().unwrap(), redirect_uri.parse());
        options
            .url(&Endpoints::default(), &app, &redirect_uri.unwrap(), &csrf)
            .unwrap()
            .into()
    }

    #[test]
    fn the_parameters_are_in_the_documented_order_before_the_fragment() {
        insta::assert_snapshot!(
            url("https://shop.example/callback?next=/cart&a=é", "s1", &QrPageOptions::new()),
            @"https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback%3Fnext%3D%2Fcart%26a%3D%C3%A9&response_type=code&scope=snsapi_login&state=s1#wechat_redirect"
        );
    }

    #[test]
    fn every_option_is_written_as_wechat_writes_it() {
        let stylesheet = "https://shop.example/qr.css?v=1&w=2".parse().unwrap();
        let all = QrPageOptions::new()
            .language(Language::English)
            .text_color(TextColor::White)
            .stylesheet(&stylesheet)
            .callback_target(CallbackTarget::Top)
            .lite_style()
            .no_fast_login();
        insta::assert_snapshot!(
            url("https://shop.example/", "s1", &all),
            @"https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fshop.example%2F&response_type=code&scope=snsapi_login&state=s1&lang=en&self_redirect=false&style=white&href=https%3A%2F%2Fshop.example%2Fqr.css%3Fv%3D1%26w%3D2&stylelite=1&fast_login=0#wechat_redirect"
        );
        let inline = QrPageOptions::new().inline_stylesheet("a{color:#fff}");
        insta::assert_snapshot!(
            url("https://shop.example/", "s1", &inline),
            @"https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fshop.example%2F&response_type=code&scope=snsapi_login&state=s1&href=data%3Atext%2Fcss%3Bbase64%2CYXtjb2xvcjojZmZmfQ%3D%3D#wechat_redirect"
        );
    }

    #[test]
    fn a_state_of_ones_own_cannot_add_parameters() {
        let url = url(
            "https://shop.example/",
            "a&scope=x#y",
            &QrPageOptions::new(),
        );
        assert!(
            url.ends_with("&scope=snsapi_login&state=a%26scope%3Dx%23y#wechat_redirect"),
            "{url}"
        );
    }
}
