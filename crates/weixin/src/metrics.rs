//! Counters and latencies, for whatever the program exports them by.
//!
//! - `weixin_calls_total`, by `path`: calls, however often each was sent
//! - `weixin_errors_total`, by `path` and `error`: WeChat's code, or what else failed
//! - `weixin_call_seconds`, by `path`: how long a call took, tries and pauses included

use std::{borrow::Cow, time::Duration};

use metrics::{counter, histogram};

use crate::{Error, TransportErrorKind};

pub(crate) fn record<T>(path: &'static str, outcome: &Result<T, Error>, took: Duration) {
    counter!("weixin_calls_total", "path" => path).increment(1);
    histogram!("weixin_call_seconds", "path" => path).record(took.as_secs_f64());
    if let Err(error) = outcome {
        counter!("weixin_errors_total", "path" => path, "error" => name(error)).increment(1);
    }
}

/// As few names as there are kinds and known codes, so that no server can fill the memory with labels.
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
