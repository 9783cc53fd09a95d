//! WeChat's wire format: JSON in raw UTF-8 with unescaped control characters, and in `/sns` with `\/` for every slash.

pub(crate) mod api_error;
pub(crate) mod dialog;
pub(crate) mod encrypted;
pub(crate) mod image;

use std::io;

use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

use self::api_error::ApiError;

/// Error code of a response, for the request log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errcode(pub(crate) i64);

/// Part of WeChat's API, which determines the format of its responses (docs/wechat.md#content-types-and-encodings, #error-texts).
#[derive(Clone, Copy, Debug)]
pub(crate) enum Family {
    /// `/cgi-bin`
    Cgi,
    /// `/sns`
    Sns,
    /// `/wxa`, by POST
    Wxa,
}

/// Paths of the API that the simulator serves.
pub(crate) const API_PATHS: [&str; 10] = [
    "/sns/oauth2/access_token",
    "/sns/oauth2/refresh_token",
    "/sns/auth",
    "/sns/userinfo",
    "/sns/jscode2session",
    "/cgi-bin/token",
    "/cgi-bin/stable_token",
    "/cgi-bin/ticket/getticket",
    "/wxa/business/getuserphonenumber",
    "/wxa/checksession",
];

impl Family {
    /// API family of a path; `None` for pages.
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path.split('/').nth(1) {
            Some("cgi-bin") => Some(Self::Cgi),
            Some("sns") => Some(Self::Sns),
            Some("wxa") => Some(Self::Wxa),
            _ => None,
        }
    }

    /// `text/plain` without a charset for successes of `/sns`, `encoding` instead of `charset` elsewhere.
    fn content_type(self, is_error: bool) -> HeaderValue {
        HeaderValue::from_static(match (self, is_error) {
            (Self::Sns, false) => "text/plain",
            // As last observed.
            (Self::Sns, true) => "application/json",
            _ => "application/json; encoding=utf-8",
        })
    }

    /// `/cgi-bin` sends slashes as they are (docs/wechat.md#app-tokens), and `/wxa` is assumed to.
    fn escapes_slashes(self) -> bool {
        matches!(self, Self::Sns)
    }

    fn suffix(self, ids: &RequestIds) -> String {
        let RequestIds { rid, hint } = ids;
        match self {
            Self::Cgi => format!(" rid: {rid}"),
            Self::Sns => format!(", rid: {rid}"),
            Self::Wxa => format!(" hint: [{hint}] rid: {rid}"),
        }
    }
}

/// Request IDs, for WeChat's support.
#[derive(Debug)]
pub(crate) struct RequestIds {
    pub(crate) rid: String,
    pub(crate) hint: String,
}

pub(crate) fn success(family: Family, body: &impl Serialize) -> Response {
    answer(family, family.content_type(false), body)
}

/// Error response, with status 200.
pub(crate) fn error(family: Family, api_error: &ApiError, ids: &RequestIds) -> Response {
    #[derive(Serialize)]
    struct Body {
        errcode: i64,
        errmsg: String,
    }
    let errmsg = format!("{}{}", api_error.errmsg, family.suffix(ids));
    let body = Body {
        errcode: api_error.errcode,
        errmsg,
    };
    let mut response = answer(family, family.content_type(true), &body);
    response.extensions_mut().insert(Errcode(api_error.errcode));
    response
}

fn answer(family: Family, content_type: HeaderValue, body: &impl Serialize) -> Response {
    let mut bytes = Vec::new();
    let format = WeChat {
        escapes_slashes: family.escapes_slashes(),
    };
    // Serializing structs of text cannot fail.
    let _ = body.serialize(&mut Serializer::with_formatter(&mut bytes, format));
    ([(CONTENT_TYPE, content_type)], bytes).into_response()
}

struct WeChat {
    escapes_slashes: bool,
}

impl Formatter for WeChat {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        if self.escapes_slashes {
            writer.write_all(fragment.replace('/', "\\/").as_bytes())
        } else {
            writer.write_all(fragment.as_bytes())
        }
    }

    fn write_char_escape<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        escape: CharEscape,
    ) -> io::Result<()> {
        match escape {
            CharEscape::Quote => writer.write_all(b"\\\""),
            CharEscape::ReverseSolidus => writer.write_all(b"\\\\"),
            CharEscape::Solidus => writer.write_all(b"\\/"),
            CharEscape::Backspace => writer.write_all(b"\x08"),
            CharEscape::FormFeed => writer.write_all(b"\x0c"),
            CharEscape::LineFeed => writer.write_all(b"\n"),
            CharEscape::CarriageReturn => writer.write_all(b"\r"),
            CharEscape::Tab => writer.write_all(b"\t"),
            CharEscape::AsciiControl(byte) => writer.write_all(&[byte]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_slashes_quotes_and_backslashes_are_escaped() {
        for (escapes_slashes, slash) in [(true, "\\/"), (false, "/")] {
            let mut bytes = Vec::new();
            let text = "小明🐼é a/b \"q\" \\ \u{7}\n\t\u{1b}";
            let format = WeChat { escapes_slashes };
            text.serialize(&mut Serializer::with_formatter(&mut bytes, format))
                .unwrap();
            assert_eq!(
                String::from_utf8(bytes).unwrap(),
                format!("\"小明🐼é a{slash}b \\\"q\\\" \\\\ \u{7}\n\t\u{1b}\"")
            );
        }
    }
}
