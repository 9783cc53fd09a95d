//! The authorize URL of an official account: the page inside WeChat's own browser.

use url::Url;

use super::{CsrfToken, RedirectUri, qr_page::parse_url};
use crate::{api::Scope, error::Error, identity::AppId, transport::Endpoints};

/// The scope and the behavior of an official account's consent page (网页授权). By default it asks for the profile.
///
/// ```
/// use weixin::ConsentOptions;
///
/// let openid_only = ConsentOptions::new().silent();
/// ```
///
/// See docs/wechat.md#official-account-login.
#[derive(Clone, Debug, Default)]
#[must_use = "pass it to `OfficialAccount::authorize_url`"]
pub struct ConsentOptions {
    is_silent: bool,
    forces_dialog: bool,
    forces_snapshot: bool,
}

impl ConsentOptions {
    /// Asks the user for the profile (`snsapi_userinfo`).
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the user nothing; the login brings the OpenID only (`snsapi_base`).
    pub fn silent(mut self) -> Self {
        self.is_silent = true;
        self
    }

    /// Asks followers too, whom WeChat does not ask otherwise (`forcePopup=true`).
    pub fn force_dialog(mut self) -> Self {
        self.forces_dialog = true;
        self
    }

    /// Logs in a snapshot user, to test how the site handles one (`forceSnapShot=true`).
    ///
    /// Users report that it does not always work: see docs/wechat.md#official-account-login.
    pub fn force_snapshot(mut self) -> Self {
        self.forces_snapshot = true;
        self
    }

    /// The URL of the consent page. WeChat requires these parameters in exactly this order and case;
    /// `connect_redirect=1` keeps it from calling back twice (docs/wechat.md#official-account-login, #the-callback).
    pub(crate) fn url(
        &self,
        endpoints: &Endpoints,
        app: &AppId,
        redirect_uri: &RedirectUri,
        csrf: &CsrfToken,
    ) -> Result<Url, Error> {
        csrf.check_inside_wechat()?;
        let scope = if self.is_silent {
            Scope::BASE
        } else {
            Scope::USERINFO
        };
        let flag = |is_set, text| if is_set { text } else { "" };
        let url = [
            endpoints.open().as_str(),
            "/connect/oauth2/authorize?appid=",
            app.as_str(),
            "&redirect_uri=",
            redirect_uri.percent_encoded(),
            "&response_type=code&scope=",
            scope.as_str(),
            "&state=",
            &csrf.state(),
            "&connect_redirect=1",
            flag(self.forces_dialog, "&forcePopup=true"),
            flag(self.forces_snapshot, "&forceSnapShot=true"),
            "#wechat_redirect",
        ];
        parse_url(&url.concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(state: &str, options: &ConsentOptions) -> Result<String, Error> {
        let csrf = CsrfToken::from_state(state).unwrap();
        let redirect_uri = "https://shop.example/cb?next=/cart".parse().unwrap();
        let app = "wx0123456789abcde0".parse().unwrap();
        let url = options.url(&Endpoints::default(), &app, &redirect_uri, &csrf)?;
        Ok(url.into())
    }

    #[test]
    fn the_parameters_are_in_the_order_that_wechat_requires() {
        insta::assert_snapshot!(url("s1", &ConsentOptions::new()).unwrap(), @"https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri=https%3A%2F%2Fshop.example%2Fcb%3Fnext%3D%2Fcart&response_type=code&scope=snsapi_userinfo&state=s1&connect_redirect=1#wechat_redirect");
        let all = ConsentOptions::new()
            .silent()
            .force_dialog()
            .force_snapshot();
        insta::assert_snapshot!(url("s1", &all).unwrap(), @"https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx0123456789abcde0&redirect_uri=https%3A%2F%2Fshop.example%2Fcb%3Fnext%3D%2Fcart&response_type=code&scope=snsapi_base&state=s1&connect_redirect=1&forcePopup=true&forceSnapShot=true#wechat_redirect");
    }

    #[test]
    fn a_state_that_wechat_rejects_is_rejected_here() {
        for bad in ["a-b", &"a".repeat(129)] {
            let error = url(bad, &ConsentOptions::new()).unwrap_err();
            assert_eq!(
                error.to_string(),
                "not a valid state: expected 1 to 128 letters and digits (inside WeChat)"
            );
            assert!(error.is_configuration());
        }
    }
}
