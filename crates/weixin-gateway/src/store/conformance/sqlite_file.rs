//! The file of SQLite: its permissions, its lock, its copies, its migrations.

use std::{fs, path::Path};

use sqlx::{AnyConnection, Connection, Executor};
use tempfile::TempDir;

use super::fixture::{Fixture, START, ids, later, login, session_of};
use crate::{
    error_text::causes,
    store::{
        OpenError, Store,
        backup::backup,
        inspect::{StoreState, inspect},
        migrations,
    },
};

fn mode(path: &Path) -> u32 {
    std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).unwrap().permissions()) & 0o777
}

#[tokio::test]
async fn only_the_owner_may_read_the_file_its_log_and_its_copy() {
    let fixture = Fixture::sqlite().await;
    fixture.session("oAlice", START).await;
    let copy = fixture.directory.path().join("copy.db");
    backup(&fixture.url, &copy).await.unwrap();
    let mut names: Vec<_> = fs::read_dir(fixture.directory.path())
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            (
                entry.file_name().into_string().unwrap(),
                mode(&entry.path()),
            )
        })
        .collect();
    names.sort();
    let expected = [
        "copy.db",
        "gateway.db",
        "gateway.db-shm",
        "gateway.db-wal",
        "gateway.db.lock",
    ];
    assert_eq!(names, expected.map(|name| (name.to_owned(), 0o600)));
}

/// A file beside the database that cannot be used: a start and `check` name it.
#[tokio::test]
async fn a_file_that_is_none_is_named_before_sqlite_opens_it() {
    for name in [
        "gateway.db",
        "gateway.db-wal",
        "gateway.db-shm",
        "gateway.db-journal",
    ] {
        let directory = TempDir::new().unwrap();
        let url = format!("sqlite:{}", directory.path().join("gateway.db").display());
        Store::open(&url).await.unwrap().close().await;
        let file = directory.path().join(name);
        let _ = fs::remove_file(&file);
        fs::create_dir(&file).unwrap();
        let expected = format!("{} cannot be opened: is a directory", file.display());
        for error in [
            Store::open(&url).await.unwrap_err(),
            inspect(&url).await.unwrap_err(),
        ] {
            assert_eq!(causes(&error), expected);
        }
    }
}

/// The locks of this process on the file: the kernel ends all of them when a file is closed that was opened once more.
fn locks(file: &Path) -> Vec<String> {
    let inode = std::os::unix::fs::MetadataExt::ino(&fs::metadata(file).unwrap());
    let (own, inode) = (format!(" {} ", std::process::id()), format!(":{inode} "));
    let all = fs::read_to_string("/proc/locks").unwrap();
    let locks = all
        .lines()
        .filter(|it| it.contains(&own) && it.contains(&inode));
    let without_number = |line: &str| line.split_once(": ").unwrap().1.to_owned();
    locks.map(without_number).collect()
}

/// Else another program would think that it is the last one, and remove the log.
#[tokio::test]
async fn a_look_at_the_database_leaves_its_locks() {
    let fixture = Fixture::sqlite().await;
    let file = fixture.directory.path().join("gateway.db");
    let before = locks(&file);
    assert_ne!(before, [""; 0]);
    assert_eq!(inspect(&fixture.url).await.unwrap(), StoreState::Current);
    Store::open(&fixture.url).await.unwrap_err();
    assert_eq!(locks(&file), before);
}

#[tokio::test]
async fn a_second_gateway_on_the_file_does_not_start() {
    let fixture = Fixture::sqlite().await;
    let second = Store::open(&fixture.url).await.unwrap_err();
    assert!(matches!(second, OpenError::InUse(_)), "{second:?}");
    let Fixture {
        store,
        url,
        directory: _directory,
    } = fixture;
    store.close().await;
    Store::open(&url).await.unwrap();
}

#[tokio::test]
async fn a_copy_that_is_made_while_the_gateway_writes_is_whole() {
    let fixture = Fixture::sqlite().await;
    let first = fixture.session("oAlice", START).await;
    let copy = fixture.directory.path().join("copy of '微信'.db");
    let writing = async {
        for number in 0..50 {
            fixture.session(&format!("oUser{number}"), START).await;
        }
    };
    let (copied, ()) = tokio::join!(backup(&fixture.url, &copy), writing);
    copied.unwrap();
    let again = backup(&fixture.url, &copy).await.unwrap_err();
    assert!(matches!(again, OpenError::Target { .. }), "{again:?}");
    let restored = fixture.directory.path().join("restored.db");
    fs::copy(copy, &restored).unwrap();
    let store = Store::open(&format!("sqlite:{}", restored.display()))
        .await
        .unwrap();
    let login = login(&ids("oAlice", None), Some(&first), later(1));
    let outcome = crate::upstream::link::log_in(&store, login).await.unwrap();
    assert_eq!(session_of(outcome).sid, first.sid);
}

#[tokio::test]
async fn no_database_is_copied_from_a_file_that_is_missing() {
    let directory = TempDir::new().unwrap();
    let url = format!("sqlite:{}", directory.path().join("missing.db").display());
    let copy = directory.path().join("copy.db");
    let error = backup(&url, &copy).await.unwrap_err();
    assert!(matches!(error, OpenError::Database(_)), "{error:?}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn urls_that_are_no_file_are_rejected() {
    for (url, message) in [
        (
            "mysql://localhost/x",
            "the URL of the store begins with neither sqlite: nor postgres:",
        ),
        (
            "sqlite::memory:",
            "the URL of the store names no file: a database in memory would be lost with its last connection",
        ),
        (
            "sqlite:gateway.db?mode=ro",
            "the URL of the store has parameters: only sqlite:FILE is supported",
        ),
        ("sqlite:", "the URL of the store names no file"),
        ("sqlite:/", "the URL of the store names no file"),
    ] {
        assert_eq!(
            Store::open(url).await.unwrap_err().to_string(),
            message,
            "{url}"
        );
    }
}

#[tokio::test]
async fn a_database_is_inspected_without_being_changed() {
    let fixture = Fixture::sqlite().await;
    let folder = fixture.directory.path();
    let state =
        async |name: &str| inspect(&format!("sqlite:{}", folder.join(name).display())).await;
    fs::write(folder.join("empty.db"), "").unwrap();
    fs::write(folder.join("text.db"), "no database".repeat(100)).unwrap();
    assert_eq!(state("gateway.db").await.unwrap(), StoreState::Current);
    assert_eq!(state("empty.db").await.unwrap(), StoreState::Outdated);
    assert_eq!(state("missing.db").await.unwrap(), StoreState::Missing);
    let error = state("missing/gateway.db").await.unwrap_err();
    assert!(matches!(error, OpenError::File { .. }), "{error:?}");
    let error = state("text.db").await.unwrap_err();
    assert!(matches!(error, OpenError::Database(_)), "{error:?}");
    assert_eq!(fs::read(folder.join("empty.db")).unwrap(), b"");
    assert!(!folder.join("missing.db").exists());
    let other = inspect("mysql://localhost/x").await.unwrap_err();
    assert!(matches!(other, OpenError::Url(_)), "{other:?}");
}

#[tokio::test]
async fn a_database_of_a_later_program_is_used_as_long_as_it_says_so() {
    let Fixture {
        store,
        url,
        directory: _directory,
    } = Fixture::sqlite().await;
    store.close().await;
    let mut connection = AnyConnection::connect(&url).await.unwrap();
    // A later migration that only adds.
    connection
        .execute("alter table users add column email text")
        .await
        .unwrap();
    let (known, needed) = (migrations::VERSION, migrations::VERSION + 1);
    for later in [
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
        values ($1, 'later', true, x'00', 0)",
        "update schema set minimum_version = $1",
    ] {
        Store::open(&url).await.unwrap().close().await;
        let query = sqlx::query(later).bind(needed);
        query.execute(&mut connection).await.unwrap();
    }
    let error = Store::open(&url).await.unwrap_err();
    let message =
        format!("the database needs version {needed} of the tables; this program knows {known}");
    assert_eq!(error.to_string(), message);
    assert_eq!(inspect(&url).await.unwrap_err().to_string(), message);
}

#[tokio::test]
async fn a_login_that_changes_only_its_session_does_not_wait_for_the_disk() {
    use std::sync::atomic::Ordering::Relaxed;

    let fixture = Fixture::sqlite().await;
    let commits = || {
        let commits = fixture.store.commits();
        (commits.durable.load(Relaxed), commits.relaxed.load(Relaxed))
    };
    let alice = fixture.session("oAlice", START).await;
    assert_eq!(commits(), (1, 0)); // a new user
    fixture.session("oAlice", later(1)).await;
    assert_eq!(commits(), (1, 1));
    let late = login(&ids("oAlice", Some("uAlice")), None, later(2));
    fixture.log_in(late).await.unwrap();
    assert_eq!(commits(), (2, 1)); // a new identity
    let bob = login(&ids("oBob", None), None, later(3));
    session_of(fixture.log_in(bob).await.unwrap());
    assert_eq!(commits(), (3, 1));
    let bob = login(&ids("oBob", None), Some(&alice), later(4));
    fixture.log_in(bob).await.unwrap();
    assert_eq!(commits(), (4, 1)); // the end of a session
    let code = || super::fixture::id(crate::oidc::GrantId::from_bytes);
    let alice = fixture.session("oAlice", later(5)).await;
    assert_eq!(commits(), (4, 2));
    fixture.redeem(&alice, code(), later(6)).await;
    assert_eq!(commits(), (5, 2)); // a new subject
    fixture.redeem(&alice, code(), later(6)).await;
    assert_eq!(commits(), (5, 3));
}
