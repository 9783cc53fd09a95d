//! A client of the provider, which knows nothing of it but its discovery document.

use data_encoding::BASE64;
use form_urlencoded::Serializer;
use hyper::{Request, body::Bytes, header};
use serde_json::Value;
use url::Url;

use crate::worker::Worker;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) struct Client {
    id: String,
    /// `None` for a public client.
    basic: Option<String>,
    pub(crate) redirect_uri: String,
    scope: &'static str,
    authorize: String,
    token: Url,
    userinfo: Url,
    introspection: Option<Url>,
    pub(crate) discovery: Url,
}

pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
}

impl Client {
    pub(crate) async fn discover(
        issuer: &str,
        id: &str,
        secret: &str,
        redirect_uri: &str,
        scope: &'static str,
    ) -> Self {
        let issuer = issuer.trim_end_matches('/');
        let discovery = Url::parse(&format!("{issuer}/.well-known/openid-configuration")).unwrap();
        let metadata: Value =
            serde_json::from_slice(&Worker::default().get(&discovery, None).await).unwrap();
        let url = |name: &str| Url::parse(metadata[name].as_str()?).ok();
        let credentials = BASE64.encode(format!("{id}:{secret}").as_bytes());
        Self {
            id: id.to_owned(),
            basic: (!secret.is_empty()).then(|| format!("Basic {credentials}")),
            redirect_uri: redirect_uri.to_owned(),
            scope,
            authorize: metadata["authorization_endpoint"]
                .as_str()
                .unwrap()
                .to_owned(),
            token: url("token_endpoint").unwrap(),
            userinfo: url("userinfo_endpoint").unwrap(),
            introspection: url("introspection_endpoint"),
            discovery,
        }
    }

    pub(crate) fn authorize_url(&self) -> Url {
        let query = Serializer::new(String::new())
            .append_pair("response_type", "code")
            .append_pair("client_id", &self.id)
            .append_pair("redirect_uri", &self.redirect_uri)
            .append_pair("scope", self.scope)
            .append_pair("state", "a-state-of-22-letters.")
            .append_pair("nonce", "a-nonce-of-22-letters.")
            .append_pair("code_challenge", CHALLENGE)
            .append_pair("code_challenge_method", "S256")
            .finish();
        Url::parse(&format!("{}?{query}", self.authorize)).unwrap()
    }

    pub(crate) async fn log_in(&self, worker: &mut Worker) -> Tokens {
        let code = worker.code(&self.authorize_url(), &self.redirect_uri).await;
        let form = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", &self.redirect_uri),
            ("code_verifier", VERIFIER),
        ];
        self.tokens(worker, &form).await
    }

    pub(crate) async fn refresh(&self, worker: &mut Worker, token: &str) -> Tokens {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.tokens(worker, &form).await
    }

    async fn tokens(&self, worker: &mut Worker, form: &[(&str, &str)]) -> Tokens {
        let body = self.post(worker, &self.token, form).await;
        let tokens: Value = serde_json::from_slice(&body).unwrap();
        assert!(tokens["id_token"].is_string(), "{tokens}");
        let text = |name: &str| tokens[name].as_str().map(str::to_owned);
        Tokens {
            access: text("access_token").unwrap(),
            refresh: text("refresh_token"),
        }
    }

    pub(crate) async fn userinfo(&self, worker: &mut Worker, token: &str) {
        worker.get(&self.userinfo, Some(token)).await;
    }

    pub(crate) async fn introspect(&self, worker: &mut Worker, token: &str) {
        let url = self.introspection.as_ref().unwrap();
        let body = self.post(worker, url, &[("token", token)]).await;
        let active = br#"{"active":true"#;
        assert!(
            body.starts_with(active),
            "{}",
            String::from_utf8_lossy(&body)
        );
    }

    /// Posts a form with the authentication of this client.
    async fn post(&self, worker: &mut Worker, url: &Url, form: &[(&str, &str)]) -> Bytes {
        let public = self.basic.is_none().then_some(("client_id", &*self.id));
        let body = Serializer::new(String::new())
            .extend_pairs(form)
            .extend_pairs(public)
            .finish();
        let mut request =
            Request::post("/").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(basic) = &self.basic {
            request = request.header(header::AUTHORIZATION, basic);
        }
        let request = request.body(body.into()).unwrap();
        worker.send(url, request).await.body
    }
}
