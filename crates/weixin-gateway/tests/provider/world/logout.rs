//! Logouts, as a client and its user start them.

use axum::http::StatusCode;

use super::{
    Browser, Page, RelyingParty, World,
    browser::{encoded, param},
};

/// Registered for `web` by [`with_return`].
pub(crate) const RETURN: &str = "https://rp.example/logged-out";

/// A world whose client `web` has a URL to return to after a logout.
pub(crate) async fn with_return() -> World {
    let web = format!("post_logout_redirect_uris = [\"{RETURN}\"]");
    World::with(super::Options {
        web,
        ..super::Options::default()
    })
    .await
}

impl RelyingParty<'_> {
    /// The URL of a logout with these parameters.
    pub(crate) fn logout_url(&self, params: &[(&str, &str)]) -> String {
        format!("{}/end_session?{}", self.issuer(), encoded(params))
    }

    /// Opens the URL of a logout.
    pub(crate) async fn log_out(&self, browser: &mut Browser, params: &[(&str, &str)]) -> Page {
        browser.open(self.world, &self.logout_url(params)).await
    }

    /// Presses the button of the page that asks.
    pub(crate) async fn confirm_logout(&self, browser: &mut Browser, page: &Page) -> Page {
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        assert_eq!(page.attribute("action"), "end_session");
        let fields = page.fields();
        let form: Vec<_> = fields.iter().map(|(name, it)| (&**name, &**it)).collect();
        let url = format!("{}/end_session", self.issuer());
        browser.post(self.world, &url, &form).await
    }

    /// Whether a login would be silent now.
    pub(crate) async fn is_logged_in(&self, browser: &mut Browser) -> bool {
        let url = self.authorize_url(&[("prompt", "none")]);
        let page = browser.open(self.world, &url).await;
        match &*param(page.location(), "error") {
            "" => true,
            "login_required" => false,
            error => panic!("{error}"),
        }
    }
}
