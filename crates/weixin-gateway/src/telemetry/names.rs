//! What the metrics of the gateway are called.

pub(super) const LOGINS: &str = "weixin_gateway_logins_total";
pub(super) const CODES: &str = "weixin_gateway_codes_total";
pub(super) const REQUESTS: &str = "weixin_gateway_requests_total";
pub(super) const REQUEST_SECONDS: &str = "weixin_gateway_request_seconds";
pub(super) const REJECTED: &str = "weixin_gateway_turned_away_total";
pub(super) const NOT_LOGGED: &str = "weixin_gateway_not_logged_total";
pub(super) const NOT_RECORDED: &str = "weixin_gateway_not_recorded_total";
pub(super) const WRITE_SECONDS: &str = "weixin_gateway_write_seconds";
pub(super) const READ_SECONDS: &str = "weixin_gateway_read_seconds";
pub(super) const COMMIT_SECONDS: &str = "weixin_gateway_commit_seconds";
pub(super) const COMMITTED: &str = "weixin_gateway_committed_writes_total";
pub(super) const SIGN_SECONDS: &str = "weixin_gateway_sign_seconds";
pub(super) const WAITING_WRITES: &str = "weixin_gateway_waiting_writes";
pub(super) const LOG_BYTES: &str = "weixin_gateway_sqlite_log_bytes";
pub(super) const WAITING_REQUESTS: &str = "weixin_gateway_waiting_requests";
pub(super) const PENDING_LOGOUTS: &str = "weixin_gateway_pending_logouts";
pub(super) const CONFIG_HASH: &str = "weixin_gateway_config_hash";
pub(super) const CONFIG_LOADED: &str = "weixin_gateway_config_loaded_timestamp_seconds";
pub(super) const CLOCK_DIFFERENCE: &str = "weixin_gateway_clock_difference_seconds";
pub(super) const RELOAD_FAILURES: &str = "weixin_gateway_reload_failures_total";
