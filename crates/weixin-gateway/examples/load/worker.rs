//! One browser, and the program behind the client, each with connections that stay open.

use std::collections::HashMap;

use axum::body::{Body, Bytes, to_bytes};
use hyper::{Request, Response, client::conn::http1::SendRequest, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use url::{Position, Url};

#[derive(Default)]
pub(crate) struct Worker {
    connections: HashMap<String, SendRequest<Body>>,
    cookies: HashMap<String, HashMap<String, String>>,
}

pub(crate) struct Reply {
    response: Response<()>,
    pub(crate) body: Bytes,
}

impl Worker {
    pub(crate) async fn send(&mut self, url: &Url, mut request: Request<Body>) -> Reply {
        let host = url.authority().to_owned();
        let header = host.parse().unwrap();
        request.headers_mut().insert(header::HOST, header);
        let path = &url[Position::BeforePath..Position::AfterQuery];
        *request.uri_mut() = path.parse().unwrap();
        let closed = |connection: &SendRequest<Body>| connection.is_closed();
        if self.connections.get(&host).is_none_or(closed) {
            self.connections.insert(host.clone(), connect(url).await);
        }
        let connection = self.connections.get_mut(&host).unwrap();
        connection.ready().await.unwrap();
        let (parts, body) = connection.send_request(request).await.unwrap().into_parts();
        let body = to_bytes(Body::new(body), 1 << 20).await.unwrap();
        Reply {
            response: Response::from_parts(parts, ()),
            body,
        }
    }

    /// Asks for what needs no cookie.
    pub(crate) async fn get(&mut self, url: &Url, token: Option<&str>) -> Bytes {
        let mut request = Request::get("/");
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        let reply = self.send(url, request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.response.status(), 200);
        reply.body
    }

    /// From the authorization request to the code.
    pub(crate) async fn code(&mut self, start: &Url, redirect_uri: &str) -> String {
        let mut url = start.clone();
        for _ in 0..12 {
            let reply = self.browse(&url).await;
            let location = reply.response.headers().get(header::LOCATION);
            let location = location.unwrap_or_else(|| {
                let status = reply.response.status();
                panic!("{status} {url}: {}", String::from_utf8_lossy(&reply.body))
            });
            url = url.join(location.to_str().unwrap()).unwrap();
            if url.as_str().starts_with(redirect_uri) {
                let code = url.query_pairs().find(|(name, _)| name == "code");
                return code.unwrap_or_else(|| panic!("{url}")).1.into_owned();
            }
        }
        panic!("too many redirects: {url}");
    }

    /// A request of the browser, with its cookies.
    async fn browse(&mut self, url: &Url) -> Reply {
        let host = cookie_host(url);
        let mut request = Request::get("/").header(header::ACCEPT, "text/html");
        if let Some(cookies) = self.cookies.get(&host) {
            let pairs: Vec<_> = cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            if !pairs.is_empty() {
                request = request.header(header::COOKIE, pairs.join("; "));
            }
        }
        let reply = self.send(url, request.body(Body::empty()).unwrap()).await;
        let jar = self.cookies.entry(host).or_default();
        for cookie in reply.response.headers().get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let (name, value) = pair.split_once('=').unwrap();
            let is_removed = attributes.contains("Max-Age=0") || attributes.contains("01 Jan 1970");
            if value.is_empty() || is_removed {
                jar.remove(name);
            } else {
                jar.insert(name.to_owned(), value.to_owned());
            }
        }
        reply
    }

    /// From now on another browser; its connections stay.
    /// Has this cookie of the provider and no other.
    pub(crate) fn become_browser(&mut self, provider: &Url, cookie: (String, String)) {
        self.cookies.clear();
        let jar = HashMap::from([cookie]);
        self.cookies.insert(cookie_host(provider), jar);
    }

    pub(crate) fn forget_cookies(&mut self) {
        self.cookies.clear();
    }
}

/// The key of a host's cookies.
fn cookie_host(url: &Url) -> String {
    url.host_str().unwrap().to_owned() + &url.port().unwrap_or(80).to_string()
}

async fn connect(url: &Url) -> SendRequest<Body> {
    let address = (url.host_str().unwrap(), url.port().unwrap_or(80));
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    sender
}
