//! How each database finds the rows of each statement: with millions of rows, none may read a table that grows.

mod statements;

use std::collections::BTreeSet;

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Row};

use super::fixture::Fixture;

/// A step that may read more than the rows with a value of an index.
struct Exception {
    /// The beginning of the statement.
    statement: &'static str,
    /// The beginning of the step.
    step: &'static str,
    #[expect(dead_code, reason = "for the reader")]
    reason: &'static str,
}

const fn may(step: &'static str, statement: &'static str, reason: &'static str) -> Exception {
    Exception {
        statement,
        step,
        reason,
    }
}

const EXPIRED: &str = "at most 100 rows that have expired";
const DUE: &str = "what must be sent now";
const OUTBOX: &str = "a row stays for 50 minutes at most";
const COMMAND: &str = "250 rows at most, by a command";
const OPERATOR: &str = "a command that is run seldom; no request does this";
const FEW: &str = "rows that an operator has added";
const NO_TABLE: &str = "no table";
const WAITING: &str = "limited by `waiting_requests`, and counted once a minute";
const REVOKED: &str = "a row for each client that was revoked in the last minutes";

const OF_SQLITE: [Exception; 33] = [
    may("SCAN schema", "", "one row"),
    may("SCAN clients", "select id, body", FEW),
    may("SCAN keys", "select kid, alg", "a few a year"),
    may("SEARCH _sqlx_migrations", "select coalesce(max", "one row"),
    may("SCAN sqlite_master", "select count(*)", NO_TABLE),
    may("SCAN pragma_database_list", "select file", NO_TABLE),
    may("SCAN used", "update grants set", "one row"),
    may("SCAN 2-ROW VALUES", "insert into", NO_TABLE),
    may("SCAN known", "with recursive known", "the clients"),
    may("SCAN known", "delete from subjects", "the clients"),
    may(
        "SEARCH subjects USING COVERING INDEX",
        "with recursive known",
        "one row for each client",
    ),
    may(
        "SEARCH subjects USING COVERING INDEX",
        "delete from subjects",
        "one row for each client",
    ),
    may("SEARCH audit USING INDEX audit_by_time", "delete", EXPIRED),
    may(
        "SEARCH grants USING INDEX grants_by_keep",
        "delete",
        EXPIRED,
    ),
    may(
        "SEARCH grants USING INDEX grants_by_keep",
        "update",
        EXPIRED,
    ),
    may("SEARCH logins USING INDEX", "delete", EXPIRED),
    may("SEARCH requests USING INDEX", "delete", EXPIRED),
    may("SEARCH sessions USING INDEX", "delete", EXPIRED),
    may(
        "SEARCH logouts USING INDEX",
        "delete from logouts where id",
        EXPIRED,
    ),
    may("SEARCH logouts USING INDEX", "select client, min", DUE),
    may(
        "SEARCH logouts USING INDEX",
        "update logouts set attempts",
        DUE,
    ),
    may(
        "SEARCH logouts USING INDEX",
        "update logouts set due_at",
        "those of a clock that was ahead",
    ),
    may("SCAN logouts USING COVERING", "select count(*)", OUTBOX),
    may("SCAN logouts", "delete from logouts where client", OUTBOX),
    may("SCAN requests", COUNTED, WAITING),
    may("SCAN client_revocations", REVOCATIONS_EXPIRED, REVOKED),
    may("SEARCH ", "select max(id) as last", COMMAND),
    may(
        "SEARCH grants USING INDEX sqlite_autoindex_grants_1 (id>? AND id<?)",
        "update",
        COMMAND,
    ),
    may(
        "SEARCH sessions USING INDEX sqlite_autoindex_sessions_1 (sid>? AND sid<?)",
        "update",
        COMMAND,
    ),
    may("SCAN users", BY_NICKNAME, OPERATOR),
    may("SCAN audit", NAMING, OPERATOR),
    may(
        "SEARCH audit USING INDEX audit_by_time",
        NAMING,
        "the last minute",
    ),
    may("SEARCH consents USING", "delete from consents", COMMAND),
];
const OF_POSTGRES: [Exception; 6] = [
    may("SCAN logouts", "delete from logouts where client", OUTBOX),
    may("SCAN requests", COUNTED, WAITING),
    may("SCAN client_revocations", REVOCATIONS_EXPIRED, REVOKED),
    may("SCAN schema", "", "one row"),
    may("SCAN users", BY_NICKNAME, OPERATOR),
    may("SCAN audit", NAMING, OPERATOR),
];
/// Of parameters whose types PostgreSQL does not infer: the driver sends those of the values.
const TYPES: [(&str, &str); 4] = [
    ("insert into consents", "(text, text, text, bigint, bigint)"),
    ("insert into logouts", "(bigint)"),
    (
        "update grants set revoked_at = $3",
        "(text, bigint, bigint, text, bigint)",
    ),
    (
        "update grants set seq",
        "(text, bigint, bigint, text, bigint, bigint, bigint)",
    ),
];
const COUNTED: &str = "select client, count(*) as waiting";
const REVOCATIONS_EXPIRED: &str = "delete from client_revocations";
const BY_NICKNAME: &str = "select coalesce(merged_into, id) as kept from users where nickname";
const NAMING: &str = "select id from audit where event in";

#[tokio::test]
async fn no_statement_reads_a_table_of_sqlite_that_grows() {
    let fixture = Fixture::sqlite().await;
    let mut connection = AnyConnection::connect(&fixture.url).await.unwrap();
    let mut found = Vec::new();
    let of_postgres = [
        "clock_timestamp",
        "information_schema",
        "for share",
        "pg_advisory",
    ];
    for statement in of_database(&of_postgres) {
        let explain = AssertSqlSafe(format!("explain query plan {statement}"));
        let plan = sqlx::query(explain).fetch_all(&mut connection).await;
        for row in plan.unwrap_or_else(|error| panic!("{statement}: {error}")) {
            let step: String = row.try_get("detail").unwrap();
            let is_read = step.starts_with("SCAN ") || step.starts_with("SEARCH ");
            if is_read && step != "SCAN CONSTANT ROW" && !step.contains("=?") {
                found.push((statement.clone(), step));
            }
        }
    }
    assert_expected(&found, &OF_SQLITE);
}

/// PostgreSQL reads a small table at once, whatever its indexes: here it does so only where it has none to use.
#[tokio::test]
async fn no_statement_reads_a_table_of_postgres_that_grows() {
    let fixture = Fixture::postgres().await;
    let mut connection = AnyConnection::connect(&fixture.url).await.unwrap();
    let settings = "set enable_seqscan = off; set plan_cache_mode = force_generic_plan";
    let set = sqlx::raw_sql(settings).execute(&mut connection).await;
    set.unwrap();
    let mut found = Vec::new();
    for statement in of_database(&["sqlite_master", "pragma_"]) {
        let parameters = (1..20).filter(|number| statement.contains(&format!("${number}")));
        let nulls = vec!["null"; parameters.max().unwrap_or(0)].join(", ");
        let values = if nulls.is_empty() {
            nulls
        } else {
            format!("({nulls})")
        };
        let types = TYPES.iter().find(|(it, _)| statement.starts_with(it));
        let types = types.map_or("", |(_, types)| types);
        for sql in [
            format!("prepare one {types} as {statement}"),
            format!("explain execute one {values}"),
            "deallocate one".to_owned(),
        ] {
            let plan = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&mut connection);
            let plan = plan.await;
            for row in plan.unwrap_or_else(|error| panic!("{statement}: {error}")) {
                let step: String = row.try_get(0).unwrap();
                if let Some((_, table)) = step.split_once("Seq Scan on ") {
                    let table = table.split(' ').next().unwrap_or_default();
                    found.push((statement.clone(), format!("SCAN {table}")));
                }
            }
        }
    }
    assert_expected(&found, &OF_POSTGRES);
}

/// The statements without those of the other database.
fn of_database(of_other: &[&str]) -> Vec<String> {
    let statements = statements::all().into_iter();
    let known = statements.filter(|it| !of_other.iter().any(|word| it.contains(word)));
    known
        .map(|it| it.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

/// Each step has its exception, and each exception is needed.
fn assert_expected(found: &[(String, String)], exceptions: &[Exception]) {
    let is_of = |one: &Exception, (statement, step): &(String, String)| {
        statement.starts_with(one.statement) && step.starts_with(one.step)
    };
    let unexpected = found
        .iter()
        .filter(|found| !exceptions.iter().any(|one| is_of(one, found)));
    let unexpected: BTreeSet<_> = unexpected.collect();
    let unused = exceptions
        .iter()
        .filter(|one| !found.iter().any(|found| is_of(one, found)));
    let unused: Vec<_> = unused.map(|one| (one.statement, one.step)).collect();
    assert_eq!((unexpected, unused), Default::default());
}
