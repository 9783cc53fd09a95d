//! The configuration file as a whole.

use std::{
    cell::RefCell,
    collections::BTreeMap,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use aws_lc_rs::digest;
use serde::Deserialize;

use super::{
    app::{self, App, AppEntry},
    client::{self, ClientEntry},
    error::ConfigError,
    issuer::{self, IssuerConfig, IssuerEntry},
    lifetimes::{Lifetimes, LifetimesEntry},
    limits::Limits,
    metrics::Metrics,
    secret::ReadFile,
    server::{ServerConfig, ServerEntry},
    store::{StoreConfig, StoreEntry},
};
use crate::oidc::Clients;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    server: ServerEntry,
    store: StoreEntry,
    #[serde(default)]
    app: BTreeMap<String, AppEntry>,
    #[serde(default)]
    issuer: Vec<IssuerEntry>,
    #[serde(default)]
    client: Vec<ClientEntry>,
    #[serde(default)]
    lifetimes: LifetimesEntry,
    #[serde(default)]
    limits: Limits,
    #[serde(default)]
    metrics: Metrics,
}

/// The configuration of a gateway.
#[derive(Debug)]
pub struct Config {
    pub(crate) server: ServerConfig,
    pub(crate) store: StoreConfig,
    /// The WeChat apps by name.
    pub(crate) apps: BTreeMap<String, App>,
    pub(crate) issuers: Vec<IssuerConfig>,
    pub(crate) clients: Clients,
    pub(crate) lifetimes: Lifetimes,
    pub(crate) limits: Limits,
    pub(crate) metrics: Metrics,
    /// Of the file's text, to compare nodes.
    pub(crate) hash: u32,
    /// The files that it has read: the key file, and those of secrets.
    pub(crate) secret_files: Vec<PathBuf>,
}

impl Config {
    /// The configuration of a file. The files that it names, the database among them, are relative to its folder.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the field and the rule that it breaks.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let unreadable = |error: io::Error| {
            let place = path.display().to_string();
            ConfigError::new(place, format!("cannot be read: {}", error.kind()))
        };
        let text = fs::read_to_string(path).map_err(unreadable)?;
        let mut config = Self::parse_with(&text, &|file| fs::read_to_string(folder.join(file)))?;
        config.store.below(folder);
        config.server.key_file = folder.join(&config.server.key_file);
        for file in &mut config.secret_files {
            *file = folder.join(&*file);
        }
        Ok(config)
    }

    /// Checks the text of a configuration file. The files that it names are relative to the current folder.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the field and the rule that it breaks. It repeats no secret.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        Self::parse_with(text, &|file| fs::read_to_string(file))
    }

    /// The files of secrets that it has read: the key file, and those of apps and clients.
    pub fn secret_files(&self) -> &[PathBuf] {
        &self.secret_files
    }

    /// The address of `[metrics] listen`, where a program serves what its recorder of metrics has received.
    pub const fn metrics_listen(&self) -> Option<SocketAddr> {
        self.metrics.listen
    }

    /// The configuration of a text.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the field and the rule that it breaks.
    pub(crate) fn parse_with(text: &str, read: ReadFile<'_>) -> Result<Self, ConfigError> {
        let file: File =
            toml::from_str(text).map_err(|error| ConfigError::of_toml(&error, text))?;
        let secret_files: RefCell<Vec<PathBuf>> = RefCell::default();
        let read: ReadFile<'_> = &|file: &Path| {
            secret_files.borrow_mut().push(file.to_owned());
            read(file)
        };
        let apps = app::check(file.app, read)?;
        let issuers = issuer::check(file.issuer, &apps)?;
        Ok(Self {
            server: file.server.check(read)?,
            store: file.store.check()?,
            clients: client::check(file.client, &issuers, read)?,
            apps,
            issuers,
            lifetimes: file.lifetimes.check()?,
            limits: file.limits,
            metrics: file.metrics,
            hash: hash(text),
            secret_files: secret_files.into_inner(),
        })
    }
}

/// The beginning of a hash: enough to tell files apart, and too little to confirm a guess of what they hold.
fn hash(text: &str) -> u32 {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let beginning = hash.as_ref().first_chunk().copied();
    u32::from_be_bytes(beginning.unwrap_or_default())
}

#[cfg(test)]
mod tests {

    use super::*;
    use crate::oidc::{Scopes, fixtures::SECRET};

    const START: &str = r#"
[server]
key_file = "gateway.key"

[store]
url = "sqlite:gateway.db"

[app.website]
app_id = "wx0123456789abcdef"
app_secret_file = "website.secret"

[[issuer]]
url = "https://login.example.com"
apps = ["website"]
"#;

    const CLIENT: &str = r#"
[[client]]
id = "synapse"
secret_file = "synapse.secret"
redirect_uris = ["https://matrix.example.com/_synapse/client/oidc/callback"]
"#;

    fn read(file: &Path) -> io::Result<String> {
        match file.to_str() {
            Some("gateway.key") => Ok("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".into()),
            Some("website.secret") => Ok("hunter2hunter2\r\n".into()),
            Some("synapse.secret") => Ok(format!("{SECRET}\n")),
            Some("short.secret") => Ok("hunter2".into()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse_with(text, &read).map_err(|error| error.to_string())
    }

    /// The error of a file in which a text is replaced.
    fn error(old: &str, new: &str) -> String {
        let file = format!("{START}{CLIENT}");
        assert!(file.contains(old), "{old}");
        parse(&file.replacen(old, new, 1)).unwrap_err()
    }

    /// A page of the manual.
    fn manual(page: &str) -> String {
        let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
        fs::read_to_string(docs.join(page)).unwrap()
    }

    #[test]
    fn the_file_of_the_manual_is_read_in_both_languages() {
        let read = |file: &Path| {
            let is_key = file.extension() == Some("key".as_ref());
            let key = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
            Ok(if is_key { key } else { SECRET }.to_owned())
        };
        for page in ["gateway.md", "zh/gateway.md"] {
            let page = manual(page);
            let (_, rest) = page.split_once("```toml\n").unwrap();
            let config = Config::parse_with(rest.split("```").next().unwrap(), &read).unwrap();
            assert_eq!(
                (
                    config.apps.len(),
                    config.issuers.len(),
                    config.clients.iter().count()
                ),
                (2, 1, 1)
            );
            assert_eq!((config.lifetimes, config.limits), Default::default());
        }
    }

    #[test]
    fn the_api_of_the_manual_may_introspect_tokens_in_both_languages() {
        for page in ["gateway.md", "zh/gateway.md"] {
            let page = manual(page);
            let mut blocks = page.split("```").filter_map(|it| it.strip_prefix("toml\n"));
            let client = blocks
                .find(|it| it.starts_with("[[client]]\nid = \"api\""))
                .unwrap();
            let client = client.replace("api.secret", "synapse.secret");
            let config = parse(&format!("{START}{client}")).unwrap();
            let [api] = &config.clients.iter().collect::<Vec<_>>()[..] else {
                panic!("one client")
            };
            let may = ["api", "app", "web"].map(|id| api.may_introspect(&id.parse().unwrap()));
            assert_eq!(may, [true, true, false]);
        }
    }

    #[test]
    fn the_example_of_the_manual_is_read() {
        let config = parse(&format!(
            "{START}{CLIENT}claims = {{ email = \"{{sub}}@wechat.example.com\" }}"
        ))
        .unwrap();
        assert_eq!(config.server.listen, "127.0.0.1:8080".parse().unwrap());
        assert_eq!(config.store.expose_url(), "sqlite:gateway.db");
        let website = &config.apps["website"];
        assert_eq!(
            (website.kind, website.secret.expose()),
            (app::AppKind::Website, "hunter2hunter2")
        );
        let [issuer] = &config.issuers[..] else {
            panic!("one issuer")
        };
        assert_eq!(issuer.apps, ["website"]);
        let client = config.clients.find(issuer.issuer.id(), "synapse").unwrap();
        assert!(client.auth.accepts(SECRET) && !client.auth.accepts("hunter2"));
        assert_eq!(
            client.scopes,
            Scopes::parse("openid profile email offline_access")
        );
        assert!(client.templates.get("email").is_some() && client.profile_in_id_token);
        assert_eq!(
            (config.lifetimes, config.limits),
            (Lifetimes::default(), Limits::default())
        );
        let shown = format!("{config:?}");
        assert!(
            !shown.contains("hunter2") && !shown.contains(SECRET) && !shown.contains("AAAA"),
            "{shown}"
        );
    }

    /// A text of the file, what replaces it, and the error.
    const MISTAKES: &[(&str, &str, &str)] = &[
        (
            "[store]",
            "[stor]",
            "line 5: unknown field `stor`, expected one of `server`, `store`, `app`, `issuer`, `client`, `lifetimes`, `limits`, `metrics`",
        ),
        (
            "key_file",
            "keyfile",
            "line 3: unknown field `keyfile`, expected one of `listen`, `trusted_proxies`, `key_file`, `stop_delay`",
        ),
        (
            "gateway.key",
            "x.key",
            "server.key_file: x.key cannot be read: entity not found",
        ),
        (
            "gateway.key",
            "short.secret",
            "server.key_file: not a valid file of master keys: expected 1 to 8 lines of 32 bytes in base64, as `openssl rand -base64 32` prints them",
        ),
        (
            "key_file",
            "stop_delay = '6m'\nkey_file",
            "server.stop_delay: expected a duration such as \"5s\", of at most 5 minutes",
        ),
        (
            "sqlite:",
            "mysql:",
            "store.url: expected sqlite:FILE, such as sqlite:gateway.db, or postgres://USER:PASSWORD@HOST/DATABASE",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "",
            "app.website.app_secret: missing: app_secret or app_secret_file",
        ),
        (
            "app_secret_file",
            "app_secret = 'x'\napp_secret_file",
            "app.website.app_secret: a text and a file: choose one",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "app_secret = 'hunter 2'",
            "app.website.app_secret: not a valid app secret: expected 1 to 2048 visible ASCII characters, without spaces or line breaks",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "app_secret = 31337",
            "line 10: not valid TOML, or a value of another type than expected",
        ),
        (
            "[app.website]",
            "[app.main]",
            "app.main.kind: expected \"website\" or \"official_account\"",
        ),
        (
            "apps = [\"website\"]",
            "apps = [\"site\"]",
            "issuer https://login.example.com, apps: there is no [app.site]",
        ),
        (
            "apps = [\"website\"]",
            "apps = []",
            "issuer https://login.example.com, apps: missing: at least one app",
        ),
        (
            "https://login.example.com",
            "http://login.example.com",
            "issuer.url: not a valid issuer: expected https, or http on localhost or 127.0.0.1",
        ),
        (
            "https://login.example.com",
            "https://login.example.com/.well-known/x",
            "issuer: its path is that of an endpoint, such as /token below another issuer",
        ),
        (
            "app_id",
            "endpoint = 'http://127.0.0.1:9000'\napp_id",
            "issuer https://login.example.com, apps: an app with an endpoint, at an issuer that is not on localhost",
        ),
        (
            "synapse.secret",
            "short.secret",
            "client synapse, secret: not a valid client secret: expected 32 to 256 characters from [A-Za-z0-9_-]",
        ),
        (
            "secret_file = \"synapse.secret\"",
            "",
            "client synapse, secret: missing: secret, secret_file, or public = true",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\npublic = true",
            "client synapse, secret: a public client has no secret",
        ),
        (
            "https://matrix",
            "http://matrix",
            "client synapse, redirect_uris: not a valid redirect URI: expected https, or http on localhost, 127.0.0.1 or [::1]",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nscopes = ['openid', 'phone']",
            "client synapse, scopes: expected some of openid, profile, email, offline_access, wechat",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nrefresh = 'always'",
            "line 18: unknown variant `always`, expected `offline` or `session`",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nintrospects = ['a b']",
            "client synapse, introspects: not a valid client ID: expected 1 to 128 characters from [A-Za-z0-9._-]",
        ),
        (
            "secret_file = \"synapse.secret\"",
            "public = true\nintrospects = ['api']",
            "client synapse, introspects: for clients with a secret only",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nissuer = 'https://x.example'",
            "client synapse, issuer: there is no such [[issuer]]",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nhome = 'javascript:x'",
            "client synapse, home: expected an https URL",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nclaims.sub = 'x'",
            "client synapse, claims.sub: not a valid claim template: expected a claim that can be set: not one that proves who the user is, or how",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nclaims.email_verified = 'true'",
            "client synapse, claims.email_verified: not a valid claim template: expected a claim that can be set: not one that proves who the user is, or how",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nclaims.email_verified = true",
            "line 18: not valid TOML, or a value of another type than expected",
        ),
        (
            "id = \"synapse\"",
            "id = \"syn apse\"",
            "client.id: not a valid client ID: expected 1 to 128 characters from [A-Za-z0-9._-]",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nid_token_alg = 'HS256'",
            "line 18: unknown variant `HS256`, expected one of `RS256`, `ES256`, `EdDSA`",
        ),
    ];

    #[test]
    fn a_mistake_is_named_by_its_place_and_its_rule() {
        for &(old, new, expected) in MISTAKES {
            assert_eq!(error(old, new), expected);
        }
        assert_eq!(
            parse(&format!("{START}{CLIENT}{CLIENT}")).unwrap_err(),
            "client synapse: two clients have this ID"
        );
    }

    #[test]
    fn issuers_are_told_apart_by_their_paths() {
        let more = "[[issuer]]\nurl = \"https://login.example.com/b\"\napps = [\"website\"]\n";
        let file = format!("{START}{more}{CLIENT}");
        assert_eq!(
            parse(&file).unwrap_err(),
            "client synapse, issuer: missing: there are several issuers"
        );
        let file = format!("{file}issuer = \"https://login.example.com/b\"");
        let config = parse(&file).unwrap();
        let [first, second] = &config.issuers[..] else {
            panic!("two issuers")
        };
        assert!(config.clients.find(second.issuer.id(), "synapse").is_some());
        assert!(config.clients.find(first.issuer.id(), "synapse").is_none());
        for (path, is_allowed) in [
            ("/login", false), // the other issuer's /login/ID
            ("/token/x", false),
            ("/readyz", false),
            ("/x/login", true),
            ("/tokens", true),
        ] {
            let url = format!("https://login.example.com{path}");
            let file = file.replace("https://login.example.com/b", &url);
            assert_eq!(parse(&file).is_ok(), is_allowed, "{path}");
        }
        let same = file.replace("https://login.example.com/b", "https://other.example.com/");
        assert_eq!(
            parse(&same).unwrap_err(),
            "issuer: two issuers have the same path"
        );
    }

    #[test]
    fn a_simulator_serves_a_local_issuer_only() {
        let endpoint = "app_id = \"wx0123456789abcdef\"\nendpoint = \"http://127.0.0.1:9000\"";
        let file = START.replace("app_id = \"wx0123456789abcdef\"", endpoint);
        for (url, is_allowed) in [
            ("http://localhost:8080", true),
            ("http://127.0.0.1:8080/x", true),
            ("https://localhost", true),
            ("https://localhost.example.com", false),
            ("https://127.0.0.1.example.com", false),
        ] {
            let file = file.replace("https://login.example.com", url);
            assert_eq!(parse(&file).is_ok(), is_allowed, "{url}");
        }
    }

    #[test]
    fn a_client_has_two_secrets_while_one_replaces_the_other() {
        let other = "abcdefghijklmnopqrstuvwxyz012345";
        let file = format!("{START}{CLIENT}previous_secret = \"{other}\"");
        let config = parse(&file).unwrap();
        let client = config.clients.iter().next().unwrap();
        for (secret, is_accepted) in [
            (SECRET, true),
            (other, true),
            ("", false),
            (&SECRET[1..], false),
        ] {
            assert_eq!(client.auth.accepts(secret), is_accepted);
        }
    }
}
