//! The parameters of the URLs of databases. The drivers ignore those that they do not know, and a database that was meant to
//! be reached by TLS is then reached without.

use url::Url;

use super::{
    error::ConfigError,
    problem::{Known, Problem, both},
};

/// Those that the driver of PostgreSQL reads. `options[NAME]` is read as well.
const POSTGRES: &[&str] = &[
    "sslmode",
    "sslrootcert",
    "sslcert",
    "sslkey",
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
    "statement-cache-capacity",
];

/// Other names of the same.
const POSTGRES_ALIASES: &[&str] = &["ssl-ca", "ssl-cert", "ssl-key", "ssl-mode", "ssl-root-cert"];

const SSL_MODES: &[&str] = &[
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

const REDIS: &[&str] = &["protocol"];
const REDIS_SOCKET: &[&str] = &["db", "user", "pass", "protocol"];

/// Checks the parameters of a URL of PostgreSQL.
pub(super) fn check_postgres(place: &str, url: &str) -> Result<(), ConfigError> {
    let url = parse(place, url)?;
    for (name, value) in url.query_pairs() {
        let is_option = name.starts_with("options[") && name.ends_with(']');
        if !is_option && !POSTGRES_ALIASES.contains(&&*name) {
            expect(place, &name, POSTGRES)?;
        }
        if matches!(&*name, "sslmode" | "ssl-mode") && !SSL_MODES.contains(&&*value) {
            let modes = SSL_MODES.iter().map(|mode| (*mode).to_owned());
            let problem = Problem::OneOf(modes.collect());
            return Err(ConfigError::new(format!("{place}, {name}"), problem));
        }
    }
    Ok(())
}

/// Checks the parameters of a URL of Redis.
pub(super) fn check_redis(place: &str, url: &str) -> Result<(), ConfigError> {
    let url = parse(place, url)?;
    let known = if url.scheme() == "redis" {
        REDIS
    } else {
        REDIS_SOCKET
    };
    let mut names = url.query_pairs().map(|(name, _)| name);
    names.try_for_each(|name| expect(place, &name, known))
}

/// A file of SQLite has no parameters.
pub(super) fn check_sqlite(place: &str, url: &str) -> Result<(), ConfigError> {
    let Some((_, query)) = url.split_once('?') else {
        return Ok(());
    };
    let name = query.split(['=', '&']).next().unwrap_or_default();
    expect(place, name, &[])
}

fn parse(place: &str, url: &str) -> Result<Url, ConfigError> {
    let error = |zh, en| ConfigError::new(place, Problem::Unescaped(both(zh, en)));
    let invalid = |_| error("不是有效的 URL", "not a valid URL");
    let parsed = Url::parse(url).map_err(invalid)?;
    // A password with a `/` or `#` ends the host, and the host follows in the place of the database.
    if parsed.path().contains('@') || parsed.fragment().is_some() {
        return Err(error(
            "URL 中主机之后有 @ 或 #",
            "the URL has an @ or # after its host",
        ));
    }
    Ok(parsed)
}

/// The name is never repeated: of a password with a `?` or `&`, the rest stands in its place.
fn expect(place: &str, name: &str, known: &[&str]) -> Result<(), ConfigError> {
    if known.contains(&name) {
        return Ok(());
    }
    let names = known.iter().map(|name| (*name).to_owned()).collect();
    let problem = Problem::UnknownParameter(Known::new(name, names));
    Err(ConfigError::new(place, problem))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Check = fn(&str, &str) -> Result<(), ConfigError>;

    #[test]
    fn the_parameters_of_the_drivers_are_accepted() {
        let urls: [(Check, &str); 6] = [
            (
                check_postgres,
                "postgres://u:p@db/x?sslmode=verify-full&sslrootcert=/ca.pem&application_name=gateway",
            ),
            (check_postgres, "postgres:///x?host=/run/postgresql&user=u"),
            (
                check_postgres,
                "postgresql://db/x?ssl-mode=require&options[search_path]=a&statement-cache-capacity=0",
            ),
            (check_redis, "redis://:p@cache/0?protocol=resp3"),
            (check_redis, "redis+unix:///run/redis.sock?db=1&pass=x"),
            (check_sqlite, "sqlite:gateway.db"),
        ];
        for (check, url) in urls {
            assert_eq!(check("store.url", url), Ok(()), "{url}");
        }
    }

    const KNOWN: &str = "sslmode, sslrootcert, sslcert, sslkey, host, hostaddr, port, dbname, user, password, application_name, options, statement-cache-capacity";

    const ESCAPES: &str =
        "Write %, &, ?, @, /, # and : of a password as %25, %26, %3F, %40, %2F, %23 and %3A";

    /// The error for an unknown parameter, and what else it says.
    fn unknown(rest: &str) -> String {
        format!("store.url: the URL has an unknown parameter{rest}. {ESCAPES}")
    }

    fn error(check: Check, url: &str) -> String {
        check("store.url", url).unwrap_err().to_string()
    }

    #[test]
    fn an_unknown_parameter_is_told_with_the_known_ones() {
        let urls: [(Check, &str, String); 7] = [
            (
                check_postgres,
                "postgres://u:p@db/x?sslmod=verify-full",
                unknown(&format!(", did you mean `sslmode`? Known: {KNOWN}")),
            ),
            (
                check_postgres,
                "postgres://db/x?pool_size=4",
                unknown(&format!(". Known: {KNOWN}")),
            ),
            (
                check_redis,
                "redis://cache/0?protocl=3",
                unknown(", did you mean `protocol`? Known: protocol"),
            ),
            (
                check_redis,
                "redis://cache/0?db=1",
                unknown(". Known: protocol"),
            ),
            (
                check_sqlite,
                "sqlite:gateway.db?mode=rwc",
                "store.url: the URL has an unknown parameter. Known: none".into(),
            ),
            (
                check_postgres,
                "postgres://u:p/x@db/x",
                format!("store.url: not a valid URL. {ESCAPES}"),
            ),
            (
                check_postgres,
                "postgres://db/x?sslmode=verify_full",
                "store.url, sslmode: expected one of: disable, allow, prefer, require, verify-ca, verify-full".into(),
            ),
        ];
        for (check, url, expected) in urls {
            assert_eq!(error(check, url), expected, "{url}");
        }
    }

    /// Of a password whose special characters were not encoded.
    #[test]
    fn no_part_of_a_password_is_repeated() {
        let of_postgres = unknown(&format!(". Known: {KNOWN}"));
        for url in [
            "postgres://u:1?hunter2@db/x",
            "postgres://u:1?hunter2&x@db/x",
            "postgres://u:1?hunter2=&sslmode=require@db/x",
            "postgres://db/x?user=u&password=ab&hunter2",
            "postgres://db/x?password=ab&hunter2=1&sslmode=require",
        ] {
            assert_eq!(error(check_postgres, url), of_postgres, "{url}");
        }
        assert_eq!(
            error(check_redis, "redis://cache/0?ab&hunter2"),
            unknown(". Known: protocol")
        );
        let after_host = format!("store.url: the URL has an @ or # after its host. {ESCAPES}");
        let urls: [(Check, &str); 5] = [
            (check_postgres, "postgres://gateway:7/GE+hunter2=@db/x"),
            (check_postgres, "postgres://gateway:7#hunter2@db/x"),
            (check_postgres, "postgres://gateway:ab@hunter2/c@db/x"),
            (check_postgres, "postgres://gateway:ab@hunter2#c@db/x"),
            (check_redis, "redis://gateway:7/hunter2@cache/0"),
        ];
        for (check, url) in urls {
            assert_eq!(error(check, url), after_host, "{url}");
        }
    }
}
