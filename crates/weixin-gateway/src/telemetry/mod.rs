//! The metrics, through the `metrics` facade. Their labels are fixed words and the IDs that the operator has configured:
//! never a user, and nothing that a visitor writes.

mod descriptions;
mod names;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use metrics::{counter, gauge, histogram};

pub use self::descriptions::describe_metrics;
use self::names::{
    CLOCK_DIFFERENCE, CODES, COMMIT_SECONDS, COMMITTED, CONFIG_HASH, CONFIG_LOADED, LOG_BYTES,
    LOGINS, NOT_LOGGED, NOT_RECORDED, PENDING_LOGOUTS, READ_SECONDS, REJECTED, RELOAD_FAILURES,
    REQUEST_SECONDS, REQUESTS, SIGN_SECONDS, WAITING_REQUESTS, WAITING_WRITES, WRITE_SECONDS,
};

/// Logins through an app that is known, by their outcome.
const OUTCOMES: [&str; 6] = ["ok", "created", "merged", "conflict", "disabled", "failed"];

/// Those of WeChat, which was called for one app.
const REJECTED_BY_WECHAT: [&str; 6] = [
    "configuration",
    "expired",
    "snapshot_user",
    "unreachable",
    "used",
    "user_rejected",
];

/// Logins that end before it is.
const FAILURES: [&str; 13] = [
    "busy",
    "configuration",
    "csrf_mismatch",
    "declined",
    "expired",
    "in_frame",
    "malformed",
    "no_cookie",
    "restarted",
    "snapshot_user",
    "unreachable",
    "used",
    "user_rejected",
];

const LIMITS: [&str; 7] = [
    "connections",
    "failures",
    "forms",
    "logins",
    "requests",
    "store",
    "waiting_requests",
];

/// The statuses of failures that are the gateway's.
const STATUSES: [&str; 2] = ["500", "503"];

/// Begins the counters at zero: the first event of a counter that was absent before is no increase for Prometheus.
pub(crate) fn begin() {
    counter!(COMMITTED).increment(0);
    counter!(NOT_LOGGED).increment(0);
    counter!(NOT_RECORDED).increment(0);
    counter!(RELOAD_FAILURES).increment(0);
    for limit in LIMITS {
        counter!(REJECTED, "limit" => limit).increment(0);
    }
}

/// Begins those of a client, whose users log in through these apps.
pub(crate) fn begin_client<'a>(client: &str, apps: impl Iterator<Item = &'a str>) {
    let begin = |app: &str, outcome: &'static str| {
        let (client, app) = (client.to_owned(), app.to_owned());
        counter!(LOGINS, "client" => client, "app" => app, "outcome" => outcome).increment(0);
    };
    counter!(CODES, "client" => client.to_owned()).increment(0);
    for outcome in FAILURES {
        begin("", outcome);
    }
    for app in apps {
        for outcome in OUTCOMES.into_iter().chain(REJECTED_BY_WECHAT) {
            begin(app, outcome);
        }
    }
}

/// Begins those of routes.
pub(crate) fn begin_endpoints(endpoints: impl Iterator<Item = String>) {
    for endpoint in endpoints {
        for status in STATUSES {
            counter!(REQUESTS, "endpoint" => endpoint.clone(), "status" => status).increment(0);
        }
    }
}

/// A login with WeChat has ended.
pub(crate) fn login(client: &str, app: &str, outcome: &'static str) {
    let (client, app) = (client.to_owned(), app.to_owned());
    counter!(LOGINS, "client" => client, "app" => app, "outcome" => outcome).increment(1);
}

/// A client receives a code.
pub(crate) fn code(client: &str) {
    counter!(CODES, "client" => client.to_owned()).increment(1);
}

/// A request has ended. The endpoint is a route, never a path that a visitor has written.
pub(crate) fn request(endpoint: &str, status: u16, took: Duration) {
    let endpoint = endpoint.to_owned();
    histogram!(REQUEST_SECONDS, "endpoint" => endpoint.clone()).record(took.as_secs_f64());
    counter!(REQUESTS, "endpoint" => endpoint, "status" => status.to_string()).increment(1);
}

/// A limit has turned a request away.
pub(crate) fn turned_away(limit: &'static str) {
    counter!(REJECTED, "limit" => limit).increment(1);
}

/// A failed login becomes no event.
pub(crate) fn not_recorded() {
    counter!(NOT_RECORDED).increment(1);
}

/// The log says nothing of an error response.
pub(crate) fn not_logged() {
    counter!(NOT_LOGGED).increment(1);
}

/// A token was signed.
pub(crate) fn signed(alg: &'static str, took: Duration) {
    histogram!(SIGN_SECONDS, "alg" => alg).record(took.as_secs_f64());
}

/// A read has ended.
pub(crate) fn read(operation: &'static str, took: Duration) {
    histogram!(READ_SECONDS, "operation" => operation).record(took.as_secs_f64());
}

/// A write was committed, or has failed.
pub(crate) fn written(took: Duration) {
    histogram!(WRITE_SECONDS).record(took.as_secs_f64());
}

/// A transaction of so many writes has ended.
pub(crate) fn committed(durability: &'static str, writes: usize, took: Duration) {
    histogram!(COMMIT_SECONDS, "durability" => durability).record(took.as_secs_f64());
    counter!(COMMITTED).increment(u64::try_from(writes).unwrap_or(u64::MAX));
}

/// What the store has at one moment.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreLevels {
    pub(crate) waiting_writes: u64,
    pub(crate) waiting_requests: u64,
    pub(crate) pending_logouts: u64,
    /// `None`: the database is not SQLite.
    pub(crate) log_bytes: Option<u64>,
}

impl StoreLevels {
    pub(crate) fn record(self) {
        gauge!(WAITING_WRITES).set(float(self.waiting_writes));
        gauge!(WAITING_REQUESTS).set(float(self.waiting_requests));
        gauge!(PENDING_LOGOUTS).set(float(self.pending_logouts));
        if let Some(bytes) = self.log_bytes {
            gauge!(LOG_BYTES).set(float(bytes));
        }
    }
}

/// A configuration is used from now on.
pub(crate) fn config_loaded(hash: u32, now: SystemTime) {
    gauge!(CONFIG_HASH).set(hash);
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    gauge!(CONFIG_LOADED).set(now.as_secs_f64());
}

/// The clock was compared with the database's.
pub(crate) fn clock_compared(milliseconds_ahead: i64) {
    let seconds = Duration::from_millis(milliseconds_ahead.unsigned_abs()).as_secs_f64();
    gauge!(CLOCK_DIFFERENCE).set(seconds.copysign(if milliseconds_ahead < 0 { -1.0 } else { 1.0 }));
}

/// A changed configuration cannot be used.
pub(crate) fn reload_failed() {
    counter!(RELOAD_FAILURES).increment(1);
}

#[expect(clippy::cast_precision_loss, reason = "exact up to nine quadrillion")]
const fn float(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kinds of failed logins are private to `weixin-axum`, as a list.
    #[test]
    fn each_kind_of_failure_begins_at_zero() {
        let source = include_str!("../../../weixin-axum/src/error_kind.rs");
        let texts = source.split_once("fn texts").unwrap().1;
        let kinds = texts.split("=> (").skip(1);
        let kinds: Vec<_> = kinds.map(|rest| rest.split('"').nth(1).unwrap()).collect();
        assert_eq!(kinds, FAILURES);
    }

    #[test]
    fn each_kind_of_an_error_of_wechat_begins_at_zero_for_each_app() {
        let source = include_str!("../../../weixin-axum/src/error_kind.rs");
        let (texts, of_errors) = source.split_once("for LoginErrorKind").unwrap();
        let (_, texts) = texts.split_once("fn texts").unwrap();
        let kinds = texts.split("            Self::").skip(1).filter(|text| {
            let name = text.split(' ').next().unwrap();
            of_errors.contains(&format!("Self::{name}"))
        });
        let kinds: Vec<_> = kinds.map(|text| text.split('"').nth(1).unwrap()).collect();
        assert_eq!(kinds, REJECTED_BY_WECHAT);
    }
}
