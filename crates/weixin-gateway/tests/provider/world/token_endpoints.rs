//! What a client does with its tokens: refresh, introspection and revocation.

use axum::http::StatusCode;

use super::{Browser, Page, RelyingParty, Tokens, browser::encoded};

/// The scope that brings a refresh token.
pub(crate) const OFFLINE: [(&str, &str); 1] = [("scope", "openid profile offline_access")];

impl Tokens {
    /// Empty if there is none.
    pub(crate) fn refresh_token(&self) -> &str {
        let token = self.response.get("refresh_token");
        token.map(|it| it.as_str().unwrap()).unwrap_or_default()
    }
}

impl RelyingParty<'_> {
    fn form(&self, fields: &[(&str, &str)]) -> String {
        let id = self.secret.is_none().then_some(("client_id", self.id));
        let form: Vec<_> = fields.iter().copied().chain(id).collect();
        encoded(&form)
    }

    /// Logs in with `offline_access`.
    pub(crate) async fn log_in_offline(&self, browser: &mut Browser) -> Tokens {
        let tokens = self.log_in(browser, &OFFLINE).await;
        assert!(tokens.refresh_token().starts_with("wxr_"));
        tokens
    }

    /// Uses a refresh token.
    pub(crate) async fn refresh(&self, token: &str, more: &[(&str, &str)]) -> Page {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        let form = self.form(&[&form, more].concat());
        self.post_as_program("/token", form).await
    }

    /// The tokens of a refresh token.
    pub(crate) async fn refreshed(&self, token: &str) -> Tokens {
        let page = self.refresh(token, &[]).await;
        self.read_tokens(page).await
    }

    pub(crate) async fn introspect(&self, token: &str) -> Page {
        let form = self.form(&[("token", token)]);
        self.post_as_program("/introspect", form).await
    }

    /// Whether introspection tells that a token is active.
    pub(crate) async fn is_active(&self, token: &str) -> bool {
        let page = self.introspect(token).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        page.json()["active"].as_bool().unwrap()
    }

    pub(crate) async fn revoke(&self, token: &str) -> Page {
        let form = self.form(&[("token", token)]);
        self.post_as_program("/revoke", form).await
    }
}
