//! Whether the connection to PostgreSQL can be intercepted.

#[cfg(feature = "postgres")]
use std::net::IpAddr;

/// Whether a URL of PostgreSQL leads over the network to a server whose certificate is not verified. The driver also reads
/// `PGHOST` and `PGSSLMODE`.
#[cfg(feature = "postgres")]
pub(super) fn is_unverified(url: &str) -> bool {
    use sqlx::postgres::{PgConnectOptions, PgSslMode};

    let Ok(options) = url.parse::<PgConnectOptions>() else {
        return false;
    };
    let host = options.get_host();
    let address = host.trim_matches(['[', ']']).parse::<IpAddr>();
    let is_local = options.get_socket().is_some()
        || host.starts_with('/')
        || host == "localhost"
        || address.is_ok_and(|address| address.to_canonical().is_loopback());
    !is_local && !matches!(options.get_ssl_mode(), PgSslMode::VerifyFull)
}

#[cfg(not(feature = "postgres"))]
pub(super) const fn is_unverified(_: &str) -> bool {
    false
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn only_a_socket_this_machine_and_a_verified_certificate_are_safe() {
        for (url, expected) in [
            ("postgres://u:p@db.example.com/x", true),
            ("postgres://u:p@10.0.0.5/x?sslmode=require", true),
            ("postgres://u:p@db/x?sslmode=verify-ca", true),
            ("postgres://u:p@localhost/x?host=10.0.0.5", true),
            ("postgres://u:p@db/x?sslmode=verify-full", false),
            ("postgres://u:p@db/x?ssl-mode=verify-full", false),
            ("postgres://u:p@localhost/x", false),
            ("postgres://u:p@127.0.0.1:5433/x", false),
            ("postgres://u:p@[::1]/x", false),
            ("postgres://u@%2Frun%2Fpostgresql/x", false),
            ("postgres:///x?host=/run/postgresql&user=u", false),
        ] {
            assert_eq!(is_unverified(url), expected, "{url}");
        }
    }
}
