//! A folder with the configuration of gateways, and the simulator that takes WeChat's place.

use std::{
    fs,
    path::PathBuf,
    sync::atomic::{AtomicU32, Ordering},
};

use tempfile::TempDir;
use weixin_sim::{Sim, User};

pub(crate) const SECRET: &str = "0123456789abcdefghijABCDEFGHIJ_-";
pub(crate) const CALLBACK: &str = "https://wiki.example/callback";
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";

/// What the nodes of a test have in common.
pub(crate) struct Site {
    pub(crate) sim: Sim,
    /// Such as `http://localhost:41234`: the address of the proxy, or of no one if browsers choose the node.
    pub(crate) issuer: String,
    folder: TempDir,
    users: AtomicU32,
}

impl Site {
    pub(crate) async fn new(issuer: String) -> Self {
        let sim = Sim::builder().auto_allow().start().await.unwrap();
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("gateway.key"), KEY).unwrap();
        Self {
            sim,
            issuer,
            folder,
            users: AtomicU32::new(0),
        }
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// A user who has never logged in.
    pub(crate) fn new_user(&self) -> String {
        let number = self.users.fetch_add(1, Ordering::Relaxed);
        let id = format!("user{number}");
        self.sim.put_user(User::new(&id, &id));
        id
    }

    /// The text of a configuration file. `store` is the table `[store]`, `more` comes at the end.
    pub(crate) fn config(&self, store: &str, more: &str) -> String {
        let (folder, sim, issuer) = (self.folder.path().display(), self.sim.url(), &self.issuer);
        format!(
            r#"
[server]
key_file = "{folder}/gateway.key"
stop_delay = "0s"
[store]
{store}
[app.website]
app_id = "wx0123456789abcdef"
app_secret = "ssssssssssssssssssssssssssssssss"
endpoint = "{sim}"
[lifetimes]
access_token = "1d"
[limits]
logins_per_minute = 0
[[issuer]]
url = "{issuer}"
apps = ["website"]
[[client]]
id = "wiki"
secret = "{SECRET}"
redirect_uris = ["{CALLBACK}"]
[[client]]
id = "app"
public = true
redirect_uris = ["{CALLBACK}"]
{more}
"#
        )
    }

    /// Writes a configuration file, and returns its path.
    pub(crate) fn write(&self, file: &str, config: &str) -> PathBuf {
        let path = self.path(file);
        fs::write(&path, config).unwrap();
        path
    }
}
