//! A dump of PostgreSQL, and what it restores, by the steps of the manual.

use std::{
    fs,
    path::PathBuf,
    process::{Command, Output},
};

use crate::{
    browser::{Browser, Failure, Http},
    node::Node,
    postgres::Server,
    site::Site,
};

const NEW: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n";

fn output(program: &str, arguments: &[&str]) -> Output {
    Command::new(program).args(arguments).output().unwrap()
}

fn run(program: &str, arguments: &[&str]) -> String {
    let output = output(program, arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let errors = text(output.stderr);
    assert!(output.status.success(), "{program} {arguments:?} {errors}");
    text(output.stdout)
}

/// A gateway on a server of PostgreSQL.
struct Deployment {
    server: Server,
    site: Site,
    config: PathBuf,
    dump: String,
}

impl Deployment {
    async fn new() -> Self {
        let site = Site::new("http://localhost".to_owned()).await;
        let deployment = Self {
            server: Server::start(),
            config: site.path("gateway.toml"),
            dump: site.path("gateway.dump").display().to_string(),
            site,
        };
        deployment.create("gateway");
        deployment
    }

    fn url(&self, database: &str) -> String {
        let url = self.server.url();
        let (host, _) = url.rsplit_once('/').unwrap();
        format!("{host}/{database}")
    }

    /// Makes a database, and sets `store.url` to it.
    fn create(&self, database: &str) {
        let server = self.server.url();
        run("createdb", &["--maintenance-db", &server, database]);
        let store = format!("url = \"{}\"", self.url(database));
        let config = self.site.config(&store, "");
        self.site.write("gateway.toml", &config);
    }

    fn dump(&self) {
        let arguments = [
            "--format=custom",
            "--file",
            &self.dump,
            &self.url("gateway"),
        ];
        run("pg_dump", &arguments);
    }

    fn restore(&self) {
        self.create("restored");
        let url = self.url("restored");
        let rules = ["--exit-on-error", "--single-transaction", "--no-owner"];
        run(
            "pg_restore",
            &[&rules[..], &[&self.dump, "--dbname", &url]].concat(),
        );
    }

    /// A command of the gateway.
    fn weixin(&self, arguments: &[&str]) -> String {
        let config = self.config.display().to_string();
        let arguments = [&["gateway"], arguments, &["--config", &config]].concat();
        let output = output(env!("CARGO_BIN_EXE_weixin"), &arguments);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Puts a new line on top of the key file.
    fn change_key_file(&self) {
        let file = self.site.path("gateway.key");
        let old = fs::read_to_string(&file).unwrap();
        fs::write(&file, format!("{NEW}{old}")).unwrap();
        self.reseal();
    }

    fn reseal(&self) {
        let resealed = self.weixin(&["keys", "reseal"]);
        let expected = "encrypted 1 signing key again: ";
        assert!(resealed.starts_with(expected), "{resealed}");
    }

    fn token_events(&self) -> String {
        let sql = "select event from audit where event like 'token.%' order by at";
        let arguments = ["--tuples-only", "--no-align", "--command", sql];
        run("psql", &[&arguments[..], &[&self.url("restored")]].concat())
    }
}

/// The key file has been changed since the dump.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dump_of_postgres_restores_the_logins_before_it_and_no_stolen_token() {
    let deployment = Deployment::new().await;
    let site = &deployment.site;
    let node = Node::start(&deployment.config);
    let app = Http::new(&site.issuer).at(node.address).public();
    let [user, new_user] = [site.new_user(), site.new_user()];
    let before = Browser::new(user.clone()).log_in(&app).await.unwrap();
    let sub = app.sub(&before.access).await.unwrap();
    let stolen = before.refresh.unwrap();
    deployment.dump();
    let owner = app.refresh(&stolen).await.unwrap().refresh.unwrap();
    let owner = app.refresh(&owner).await.unwrap().refresh.unwrap();
    let later = Browser::new(new_user.clone()).log_in(&app).await.unwrap();
    let later_sub = app.sub(&later.access).await.unwrap();
    assert_eq!(node.stop("-TERM").await.code(), Some(0));
    deployment.change_key_file();

    deployment.restore();
    let checked = deployment.weixin(&["check"]);
    assert!(
        checked.contains("`weixin gateway keys reseal`"),
        "{checked}"
    );
    deployment.reseal();
    let node = Node::start(&deployment.config);
    let app = app.at(node.address);

    // What is from before the dump works.
    assert_eq!(app.sub(&before.access).await.unwrap(), sub);
    let again = Browser::new(user).log_in(&app).await.unwrap();
    assert_eq!(app.sub(&again.access).await.unwrap(), sub);
    // What is from after it is unknown, also the user.
    assert!(app.sub(&later.access).await.is_err());
    assert!(app.refresh(&later.refresh.unwrap()).await.is_err());
    let later = Browser::new(new_user).log_in(&app).await.unwrap();
    assert_ne!(app.sub(&later.access).await.unwrap(), later_sub);
    // Of the tokens of one login, the newest works, and an older one is stolen.
    app.refresh(&owner).await.unwrap();
    let Err(Failure::Rejected { status, .. }) = app.refresh(&stolen).await else {
        panic!("the stolen token works")
    };
    assert_eq!(status, 400);
    let events = "token.newer_than_row\ntoken.reused\n";
    assert_eq!(deployment.token_events(), events);
}
