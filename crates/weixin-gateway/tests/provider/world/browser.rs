//! Cookies, redirects and forms of a browser, without its pages.

use std::net::SocketAddr;

use axum::{
    body::{Body, to_bytes},
    extract::ConnectInfo,
    http::{HeaderMap, Request, StatusCode, header},
    response::Response,
};
use serde_json::Value;
use weixin::transport::{Https, Transport};

use super::World;

/// A response.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Page {
    pub(crate) async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Self {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let header = self.headers.get(name);
        header
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }

    /// The URL of a redirect by 303.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.header("location")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// Where a link or form with this attribute leads, such as `href` or `action`.
    pub(crate) fn attribute(&self, name: &str) -> String {
        let start = format!(" {name}=\"");
        let (_, rest) = self
            .body
            .split_once(&start)
            .unwrap_or_else(|| panic!("{}", self.body));
        unescaped(rest.split('"').next().unwrap())
    }

    /// The paragraphs of its text, as HTML has them.
    pub(crate) fn paragraphs(&self) -> Vec<&str> {
        let paragraphs = self.body.split("<p>").skip(1);
        let ends = paragraphs.filter_map(|text| text.split_once("</p>"));
        ends.map(|(text, _)| text).collect()
    }

    /// All links.
    pub(crate) fn links(&self) -> Vec<String> {
        let links = self.body.split(" href=\"").skip(1);
        let links = links.filter_map(|link| link.split('"').next());
        links.map(unescaped).collect()
    }

    /// The hidden fields of a form.
    pub(crate) fn fields(&self) -> Vec<(String, String)> {
        let inputs = self.body.split("<input type=\"hidden\" name=\"").skip(1);
        inputs
            .map(|input| {
                let (name, rest) = input.split_once("\" value=\"").unwrap();
                (name.to_owned(), unescaped(rest.split('"').next().unwrap()))
            })
            .collect()
    }
}

/// The parameters of a URL's query.
pub(crate) fn query(url: &str) -> Vec<(String, String)> {
    let (_, query) = url.split_once('?').unwrap_or_default();
    let query = query.split('#').next().unwrap();
    form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect()
}

/// The value of a parameter; empty if it is absent.
pub(crate) fn param(url: &str, name: &str) -> String {
    let mut pairs = query(url).into_iter();
    let found = pairs.find(|(known, _)| known == name);
    found.map(|(_, value)| value).unwrap_or_default()
}

fn unescaped(text: &str) -> String {
    let pairs = [
        ("&#60;", "<"),
        ("&#62;", ">"),
        ("&#34;", "\""),
        ("&#39;", "'"),
        ("&#38;", "&"),
    ];
    pairs
        .iter()
        .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The browser of WeChat.
pub(crate) const IN_WECHAT: &[(&str, &str)] = &[(
    "user-agent",
    "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Mobile MicroMessenger/8.0.50",
)];

/// A browser at one host.
#[derive(Clone, Default)]
pub(crate) struct Browser {
    pub(crate) cookies: Vec<(String, String)>,
    /// What it sends with every request.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    /// Its address, if the gateway sees one.
    pub(crate) address: Option<SocketAddr>,
}

impl Browser {
    pub(crate) fn with(headers: &[(&'static str, &'static str)]) -> Self {
        Self {
            headers: headers.to_vec(),
            ..Self::default()
        }
    }

    /// Opens a URL or path of the gateway.
    pub(crate) async fn open(&mut self, world: &World, url: &str) -> Page {
        self.send(world, Request::get(path(url)), Body::empty())
            .await
    }

    /// Posts a form to a URL or path of the gateway. A page of another site does so without this browser's cookies, which
    /// are `SameSite=Lax`: see [`post_from_elsewhere`](Self::post_from_elsewhere).
    pub(crate) async fn post(&mut self, world: &World, url: &str, form: &[(&str, &str)]) -> Page {
        let request = Request::post(path(url)).header("content-type", FORM);
        self.send(world, request, Body::from(encoded(form))).await
    }

    pub(crate) async fn post_from_elsewhere(
        &mut self,
        world: &World,
        url: &str,
        form: &[(&str, &str)],
    ) -> Page {
        let cookies = std::mem::take(&mut self.cookies);
        let page = self.post(world, url, form).await;
        for (name, value) in cookies {
            if !self.cookies.iter().any(|(known, _)| *known == name) {
                self.cookies.push((name, value));
            }
        }
        page
    }

    async fn send(
        &mut self,
        world: &World,
        mut request: axum::http::request::Builder,
        body: Body,
    ) -> Page {
        if !self.cookies.is_empty() {
            let pairs = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            let cookies: Vec<_> = pairs.collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(body).unwrap();
        if let Some(address) = self.address {
            request.extensions_mut().insert(ConnectInfo(address));
        }
        let page = world.respond(request).await;
        self.store_cookies(&page.headers);
        page
    }

    fn store_cookies(&mut self, headers: &HeaderMap) {
        for cookie in headers.get_all(header::SET_COOKIE) {
            let (pair, attributes) = cookie.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            self.cookies.retain(|(known, _)| known != name);
            if !attributes.contains("Max-Age=0") {
                self.cookies.push((name.to_owned(), value.to_owned()));
            }
        }
    }

    /// The value of the session's cookie.
    pub(crate) fn session(&self) -> Option<&str> {
        let is_session = |name: &str| name.contains("gateway-session-");
        let cookie = self.cookies.iter().find(|(name, _)| is_session(name));
        cookie.map(|(_, value)| value.as_str())
    }

    /// Forgets the logins in progress, as WeChat's own browser does.
    pub(crate) fn lose_state(&mut self) {
        self.cookies
            .retain(|(name, _)| name.contains("gateway-session-"));
    }

    /// Opens WeChat's page, where the simulator allows the login, and returns the callback URL without opening it.
    pub(crate) async fn visit_wechat(&self, url: &str) -> String {
        let mut request = Request::get(url.split('#').next().unwrap());
        for (name, value) in &self.headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Vec::new()).unwrap();
        let response = Https::new().unwrap().send(request).await.unwrap();
        let location = response.headers().get(header::LOCATION);
        location
            .unwrap_or_else(|| panic!("{response:?}"))
            .to_str()
            .unwrap()
            .to_owned()
    }

    /// Opens a URL of the gateway that sends it to WeChat, logs in there, and opens the callback.
    pub(crate) async fn through_wechat(&mut self, world: &World, url: &str) -> Page {
        let page = self.open(world, url).await;
        let callback = self.visit_wechat(page.location()).await;
        self.open(world, &callback).await
    }

    /// Opens a URL of the gateway and goes through WeChat, if it is sent there: where the browser leaves the gateway.
    pub(crate) async fn follow(&mut self, world: &World, url: &str) -> String {
        let mut url = url.to_owned();
        for _ in 0..10 {
            let page = self.open(world, &url).await;
            url = page.location().to_owned();
            if url.starts_with(world.sim.url()) {
                url = self.visit_wechat(&url).await;
            }
            if !url.starts_with('/') && !url.starts_with(super::ISSUER) {
                return url;
            }
        }
        panic!("too many redirects: {url}");
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn encoded(form: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(form)
        .finish()
}

/// The path and query of a URL of the gateway.
fn path(url: &str) -> &str {
    url.strip_prefix(super::ISSUER).unwrap_or(url)
}
