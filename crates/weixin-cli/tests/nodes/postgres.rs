//! PostgreSQL: a schema of its own, or a whole server.

use std::{
    env, fs,
    os::unix::fs::{MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;

fn variable(name: &str) -> String {
    let missing = |_| panic!("{name} is not set: run by ./scripts/test or scripts/with-services");
    env::var(name).unwrap_or_else(missing)
}

pub(crate) fn redis() -> String {
    variable("WEIXIN_TEST_REDIS")
}

/// The URL of a schema of its own on the server of the tests.
pub(crate) async fn schema() -> String {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let server = variable("WEIXIN_TEST_POSTGRES");
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let schema = format!("nodes_{}_{number}", std::process::id());
    let mut connection = connect(&server).await;
    let create = AssertSqlSafe(format!("create schema {schema}"));
    connection.execute(create).await.unwrap();
    format!("{server}?options[search_path]={schema}")
}

pub(crate) async fn connect(url: &str) -> AnyConnection {
    sqlx::any::install_default_drivers();
    AnyConnection::connect(url).await.unwrap()
}

pub(crate) async fn count(url: &str, sql: &'static str) -> i64 {
    let mut connection = connect(url).await;
    sqlx::query_scalar(sql)
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

/// A server that a test can stop.
pub(crate) struct Server {
    directory: TempDir,
    binaries: PathBuf,
}

impl Server {
    pub(crate) fn start() -> Self {
        let directory = TempDir::new().unwrap();
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o755)).unwrap();
        let server = Self {
            directory,
            binaries: binaries(),
        };
        fs::create_dir(server.data()).unwrap();
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(server.data()));
        }
        let mut initdb = server.command("initdb");
        initdb.arg("-D").arg(server.data());
        run(initdb.args(["--auth=trust", "--username=weixin", "--no-sync"]));
        server.start_again();
        server
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("postgres")
    }

    pub(crate) fn url(&self) -> String {
        let folder = self.data().display().to_string().replace('/', "%2F");
        format!("postgres://weixin@{folder}/postgres")
    }

    /// Where it listens.
    pub(crate) fn socket(&self) -> PathBuf {
        self.data().join(".s.PGSQL.5432")
    }

    pub(crate) fn start_again(&self) {
        let data = self.data();
        let mut start = self.pg_ctl();
        start
            .args(["-w", "-t", "600", "-l"])
            .arg(data.join("server.log"));
        let options = format!(
            "-c listen_addresses='' -c unix_socket_directories='{}' -c fsync=off",
            data.display()
        );
        run(start.arg("-o").arg(options).arg("start"));
    }

    /// Stops it without waiting for its clients.
    pub(crate) fn stop(&self) {
        run(self
            .pg_ctl()
            .args(["-m", "fast", "-w", "-t", "600", "stop"]));
    }

    fn pg_ctl(&self) -> Command {
        let mut command = self.command("pg_ctl");
        command.arg("-D").arg(self.data());
        command
    }

    /// PostgreSQL does not run as root.
    fn command(&self, program: &str) -> Command {
        let program = self.binaries.join(program);
        if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(program);
            return command;
        }
        Command::new(program)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = self.pg_ctl();
        stop.args(["-m", "immediate", "stop"]);
        let _ = stop.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

/// Those of the newest version that Debian has installed.
fn binaries() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let folders = versions.map(|version| version.unwrap().path().join("bin"));
    let version = |folder: &PathBuf| {
        let name = folder.parent().and_then(Path::file_name);
        name.and_then(|name| name.to_str()?.parse::<u32>().ok())
    };
    let newest = folders
        .filter(|it| it.join("initdb").exists())
        .max_by_key(version);
    newest.unwrap_or_else(|| panic!("PostgreSQL is missing: ./scripts/test installs it"))
}

/// Not in a folder that PostgreSQL's user may not read.
fn run(command: &mut Command) {
    // The server would hold a pipe open.
    let status = command
        .current_dir("/")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    assert!(status.unwrap().success(), "{command:?}");
}
