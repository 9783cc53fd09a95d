//! One exchange with WeChat's API as data; no input or output happens here.

use http::{Request, Response, StatusCode, header::CONTENT_TYPE};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{envelope, json, mask::mask};
use crate::{
    ApiError, Error, Origin, TransportError, TransportErrorKind, error::strip_control_chars,
};

/// What is sent that must not be logged, also not when a server repeats it.
const SECRETS: [&str; 6] = [
    "secret",
    "code",
    "js_code",
    "access_token",
    "refresh_token",
    "signature",
];

/// Whether a call may be sent a second time.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Repeat {
    /// It does no harm: also after a broken answer, a 5xx or errcode -1.
    Harmless,
    /// It would cost something: only if nothing was sent.
    #[cfg_attr(
        not(any(test, feature = "vault")),
        expect(dead_code, reason = "app tokens only")
    )]
    Costly,
    /// It spends a code: only if nothing was sent, and a lost answer is a lost login.
    SpendsCode,
}

/// A call that WeChat's API answers.
pub(crate) trait Call {
    /// Path below the API address; the only part of the URL that may be logged.
    const PATH: &'static str;
    /// What a successful answer holds.
    type Output: DeserializeOwned;

    /// Query parameters, in WeChat's documented order. They carry secrets.
    fn query(&self) -> Vec<(&'static str, &str)>;

    /// The members of a JSON body, which makes it a POST.
    fn body(&self) -> Option<Vec<(&'static str, Value)>> {
        None
    }

    /// Whether it may be sent again.
    fn repeat(&self) -> Repeat;

    /// The request that asks the API at `origin`.
    fn request(&self, origin: &Origin) -> Result<Request<Vec<u8>>, Error> {
        let url = address(origin, Self::PATH, &self.query());
        let request = match self.body() {
            None => Request::get(url).body(Vec::new()),
            Some(members) => Request::post(url)
                .header(CONTENT_TYPE, "application/json")
                .body(json::object(members)),
        };
        request.map_err(|_| TransportError::from(TransportErrorKind::Other).into())
    }

    /// Reads the answer, whatever its content type.
    fn parse(&self, response: &Response<Vec<u8>>) -> Result<Self::Output, Error> {
        // A member that nobody asked for may be named by what was sent.
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

    /// Takes out of an error text what was sent: a server that repeats it must not fill our logs.
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
        // First, or what is hidden between control characters would appear when they are taken out.
        mask(strip_control_chars(errmsg), secrets)
    }
}

/// Longest address that is expected: two tokens of 512 characters are in none.
const ADDRESS: usize = 512;

/// The address of a call.
fn address(origin: &Origin, path: &str, query: &[(&str, &str)]) -> String {
    let mut address = String::with_capacity(ADDRESS);
    address.push_str(origin.as_str());
    address.push_str(path);
    let mut join = '?';
    for (name, value) in query {
        address.push(join);
        address.push_str(name);
        address.push('=');
        // Ids, codes and tokens nearly always are as they are to be sent, and looking is cheaper than encoding.
        if value.bytes().all(is_unreserved) {
            address.push_str(value);
        } else {
            address.extend(form_urlencoded::byte_serialize(value.as_bytes()));
        }
        join = '&';
    }
    address
}

/// RFC 3986, section 2.3, but for `~`, which forms encode.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_')
}
