//! A store that moves to the other kind of database.

use std::collections::BTreeMap;

use sqlx::{
    AnyConnection, AssertSqlSafe, Column, Connection, Executor, Row, TypeInfo, ValueRef,
    any::{AnyRow, AnyTypeInfoKind},
};

use super::fixture::{Fixture, schema};
use crate::store::{
    Store,
    copy::{
        CopiedTable, CopyError, CopyProgress, copy,
        tables::{Kind, TABLES as COPIED, Table},
    },
    migrations,
};

/// More than two batches.
const ROWS: i64 = 1_203;

/// The tables of SQLite that hold the data of a gateway.
const TABLES: &str = "select name from sqlite_master where type = 'table'
    and name not in ('_sqlx_migrations', 'schema') order by name";

/// The rows of a table as texts, in no order of a database.
type Rows = BTreeMap<String, Vec<String>>;

async fn connect(url: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(url).await.unwrap()
}

async fn execute(url: &str, sql: String) {
    let mut connection = connect(url).await;
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

async fn tables(sqlite: &str) -> Vec<String> {
    let mut connection = connect(sqlite).await;
    sqlx::query_scalar(TABLES)
        .fetch_all(&mut connection)
        .await
        .unwrap()
}

/// Fills every column of every table; in half of the rows, only those that may not be null.
async fn fill(sqlite: &str) {
    for table in tables(sqlite).await {
        let mut connection = connect(sqlite).await;
        let info = format!("select name, type, \"notnull\", pk from pragma_table_info('{table}')");
        let columns = sqlx::query(AssertSqlSafe(info));
        let columns = columns.fetch_all(&mut connection).await.unwrap();
        let names: Vec<String> = columns.iter().map(|row| row.get("name")).collect();
        let values: Vec<_> = columns.iter().map(|row| value(&table, row)).collect();
        let (names, values) = (names.join(", "), values.join(", "));
        let insert = format!(
            "insert into {table} ({names})
             with recursive numbers (n) as (select 1 union all select n + 1 from numbers where n < {ROWS})
             select {values} from numbers"
        );
        execute(sqlite, insert).await;
    }
}

fn value(table: &str, column: &AnyRow) -> String {
    let name: String = column.get("name");
    let value = match column.get::<String, _>("type").to_lowercase().as_str() {
        "text" => format!("'微信 ''{table}.{name}'' ' || n"),
        "bigint" => "n + 9007199254740991000".to_owned(),
        "bytea" => "cast(x'00ff' || n as blob)".to_owned(),
        other => panic!("{other}"),
    };
    let is_required = column.get::<i64, _>("notnull") == 1 || column.get::<i64, _>("pk") > 0;
    if is_required {
        value
    } else {
        format!("case when n % 2 = 0 then {value} end")
    }
}

/// The columns of each table: name, type, whether null is allowed, and the place in the primary key.
const COLUMNS_OF_SQLITE: &str = "select tables.name || '.' || info.name || ' ' || lower(info.type)
    || case when info.\"notnull\" = 1 or info.pk > 0 then '' else ' null' end
    || case when info.pk > 0 then ' key ' || info.pk else '' end
    from sqlite_master tables join pragma_table_info(tables.name) info where tables.type = 'table'";
const COLUMNS_OF_POSTGRES: &str = "select columns.table_name || '.' || columns.column_name || ' ' || data_type
    || case when is_nullable = 'NO' then '' else ' null' end
    || coalesce((select ' key ' || keys.ordinal_position from information_schema.key_column_usage keys
        join information_schema.table_constraints it using (constraint_schema, constraint_name)
        where it.constraint_type = 'PRIMARY KEY' and keys.table_schema = current_schema()
        and keys.table_name = columns.table_name and keys.column_name = columns.column_name), '')
    from information_schema.columns where table_schema = current_schema()";
/// The indexes that the migrations name.
const INDEXES_OF_SQLITE: &str = "select name || ' of ' || tbl_name from sqlite_master
    where type = 'index' and sql is not null";
const INDEXES_OF_POSTGRES: &str = "select indexname || ' of ' || tablename from pg_indexes
    where schemaname = current_schema() and indexname not like '%\\_pkey' and indexname not like '%\\_key'";

/// The tables as both kinds of database describe them.
async fn description(url: &str) -> Vec<String> {
    let statements = if url.starts_with("postgres") {
        [COLUMNS_OF_POSTGRES, INDEXES_OF_POSTGRES]
    } else {
        [COLUMNS_OF_SQLITE, INDEXES_OF_SQLITE]
    };
    let mut connection = connect(url).await;
    let mut lines = Vec::new();
    for statement in statements {
        let found = sqlx::query_scalar::<_, String>(statement);
        lines.extend(found.fetch_all(&mut connection).await.unwrap());
    }
    connection.close().await.unwrap();
    // The table of the library differs.
    lines.retain(|line| !line.starts_with("_sqlx_migrations."));
    lines.sort();
    lines
}

/// Each column of each table as it is copied, in the form of [`description`].
fn copied_columns() -> Vec<String> {
    let column = |table: &str, (name, kind): &(&str, Kind)| {
        let kind = match kind {
            Kind::Text => "text",
            Kind::Number => "bigint",
            Kind::Bytes => "bytea",
        };
        format!("{table}.{name} {kind}")
    };
    let columns = |table: &Table| {
        let columns = table.columns.iter();
        columns.map(|it| column(table.name, it)).collect::<Vec<_>>()
    };
    let mut columns: Vec<_> = COPIED.iter().flat_map(columns).collect();
    columns.sort();
    columns
}

async fn rows(url: &str, tables: &[String]) -> Rows {
    let mut connection = connect(url).await;
    let mut found = Rows::new();
    for table in tables {
        let select = AssertSqlSafe(format!("select * from {table}"));
        let rows = sqlx::query(select).fetch_all(&mut connection).await;
        let mut rows: Vec<_> = rows.unwrap().iter().map(text).collect();
        rows.sort();
        found.insert(table.clone(), rows);
    }
    connection.close().await.unwrap();
    found
}

fn text(row: &AnyRow) -> String {
    let column = |index: usize| {
        let value = row.try_get_raw(index).unwrap();
        let name = row.column(index).name();
        if value.is_null() {
            return format!("{name}=null");
        }
        match value.type_info().kind() {
            AnyTypeInfoKind::Text => format!("{name}={:?}", row.get::<String, _>(index)),
            AnyTypeInfoKind::BigInt => format!("{name}={}", row.get::<i64, _>(index)),
            AnyTypeInfoKind::Blob => format!("{name}={:?}", row.get::<Vec<u8>, _>(index)),
            _ => panic!("{name} is {}", value.type_info().name()),
        }
    };
    let columns: Vec<_> = (0..row.len()).map(column).collect();
    columns.join(" ")
}

/// A file of SQLite with tables that no gateway holds.
pub(super) async fn closed_sqlite(fixture: &Fixture) -> String {
    let url = fixture.empty_database().await;
    Store::open(&url).await.unwrap().close().await;
    url
}

/// A schema of a user of its own: connections of other tests are not those of its user.
pub(super) async fn schema_of_a_user() -> String {
    let url = schema().await;
    let (_, schema) = url.rsplit_once('=').unwrap();
    execute(
        &url,
        format!("create role {schema} login; grant all on schema {schema} to {schema}"),
    )
    .await;
    url.replacen("://weixin@", &format!("://{schema}@"), 1)
}

async fn copy_all(from: &str, to: &str) -> Result<Vec<CopiedTable>, CopyError> {
    copy(from, to, |_| {}).await
}

fn refused(copied: Result<Vec<CopiedTable>, CopyError>) -> CopyError {
    copied.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_to_postgresql_and_back_has_the_same_rows() {
    let fixture = Fixture::sqlite().await;
    let (from, to) = (closed_sqlite(&fixture).await, schema_of_a_user().await);
    fill(&from).await;
    let mut progress = Vec::new();
    let copied = copy(&from, &to, |it: CopyProgress| progress.push(it)).await;
    let copied = copied.unwrap();

    let tables = tables(&from).await;
    let mut names: Vec<_> = copied.iter().map(|table| table.name).collect();
    names.sort_unstable();
    assert_eq!(names, tables);
    assert!(copied.iter().all(|table| table.rows == ROWS.unsigned_abs()));
    let all = ROWS.unsigned_abs() * copied.len() as u64;
    let first: Vec<_> = progress.iter().take(4).map(|it| it.rows).collect();
    assert_eq!(first, [500, 1_000, 1_203, 1_703]);
    assert_eq!(
        progress.last().map(|it| (it.rows, it.total)),
        Some((all, all))
    );

    let expected = rows(&from, &tables).await;
    assert_eq!(rows(&to, &tables).await, expected);
    let back = fixture.directory.path().join("back.db");
    let url = format!("sqlite:{}", back.display());
    assert_eq!(copy_all(&to, &url).await.unwrap(), copied);
    // The file alone, as an operator moves it: without SQLite's log.
    let moved = fixture.directory.path().join("moved.db");
    std::fs::copy(&back, &moved).unwrap();
    let moved = format!("sqlite:{}", moved.display());
    assert_eq!(rows(&moved, &tables).await, expected);

    let described = description(&from).await;
    assert_eq!(description(&to).await, described);
    assert_eq!(description(&moved).await, described);
    let columns = described.iter().filter(|line| line.contains('.'));
    let columns = columns.filter(|line| !line.starts_with("schema."));
    let columns = columns.map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "));
    assert_eq!(copied_columns(), columns.collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_that_fails_leaves_no_row() {
    let fixture = Fixture::sqlite().await;
    let (from, to) = (closed_sqlite(&fixture).await, schema().await);
    fill(&from).await;
    // The last table. PostgreSQL has no text with this character.
    let nul = "update audit set detail = 'a' || char(0) where rowid = 1200";
    execute(&from, nul.to_owned()).await;
    let error = refused(copy_all(&from, &to).await);
    assert!(matches!(error, CopyError::Target(_)), "{error:?}");
    let tables = tables(&from).await;
    let found = rows(&to, &tables).await;
    assert!(found.values().all(Vec::is_empty), "{found:?}");

    execute(
        &from,
        "update audit set detail = 'a' where rowid = 1200".to_owned(),
    )
    .await;
    copy_all(&from, &to).await.unwrap();
    assert_eq!(rows(&to, &tables).await, rows(&from, &tables).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_with_rows_is_no_target() {
    let fixture = Fixture::sqlite().await;
    let (from, to) = (closed_sqlite(&fixture).await, schema().await);
    Store::open(&to).await.unwrap().close().await;
    let user = "insert into users (id, created_at, last_seen_at) values ('a', 1, 1)";
    execute(&to, user.to_owned()).await;
    for _ in 0..2 {
        let error = refused(copy_all(&from, &to).await);
        assert!(
            matches!(
                error,
                CopyError::NotEmpty {
                    table: "users",
                    rows: 1
                }
            ),
            "{error:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_in_use_is_not_copied() {
    let fixture = Fixture::sqlite().await;
    let target = schema_of_a_user().await;
    let error = refused(copy_all(&fixture.url, &target).await);
    assert!(matches!(error, CopyError::InUse(_)), "{error:?}");

    let (gateway, free) = (
        Store::open(&target).await.unwrap(),
        closed_sqlite(&fixture).await,
    );
    let error = refused(copy_all(&target, &free).await);
    assert!(matches!(error, CopyError::Connected(1..)), "{error:?}");
    let error = refused(copy_all(&target, &fixture.url).await);
    assert!(matches!(error, CopyError::Connected(1..)), "{error:?}");
    gateway.close().await;
    let error = refused(copy_all(&target, &fixture.url).await);
    assert!(matches!(error, CopyError::InUse(_)), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tables_of_another_version_are_not_copied() {
    let fixture = Fixture::sqlite().await;
    let (from, to) = (fixture.empty_database().await, schema().await);
    let error = refused(copy_all(&from, &to).await);
    let known = migrations::VERSION;
    assert_eq!(
        error.to_string(),
        format!("the tables of the store are of version 0, this program copies version {known}")
    );

    Store::open(&from).await.unwrap().close().await;
    for (url, store) in [(&to, "the target"), (&from, "the store")] {
        let later =
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
            select max(version) + 1, 'next', true, '\\x00', 0 from _sqlx_migrations";
        copy_all(&from, &to).await.unwrap();
        execute(url, later.to_owned()).await;
        let error = refused(copy_all(&from, &to).await);
        let found = known + 1;
        assert_eq!(
            error.to_string(),
            format!(
                "the tables of {store} are of version {found}, this program copies version {known}"
            )
        );
        execute(
            url,
            "delete from _sqlx_migrations where description = 'next'".to_owned(),
        )
        .await;
    }
}

#[tokio::test]
async fn a_store_is_copied_to_the_other_kind_only() {
    let fixture = Fixture::sqlite().await;
    let sqlite = fixture.directory.path().join("other.db");
    let other = format!("sqlite:{}", sqlite.display());
    let postgres = "postgres://db.example/gateway";
    for (from, to) in [(&*fixture.url, &*other), (postgres, postgres)] {
        let error = refused(copy_all(from, to).await);
        assert!(matches!(error, CopyError::SameKind), "{error:?}");
    }
    let error = refused(copy_all(&other, postgres).await);
    assert!(matches!(error, CopyError::Missing(_)), "{error:?}");
    assert!(!sqlite.exists());
}
