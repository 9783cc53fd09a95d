//! A gateway that moves from SQLite to PostgreSQL.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor};

use crate::{
    browser::{Browser, Http, Tokens},
    node::Node,
    postgres::{connect, count, schema},
    site::{CALLBACK, SECRET, Site},
};

const EMPTY: &str = "select (select count(*) from users) + (select count(*) from audit)
    + (select count(*) from keys)";

fn weixin(arguments: &[&str], config: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weixin"));
    command.arg("gateway").args(arguments);
    command.arg("--config").arg(config).env("LANG", "C");
    command
}

fn run(arguments: &[&str], config: &Path) -> Output {
    weixin(arguments, config).output().unwrap()
}

/// What a command that succeeds prints.
fn printed(arguments: &[&str], config: &Path) -> String {
    let output = run(arguments, config);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// What a command that fails prints.
fn rejected(arguments: &[&str], config: &Path) -> String {
    let output = run(arguments, config);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// The configurations of a gateway on SQLite and, later, on PostgreSQL.
struct Move {
    site: Site,
    sqlite: PathBuf,
    postgres: PathBuf,
    /// Of PostgreSQL.
    url: String,
}

impl Move {
    async fn new() -> Self {
        let site = Site::new("http://localhost".to_owned()).await;
        let (file, url) = (site.path("gateway.db"), schema().await);
        let notes = format!(
            "consent = 'first'\n[[client]]\nid = 'notes'\nsecret = '{SECRET}'\nredirect_uris = ['{CALLBACK}']"
        );
        // The client `app`, which is the last one, asks.
        let config = |url: &str| site.config(&format!("url = \"{url}\""), &notes);
        Self {
            sqlite: site.write(
                "sqlite.toml",
                &config(&format!("sqlite:{}", file.display())),
            ),
            postgres: site.write("postgres.toml", &config(&url)),
            url,
            site,
        }
    }

    fn copy(&self) -> [&str; 3] {
        ["copy-store", "--to", &self.url]
    }

    fn sqlite_url(&self) -> String {
        format!("sqlite:{}", self.site.path("gateway.db").display())
    }
}

/// A user of the client `wiki`, with the session of a browser.
struct User {
    browser: Browser,
    tokens: Tokens,
    sub: String,
}

impl User {
    async fn log_in(site: &Site, http: &Http) -> Self {
        let mut browser = Browser::new(site.new_user());
        let tokens = browser.log_in(http).await.unwrap();
        let sub = http.sub(&tokens.access).await.unwrap();
        Self {
            browser,
            tokens,
            sub,
        }
    }

    /// As before, without WeChat.
    async fn is_logged_in(&mut self, http: &Http, sub: &str) {
        let scans = self.browser.scans;
        let tokens = self.browser.log_in(http).await.unwrap();
        assert_eq!(http.sub(&tokens.access).await.unwrap(), sub);
        assert_eq!(self.browser.scans, scans);
    }
}

async fn kids(http: &Http) -> Value {
    let jwks = http.get("/jwks").await.unwrap();
    let keys = jwks["keys"].as_array().unwrap().iter();
    keys.map(|key| key["kid"].clone()).collect()
}

/// The users of the gateway on SQLite, one of them merged into the other, and what was stored about them.
struct Before {
    alice: User,
    merged: User,
    /// The `sub` of each.
    kept: String,
    absorbed: String,
    kids: Value,
    reference: String,
}

impl Before {
    async fn new(of: &Move, http: &Http) -> Self {
        let mut alice = User::log_in(&of.site, http).await;
        let mut merged = User::log_in(&of.site, http).await;
        let (kept, absorbed) = (alice.sub.clone(), merged.sub.clone());
        printed(&["user", "merge", &kept, &absorbed], &of.sqlite);
        // The client has received both: it receives that of the user who was kept.
        merged.is_logged_in(http, &kept).await;
        let consent = format!(
            "insert into consents (user_id, client, scopes, created_at)
             values ('{kept}', 'app', 'openid offline_access', 1)"
        );
        let mut store = connect(&of.sqlite_url()).await;
        store.execute(AssertSqlSafe(consent)).await.unwrap();
        alice.is_logged_in(&http.public(), &kept).await;
        let redirect_uri = "https://blog.example/cb";
        let client = ["client", "add", "blog", "--redirect-uri", redirect_uri];
        printed(&client, &of.sqlite);
        let reference =
            "select reference from audit where reference is not null order by at limit 1";
        let reference = sqlx::query_scalar(reference);
        let reference = reference.fetch_one(&mut store).await.unwrap();
        store.close().await.unwrap();
        Self {
            alice,
            merged,
            kept,
            absorbed,
            kids: kids(http).await,
            reference,
        }
    }

    /// What commands say of the clients, the keys, a login and a user.
    fn printed(&self, config: &Path) -> Vec<String> {
        let commands: [&[&str]; 4] = [
            &["client", "list"],
            &["keys", "list"],
            &["explain-login", &self.reference],
            &["user", "find", &self.kept],
        ];
        commands.map(|command| printed(command, config)).into()
    }

    /// The client has received both: the report says which one it receives now.
    fn assert_subs_are_explained(&self, config: &Path) {
        let (kept, absorbed) = (&self.kept, &self.absorbed);
        for (language, expected) in [
            (
                "en",
                [
                    format!("{kept} (wiki: what it receives since the merge)"),
                    format!("{absorbed} (wiki: in tokens from before the merge only)"),
                    format!("{kept} (app)"),
                ],
            ),
            (
                "zh",
                [
                    format!("{kept} (wiki，合并后返回此 sub)"),
                    format!("{absorbed} (wiki，仅合并前的 Token 使用)"),
                    format!("{kept} (app)"),
                ],
            ),
        ] {
            let report = printed(&["--lang", language, "user", "find", kept], config);
            for line in expected {
                assert!(report.contains(&line), "{line}\n{report}");
            }
        }
    }

    /// Sessions, tokens and consents are those of before.
    async fn assert_kept(&mut self, http: &Http) {
        let Self {
            alice,
            merged,
            kept,
            absorbed,
            ..
        } = self;
        assert_eq!(kids(http).await, self.kids);
        assert_eq!(http.sub(&alice.tokens.access).await.unwrap(), *kept);
        // What the client has received for the other user before the merge.
        assert_eq!(http.sub(&merged.tokens.access).await.unwrap(), *absorbed);
        alice.is_logged_in(http, kept).await;
        alice.is_logged_in(&http.public(), kept).await;
        merged.is_logged_in(http, kept).await;
        let refresh = alice.tokens.refresh.as_ref().unwrap();
        let refreshed = http.refresh(refresh).await.unwrap();
        assert_eq!(http.sub(&refreshed.access).await.unwrap(), *kept);
        let hint = format!("&prompt=none&id_token_hint={}", alice.tokens.id);
        alice.browser.code(http, &hint).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_gateway_that_moves_to_postgresql_goes_on_where_it_was() {
    let of = Move::new().await;
    let node = Node::start(&of.sqlite);
    let http = Http::new(&of.site.issuer).at(node.address);
    let mut before = Before::new(&of, &http).await;
    let printed_before = before.printed(&of.sqlite);
    before.assert_subs_are_explained(&of.sqlite);

    let in_use = format!(
        "error: a gateway is using {}: stop the gateway first\n",
        of.site.path("gateway.db").display()
    );
    assert_eq!(rejected(&of.copy(), &of.sqlite), in_use);
    assert_eq!(node.stop("-TERM").await.code(), Some(0));
    let copied = printed(&of.copy(), &of.sqlite);
    assert!(copied.contains("\nNext:\n1. In "), "{copied}");
    for (table, rows) in [
        ("users", 2),
        ("subjects", 3),
        ("consents", 1),
        ("clients", 1),
    ] {
        assert!(
            copied.contains(&format!("  {table:18}  {rows:>9}\n")),
            "{copied}"
        );
    }

    let node = Node::start(&of.postgres);
    let http = http.at(node.address);
    assert_eq!(before.printed(&of.postgres), printed_before);
    before.assert_kept(&http).await;
    let new = User::log_in(&of.site, &http).await;
    assert!(![&before.kept, &before.absorbed].contains(&&new.sub));
    assert_eq!(count(&of.url, "select count(*) from users").await, 3);

    let not_empty = "error: the new database is not empty: the table users has 3 rows. \
        Use an empty database; one on which a gateway has been started is not empty\n";
    assert_eq!(rejected(&of.copy(), &of.sqlite), not_empty);
}

/// The copy, once it waits for this advisory lock.
async fn blocked_copy(of: &Move, lock: u32) -> Child {
    let mut copy = weixin(&of.copy(), &of.sqlite);
    let copy = copy.stdout(Stdio::null()).stderr(Stdio::null());
    let mut copy = copy.spawn().unwrap();
    let mut watch = connect(&of.url).await;
    let waiting = format!(
        "select count(*) from pg_locks where locktype = 'advisory' and objid = {lock} and not granted"
    );
    loop {
        let count = sqlx::query_scalar::<_, i64>(AssertSqlSafe(waiting.clone()));
        if count.fetch_one(&mut watch).await.unwrap() == 1 {
            return copy;
        }
        assert!(copy.try_wait().unwrap().is_none(), "it has ended");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_copy_that_is_killed_leaves_an_empty_store_and_can_be_repeated() {
    let of = Move::new().await;
    let node = Node::start(&of.sqlite);
    let http = Http::new(&of.site.issuer).at(node.address);
    let mut alice = User::log_in(&of.site, &http).await;
    assert_eq!(node.stop("-TERM").await.code(), Some(0));

    // The last table waits for the test.
    printed(&["migrate"], &of.postgres);
    let lock = std::process::id();
    let mut held = connect(&of.url).await;
    for statement in [
        format!("select pg_advisory_lock({lock})"),
        format!(
            "create function wait() returns trigger language plpgsql as
             'begin perform pg_advisory_xact_lock({lock}); return null; end'"
        ),
        "create trigger wait before insert on audit execute function wait()".to_owned(),
    ] {
        held.execute(AssertSqlSafe(statement)).await.unwrap();
    }
    let mut copy = blocked_copy(&of, lock).await;
    copy.kill().unwrap();
    copy.wait().unwrap();
    held.close().await.unwrap();

    // Waits until PostgreSQL has noticed.
    let mut after = connect(&of.url).await;
    after.execute("drop trigger wait on audit").await.unwrap();
    after.close().await.unwrap();
    assert_eq!(count(&of.url, EMPTY).await, 0);
    let copied = printed(&["--json", "copy-store", "--to", &of.url], &of.sqlite);
    let copied: Value = serde_json::from_str(&copied).unwrap();
    assert_eq!(copied["tables"]["users"], json!(1));
    let node = Node::start(&of.postgres);
    let sub = alice.sub.clone();
    alice.is_logged_in(&http.at(node.address), &sub).await;
}

/// As after an update of one of the two, before the machine of the command has it.
#[tokio::test]
async fn the_store_whose_tables_are_of_a_later_version_is_named() {
    let of = Move::new().await;
    printed(&["migrate"], &of.sqlite);
    printed(&of.copy(), &of.sqlite);
    for (url, store) in [
        (&of.url, "target (--to)"),
        (&of.sqlite_url(), "source (store.url)"),
    ] {
        let mut connection = connect(url).await;
        let later =
            "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
            select max(version) + 1, 'next', true, '\\x00', 0 from _sqlx_migrations";
        connection.execute(later).await.unwrap();
        connection.close().await.unwrap();
        let expected = format!(
            "error: the tables of the {store} are of a later version: use the program of that version\n"
        );
        assert_eq!(rejected(&of.copy(), &of.sqlite), expected);
    }
}
