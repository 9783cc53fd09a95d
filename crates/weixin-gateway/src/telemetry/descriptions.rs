//! What each metric of the gateway means.

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

use super::names::{
    CLOCK_DIFFERENCE, CODES, COMMIT_SECONDS, COMMITTED, CONFIG_HASH, CONFIG_LOADED, LOG_BYTES,
    LOGINS, NOT_LOGGED, NOT_RECORDED, PENDING_LOGOUTS, READ_SECONDS, REJECTED, RELOAD_FAILURES,
    REQUEST_SECONDS, REQUESTS, SIGN_SECONDS, WAITING_REQUESTS, WAITING_WRITES, WRITE_SECONDS,
};

/// Tells the program's recorder what each metric of the gateway means. Exporters print it, such as in the `# HELP` lines of
/// Prometheus. [`Gateway::open`](crate::Gateway::open) calls it.
pub fn describe_metrics() {
    describe_requests();
    describe_store();
    describe_gauge!(
        CONFIG_HASH,
        Unit::Count,
        "A hash of the configuration file in use, as a number: it differs between nodes whose files differ"
    );
    describe_gauge!(
        CONFIG_LOADED,
        Unit::Seconds,
        "When the configuration in use was loaded, in Unix time"
    );
    describe_gauge!(
        CLOCK_DIFFERENCE,
        Unit::Seconds,
        "The seconds by which the clock is ahead of PostgreSQL's; absent for SQLite"
    );
    describe_counter!(
        RELOAD_FAILURES,
        Unit::Count,
        "Changed configuration files that could not be used, since the start"
    );
}

fn describe_requests() {
    describe_counter!(
        LOGINS,
        Unit::Count,
        "Logins with WeChat by `client`, `app` and `outcome`: `ok`, `created`, `merged`, `conflict`, `disabled`, `failed`, or the reason why the login failed, such as `declined`. `app` is empty if the app is unknown"
    );
    describe_counter!(
        CODES,
        Unit::Count,
        "Authorization codes by `client`, also those for users who were logged in already"
    );
    describe_counter!(
        REQUESTS,
        Unit::Count,
        "HTTP requests by `endpoint` and `status`"
    );
    describe_histogram!(
        REQUEST_SECONDS,
        Unit::Seconds,
        "The duration of an HTTP request by `endpoint`"
    );
    describe_counter!(
        REJECTED,
        Unit::Count,
        "Requests that were turned away by `limit`: `logins`, `failures`, `waiting_requests`, `forms` if too many are still arriving, `requests` if too many run, or `store` if too many writes wait; with `connections`, connections that were closed"
    );
    describe_counter!(
        NOT_LOGGED,
        Unit::Count,
        "Error responses of which the log says nothing, since their address has caused many"
    );
    describe_counter!(
        NOT_RECORDED,
        Unit::Count,
        "Failed logins that are no event of the audit log, since their address has failed at many"
    );
    describe_histogram!(
        SIGN_SECONDS,
        Unit::Seconds,
        "The duration of the signature of a token by `alg`"
    );
}

fn describe_store() {
    describe_histogram!(
        READ_SECONDS,
        Unit::Seconds,
        "The duration of a read by `operation`: what is read, such as `session`, `grant` or `request`"
    );
    describe_histogram!(
        WRITE_SECONDS,
        Unit::Seconds,
        "The duration of a write until it is committed, waiting included"
    );
    describe_histogram!(
        COMMIT_SECONDS,
        Unit::Seconds,
        "The duration of a transaction by `durability`: `durable` waits for the disk, `relaxed` does not"
    );
    describe_counter!(
        COMMITTED,
        Unit::Count,
        "Writes in these transactions: SQLite commits many at once"
    );
    describe_gauge!(WAITING_WRITES, Unit::Count, "Writes that wait");
    describe_gauge!(
        LOG_BYTES,
        Unit::Bytes,
        "The size of SQLite's log, the file that ends in -wal"
    );
    describe_gauge!(
        WAITING_REQUESTS,
        Unit::Count,
        "Authorization requests that wait for a login or were pushed"
    );
    describe_gauge!(
        PENDING_LOGOUTS,
        Unit::Count,
        "Back-channel logouts that clients have not received yet"
    );
}
