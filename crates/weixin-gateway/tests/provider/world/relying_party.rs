//! A client of the gateway, written from the specifications.

use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use base64_of::basic;
use serde_json::{Map, Value};

use super::{
    Browser, ISSUER, Page, SECRET, World,
    browser::{encoded, param},
};

mod base64_of {
    use data_encoding::BASE64;

    pub(super) fn basic(id: &str, secret: &str) -> String {
        format!(
            "Basic {}",
            BASE64.encode(format!("{id}:{secret}").as_bytes())
        )
    }
}

pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

#[derive(Clone, Copy)]
pub(crate) struct RelyingParty<'a> {
    pub(crate) world: &'a World,
    /// Of its issuer, below `https://localhost`.
    pub(crate) path: &'static str,
    pub(crate) id: &'static str,
    pub(crate) secret: Option<&'static str>,
    pub(crate) redirect_uri: &'static str,
}

/// The response to a token request, with the claims of its ID token.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) access_token: String,
    pub(crate) id_token: String,
    pub(crate) claims: Map<String, Value>,
    pub(crate) response: Map<String, Value>,
}

impl Tokens {
    pub(crate) fn sub(&self) -> &str {
        self.claims["sub"].as_str().unwrap()
    }
}

impl<'a> RelyingParty<'a> {
    pub(crate) fn confidential(
        world: &'a World,
        id: &'static str,
        redirect_uri: &'static str,
    ) -> Self {
        Self {
            world,
            path: world.options.path,
            id,
            secret: Some(SECRET),
            redirect_uri,
        }
    }

    pub(crate) fn public(world: &'a World, id: &'static str, redirect_uri: &'static str) -> Self {
        Self {
            world,
            path: world.options.path,
            id,
            secret: None,
            redirect_uri,
        }
    }

    /// The same client with another redirect URI.
    pub(crate) fn with_redirect_uri(self, redirect_uri: &'static str) -> Self {
        Self {
            redirect_uri,
            ..self
        }
    }

    pub(crate) fn with_secret(self, secret: &'static str) -> Self {
        let secret = Some(secret);
        Self { secret, ..self }
    }

    pub(crate) const fn with_id(self, id: &'static str) -> Self {
        Self { id, ..self }
    }

    pub(crate) fn basic(&self, secret: &str) -> String {
        basic(self.id, secret)
    }

    /// The same client at another issuer of the gateway.
    pub(crate) const fn at(self, path: &'static str) -> Self {
        Self { path, ..self }
    }

    /// The same without Basic authentication.
    pub(crate) const fn without_secret(self) -> Self {
        Self {
            secret: None,
            ..self
        }
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{ISSUER}{}", self.path)
    }

    /// The parameters of an authorization request: the usual ones, and these in their place or beside them. An empty value
    /// removes one.
    pub(crate) fn params(&self, changes: &[(&str, &str)]) -> Vec<(String, String)> {
        let pair = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let usual = [
            ("response_type", "code"),
            ("client_id", self.id),
            ("redirect_uri", self.redirect_uri),
            ("scope", "openid profile"),
            ("state", "a state"),
            ("nonce", "a nonce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
        let usual = usual.into_iter().filter(|(name, _)| !is_changed(name));
        let new = changes
            .iter()
            .copied()
            .filter(|(_, value)| !value.is_empty());
        usual.chain(new).map(pair).collect()
    }

    /// The path and query of an authorization request.
    pub(crate) fn authorize_url(&self, changes: &[(&str, &str)]) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(self.params(changes));
        format!("{}/authorize?{}", self.issuer(), query.finish())
    }

    /// Posts an authorization request, as a page of this gateway's host would.
    pub(crate) async fn post(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> Page {
        let params = self.params(changes);
        let form: Vec<_> = params
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        let url = format!("{}/authorize", self.issuer());
        browser.post(self.world, &url, &form).await
    }

    /// Logs in, and returns the URL of the client's callback.
    pub(crate) async fn callback(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> String {
        browser
            .follow(self.world, &self.authorize_url(changes))
            .await
    }

    /// Begins a login, and returns WeChat's callback without opening it.
    pub(crate) async fn wechat_callback(
        &self,
        browser: &mut Browser,
        changes: &[(&str, &str)],
    ) -> String {
        let page = browser.open(self.world, &self.authorize_url(changes)).await;
        browser.visit_wechat(page.location()).await
    }

    /// Logs in, and returns the code.
    pub(crate) async fn code(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> String {
        let url = self.callback(browser, changes).await;
        let code = param(&url, "code");
        assert!(!code.is_empty(), "{url}");
        code
    }

    /// The form of a token request, with these changes.
    pub(crate) fn token_form(&self, code: &str, changes: &[(&str, &str)]) -> String {
        let usual = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        let is_changed = |name: &str| changes.iter().any(|(changed, _)| *changed == name);
        let usual = usual.into_iter().filter(|(name, _)| !is_changed(name));
        let new = changes
            .iter()
            .copied()
            .filter(|(_, value)| !value.is_empty());
        let mut form: Vec<_> = usual.chain(new).collect();
        if self.secret.is_none() {
            form.push(("client_id", self.id));
        }
        encoded(&form)
    }

    /// Redeems a code, by Basic authentication or as a public client.
    pub(crate) async fn redeem(&self, code: &str, changes: &[(&str, &str)]) -> Page {
        let form = self.token_form(code, changes);
        self.post_as_program("/token", form).await
    }

    /// Posts a form to an endpoint for programs, by Basic authentication or as a public client, which is in the form.
    pub(super) async fn post_as_program(&self, path: &str, form: String) -> Page {
        let request = Request::post(format!("{}{path}", self.issuer()))
            .header("content-type", "application/x-www-form-urlencoded");
        let request = match self.secret {
            Some(secret) => request.header("authorization", basic(self.id, secret)),
            None => request,
        };
        self.world
            .respond(request.body(Body::from(form)).unwrap())
            .await
    }

    /// The tokens of a code.
    pub(crate) async fn tokens(&self, code: &str) -> Tokens {
        let page = self.redeem(code, &[]).await;
        self.read_tokens(page).await
    }

    /// The tokens of a response.
    pub(super) async fn read_tokens(&self, page: Page) -> Tokens {
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let Value::Object(response) = page.json() else {
            panic!("no object: {}", page.body);
        };
        let text = |name: &str| match response.get(name) {
            Some(value) => value.as_str().unwrap().to_owned(),
            None => String::new(),
        };
        let id_token = text("id_token");
        let claims = match &*id_token {
            "" => Map::new(),
            jwt => self.verified_claims(jwt).await,
        };
        Tokens {
            access_token: text("access_token"),
            claims,
            id_token,
            response,
        }
    }

    /// Logs in, and redeems the code.
    pub(crate) async fn log_in(&self, browser: &mut Browser, changes: &[(&str, &str)]) -> Tokens {
        let code = self.code(browser, changes).await;
        self.tokens(&code).await
    }

    pub(crate) async fn userinfo(&self, access_token: &str) -> Page {
        let request = Request::get(format!("{}/userinfo", self.issuer()))
            .header("authorization", format!("Bearer {access_token}"));
        self.world
            .respond(request.body(Body::empty()).unwrap())
            .await
    }
}
