//! Step 1 for official accounts: the page inside WeChat's own browser.

use super::{CsrfToken, LoginUrl, RedirectUri};
use crate::{AppId, Endpoints, Error, Scope};

/// What an official account's login page is asked for (网页授权): the profile, unless it is told to be silent.
///
/// ```
/// use weixin::{AuthorizeRequest, RedirectUri};
///
/// let redirect_uri: RedirectUri = "https://www.example.com/callback".parse()?;
/// let who_is_it = AuthorizeRequest::new(redirect_uri).silent();
/// # Ok::<_, weixin::InvalidRedirectUri>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "pass it to `Client::authorize_url`"]
pub struct AuthorizeRequest {
    redirect_uri: RedirectUri,
    scope: Scope,
    csrf: Option<CsrfToken>,
    forces_dialog: bool,
    forces_snapshot: bool,
}

impl AuthorizeRequest {
    /// A login that asks the user for the profile (`snsapi_userinfo`) and ends at `redirect_uri`, with a new token.
    pub fn new(redirect_uri: RedirectUri) -> Self {
        Self {
            redirect_uri,
            scope: Scope::USERINFO,
            csrf: None,
            forces_dialog: false,
            forces_snapshot: false,
        }
    }

    pub(crate) fn redirect_uri(&self) -> &RedirectUri {
        &self.redirect_uri
    }

    /// Asks the user nothing, and brings nothing but the open id (`snsapi_base`).
    pub fn silent(mut self) -> Self {
        self.scope = Scope::BASE;
        self
    }

    /// Uses this token instead of a new random one: letters and digits, 128 at most.
    pub fn csrf(mut self, csrf: CsrfToken) -> Self {
        self.csrf = Some(csrf);
        self
    }

    /// Asks even followers, who are not asked otherwise (`forcePopup=true`).
    pub fn force_dialog(mut self) -> Self {
        self.forces_dialog = true;
        self
    }

    /// Logs a snapshot user in, to try how the site takes it (`forceSnapShot=true`).
    pub fn force_snapshot(mut self) -> Self {
        self.forces_snapshot = true;
        self
    }

    /// Makes the address of the login page of `app`; [`Client::authorize_url`](crate::Client::authorize_url) does it
    /// for its own.
    ///
    /// # Errors
    ///
    /// [`Error::Parse`] if WeChat rejects a state of your own; [`Error::Random`] if the operating system has no random
    /// bytes for one.
    ///
    /// WeChat wants these parameters in exactly this order and case (official account web authorization).
    /// `connect_redirect=1` keeps it from calling back twice.
    pub fn url(&self, endpoints: &Endpoints, app: &AppId) -> Result<LoginUrl, Error> {
        let csrf = self.csrf.clone().map_or_else(CsrfToken::random, Ok)?;
        csrf.check_inside_wechat()?;
        let url = [
            endpoints.open().as_str(),
            "/connect/oauth2/authorize?appid=",
            app.as_str(),
            "&redirect_uri=",
            self.redirect_uri.percent_encoded(),
            "&response_type=code&scope=",
            self.scope.as_str(),
            "&state=",
            &csrf.state(),
            "&connect_redirect=1",
            if self.forces_dialog {
                "&forcePopup=true"
            } else {
                ""
            },
            if self.forces_snapshot {
                "&forceSnapShot=true"
            } else {
                ""
            },
            "#wechat_redirect",
        ];
        Ok(LoginUrl {
            url: url.concat(),
            csrf,
        })
    }
}

impl From<RedirectUri> for AuthorizeRequest {
    fn from(redirect_uri: RedirectUri) -> Self {
        Self::new(redirect_uri)
    }
}

impl From<&RedirectUri> for AuthorizeRequest {
    fn from(redirect_uri: &RedirectUri) -> Self {
        Self::new(redirect_uri.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(request: &AuthorizeRequest) -> Result<String, Error> {
        let app = "wx0123456789abcde0".parse().unwrap();
        let url = request.url(&Endpoints::default(), &app)?;
        Ok(url.to_string())
    }

    fn request() -> AuthorizeRequest {
        let redirect_uri: RedirectUri = "https://shop.example/cb?next=/cart".parse().unwrap();
        AuthorizeRequest::new(redirect_uri).csrf(CsrfToken::from_state("s1").unwrap())
    }

    #[test]
    fn the_parameters_stand_in_the_order_that_wechat_demands() {
        insta::assert_snapshot!(url(&request()).unwrap(), @"https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri=https%3A%2F%2Fshop.example%2Fcb%3Fnext%3D%2Fcart&response_type=code&scope=snsapi_userinfo&state=s1&connect_redirect=1#wechat_redirect");
        insta::assert_snapshot!(url(&request().silent().force_dialog().force_snapshot()).unwrap(), @"https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri=https%3A%2F%2Fshop.example%2Fcb%3Fnext%3D%2Fcart&response_type=code&scope=snsapi_base&state=s1&connect_redirect=1&forcePopup=true&forceSnapShot=true#wechat_redirect");
    }

    #[test]
    fn a_state_that_wechat_rejects_is_rejected_here() {
        for bad in ["a-b", &"a".repeat(129)] {
            let error = url(&request().csrf(CsrfToken::from_state(bad).unwrap())).unwrap_err();
            assert_eq!(
                error.to_string(),
                "not a valid state: expected 1 to 128 letters and digits (inside WeChat)"
            );
            assert!(error.is_configuration());
        }
    }
}
