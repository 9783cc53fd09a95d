//! Counters and latencies, through the `metrics` facade.

use std::{borrow::Cow, time::Duration};

use metrics::{Unit, counter, describe_counter, describe_histogram, histogram};

use crate::{error::Error, transport::TransportErrorKind};

const CALLS: &str = "weixin_calls_total";
const ERRORS: &str = "weixin_errors_total";
const SECONDS: &str = "weixin_call_seconds";

/// Tells the program's recorder what each metric means. Exporters print it, such as in the `# HELP` lines of Prometheus.
pub(crate) fn describe() {
    describe_counter!(
        CALLS,
        Unit::Count,
        "Calls by `path`. A call that is sent several times counts once"
    );
    describe_counter!(
        ERRORS,
        Unit::Count,
        "Failed calls by `path` and `error`: WeChat's error code, or the kind of failure, such as `timeout`"
    );
    describe_histogram!(
        SECONDS,
        Unit::Seconds,
        "The duration of a call by `path`, including all attempts and the pauses between them"
    );
}

pub(crate) fn record<T>(path: &'static str, outcome: &Result<T, Error>, took: Duration) {
    counter!(CALLS, "path" => path).increment(1);
    histogram!(SECONDS, "path" => path).record(took.as_secs_f64());
    if let Err(error) = outcome {
        counter!(ERRORS, "path" => path, "error" => name(error)).increment(1);
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
