//! Roundcube, and Dovecot, to which it hands the access token.

use std::{
    os::unix::fs::symlink,
    process::{Command, Output},
};

use tempfile::TempDir;

use super::{
    World,
    process::{Process, is_root, write},
    recipe, with_values,
};
use crate::{
    browser::Browser,
    provider::{SECRET, WRONG_SECRET, free_ports},
    report::user,
};

/// Files of this test only; the recipe follows.
const ROUNDCUBE: &str = "<?php
$config = [];
$config['db_dsnw'] = 'sqlite:///FOLDER/roundcube.db?mode=0640';
$config['imap_host'] = 'localhost:IMAP';
$config['des_key'] = 'a-secret-of-this-test-24';
$config['temp_dir'] = 'FOLDER';
$config['log_driver'] = 'stdout';
";

/// Settings of this test only; the recipe follows.
const DOVECOT: &str = "
base_dir = FOLDER/run
state_dir = FOLDER/state
log_path = /dev/stderr
protocols = imap
ssl = no
disable_plaintext_auth = no
default_internal_user = USER
default_internal_group = GROUP
default_login_user = USER
first_valid_uid = 1
mail_location = maildir:FOLDER/mail/%u
userdb {
  driver = static
  args = uid=USER gid=GROUP home=FOLDER/mail/%u
}
service imap-login {
  chroot =
  inet_listener imap {
    address = 127.0.0.1
    port = IMAP
  }
  inet_listener imaps {
    port = 0
  }
}
service anvil {
  chroot =
}
service stats {
  chroot =
}
";

fn url(port: u16) -> String {
    format!("http://localhost:{port}")
}

/// Who runs Dovecot: user and group.
fn account() -> [String; 2] {
    if is_root() {
        return ["nobody", "nogroup"].map(str::to_owned);
    }
    ["-un", "-gn"].map(|flag| {
        let Output { stdout, .. } = Command::new("id").arg(flag).output().unwrap();
        String::from_utf8(stdout).unwrap().trim().to_owned()
    })
}

fn dovecot(world: &World, imap: u16) -> Process {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let [user, group] = account();
    let tokens = world.file("wechat.conf.ext", "", SECRET);
    write(&folder, "wechat.conf.ext", &tokens);
    let values = [
        ("FOLDER", path),
        ("USER", &user),
        ("GROUP", &group),
        ("IMAP", &imap.to_string()),
    ];
    let recipe = with_values(&recipe("roundcube/dovecot.conf"), &[("/etc/dovecot", path)]);
    write(
        &folder,
        "dovecot.conf",
        &(with_values(DOVECOT, &values) + &recipe),
    );
    let mut command = Command::new("/usr/sbin/dovecot");
    command
        .arg("-F")
        .arg("-c")
        .arg(folder.path().join("dovecot.conf"));
    Process::start_unprivileged(command, folder)
}

async fn roundcube(world: &World, [port, imap]: [u16; 2], secret: &str) -> Process {
    let folder = TempDir::new().unwrap();
    let path = folder.path().to_str().unwrap();
    let values = [("FOLDER", path), ("IMAP", &imap.to_string())];
    let recipe = world.file("config.php", &url(port), secret);
    write(
        &folder,
        "config.inc.php",
        &(with_values(ROUNDCUBE, &values) + &recipe),
    );
    for file in ["defaults.inc.php", "mimetypes.php"] {
        symlink(format!("/etc/roundcube/{file}"), folder.path().join(file)).unwrap();
    }
    let mut command = Command::new("php");
    command.env("ROUNDCUBE_CONFIG_DIR", folder.path());
    command.args([
        "-S",
        &format!("localhost:{port}"),
        "-t",
        "/var/lib/roundcube/public_html",
    ]);
    Process::start(command, folder).responds(&url(port)).await
}

/// The page at which a login ends: its title, and the user that it names, or what it says.
async fn log_in(port: u16) -> [String; 2] {
    let mut browser = Browser::new();
    let start = browser.open(&url(port)).await.body;
    assert!(start.contains("Login with WeChat"), "{start}");
    let page = browser
        .open(&format!("{}/index.php/login/oauth", url(port)))
        .await
        .body;
    let between = |before: &str, after: &str| {
        let text = page
            .split_once(before)
            .map(|(_, rest)| rest.split(after).next().unwrap());
        text.unwrap_or_default().to_owned()
    };
    let user = between(
        r#"<span class="header-title username">"#,
        "@example.com</span>",
    );
    let message = between("rcmail.display_message(\"", "\"");
    [between("<title>", "</title>"), user + &message]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "./scripts/test --all installs Roundcube and Dovecot and runs it"]
async fn a_user_logs_in_to_roundcube_with_the_recipe() {
    let [right, wrong, imap] = free_ports();
    let world = World::start(
        "roundcube",
        "https://mail.example.com",
        &[right, wrong].map(url),
    )
    .await;
    let _dovecot = dovecot(&world, imap);
    let _right = roundcube(&world, [right, imap], SECRET).await;
    let [title, sub] = log_in(right).await;
    user(&serde_json::Value::from(sub));
    assert_eq!(title, "Roundcube Webmail :: Inbox");

    let _wrong = roundcube(&world, [wrong, imap], WRONG_SECRET).await;
    let expected = [
        "Roundcube Webmail :: Welcome to Roundcube Webmail",
        "OAuth login failed. Please try again.",
    ];
    assert_eq!(log_in(wrong).await, expected);
}
