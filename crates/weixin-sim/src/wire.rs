//! JSON as WeChat writes it: raw UTF-8, `\/` for every slash, control characters as they are.

use std::io;

use axum::{
    http::{HeaderValue, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::ser::{CharEscape, Formatter, Serializer};

use crate::refusal::Refusal;

/// The error code of an answer, for the request log.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errcode(pub(crate) i64);

/// A success of `/sns`: `text/plain` without a charset (facts 4.3).
pub(crate) fn success(body: &impl Serialize) -> Response {
    answer(HeaderValue::from_static("text/plain"), body)
}

/// A refusal of `/sns`: HTTP 200, and `application/json` as last observed (facts 4.3).
pub(crate) fn refused(refusal: Refusal, rid: &str) -> Response {
    #[derive(Serialize)]
    struct Body {
        errcode: i64,
        errmsg: String,
    }
    let Refusal { errcode, errmsg } = refusal;
    let body = Body {
        errcode,
        errmsg: format!("{errmsg}, rid: {rid}"),
    };
    let mut response = answer(HeaderValue::from_static("application/json"), &body);
    response.extensions_mut().insert(Errcode(errcode));
    response
}

fn answer(content_type: HeaderValue, body: &impl Serialize) -> Response {
    let mut bytes = Vec::new();
    // Only a body that is no JSON value at all could fail here, and ours are structs of text.
    let _ = body.serialize(&mut Serializer::with_formatter(&mut bytes, WeChat));
    ([(CONTENT_TYPE, content_type)], bytes).into_response()
}

struct WeChat;

impl Formatter for WeChat {
    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        writer.write_all(fragment.replace('/', "\\/").as_bytes())
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
    fn text_is_written_raw_but_for_slashes_quotes_and_backslashes() {
        let mut bytes = Vec::new();
        let text = "小明🐼é a/b \"q\" \\ \u{7}\n\t\u{1b}";
        text.serialize(&mut Serializer::with_formatter(&mut bytes, WeChat))
            .unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "\"小明🐼é a\\/b \\\"q\\\" \\\\ \u{7}\n\t\u{1b}\""
        );
    }
}
