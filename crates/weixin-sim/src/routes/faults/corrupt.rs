//! Corrupts a good response on its way to the client.

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

/// Upper limit for the simulator's own response bodies.
const MAX_ANSWER: usize = 64 * 1024;
/// Number of chunks of a slow body.
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

/// Appends the first half of a surrogate pair to the nickname; a response without a nickname is unchanged.
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

/// Removes a member from a JSON object.
///
/// WeChat's JSON has raw control characters in nicknames, which `serde_json` rejects, so the text is scanned
/// instead of parsed.
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

/// Offset at which a value ends: the first comma or closing bracket outside of it.
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

/// Offset of the closing quote of a JSON string, given the text after its opening quote.
fn end_of_text(rest: &str) -> usize {
    let mut escaped = false;
    let quote = rest.char_indices().find(|(_, c)| {
        let ends = *c == '"' && !escaped;
        escaped = *c == '\\' && !escaped;
        ends
    });
    quote.map_or(rest.len(), |(at, _)| at)
}

/// Sends the body in chunks, spread over the given time.
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

/// Response that announces a body but breaks the connection instead of sending it.
pub(crate) fn broken_connection() -> Response {
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
    fn a_member_is_removed_at_any_position() {
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
    fn half_an_emoji_is_appended_to_the_nickname() {
        let body = br#"{"nickname":"a\\","sex":0}"#;
        let corrupted = String::from_utf8(append_lone_surrogate(body)).unwrap();
        assert_eq!(corrupted, r#"{"nickname":"a\\\ud83d","sex":0}"#);
    }
}
