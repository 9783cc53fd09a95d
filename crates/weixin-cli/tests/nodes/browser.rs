//! A browser whose user has a simulated phone, and the program that its logins are for.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use reqwest::{Client, Response, StatusCode, header, redirect};
use serde_json::Value;
use url::Url;

use crate::site::{CALLBACK, SECRET};

/// A request that got no response, or not the expected one.
#[derive(Debug)]
#[expect(dead_code, reason = "a test that fails shows all fields")]
pub(crate) enum Failure {
    /// The connection was cut.
    Cut(reqwest::Error),
    Rejected {
        url: String,
        status: StatusCode,
        /// The header `Retry-After`.
        retry_after: Option<String>,
        text: String,
    },
}

impl From<reqwest::Error> for Failure {
    fn from(error: reqwest::Error) -> Self {
        Self::Cut(error)
    }
}

/// What a login has brought.
#[derive(Clone, Debug)]
pub(crate) struct Tokens {
    pub(crate) id: String,
    pub(crate) access: String,
    pub(crate) refresh: Option<String>,
}

/// Of RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// Connections of one client to one address, each for one request only: a proxy takes another node for each.
#[derive(Clone)]
pub(crate) struct Http {
    client: Client,
    issuer: String,
    is_public: bool,
    /// A node to which all requests go, whatever the host of the issuer resolves to.
    node: Option<SocketAddr>,
}

impl Http {
    pub(crate) fn new(issuer: &str) -> Self {
        let client = Client::builder()
            .redirect(redirect::Policy::none())
            .pool_max_idle_per_host(0)
            // A request that was cut while it was sent may wait for nothing.
            .timeout(Duration::from_secs(30))
            // The port of the URL counts.
            .resolve("localhost", (Ipv4Addr::LOCALHOST, 0).into());
        Self {
            client: client.build().unwrap(),
            issuer: issuer.to_owned(),
            is_public: false,
            node: None,
        }
    }

    /// The same, to one node.
    pub(crate) fn at(&self, node: SocketAddr) -> Self {
        Self {
            node: Some(node),
            ..self.clone()
        }
    }

    /// The same for the public client, whose refresh tokens are rotated.
    pub(crate) fn public(&self) -> Self {
        Self {
            is_public: true,
            ..self.clone()
        }
    }

    fn client_id(&self) -> &'static str {
        if self.is_public { "app" } else { "wiki" }
    }

    /// A URL of the issuer as it is requested.
    fn url(&self, url: &str) -> String {
        match self.node {
            Some(node) => url.replace(&self.issuer, &format!("http://{node}")),
            None => url.to_owned(),
        }
    }

    pub(crate) fn authorize_url(&self, more: &str) -> String {
        let redirect_uri: String =
            url::form_urlencoded::byte_serialize(CALLBACK.as_bytes()).collect();
        format!(
            "{}/authorize?response_type=code&client_id={}&scope=openid+offline_access&state=s\
             &redirect_uri={redirect_uri}&code_challenge={CHALLENGE}&code_challenge_method=S256{more}",
            self.issuer,
            self.client_id()
        )
    }

    async fn post(&self, path: &str, form: &[(&str, &str)]) -> Result<Value, Failure> {
        let url = format!("{}{path}", self.issuer);
        let mut request = self.client.post(self.url(&url));
        let mut form = form.to_vec();
        if self.is_public {
            form.push(("client_id", self.client_id()));
        } else {
            request = request.basic_auth(self.client_id(), Some(SECRET));
        }
        let response = request
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form_urlencoded(&form))
            .send()
            .await?;
        json(response).await
    }

    pub(crate) async fn redeem(&self, code: &str) -> Result<Tokens, Failure> {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        self.post("/token", &form).await.map(|it| tokens(&it))
    }

    pub(crate) async fn refresh(&self, token: &str) -> Result<Tokens, Failure> {
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.post("/token", &form).await.map(|it| tokens(&it))
    }

    /// The user of an access token.
    pub(crate) async fn sub(&self, access: &str) -> Result<String, Failure> {
        let url = self.url(&format!("{}/userinfo", self.issuer));
        let response = self.client.get(url).bearer_auth(access).send().await?;
        let claims = json(response).await?;
        Ok(claims["sub"].as_str().unwrap().to_owned())
    }

    pub(crate) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let url = self.url(&format!("{}{path}", self.issuer));
        json(self.client.get(url).send().await?).await
    }
}

fn form_urlencoded(pairs: &[(&str, &str)]) -> String {
    let mut text = url::form_urlencoded::Serializer::new(String::new());
    text.extend_pairs(pairs).finish()
}

fn tokens(json: &Value) -> Tokens {
    let text = |name: &str| json[name].as_str().map(str::to_owned);
    Tokens {
        id: text("id_token").unwrap_or_else(|| panic!("{json}")),
        access: text("access_token").unwrap(),
        refresh: text("refresh_token"),
    }
}

async fn json(response: Response) -> Result<Value, Failure> {
    if response.status() == StatusCode::OK {
        return Ok(serde_json::from_str(&response.text().await?).unwrap());
    }
    let url = response.url().to_string();
    Err(rejected(url, response).await)
}

async fn rejected(url: String, response: Response) -> Failure {
    let status = response.status();
    let retry_after = response.headers().get(header::RETRY_AFTER);
    let retry_after = retry_after.map(|it| it.to_str().unwrap().to_owned());
    let text = response.text().await.unwrap_or_default();
    Failure::Rejected {
        url,
        status,
        retry_after,
        text,
    }
}

/// The cookies of one browser at the issuer, and its user's name at the simulator.
#[derive(Clone)]
pub(crate) struct Browser {
    user: String,
    cookies: BTreeMap<String, String>,
    /// How often WeChat was asked.
    pub(crate) scans: u32,
}

impl Browser {
    pub(crate) fn new(user: String) -> Self {
        Self {
            user,
            cookies: BTreeMap::new(),
            scans: 0,
        }
    }

    /// The value of the session's cookie.
    pub(crate) fn session(&self) -> &str {
        let mut cookies = self.cookies.iter();
        let session = cookies.find(|(name, _)| name.contains("gateway-session-"));
        session.unwrap_or_else(|| panic!("{:?}", self.cookies)).1
    }

    /// Where a URL redirects to.
    pub(crate) async fn open(&mut self, http: &Http, url: &str) -> Result<String, Failure> {
        let is_own = url.starts_with(&http.issuer);
        let mut request = http.client.get(http.url(url));
        if is_own {
            let pairs: Vec<_> = self
                .cookies
                .iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            request = request.header(header::COOKIE, pairs.join("; "));
        }
        let response = request.send().await?;
        if is_own {
            self.keep_cookies(&response);
        }
        let location = response.headers().get(header::LOCATION);
        let Some(location) = location.map(|it| it.to_str().unwrap().to_owned()) else {
            return Err(rejected(url.to_owned(), response).await);
        };
        Ok(self.absolute(url, &location))
    }

    /// The next URL, of the user's own phone if it is WeChat's.
    fn absolute(&mut self, from: &str, location: &str) -> String {
        let mut next = Url::parse(from).unwrap().join(location).unwrap();
        next.set_fragment(None);
        if next.path() == "/connect/qrconnect" {
            self.scans += 1;
            next.query_pairs_mut().append_pair("sim_user", &self.user);
        }
        next.into()
    }

    fn keep_cookies(&mut self, response: &Response) {
        for cookie in response.headers().get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if value.is_empty() || attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// From an authorization request to the URL of the client.
    pub(crate) async fn follow(&mut self, http: &Http, url: String) -> Result<String, Failure> {
        let mut url = url;
        for _ in 0..12 {
            if url.starts_with(CALLBACK) {
                return Ok(url);
            }
            url = self.open(http, &url).await?;
        }
        panic!("too many redirects: {url}")
    }

    pub(crate) async fn code(&mut self, http: &Http, more: &str) -> Result<String, Failure> {
        let url = self.follow(http, http.authorize_url(more)).await?;
        Ok(parameter(&url, "code"))
    }

    pub(crate) async fn log_in(&mut self, http: &Http) -> Result<Tokens, Failure> {
        let code = self.code(http, "").await?;
        http.redeem(&code).await
    }
}

pub(crate) fn parameter(url: &str, name: &str) -> String {
    let parsed = Url::parse(url).unwrap();
    let mut pairs = parsed.query_pairs();
    let found = pairs.find(|(key, _)| key == name);
    found
        .unwrap_or_else(|| panic!("{name} in {url}"))
        .1
        .into_owned()
}
