//! Checks every request before anything else: its size and pace, its host, and the site that it comes from.

use std::{error::Error, sync::Arc, time::Duration};

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode, Uri,
        header::{ACCEPT, CONTENT_TYPE, HOST, ORIGIN, REFERER},
        uri::Authority,
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body::Body as _;
use http_body_util::LengthLimitError;
use percent_encoding::percent_decode_str;
use serde_json::json;
use tokio::time::timeout;

use super::request::{MAX_BODY, text};
use crate::{hosts::is_trusted, state::SimState};

/// Maximum length of path and query, in bytes.
const MAX_URL: usize = 16 * 1024;

/// Maximum time in which a body arrives.
const BODY_TIMEOUT: Duration = Duration::from_secs(30);

/// Paths of the simulator that change the browser's cookies although they are read by GET.
const CHANGING: [&str; 3] = ["/_sim/inside", "/_sim/language", "/_sim/phone/open"];

/// Pages with which a login begins or continues.
const PAGES: [&str; 3] = [
    "/connect/qrconnect",
    "/connect/oauth2/authorize",
    "/connect/confirm",
];

/// Handles a request that passes all checks, with its whole body.
pub(super) async fn guard(
    State(sim): State<Arc<SimState>>,
    request: Request,
    next: Next,
) -> Response {
    let _under_way = sim.activity.begin();
    let is_api = request.uri().path().starts_with("/_sim/api/");
    let checked = match check(&sim, &request) {
        Ok(()) => with_body(request, BODY_TIMEOUT).await,
        Err(rejection) => Err(rejection),
    };
    match checked {
        Ok(request) => next.run(request).await,
        Err(rejection) if is_api => rejection.as_json(),
        Err(rejection) => rejection.as_text(),
    }
}

/// A rejected request: the part of it that breaks a rule, and the rule.
#[derive(Debug, Eq, PartialEq)]
struct Rejection {
    status: StatusCode,
    field: &'static str,
    rule: String,
    /// The rule in Chinese, if it is shown to readers of pages.
    chinese: Option<String>,
}

impl Rejection {
    fn new(status: StatusCode, field: &'static str, rule: String) -> Self {
        Self {
            status,
            field,
            rule,
            chinese: None,
        }
    }

    fn as_json(&self) -> Response {
        let Self { field, rule, .. } = self;
        let body = json!({ "error": { "field": field, "rule": rule } });
        (self.status, Json(body)).into_response()
    }

    fn as_text(&self) -> Response {
        let plain = HeaderValue::from_static("text/plain; charset=utf-8");
        let rule = &self.rule;
        let text = match &self.chinese {
            Some(chinese) => format!("weixin sim：{chinese}\n{rule}\n"),
            None => format!("{rule}\n"),
        };
        (self.status, [(CONTENT_TYPE, plain)], text).into_response()
    }
}

fn check(sim: &SimState, request: &Request) -> Result<(), Rejection> {
    let (uri, headers) = (request.uri(), request.headers());
    let length = uri.path_and_query().map_or(0, |url| url.as_str().len());
    if length > MAX_URL {
        let rule = format!("the URL is longer than {MAX_URL} bytes");
        return Err(Rejection {
            chinese: Some(format!("URL 超过 {MAX_URL} 字节。")),
            ..Rejection::new(StatusCode::URI_TOO_LONG, "url", rule)
        });
    }
    check_host(sim, uri, headers)?;
    if is_own(uri.path()) && percent_decode_str(uri.path()).decode_utf8().is_err() {
        let rule = "the path is not UTF-8".to_owned();
        return Err(Rejection::new(StatusCode::BAD_REQUEST, "url", rule));
    }
    let changes = !is_safe(request.method()) || CHANGING.contains(&uri.path());
    if is_own(uri.path()) && changes && !is_same_origin(sim.public_url(), headers) {
        let rule = "a page of another site cannot control the simulator. Send the request from a program, or from the \
                    simulator's own pages."
            .to_owned();
        return Err(Rejection {
            chinese: Some("其他网站的页面不能控制模拟器。".to_owned()),
            ..Rejection::new(StatusCode::FORBIDDEN, "origin", rule)
        });
    }
    if PAGES.contains(&uri.path()) && is_part_of_other_site(headers) {
        let rule = "a page of another site can open this page, but not load it in the background.";
        return Err(Rejection {
            chinese: Some("其他网站的页面只能打开登录页，不能在后台请求。".to_owned()),
            ..Rejection::new(StatusCode::FORBIDDEN, "origin", rule.to_owned())
        });
    }
    Ok(())
}

/// Returns `true` if a browser loads the URL as an image, a script or by `fetch` of a page of another site, which would
/// start logins that no user sees. Frames are navigations.
fn is_part_of_other_site(headers: &HeaderMap) -> bool {
    let is = |name, value: &[u8]| {
        headers
            .get(name)
            .is_some_and(|sent| sent.as_bytes() == value)
    };
    if headers.contains_key("sec-fetch-mode") {
        return is("sec-fetch-site", b"cross-site") && !is("sec-fetch-mode", b"navigate");
    }
    // Browsers send those to loopback and by HTTPS only. Navigations accept HTML; programs send no other site's `Referer`.
    let accepted = text(headers, ACCEPT.as_str());
    accepted.starts_with("image/") || (accepted == "*/*" && has_other_referer(headers))
}

/// Returns `true` if a page of another host names itself as the one that sends the request.
fn has_other_referer(headers: &HeaderMap) -> bool {
    let referer = text(headers, REFERER.as_str()).parse::<Uri>();
    let referer = referer
        .ok()
        .and_then(|referer| referer.into_parts().authority);
    let host = text(headers, HOST.as_str());
    referer.is_some_and(|referer| !referer.as_str().eq_ignore_ascii_case(host))
}

/// Checks the requested host. A name that its owner can point here later would make another site's pages the
/// simulator's own (DNS rebinding). Browsers always send a host.
fn check_host(sim: &SimState, uri: &Uri, headers: &HeaderMap) -> Result<(), Rejection> {
    let sent = headers.get_all(HOST).iter().map(|host| host.to_str().ok());
    for host in uri.host().map(Some).into_iter().chain(sent) {
        let is_known = host.is_some_and(|host| {
            let name = host.parse::<Authority>();
            let name = name.as_ref().map_or("", Authority::host);
            host.is_empty() || is_trusted(name, &sim.settings.allowed_hosts)
        });
        if !is_known {
            let host = host.unwrap_or_default();
            let rule = format!(
                "\"{host}\" is not a host of the simulator. Use 127.0.0.1, localhost or a name without dots, or start it \
                 with --allow-host."
            );
            let chinese = format!(
                "“{host}”不是模拟器的主机名。请使用 127.0.0.1、localhost 或不含点的名称，或在启动时加上 --allow-host。"
            );
            return Err(Rejection {
                chinese: Some(chinese),
                ..Rejection::new(StatusCode::MISDIRECTED_REQUEST, "host", rule)
            });
        }
    }
    Ok(())
}

/// Paths with which the simulator and its phone are controlled. WeChat's other paths are called by programs, and
/// opened from other sites.
fn is_own(path: &str) -> bool {
    path == "/_sim" || path.starts_with("/_sim/") || path.starts_with("/api/")
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Returns `false` if a browser says that a page of another origin sent the request. Programs send neither header.
fn is_same_origin(public: Option<&str>, headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if let Some(site) = site {
        // `same-site` is another port of this machine.
        return matches!(site, b"same-origin" | b"none");
    }
    let Some(origin) = headers.get(ORIGIN) else {
        return true;
    };
    let origin = origin.to_str().ok();
    // A proxy may have another `Host` than its own URL.
    if origin.is_some() && origin == public {
        return true;
    }
    let host = origin.and_then(|origin| origin.split_once("://"));
    host.is_some_and(|(_, host)| host.eq_ignore_ascii_case(text(headers, HOST.as_str())))
}

fn is_too_long(error: &axum::Error) -> bool {
    error
        .source()
        .is_some_and(<dyn Error>::is::<LengthLimitError>)
}

/// Reads the whole body, so that no handler waits for a slow client.
async fn with_body(request: Request, limit: Duration) -> Result<Request, Rejection> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    match timeout(limit, to_bytes(body, MAX_BODY)).await {
        Ok(Ok(bytes)) => Ok(Request::from_parts(parts, Body::from(bytes))),
        Ok(Err(error)) if !is_too_long(&error) => Err(Rejection::new(
            StatusCode::BAD_REQUEST,
            "body",
            "the request body is incomplete".to_owned(),
        )),
        Ok(Err(_)) => Err(Rejection::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body",
            "the request body exceeds 64 KiB".to_owned(),
        )),
        Err(_) => Err(Rejection::new(
            StatusCode::REQUEST_TIMEOUT,
            "body",
            format!(
                "the request body took longer than {} seconds",
                limit.as_secs()
            ),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A body that never arrives.
    struct Silent;

    impl http_body::Body for Silent {
        type Data = axum::body::Bytes;
        type Error = std::convert::Infallible;

        fn poll_frame(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<http_body::Frame<Self::Data>, Self::Error>>> {
            std::task::Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_body_that_does_not_arrive_is_a_timeout() {
        let request = Request::new(Body::new(Silent));
        let rejection = with_body(request, Duration::ZERO).await.unwrap_err();
        let sentence = "the request body took longer than 0 seconds".to_owned();
        let expected = Rejection::new(StatusCode::REQUEST_TIMEOUT, "body", sentence);
        assert_eq!(rejection, expected);
    }

    #[test]
    fn only_a_browser_can_say_that_a_request_comes_from_another_site() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            let pairs = pairs.iter().map(|(name, value)| {
                let value = HeaderValue::from_static(value);
                (axum::http::HeaderName::from_static(name), value)
            });
            pairs.collect::<HeaderMap>()
        };
        let host = ("host", "127.0.0.1:9300");
        for (sent, expected) in [
            (&[host][..], true),
            (&[host, ("sec-fetch-site", "same-origin")], true),
            (&[host, ("sec-fetch-site", "none")], true),
            (&[host, ("sec-fetch-site", "cross-site")], false),
            (&[host, ("sec-fetch-site", "same-site")], false),
            (&[host, ("origin", "http://127.0.0.1:9300")], true),
            (&[host, ("origin", "http://127.0.0.1:5000")], false),
            (&[host, ("origin", "https://evil.example")], false),
            (&[host, ("origin", "null")], false),
            (
                &[
                    host,
                    ("origin", "http://127.0.0.1:9300"),
                    ("sec-fetch-site", "cross-site"),
                ],
                false,
            ),
        ] {
            assert_eq!(is_same_origin(None, &headers(sent)), expected, "{sent:?}");
        }
    }
}
