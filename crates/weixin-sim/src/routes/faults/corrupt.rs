//! What becomes of a good answer on its way.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes, to_bytes},
    http::{
        HeaderValue,
        header::{CONTENT_LENGTH, CONTENT_TYPE},
    },
    response::Response,
};
use http_body::Frame;
use tokio::{sync::mpsc, time::sleep};

use crate::Effect;

/// Longest answer of ours.
const MAX_ANSWER: usize = 64 * 1024;
/// In how many bits a slow body comes.
const CHUNKS: u32 = 10;

pub(super) async fn corrupt(effect: Effect, mut response: Response) -> Response {
    match effect {
        Effect::ContentType(content_type) => {
            if let Ok(value) = HeaderValue::try_from(content_type) {
                response.headers_mut().insert(CONTENT_TYPE, value);
            }
            response
        }
        Effect::Cut => with_body(response, |body| body[..body.len() / 2].to_vec()).await,
        Effect::LoneSurrogate => with_body(response, |body| append_lone_surrogate(&body)).await,
        Effect::Without(name) => with_body(response, |body| without(&body, &name)).await,
        Effect::SlowBodyMs(milliseconds) => {
            slow_down(response, Duration::from_millis(milliseconds)).await
        }
        Effect::ResetAfter => broken_connection(),
        _ => response,
    }
}

async fn with_body(response: Response, change: impl FnOnce(Bytes) -> Vec<u8>) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ANSWER).await.unwrap_or_default();
    parts.headers.remove(CONTENT_LENGTH);
    Response::from_parts(parts, Body::from(change(bytes)))
}

/// The nickname with the first half of a surrogate pair at its end; an answer without one stays as it is.
fn append_lone_surrogate(body: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let begin = "\"nickname\":\"";
    let Some((before, rest)) = text.split_once(begin) else {
        return body.to_vec();
    };
    let end = end_of_text(rest);
    let (nickname, after) = rest.split_at(end);
    format!("{before}{begin}{nickname}\\ud83d{after}").into_bytes()
}

/// An object without one of its members. What is there may not be JSON for others: nicknames are raw.
fn without(body: &[u8], name: &str) -> Vec<u8> {
    let text = String::from_utf8_lossy(body);
    let begin = format!("\"{name}\":");
    let Some(at) = text.find(&begin) else {
        return body.to_vec();
    };
    let (before, value) = (&text[..at], &text[at + begin.len()..]);
    let after = &value[end_of_value(value)..];
    match after.strip_prefix(',') {
        Some(after) => format!("{before}{after}"),
        None => format!("{}{after}", before.trim_end_matches(',')),
    }
    .into_bytes()
}

/// Where a value ends: at the comma or brace behind it that is not its own.
fn end_of_value(value: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while let Some(c) = value[at..].chars().next() {
        match c {
            '"' => at += 1 + end_of_text(&value[at + 1..]),
            '{' | '[' => depth += 1,
            ',' | '}' | ']' if depth == 0 => return at,
            '}' | ']' => depth -= 1,
            _ => {}
        }
        at += c.len_utf8();
        if at > value.len() {
            return value.len();
        }
    }
    value.len()
}

/// Where the text ends that began in front of `rest`: at a quote with no backslash before it.
fn end_of_text(rest: &str) -> usize {
    let mut escaped = false;
    let quote = rest.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    quote.map_or(rest.len(), |(at, _)| at)
}

/// The body in bits, one after the other.
async fn slow_down(response: Response, in_all: Duration) -> Response {
    let (mut parts, body) = response.into_parts();
    let bytes = to_bytes(body, MAX_ANSWER).await.unwrap_or_default();
    let length = HeaderValue::from(bytes.len());
    parts.headers.insert(CONTENT_LENGTH, length);
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let size = bytes.len().div_ceil(CHUNKS as usize).max(1);
        for chunk in bytes.chunks(size) {
            sleep(in_all / CHUNKS).await;
            if sender.send(bytes.slice_ref(chunk)).await.is_err() {
                return;
            }
        }
    });
    Response::from_parts(parts, Body::new(Chunks(receiver)))
}

struct Chunks(mpsc::Receiver<Bytes>);

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        self.0
            .poll_recv(context)
            .map(|chunk| chunk.map(|chunk| Ok(Frame::data(chunk))))
    }
}

/// An answer that promises a body and breaks the connection in its place.
pub(super) fn broken_connection() -> Response {
    struct Broken;

    impl http_body::Body for Broken {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            Poll::Ready(Some(Err(io::Error::other("a simulated fault"))))
        }
    }

    let mut response = Response::new(Body::new(Broken));
    response
        .headers_mut()
        .insert(CONTENT_LENGTH, HeaderValue::from_static("100"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_taken_out_wherever_it_stands() {
        let body = r#"{"openid":"o1","nickname":"a\",\"b","sex":0,"privilege":[],"unionid":"o2"}"#;
        for (name, expected) in [
            (
                "openid",
                r#"{"nickname":"a\",\"b","sex":0,"privilege":[],"unionid":"o2"}"#,
            ),
            (
                "nickname",
                r#"{"openid":"o1","sex":0,"privilege":[],"unionid":"o2"}"#,
            ),
            (
                "sex",
                r#"{"openid":"o1","nickname":"a\",\"b","privilege":[],"unionid":"o2"}"#,
            ),
            (
                "privilege",
                r#"{"openid":"o1","nickname":"a\",\"b","sex":0,"unionid":"o2"}"#,
            ),
            (
                "unionid",
                r#"{"openid":"o1","nickname":"a\",\"b","sex":0,"privilege":[]}"#,
            ),
            ("absent", body),
        ] {
            let left = without(body.as_bytes(), name);
            assert_eq!(String::from_utf8(left).unwrap(), expected, "{name}");
        }
    }

    #[test]
    fn half_an_emoji_stands_at_the_end_of_the_nickname() {
        let body = br#"{"nickname":"a\\","sex":0}"#;
        let corrupted = String::from_utf8(append_lone_surrogate(body)).unwrap();
        assert_eq!(corrupted, r#"{"nickname":"a\\\ud83d","sex":0}"#);
    }
}
