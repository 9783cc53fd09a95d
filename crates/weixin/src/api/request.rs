//! A call of WeChat's API as data: no input or output happens here.

use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{envelope, json, mask::mask};
use crate::{
    error::{ApiError, Error, strip_control_chars},
    transport::{Origin, TransportError, TransportErrorKind},
};

/// Parameters that must not be logged, not even if a server repeats them.
const SECRETS: [&str; 6] = [
    "secret",
    "code",
    "js_code",
    "access_token",
    "refresh_token",
    "signature",
];

/// The harm in sending a call a second time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Idempotency {
    /// None: also sent again after a broken response, a 5xx or errcode -1.
    Idempotent,
    /// It takes effect each time: sent again only if nothing was sent.
    #[cfg_attr(
        not(any(test, feature = "tokens")),
        expect(dead_code, reason = "app tokens only")
    )]
    OnlyIfUnsent,
    /// It uses a code: sent again only if nothing was sent, and after a lost response the code may have been used.
    OneTime,
}

/// A call of WeChat's API.
pub(crate) trait Call {
    /// The path, the only part of the URL that may be logged.
    const PATH: &'static str;
    /// The members of a successful response.
    type Output: DeserializeOwned;

    /// Query parameters, in WeChat's documented order (docs/wechat.md#requests-to-the-api). They carry secrets.
    fn query(&self) -> Vec<(&'static str, &str)>;

    /// The members of a JSON body, which makes it a POST.
    fn body(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    fn idempotency(&self) -> Idempotency;

    /// The request to the API at `origin`.
    fn request(&self, origin: &Origin) -> Result<Request<Vec<u8>>, Error> {
        let url = url(origin, Self::PATH, &self.query());
        let request = match self.body() {
            None => Request::get(url).body(Vec::new()),
            Some(members) => Request::post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(json::object(members)),
        };
        request.map_err(|_| TransportError::from(TransportErrorKind::Other).into())
    }

    /// Reads the response, whatever its content type.
    fn parse(&self, response: &Response<Vec<u8>>) -> Result<Self::Output, Error> {
        // An unexpected member may be named by what was sent.
        let decode = |field: String| Error::Decode {
            path: Self::PATH,
            field: self.mask(&field),
        };
        let text = json::text(response.body());
        if let Some((code, message)) = envelope::error_in(&text) {
            let message = self.mask(&message);
            return Err(ApiError::new(Self::PATH, code, &message).into());
        }
        if response.status() != StatusCode::OK {
            return Err(Error::Status {
                path: Self::PATH,
                status: response.status().as_u16(),
            });
        }
        json::parse_text(&text).map_err(decode)
    }

    /// Masks secrets that a server repeats in an error text.
    fn mask(&self, errmsg: &str) -> String {
        let query = self.query();
        let body = self.body().unwrap_or_default();
        let query = query.iter().map(|(name, value)| (*name, *value));
        let body = body
            .iter()
            .map(|(name, value)| (*name, value.as_str().unwrap_or_default()));
        let secrets = query
            .chain(body)
            .filter(|(name, _)| SECRETS.contains(name))
            .map(|(_, value)| value)
            .collect();
        // First, or secrets that are split by control characters would reappear when these are removed.
        mask(strip_control_chars(errmsg), secrets)
    }
}

/// Initial capacity of a URL, in bytes: long enough for one token.
const URL_CAPACITY: usize = 512;

fn url(origin: &Origin, path: &str, query: &[(&str, &str)]) -> String {
    let mut url = String::with_capacity(URL_CAPACITY);
    url.push_str(origin.as_str());
    url.push_str(path);
    let mut join = '?';
    for (name, value) in query {
        url.push(join);
        url.push_str(name);
        url.push('=');
        // IDs, codes and tokens rarely need encoding, and checking is cheaper than encoding.
        if value.bytes().all(is_unreserved) {
            url.push_str(value);
        } else {
            url.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        }
        join = '&';
    }
    url
}

/// RFC 3986, section 2.3, except `~`, which forms encode.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}
