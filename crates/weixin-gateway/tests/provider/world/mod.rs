//! A gateway, its simulator, its clients and its browsers.

pub(crate) mod browser;
mod clock;
pub(crate) mod database;
pub(crate) mod devices;
pub(crate) mod id_token;
mod log;
pub(crate) mod logout;
pub(crate) mod logout_receiver;
pub(crate) mod relying_party;
mod token_endpoints;

use std::path::PathBuf;

use axum::{Router, body::Body, http::Request};
use tempfile::TempDir;
use tower::ServiceExt;
use weixin_gateway::{Admin, Config, Gateway, ReloadError, Reloaded};
use weixin_sim::{App, Sim, User};

pub(crate) use self::{
    browser::{Browser, Page},
    clock::TestClock,
    log::Log,
    relying_party::{RelyingParty, Tokens},
    token_endpoints::OFFLINE,
};

/// The app of the simulator.
pub(crate) const APP_ID: &str = "wx0123456789abcdef";
pub(crate) const ACCOUNT_ID: &str = "wx0123456789abcde0";
pub(crate) const APP_SECRET: &str = "ssssssssssssssssssssssssssssssss";
/// The secret of the confidential clients.
pub(crate) const SECRET: &str = "0123456789abcdefghijABCDEFGHIJ_-";
pub(crate) const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
/// The only issuer, unless a test has more.
pub(crate) const ISSUER: &str = "https://localhost";
pub(crate) const CALLBACK: &str = "https://rp.example/callback";

pub(crate) struct World {
    pub(crate) sim: Sim,
    pub(crate) clock: TestClock,
    pub(crate) gateway: Gateway,
    folder: TempDir,
    options: Options,
}

/// What differs from the usual configuration.
#[derive(Clone, Default)]
pub(crate) struct Options {
    /// After the usual tables: more clients, more issuers.
    pub(crate) more: String,
    /// Lines of the client `web`.
    pub(crate) web: String,
    /// Of the first issuer, below `https://localhost`.
    pub(crate) path: &'static str,
    /// Changes the text of the configuration.
    pub(crate) edit: Option<fn(String) -> String>,
}

impl World {
    /// One issuer with the confidential clients `web` and `other`, and the public client `app`.
    pub(crate) async fn start() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let website = App::new(APP_ID, APP_SECRET).callback_domain("localhost");
        let account = App::official_account().callback_domain("localhost");
        let sim = Sim::builder().app(website).app(account).auto_allow();
        let sim = sim.start().await.unwrap();
        let folder = TempDir::new().unwrap();
        let clock = TestClock::default();
        let gateway = open(&sim, &folder, &clock, &options).await;
        Self {
            sim,
            clock,
            gateway,
            folder,
            options,
        }
    }

    /// Stops the gateway, and starts one on the same store.
    pub(crate) async fn restart(&mut self) {
        self.gateway.close().await;
        self.gateway = open(&self.sim, &self.folder, &self.clock, &self.options).await;
    }

    /// Stops the gateway, puts a backup in the place of its database, and starts one on it.
    pub(crate) async fn restore(&mut self) {
        self.gateway.close().await;
        let file = |name| self.folder.path().join(name);
        for log in ["gateway.db-wal", "gateway.db-shm"] {
            // They are there only after a crash.
            let _ = std::fs::remove_file(file(log));
        }
        std::fs::rename(file("backup.db"), file("gateway.db")).unwrap();
        self.gateway = open(&self.sim, &self.folder, &self.clock, &self.options).await;
    }

    /// The file of [`backup`](Self::backup).
    fn backup_file(&self) -> PathBuf {
        self.folder.path().join("backup.db")
    }

    /// The same with other options.
    pub(crate) async fn restart_with(&mut self, options: Options) {
        self.options = options;
        self.restart().await;
    }

    /// Loads a configuration with other options, without a restart.
    pub(crate) async fn reload(&mut self, options: Options) -> Result<Reloaded, ReloadError> {
        let text = config(&self.sim, &self.folder, &options);
        let loaded = Config::parse(&text).map_err(ReloadError::from);
        let reloaded = self.gateway.reload(loaded?).await?;
        self.options = options;
        Ok(reloaded)
    }

    /// A second node with another key file, on the same store.
    pub(crate) async fn second_node(&self, master_keys: &str) -> Gateway {
        let gateway = Gateway::builder(self.config_with_keys(master_keys));
        let gateway = gateway.clock(self.clock.clone()).store_of(&self.gateway);
        gateway.open().await.unwrap()
    }

    /// The configuration with another key file.
    pub(crate) fn config_with_keys(&self, master_keys: &str) -> Config {
        std::fs::write(self.file("gateway.key"), master_keys).unwrap();
        Config::parse(&self.config()).unwrap()
    }

    /// What commands do beside the gateway.
    pub(crate) async fn admin(&self) -> (Admin, Config) {
        let config = Config::parse(&self.config()).unwrap();
        (Admin::open(&config).await.unwrap(), config)
    }

    /// A file in the folder of the configuration.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The text of the configuration file.
    pub(crate) fn config(&self) -> String {
        config(&self.sim, &self.folder, &self.options)
    }

    pub(crate) fn issuer(&self) -> String {
        format!("{ISSUER}{}", self.options.path)
    }

    pub(crate) fn router(&self) -> Router {
        self.gateway.router()
    }

    pub(crate) fn database(&self) -> String {
        format!("sqlite:{}", self.folder.path().join("gateway.db").display())
    }

    /// Why a gateway with these options does not start.
    pub(crate) fn config_error(&self, options: &Options) -> String {
        let text = config(&self.sim, &self.folder, options);
        Config::parse(&text).unwrap_err().to_string()
    }

    /// A URL or path of the gateway, as a program without cookies reads it.
    pub(crate) async fn get(&self, url: &str) -> Page {
        Browser::default().open(self, url).await
    }

    /// What the gateway responds to one request, without cookies and redirects.
    pub(crate) async fn respond(&self, request: Request<Body>) -> Page {
        Page::of(self.router().oneshot(request).await.unwrap()).await
    }

    /// The user whose phone allows each login from now on.
    pub(crate) fn next_user(&self, id: &str) {
        self.sim.put_user(User::new(id, id));
        let user = weixin_sim::AutoAllow::allow().user(id);
        self.sim.auto_allow(user).unwrap();
    }

    /// A confidential client.
    pub(crate) fn web(&self) -> RelyingParty<'_> {
        RelyingParty::confidential(self, "web", CALLBACK)
    }

    /// Another confidential client.
    pub(crate) fn other(&self) -> RelyingParty<'_> {
        RelyingParty::confidential(self, "other", "https://other.example/callback")
    }

    /// A public client.
    pub(crate) fn app(&self) -> RelyingParty<'_> {
        RelyingParty::public(self, "app", "http://127.0.0.1/callback")
    }
}

async fn open(sim: &Sim, folder: &TempDir, clock: &TestClock, options: &Options) -> Gateway {
    let key_file = folder.path().join("gateway.key");
    std::fs::write(&key_file, MASTER_KEY).unwrap();
    let text = config(sim, folder, options);
    let config = Config::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    let gateway = Gateway::builder(config).clock(clock.clone());
    gateway.open().await.unwrap()
}

fn config(sim: &Sim, folder: &TempDir, options: &Options) -> String {
    let (folder, url) = (folder.path().display(), sim.url());
    let Options {
        more,
        web,
        path,
        edit,
    } = options;
    let text = format!(
        r#"
[server]
key_file = "{folder}/gateway.key"
stop_delay = "0s"
[store]
url = "sqlite:{folder}/gateway.db"
[app.website]
app_id = "{APP_ID}"
app_secret = "{APP_SECRET}"
endpoint = "{url}"
[app.official_account]
app_id = "{ACCOUNT_ID}"
app_secret = "{APP_SECRET}"
endpoint = "{url}"
[[issuer]]
url = "{ISSUER}{path}"
apps = ["website", "official_account"]
[[client]]
id = "web"
issuer = "{ISSUER}{path}"
secret = "{SECRET}"
redirect_uris = ["{CALLBACK}"]
scopes = ["offline_access", "openid", "profile", "email", "wechat"]
claims.email = "{{sub}}@wechat.invalid"
{web}
[[client]]
id = "other"
issuer = "{ISSUER}{path}"
secret = "{SECRET}"
redirect_uris = ["https://other.example/callback"]
[[client]]
id = "app"
issuer = "{ISSUER}{path}"
public = true
redirect_uris = ["http://127.0.0.1/callback"]
consent = "never"
{more}
"#
    );
    match edit {
        Some(edit) => edit(text),
        None => text,
    }
}
