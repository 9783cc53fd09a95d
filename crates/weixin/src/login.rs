//! Step 1: the address that the browser is sent to.

use std::fmt;

use crate::{AppId, Endpoints, Error, RedirectUri, Scope, Scopes, State};

/// What WeChat's QR page is asked for.
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
    redirect_uri: RedirectUri,
    scopes: Scopes,
    state: Option<State>,
    lang: Option<PageLang>,
}

impl LoginRequest {
    /// A website login (`snsapi_login`) that ends at `redirect_uri`, with a new state.
    pub fn new(redirect_uri: RedirectUri) -> Self {
        Self {
            redirect_uri,
            scopes: Scope::LOGIN.into(),
            state: None,
            lang: None,
        }
    }

    /// Asks for other scopes than `snsapi_login`.
    pub fn scopes(mut self, scopes: impl Into<Scopes>) -> Self {
        self.scopes = scopes.into();
        self
    }

    /// Uses a state of your own instead of a new random one.
    pub fn state(mut self, state: State) -> Self {
        self.state = Some(state);
        self
    }

    /// Sets the language of the page; without it, WeChat's default (Chinese).
    pub fn lang(mut self, lang: PageLang) -> Self {
        self.lang = Some(lang);
        self
    }

    /// Makes the address of the QR page for `app`; [`Client::login_url`](crate::Client::login_url)
    /// does it for its own.
    ///
    /// # Errors
    ///
    /// [`Error::Random`] if the operating system has no random bytes for the state.
    ///
    /// The parameters stand in the order of WeChat's documentation (website login, step 1).
    pub fn url(&self, endpoints: &Endpoints, app: &AppId) -> Result<LoginUrl, Error> {
        let state = self.state.clone().map_or_else(State::random, Ok)?;
        let encoded_state: String =
            form_urlencoded::byte_serialize(state.as_str().as_bytes()).collect();
        let redirect_uri = self.redirect_uri.percent_encoded();
        let mut url = String::with_capacity(160 + redirect_uri.len() + encoded_state.len());
        for part in [
            endpoints.open(),
            "/connect/qrconnect?appid=",
            app.as_str(),
            "&redirect_uri=",
            redirect_uri,
            "&response_type=code&scope=",
        ] {
            url.push_str(part);
        }
        for (index, scope) in self.scopes.iter().enumerate() {
            url.push_str(if index > 0 { "," } else { "" });
            url.push_str(scope.as_str());
        }
        url.push_str("&state=");
        url.push_str(&encoded_state);
        if let Some(lang) = self.lang {
            url.push_str("&lang=");
            url.push_str(lang.as_str());
        }
        url.push_str("#wechat_redirect");
        Ok(LoginUrl { url, state })
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
    fn as_str(self) -> &'static str {
        match self {
            Self::Cn => "cn",
            Self::En => "en",
        }
    }
}

/// The address of the QR page, and the state to keep until the callback.
#[derive(Clone, Debug)]
#[must_use = "send the browser there and keep the state"]
pub struct LoginUrl {
    url: String,
    state: State,
}

impl LoginUrl {
    /// The address to send the browser to.
    pub fn as_str(&self) -> &str {
        &self.url
    }

    /// What the callback must bring back: keep it where only this browser has it.
    pub fn state(&self) -> &State {
        &self.state
    }
}

impl fmt::Display for LoginUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(request: LoginRequest) -> String {
        let app = "wx0123456789abcdef".parse().unwrap();
        let request = request.state(State::from_stored("s1"));
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
    fn language_and_several_scopes_are_written_as_wechat_writes_them() {
        let scopes: Scopes = "snsapi_login,snsapi_userinfo".parse().unwrap();
        insta::assert_snapshot!(
            url(request("https://shop.example/").scopes(scopes).lang(PageLang::En)),
            @"https://open.weixin.qq.com/connect/qrconnect?appid=wx0123456789abcdef&redirect_uri=https%3A%2F%2Fshop.example%2F&response_type=code&scope=snsapi_login,snsapi_userinfo&state=s1&lang=en#wechat_redirect"
        );
    }

    #[test]
    fn a_state_of_ones_own_cannot_add_parameters() {
        let app = "wx1".parse().unwrap();
        let request = request("https://shop.example/").state(State::from_stored("a&scope=x#y"));
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
