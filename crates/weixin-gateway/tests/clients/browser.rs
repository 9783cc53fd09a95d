//! A browser, for programs that are not one.

use std::collections::BTreeMap;

use axum::{Router, extract::Query, routing::get};
use reqwest::{
    StatusCode,
    header::{COOKIE, HeaderMap, LOCATION, SET_COOKIE},
    redirect::Policy,
};
use tokio::net::TcpListener;
use url::Url;

/// Cookies by host and name. As in browsers, the servers of one host share them, whatever their port.
pub(crate) struct Browser {
    client: reqwest::Client,
    cookies: BTreeMap<(String, String), String>,
}

/// Where a browser arrived.
#[derive(Debug)]
pub(crate) struct Visit {
    pub(crate) url: Url,
    /// `None` if the URL was not opened.
    pub(crate) status: Option<StatusCode>,
    pub(crate) body: String,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy();
        Self {
            client: client.build().unwrap(),
            cookies: BTreeMap::new(),
        }
    }

    /// Serves a new browser for each request to the URL that is returned. The response is the URL at which it arrives.
    pub(crate) async fn serve() -> String {
        let open = async |Query(query): Query<BTreeMap<String, String>>| {
            Self::new().open(&query["url"]).await.url.to_string()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let router = Router::new().route("/", get(open));
        tokio::spawn(async { axum::serve(listener, router).await.unwrap() });
        url
    }

    /// Opens a URL and follows redirects, up to a page or a URL of another machine.
    pub(crate) async fn open(&mut self, url: &str) -> Visit {
        self.open_until(url, |url| !is_local(url)).await
    }

    /// Opens a URL and follows redirects, up to a page or a URL at which it must stop.
    pub(crate) async fn open_until(&mut self, url: &str, stop: impl Fn(&Url) -> bool) -> Visit {
        let mut url = Url::parse(url).unwrap();
        for _ in 0..20 {
            if stop(&url) {
                return Visit {
                    url,
                    status: None,
                    body: String::new(),
                };
            }
            let request = self.client.get(url.clone());
            let response = request.header(COOKIE, self.cookies(&url)).send().await;
            let response = response.unwrap_or_else(|error| panic!("{error:?}"));
            self.keep_cookies(&url, response.headers());
            let Some(location) = response.headers().get(LOCATION) else {
                return Visit {
                    url,
                    status: Some(response.status()),
                    body: response.text().await.unwrap(),
                };
            };
            url = url.join(location.to_str().unwrap()).unwrap();
        }
        panic!("too many redirects: {url}");
    }

    fn cookies(&self, url: &Url) -> String {
        let host = url.host_str();
        let cookies = self.cookies.iter();
        let own = cookies.filter(|((owner, _), _)| Some(owner.as_str()) == host);
        let pairs: Vec<_> = own
            .map(|((_, name), value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    fn keep_cookies(&mut self, url: &Url, headers: &HeaderMap) {
        for header in headers.get_all(SET_COOKIE) {
            let header = header.to_str().unwrap();
            let (pair, attributes) = header.split_once(';').unwrap_or((header, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let key = (url.host_str().unwrap().to_owned(), name.to_owned());
            let attributes = attributes.to_ascii_lowercase();
            if attributes.contains("max-age=0") || attributes.contains("01 jan 1970") {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
    }
}

fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1"))
}

/// The value of a parameter in the query.
pub(crate) fn param(url: &Url, name: &str) -> String {
    let found = url.query_pairs().find(|(known, _)| known == name);
    found
        .unwrap_or_else(|| panic!("no {name}: {url}"))
        .1
        .into_owned()
}
