//! What commands say of a PostgreSQL that they cannot use.

use std::{path::Path, process::Command};

use sqlx::{Connection, Executor};

use crate::{
    postgres::{Server, connect},
    site::Site,
};

/// In the URL of a database.
const PASSWORD: &str = "hunter2";

/// What a command that fails prints.
fn failure(language: &str, arguments: &[&str], config: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weixin"));
    command
        .args(["--lang", language, "gateway"])
        .args(arguments);
    let output = command.arg("--config").arg(config).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let text = String::from_utf8(output.stderr).unwrap();
    assert!(!text.contains(PASSWORD), "{text}");
    text
}

/// A database that cannot be used: its URL, the error and the remedy of `serve` in both languages.
struct Case {
    url: String,
    errors: [String; 2],
    remedies: [&'static str; 2],
}

impl Case {
    fn new(url: String, errors: [&str; 2], remedies: [&'static str; 2]) -> Self {
        let errors = errors.map(str::to_owned);
        Self {
            url,
            errors,
            remedies,
        }
    }
}

/// What PostgreSQL rejects.
fn rejections(server: &Server) -> Vec<Case> {
    let at = |user: &str, database: &str| server.url_of(user, database);
    vec![
        Case::new(
            at(&format!("locked:{PASSWORD}"), "postgres"),
            [
                "the database cannot be opened: error returned from database: password authentication failed for user \"locked\"",
                "无法打开数据库：数据库返回错误：用户名或密码错误",
            ],
            [
                "correct the user and the password in [store] url. Write %, &, ?, @, /, # and : of the password as %25, %26, %3F, %40, %2F, %23 and %3A. A password that is not in the URL: PGPASSWORD, or the file of PGPASSFILE or .pgpass, which is ignored if others can read it (chmod 600)",
                "请修改 [store] url 中的用户和密码。密码中的 %、&、?、@、/、#、: 要写成 %25、%26、%3F、%40、%2F、%23、%3A。密码不在 URL 中时：PGPASSWORD，或 PGPASSFILE 指定的文件、.pgpass，其他用户可以读取的文件会被忽略（chmod 600）",
            ],
        ),
        Case::new(
            at(&format!("outsider:{PASSWORD}"), "postgres"),
            [
                "the tables cannot be created or updated: error returned from database: permission denied for schema public",
                "无法创建或更新数据库的表：数据库返回错误：没有权限访问 schema public",
            ],
            [
                "in [store] url, use the user who owns the database and its tables. An administrator of PostgreSQL makes a user the owner by `alter database DATABASE owner to USER`",
                "请在 [store] url 中使用数据库及其表的所有者。PostgreSQL 管理员用 `alter database 数据库 owner to 用户` 指定所有者",
            ],
        ),
        Case::new(
            at(&format!("weixin:{PASSWORD}"), "missing"),
            [
                "the database cannot be opened: error returned from database: database \"missing\" does not exist",
                "无法打开数据库：数据库返回错误：数据库 missing 不存在",
            ],
            [
                "create the database (`createdb --owner USER DATABASE`, as an administrator of PostgreSQL), or correct its name in [store] url",
                "请创建数据库（以 PostgreSQL 管理员身份运行 `createdb --owner 用户 数据库`），或修改 [store] url 中的数据库名",
            ],
        ),
    ]
}

/// Where no PostgreSQL is.
fn absences() -> Vec<Case> {
    vec![
        Case::new(
            format!("postgres://weixin:{PASSWORD}@no-such-host.invalid/gateway"),
            [
                "the host no-such-host.invalid of the database cannot be found: error communicating with database: failed to lookup address information: ",
                "找不到数据库的主机 no-such-host.invalid：无法与数据库通信：无法解析主机名",
            ],
            [
                "correct the host in [store] url. If this is not the host: write %, &, ?, @, /, # and : of the password as %25, %26, %3F, %40, %2F, %23 and %3A",
                "请修改 [store] url 中的主机。如果这不是主机名：密码中的 %、&、?、@、/、#、: 要写成 %25、%26、%3F、%40、%2F、%23、%3A",
            ],
        ),
        Case::new(
            // Of the ports below 1024, which no program of a test has.
            format!("postgres://weixin:{PASSWORD}@127.0.0.1:1/gateway"),
            [
                "the database cannot be opened: error communicating with database: Connection refused (os error 111)",
                "无法打开数据库：无法与数据库通信：连接被拒绝（os error 111）",
            ],
            [
                "start PostgreSQL, and check the host and the port in [store] url, and the firewalls between",
                "请启动 PostgreSQL，并检查 [store] url 中的主机和端口，以及中间的防火墙",
            ],
        ),
    ]
}

/// The last lines are the error, of which the resolver words the end, and the remedy. Before them is the log.
fn assert_told(printed: &str, [error, remedy]: [&str; 2]) {
    let mut lines = printed.lines().rev();
    let (second, first) = (lines.next().unwrap(), lines.next().unwrap());
    assert!(first.starts_with(error), "{first}\n{error}");
    assert!(error.ends_with(": ") || first == error, "{first}\n{error}");
    assert_eq!(second, remedy);
}

/// PostgreSQL with a user whose password is another one, and one without permissions.
async fn server() -> Server {
    let server = Server::with_passwords(&["locked"]);
    let mut admin = connect(&server.url()).await;
    for role in [
        "create role locked login password 'another'",
        "create role outsider login",
    ] {
        admin.execute(role).await.unwrap();
    }
    admin.close().await.unwrap();
    server
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_store_that_cannot_be_used_is_told_by_each_command_with_what_to_do() {
    let server = server().await;
    let site = Site::new("http://localhost".to_owned()).await;
    let sqlite = format!("sqlite:{}", site.path("gateway.db").display());
    let write = |file: &str, url: &str| {
        let config = site.config(&format!("url = \"{url}\""), "");
        site.write(file, &config)
    };
    let file = write("sqlite.toml", &sqlite);
    let migrated = Command::new(env!("CARGO_BIN_EXE_weixin"))
        .args(["gateway", "migrate", "--config"])
        .arg(&file)
        .status();
    assert!(migrated.unwrap().success());

    let to_sqlite = format!("sqlite:{}", site.path("copy.db").display());
    for Case {
        url,
        errors: [english, chinese],
        remedies: [remedy, chinese_remedy],
    } in rejections(&server).into_iter().chain(absences())
    {
        let postgres = write("postgres.toml", &url);
        let source = ["copy-store", "--to", &to_sqlite];
        let target = ["copy-store", "--to", &url];
        let serve: (&[&str], _, _, _) = (&["serve"], &postgres, ["", ""], "[store] url");
        let source = (
            &source[..],
            &postgres,
            ["source (store.url): ", "源数据库（store.url）："],
            "[store] url",
        );
        let target = (
            &target[..],
            &file,
            ["target (--to): ", "目标数据库（--to）："],
            "--to",
        );
        for (arguments, config, [store, chinese_store], name) in [serve, source, target] {
            // The tables of a source are not created.
            if arguments.len() > 1 && config == &postgres && english.starts_with("the tables") {
                continue;
            }
            let remedy = remedy.replace("[store] url", name);
            assert_told(
                &failure("en", arguments, config),
                [
                    &format!("error: {store}{english}"),
                    &format!("remedy: {remedy}"),
                ],
            );
            let remedy = chinese_remedy.replace("[store] url", name);
            assert_told(
                &failure("zh", arguments, config),
                [
                    &format!("错误：{chinese_store}{chinese}"),
                    &format!("处理办法：{remedy}"),
                ],
            );
        }
    }
}
