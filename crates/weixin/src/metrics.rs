//! Counters and latencies, through the `metrics` facade.
//!
//! - `weixin_calls_total`, by `path`: calls, however often each was sent
//! - `weixin_errors_total`, by `path` and `error`: WeChat's code, or the kind of failure
//! - `weixin_call_seconds`, by `path`: the duration of a call, attempts and pauses included

use std::{borrow::Cow, time::Duration};

use metrics::{counter, histogram};

use crate::{error::Error, transport::TransportErrorKind};

pub(crate) fn record<T>(path: &'static str, outcome: &Result<T, Error>, took: Duration) {
    counter!("weixin_calls_total", "path" => path).increment(1);
    histogram!("weixin_call_seconds", "path" => path).record(took.as_secs_f64());
    if let Err(error) = outcome {
        counter!("weixin_errors_total", "path" => path, "error" => name(error)).increment(1);
    }
}

/// One of a fixed set of names, so that no server can fill the memory with labels.
fn name(error: &Error) -> Cow<'static, str> {
    match error {
        Error::Api(error) if error.code.explanation().is_none() => "unknown_code".into(),
        Error::Api(error) => error.code.to_string().into(),
        Error::Decode { .. } => "decode".into(),
        Error::Status { .. } => "status".into(),
        Error::Transport(error) => match error.kind() {
            TransportErrorKind::Connect => "connect".into(),
            TransportErrorKind::Timeout => "timeout".into(),
            TransportErrorKind::TooLarge => "too_large".into(),
            TransportErrorKind::Other => "broken".into(),
        },
        _ => "other".into(),
    }
}
