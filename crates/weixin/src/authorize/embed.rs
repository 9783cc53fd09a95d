//! The QR page in a frame of the site: what WeChat's `wxLogin.js` is given.

use std::fmt;

use serde_json::{Map, Value};

use super::{
    CsrfToken, LoginRequest, SelfRedirect,
    qr_page::{PageLang, TextColour},
};
use crate::{AppId, Endpoints, Error};

/// What a page needs to show the QR code in a frame: the address of WeChat's script, and what to call it with.
///
/// ```html
/// <div id="weixin"></div>
/// <script src="{script_url}"></script>
/// <script>new WxLogin({settings})</script>
/// ```
///
/// `Debug` does not show the settings, which have the state in them.
#[derive(Clone)]
#[must_use = "put it into a page and keep the token"]
pub struct EmbeddedQr {
    script_url: String,
    settings: String,
    csrf: CsrfToken,
}

impl fmt::Debug for EmbeddedQr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EmbeddedQr")
            .field("script_url", &self.script_url)
            .finish_non_exhaustive()
    }
}

impl EmbeddedQr {
    /// The address of `wxLogin.js`.
    pub fn script_url(&self) -> &str {
        &self.script_url
    }

    /// The argument of `new WxLogin(…)`, as JSON that may stand in a `script` element as it is.
    pub fn settings(&self) -> &str {
        &self.settings
    }

    /// Verifies the callback: keep it where only this browser has it.
    pub fn csrf(&self) -> &CsrfToken {
        &self.csrf
    }
}

impl LoginRequest {
    /// Makes the settings for a QR code in the element with the id `container`;
    /// [`Client::embedded_qr`](crate::Client::embedded_qr) does it for its own app.
    ///
    /// The script puts the values into an address as they are, so they are encoded here: the callback survives it.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the operating system has no random bytes for the token.
    pub fn embedded(
        &self,
        endpoints: &Endpoints,
        app: &AppId,
        container: &str,
    ) -> Result<EmbeddedQr, Error> {
        let csrf = self.csrf.clone().map_or_else(CsrfToken::random, Ok)?;
        let look = &self.look;
        let text = |text: &str| Some(Value::from(text));
        let settings = [
            ("id", text(container)),
            ("appid", text(app.as_str())),
            ("scope", text("snsapi_login")),
            ("redirect_uri", text(self.redirect_uri.percent_encoded())),
            ("state", text(&csrf.percent_encoded_state())),
            (
                "self_redirect",
                look.self_redirect
                    .map(|window| Value::from(window == SelfRedirect::Frame)),
            ),
            (
                "style",
                look.text_colour.map(TextColour::as_str).and_then(text),
            ),
            ("href", look.encoded_stylesheet().map(Value::from)),
            (
                "lang",
                look.lang
                    .filter(|lang| *lang == PageLang::En)
                    .map(|_| Value::from("en")),
            ),
            ("stylelite", look.is_new.then(|| Value::from(1))),
            ("fast_login", look.no_fast_login.then(|| Value::from(0))),
        ];
        let settings: Map<_, _> = settings
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        Ok(EmbeddedQr {
            script_url: format!(
                "{}/connect/zh_CN/htmledition/js/wxLogin.js",
                endpoints.scripts().as_str()
            ),
            settings: for_a_script_element(&Value::Object(settings).to_string()),
            csrf,
        })
    }
}

/// JSON in which nothing ends a `script` element, or a line of JavaScript.
fn for_a_script_element(json: &str) -> String {
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

    fn embedded(request: LoginRequest, container: &str) -> EmbeddedQr {
        let app = "wx0123456789abcdef".parse().unwrap();
        request
            .csrf(CsrfToken::from_state("s1").unwrap())
            .embedded(&Endpoints::default(), &app, container)
            .unwrap()
    }

    #[test]
    fn values_are_encoded_since_the_script_does_not() {
        let request = LoginRequest::new("https://shop.example/cb?a=1&b=2".parse().unwrap());
        let qr = embedded(request, "weixin");
        insta::assert_snapshot!(qr.script_url(), @"https://res.wx.qq.com/connect/zh_CN/htmledition/js/wxLogin.js");
        insta::assert_snapshot!(qr.settings(), @r#"{"appid":"wx0123456789abcdef","id":"weixin","redirect_uri":"https%3A%2F%2Fshop.example%2Fcb%3Fa%3D1%26b%3D2","scope":"snsapi_login","state":"s1"}"#);
    }

    #[test]
    fn options_have_the_types_that_the_script_compares_with() {
        let request = LoginRequest::new("https://shop.example/".parse().unwrap())
            .lang(PageLang::En)
            .text_colour(TextColour::White)
            .inline_stylesheet("a{}")
            .self_redirect(SelfRedirect::Frame)
            .new_look()
            .no_fast_login();
        insta::assert_snapshot!(embedded(request, "weixin").settings(), @r#"{"appid":"wx0123456789abcdef","fast_login":0,"href":"data%3Atext%2Fcss%3Bbase64%2CYXt9","id":"weixin","lang":"en","redirect_uri":"https%3A%2F%2Fshop.example%2F","scope":"snsapi_login","self_redirect":true,"state":"s1","style":"white","stylelite":1}"#);
    }

    #[test]
    fn nothing_in_the_settings_ends_the_script() {
        let request = LoginRequest::new("https://shop.example/".parse().unwrap());
        let settings = embedded(request, "</script><script>alert(1)//\u{2028}").settings;
        assert!(
            !settings.contains(['<', '>', '&', '\u{2028}']),
            "{settings}"
        );
        let value: Value = serde_json::from_str(&settings).unwrap();
        assert_eq!(value["id"], "</script><script>alert(1)//\u{2028}");
    }
}
