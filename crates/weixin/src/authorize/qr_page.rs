//! Step 1 for website apps: the QR page.

use std::fmt::Write;

use data_encoding::BASE64;
use url::Url;

use super::{CsrfToken, LoginUrl, RedirectUri};
use crate::{AppId, Endpoints, Error};

/// What WeChat's QR page is asked for; the scope is always `snsapi_login`, since no other fits a website app.
///
/// ```
/// use weixin::{LoginRequest, PageLang, RedirectUri};
///
/// let redirect_uri: RedirectUri = "https://www.example.com/callback".parse()?;
/// let request = LoginRequest::new(redirect_uri).lang(PageLang::En);
/// # Ok::<_, weixin::InvalidRedirectUri>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "pass it to `Client::login_url`"]
pub struct LoginRequest {
    pub(super) redirect_uri: RedirectUri,
    pub(super) csrf: Option<CsrfToken>,
    pub(super) look: Look,
}

/// The options of the page (website login, step 1).
#[derive(Clone, Debug, Default)]
pub(super) struct Look {
    pub(super) lang: Option<PageLang>,
    pub(super) text_colour: Option<TextColour>,
    pub(super) stylesheet: Option<String>,
    pub(super) self_redirect: Option<SelfRedirect>,
    pub(super) is_new: bool,
    pub(super) no_fast_login: bool,
}

impl LoginRequest {
    /// A website login that ends at `redirect_uri`, with a new token.
    pub fn new(redirect_uri: RedirectUri) -> Self {
        Self {
            redirect_uri,
            csrf: None,
            look: Look::default(),
        }
    }

    pub(crate) fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// Uses this token instead of a new random one.
    pub fn csrf(mut self, csrf: CsrfToken) -> Self {
        self.csrf = Some(csrf);
        self
    }

    /// Sets the language of the page (`lang`); without it, WeChat's default (Chinese).
    pub fn lang(mut self, lang: PageLang) -> Self {
        self.look.lang = Some(lang);
        self
    }

    /// Sets the colour of the page's text (`style`), for a ground that is dark; without it, black.
    pub fn text_colour(mut self, colour: TextColour) -> Self {
        self.look.text_colour = Some(colour);
        self
    }

    /// Adds a style sheet of yours to the page (`href`), by its address. Without effect on the new look.
    pub fn stylesheet(mut self, address: &Url) -> Self {
        self.look.stylesheet = Some(address.to_string());
        self
    }

    /// Adds a style sheet of yours to the page (`href`), by its text. Without effect on the new look.
    pub fn inline_stylesheet(mut self, css: &str) -> Self {
        self.look.stylesheet = Some(format!(
            "data:text/css;base64,{}",
            BASE64.encode(css.as_bytes())
        ));
        self
    }

    /// Chooses the window that goes to the callback if the page is in a frame (`self_redirect`).
    pub fn self_redirect(mut self, window: SelfRedirect) -> Self {
        self.look.self_redirect = Some(window);
        self
    }

    /// Asks for the page's new look (`stylelite=1`), which needs 220 × 220 pixels at least.
    pub fn new_look(mut self) -> Self {
        self.look.is_new = true;
        self
    }

    /// Does not ask WeChat for PC on the browser's machine to log in without scanning (`fast_login=0`). WeChat's users
    /// report that it takes effect together with [`new_look`](Self::new_look) only.
    pub fn no_fast_login(mut self) -> Self {
        self.look.no_fast_login = true;
        self
    }

    /// Makes the address of the QR page for `app`; [`Client::login_url`](crate::Client::login_url)
    /// does it for its own.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the operating system has no random bytes for the token.
    ///
    /// The parameters stand in the order of WeChat's documentation (website login, step 1).
    pub fn url(&self, endpoints: &Endpoints, app: &AppId) -> Result<LoginUrl, Error> {
        let csrf = self.csrf.clone().map_or_else(CsrfToken::random, Ok)?;
        let encoded_state = csrf.percent_encoded_state();
        let redirect_uri = self.redirect_uri.percent_encoded();
        let mut url = String::with_capacity(160 + redirect_uri.len() + encoded_state.len());
        for part in [
            endpoints.open().as_str(),
            "/connect/qrconnect?appid=",
            app.as_str(),
            "&redirect_uri=",
            redirect_uri,
            "&response_type=code&scope=snsapi_login&state=",
            &encoded_state,
        ] {
            url.push_str(part);
        }
        self.look.add_to(&mut url);
        url.push_str("#wechat_redirect");
        Ok(LoginUrl { url, csrf })
    }
}

impl Look {
    pub(super) fn encoded_stylesheet(&self) -> Option<String> {
        let href = self.stylesheet.as_deref()?;
        Some(form_urlencoded::byte_serialize(href.as_bytes()).collect())
    }

    fn add_to(&self, url: &mut String) {
        let stylesheet = self.encoded_stylesheet();
        let options = [
            ("lang", self.lang.map(PageLang::as_str)),
            (
                "self_redirect",
                self.self_redirect.map(SelfRedirect::as_str),
            ),
            ("style", self.text_colour.map(TextColour::as_str)),
            ("href", stylesheet.as_deref()),
            ("stylelite", self.is_new.then_some("1")),
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

impl From<RedirectUri> for LoginRequest {
    fn from(redirect_uri: RedirectUri) -> Self {
        Self::new(redirect_uri)
    }
}

impl From<&RedirectUri> for LoginRequest {
    fn from(redirect_uri: &RedirectUri) -> Self {
        Self::new(redirect_uri.clone())
    }
}

/// The language of WeChat's QR page (`lang`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PageLang {
    /// Chinese (`cn`), WeChat's default.
    Cn,
    /// English (`en`).
    En,
}

impl PageLang {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Cn => "cn",
            Self::En => "en",
        }
    }
}

/// The colour of the QR page's text (`style`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum TextColour {
    /// For a light ground, WeChat's default.
    Black,
    /// For a dark ground.
    White,
}

impl TextColour {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Black => "black",
            Self::White => "white",
        }
    }
}

/// Which window goes to the callback if the QR page is in a frame (`self_redirect`).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SelfRedirect {
    /// The frame (`true`): the callback's cookies are those of a third party then, which browsers block.
    Frame,
    /// The whole window (`false`), which the frame's `sandbox` must allow.
    Top,
}

impl SelfRedirect {
    fn as_str(self) -> &'static str {
        match self {
            Self::Frame => "true",
            Self::Top => "false",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(request: LoginRequest) -> String {
        let app = "wx0123456789abcdef".parse().unwrap();
        let request = request.csrf(CsrfToken::from_state("s1").unwrap());
        request
            .url(&Endpoints::default(), &app)
            .unwrap()
            .to_string()
    }

    fn request(redirect_uri: &str) -> LoginRequest {
        LoginRequest::new(redirect_uri.parse().unwrap())
    }

    #[test]
    fn the_address_is_in_the_documented_order_and_ends_with_the_fragment() {
        insta::assert_snapshot!(
            url(request("https://shop.example/callback?next=/cart&a=é")),
            @"https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fshop.example%2Fcallback%3Fnext%3D%2Fcart%26a%3D%C3%A9&response_type=code&scope=snsapi_login&state=s1#wechat_redirect"
        );
    }

    #[test]
    fn every_option_of_the_page_is_written_as_wechat_writes_it() {
        let stylesheet = "https://shop.example/qr.css?v=1&w=2".parse().unwrap();
        let all = request("https://shop.example/")
            .lang(PageLang::En)
            .text_colour(TextColour::White)
            .stylesheet(&stylesheet)
            .self_redirect(SelfRedirect::Top)
            .new_look()
            .no_fast_login();
        insta::assert_snapshot!(
            url(all),
            @"https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fshop.example%2F&response_type=code&scope=snsapi_login&state=s1&lang=en&self_redirect=false&style=white&href=https%3A%2F%2Fshop.example%2Fqr.css%3Fv%3D1%26w%3D2&stylelite=1&fast_login=0#wechat_redirect"
        );
        let inline = request("https://shop.example/").inline_stylesheet("a{color:#fff}");
        insta::assert_snapshot!(
            url(inline),
            @"https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fshop.example%2F&response_type=code&scope=snsapi_login&state=s1&href=data%3Atext%2Fcss%3Bbase64%2CYXtjb2xvcjojZmZmfQ%3D%3D#wechat_redirect"
        );
    }

    #[test]
    fn a_state_of_ones_own_cannot_add_parameters() {
        let app = "wx1".parse().unwrap();
        let request =
            request("https://shop.example/").csrf(CsrfToken::from_state("a&scope=x#y").unwrap());
        let url = request
            .url(&Endpoints::default(), &app)
            .unwrap()
            .to_string();
        assert!(
            url.ends_with("&scope=snsapi_login&state=a%26scope%3Dx%23y#wechat_redirect"),
            "{url}"
        );
    }
}
