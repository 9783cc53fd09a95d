//! The configuration file as a whole.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
    fs, io,
    net::SocketAddr,
    path::Path,
};

use aws_lc_rs::digest;
use serde::Deserialize;
use weixin::AppId;

use super::{
    app::{self, App, AppEntry},
    client::{self, ClientEntry},
    error::ConfigError,
    file_content::FileContent,
    issuer::{self, IssuerConfig, IssuerEntry},
    lifetimes::{Lifetimes, LifetimesEntry},
    limits::Limits,
    metrics::Metrics,
    problem::Problem,
    secret::ReadFile,
    serde_error,
    server::{ServerConfig, ServerEntry},
    store::{StoreConfig, StoreEntry},
};
use crate::{oidc::Clients, secret::SecretHash, slow_files, store::identities::UnionIds};

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
    /// Of the same, to notice that the file has changed.
    pub(crate) text: SecretHash,
    /// The files that it has read: the key file, and those of secrets.
    pub(crate) secret_files: Vec<FileContent>,
}

impl Config {
    /// The configuration of a file. The files that it names, the database among them, are relative to its folder.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] names the field and the rule that it breaks.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let folder = path.parent().unwrap_or(Path::new(""));
        let unreadable = |error: io::Error| ConfigError::new("", Problem::Unreadable(error.kind()));
        let text = fs::read_to_string(path).map_err(unreadable);
        let read =
            |text: String| Self::parse_with(&text, &|file| fs::read_to_string(folder.join(file)));
        let read = text.and_then(read);
        let mut config = read.map_err(|error| error.in_file(path))?;
        config.store.below(folder);
        config.server.key_file = folder.join(&config.server.key_file);
        for file in &mut config.secret_files {
            file.path = folder.join(&file.path);
        }
        Ok(config)
    }

    /// The same for a gateway that runs, which goes on meanwhile.
    pub(crate) async fn load_meanwhile(path: &Path) -> Result<Self, ConfigError> {
        let own = path.to_owned();
        let loaded = slow_files::read(path, move || Self::load(&own)).await;
        loaded.unwrap_or_else(|| {
            let error = ConfigError::new("", Problem::Unreadable(io::ErrorKind::Other));
            Err(error.in_file(path))
        })
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
    pub fn secret_files(&self) -> impl Iterator<Item = &Path> {
        self.secret_files.iter().map(|file| &*file.path)
    }

    /// The names of an issuer's apps.
    pub(crate) fn app_names(&self, of: &IssuerConfig) -> BTreeMap<AppId, String> {
        let app = |name: &String| Some((self.apps.get(name)?.id.clone(), name.clone()));
        of.apps.iter().filter_map(app).collect()
    }

    /// The apps whose users take new `UnionID`s.
    pub(crate) fn moved_apps(&self) -> BTreeSet<AppId> {
        let apps = self.apps.values();
        let moved = apps.filter(|app| app.unionids == UnionIds::Replace);
        moved.map(|app| app.id.clone()).collect()
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
        let file: File = serde_error::from_toml(text)?;
        let secret_files: RefCell<Vec<FileContent>> = RefCell::default();
        let read: ReadFile<'_> = &|file: &Path| {
            let text = read(file)?;
            let content = FileContent::new(file, SecretHash::of(text.as_bytes()));
            secret_files.borrow_mut().push(content);
            Ok(text)
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
            text: SecretHash::of(text.as_bytes()),
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
    use weixin::Language;

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
            Some("spaces.secret") => Ok("hunter 2".into()),
            Some("locked.key") => Err(io::ErrorKind::PermissionDenied.into()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse_with(text, &read).map_err(|error| error.to_string())
    }

    /// The error of a file in which a text is replaced.
    fn error(old: &str, new: &str) -> ConfigError {
        let file = format!("{START}{CLIENT}");
        assert!(file.contains(old), "{old}");
        Config::parse_with(&file.replacen(old, new, 1), &read).unwrap_err()
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

    /// A text of the file, what replaces it, and the error in both languages.
    const MISTAKES: &[(&str, &str, &str, &str)] = &[
        (
            "[store]",
            "[stor]",
            "line 5, stor: unknown key, did you mean `store`? Known: server, store, app, issuer, client, lifetimes, limits, metrics",
            "第 5 行，stor：未知的键，是否想写 `store`？可用：server、store、app、issuer、client、lifetimes、limits、metrics",
        ),
        (
            "key_file",
            "keyfile",
            "line 3, server.keyfile: unknown key, did you mean `key_file`? Known: listen, trusted_proxies, key_file, stop_delay",
            "第 3 行，server.keyfile：未知的键，是否想写 `key_file`？可用：listen、trusted_proxies、key_file、stop_delay",
        ),
        (
            "gateway.key",
            "x.key",
            "server.key_file: x.key cannot be read: it does not exist; `weixin gateway init` makes one; for a database that is in use, put the copy of its key file there",
            "server.key_file：无法读取 x.key：文件不存在。`weixin gateway init` 会创建密钥文件；如果数据库已在使用，请恢复密钥文件的备份",
        ),
        (
            "gateway.key",
            "locked.key",
            "server.key_file: locked.key cannot be read: permission denied; run this as the user of the gateway, such as with sudo -u weixin-gateway, or change the owner of the file",
            "server.key_file：无法读取 locked.key：没有权限。请以网关的用户运行（例如 sudo -u weixin-gateway），或修改文件的所有者",
        ),
        (
            "gateway.key",
            "short.secret",
            "server.key_file: short.secret: not a valid file of master keys: expected 1 to 8 lines of 32 bytes in base64, as `openssl rand -base64 32` prints them",
            "server.key_file：short.secret：主密钥文件无效：应为 1 到 8 行，每行是 base64 编码的 32 字节，即 `openssl rand -base64 32` 的输出",
        ),
        (
            "website.secret",
            "spaces.secret",
            "app.website.app_secret_file: spaces.secret: not a valid app secret: expected 1 to 2048 visible ASCII characters, without spaces or line breaks",
            "app.website.app_secret_file：spaces.secret：AppSecret 无效：应为 1 到 2048 个可见的 ASCII 字符，不含空格和换行",
        ),
        (
            "secret_file = \"synapse.secret\"",
            "secret_file = \"synapse.secret\"\nprevious_secret_file = \"short.secret\"",
            "client synapse, previous_secret_file: short.secret: not a valid client secret: expected 32 to 256 characters from [A-Za-z0-9_-], such as `openssl rand -hex 32` prints",
            "client synapse，previous_secret_file：short.secret：client_secret 无效：应为 32 到 256 个字符，只能包含 [A-Za-z0-9_-]，可用 `openssl rand -hex 32` 生成",
        ),
        (
            "https://login.example.com",
            "login.example.com:8443",
            "issuer.url: not a valid issuer: expected an absolute URL: write https:// before the host, such as https://login.example.com",
            "issuer.url：issuer 无效：应为完整的 URL，主机前面要写 https://，例如 https://login.example.com",
        ),
        (
            "key_file",
            "trusted_proxies = ['127.0.0.1', '10.0.0.0/33']\nkey_file",
            "server.trusted_proxies #2: not a valid network: expected an address or a network, such as 10.0.0.0/8",
            "server.trusted_proxies #2：网段无效：应为 IP 地址或网段，例如 10.0.0.0/8",
        ),
        (
            "key_file",
            "trusted_proxies = ['127.0.0.1'\nkey_file",
            "line 4, key_file: not valid TOML: a comma is missing, or the ] at the end of a list, in this line or the one before",
            "第 4 行，key_file：不是有效的 TOML：缺少逗号，或上一行缺少列表的右方括号 ]",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nscopes = ['openid'\nrequire_pkce = true",
            "line 19, require_pkce: not valid TOML: a comma is missing, or the ] at the end of a list, in this line or the one before",
            "第 19 行，require_pkce：不是有效的 TOML：缺少逗号，或上一行缺少列表的右方括号 ]",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nrequire_pkce = yes # recommended",
            "line 18, require_pkce: not valid TOML: expected true or false, in lower case, or a text in quotes, such as \"a\"",
            "第 18 行，require_pkce：不是有效的 TOML：应为小写的 true 或 false；文本必须带引号，例如 \"a\"",
        ),
        (
            "[store]",
            "[lifetimes]\nsession = 3600\n[store]",
            "line 6, lifetimes.session: expected a duration in quotes, such as \"1h\"",
            "第 6 行，lifetimes.session：应为带引号的时长，例如 \"1h\"",
        ),
        (
            "key_file",
            "stop_delay = '6m'\nkey_file",
            "server.stop_delay: expected a duration such as \"5s\", of at most 5 minutes",
            "server.stop_delay：应为时长，例如 \"5s\"，最长 5 分钟",
        ),
        (
            "key_file = \"gateway.key\"",
            "",
            "line 2, server.key_file: the key is missing",
            "第 2 行，server.key_file：缺少这个键",
        ),
        (
            "key_file",
            "listen = 8080\nkey_file",
            "line 3, server.listen: expected an IP address with a port, such as \"127.0.0.1:8080\"",
            "第 3 行，server.listen：应为 IP 地址和端口，例如 \"127.0.0.1:8080\"",
        ),
        (
            "key_file",
            "listen = 'localhost'\nkey_file",
            "line 3, server.listen: expected an IP address with a port, such as \"127.0.0.1:8080\"",
            "第 3 行，server.listen：应为 IP 地址和端口，例如 \"127.0.0.1:8080\"",
        ),
        (
            "key_file",
            "trusted_proxies = '10.0.0.1'\nkey_file",
            "line 3, server.trusted_proxies: expected a list, such as [\"a\", \"b\"]",
            "第 3 行，server.trusted_proxies：应为列表，例如 [\"a\", \"b\"]",
        ),
        (
            "key_file",
            "key_file = 'a'\nkey_file",
            "line 4, key_file: it occurs twice: remove one of both",
            "第 4 行，key_file：重复：同一个键只能出现一次",
        ),
        (
            "\"gateway.key\"",
            "gateway.key",
            "line 3, key_file: not valid TOML: a text must be in quotes, such as \"a\"",
            "第 3 行，key_file：不是有效的 TOML：文本必须带引号，例如 \"a\"",
        ),
        (
            "key_file",
            "stop_delay = 5s\nkey_file",
            "line 3, stop_delay: not valid TOML: a text must be in quotes, such as \"a\"",
            "第 3 行，stop_delay：不是有效的 TOML：文本必须带引号，例如 \"a\"",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nsilent_login = True",
            "line 18, silent_login: not valid TOML: expected true or false, in lower case, or a text in quotes, such as \"a\"",
            "第 18 行，silent_login：不是有效的 TOML：应为小写的 true 或 false；文本必须带引号，例如 \"a\"",
        ),
        (
            "\"gateway.key\"",
            "\"gateway.key",
            "line 3, key_file: not valid TOML: the closing quote is missing, or the text has a character that is not allowed (in double quotes, write \\\\ for a backslash)",
            "第 3 行，key_file：不是有效的 TOML：缺少右引号，或引号内有不允许的字符（双引号内的反斜杠应写作 \\\\）",
        ),
        (
            "[server]",
            "[server",
            "line 2: not valid TOML: the ] after the name of a table is missing ([[client]] and [[issuer]] need two)",
            "第 2 行：不是有效的 TOML：表名缺少右方括号 ]，[[client]] 和 [[issuer]] 需要两个",
        ),
        (
            "sqlite:",
            "mysql:",
            "store.url: expected sqlite:FILE, such as sqlite:gateway.db, or postgres://USER:PASSWORD@HOST/DATABASE",
            "store.url：应为 sqlite:文件（例如 sqlite:gateway.db）或 postgres://用户:密码@主机/数据库",
        ),
        (
            "[store]",
            "[limits]\nwaiting_requests = -1\n[store]",
            "line 6, limits.waiting_requests: expected a whole number from 0, such as 300",
            "第 6 行，limits.waiting_requests：应为非负整数，例如 300",
        ),
        (
            "[store]",
            "[lifetimes]\nsession = '91d'\n[store]",
            "lifetimes.session: expected a duration such as \"12h\", from 1m to 90d",
            "lifetimes.session：应为时长，例如 \"12h\"，1m 到 90d",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "",
            "app.website.app_secret: missing: app_secret or app_secret_file",
            "app.website.app_secret：缺少：app_secret 或 app_secret_file",
        ),
        (
            "app_secret_file",
            "app_secret = 'x'\napp_secret_file",
            "app.website.app_secret: a text and a file: choose one",
            "app.website.app_secret：文本和文件只能选一个",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "app_secret = 'hunter 2'",
            "app.website.app_secret: not a valid app secret: expected 1 to 2048 visible ASCII characters, without spaces or line breaks",
            "app.website.app_secret：AppSecret 无效：应为 1 到 2048 个可见的 ASCII 字符，不含空格和换行",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "app_secret = 31337",
            "line 10, app.website.app_secret: expected a text in quotes, such as \"a\"",
            "第 10 行，app.website.app_secret：应为带引号的文本，例如 \"a\"",
        ),
        (
            "[app.website]",
            "[app.webside]",
            "app.webside.kind: missing: \"website\" or \"official_account\", unless the table is [app.website] or [app.official_account]",
            "app.webside.kind：缺少：请填写 kind = \"website\" 或 \"official_account\"，或把表命名为 [app.website] 或 [app.official_account]",
        ),
        (
            "[app.website]",
            "[app]\nwebsite = 1\n[app.x]",
            "line 9, app.website: expected a table, such as [server]",
            "第 9 行，app.website：应为表，例如 [server]",
        ),
        (
            "apps = [\"website\"]",
            "apps = [\"site\"]",
            "issuer https://login.example.com, apps #1: there is no such [app.NAME]. Known: website",
            "issuer https://login.example.com，apps #1：没有这个 [app.NAME]。可用：website",
        ),
        (
            "apps = [\"website\"]",
            "apps = [\"website\", \"hunter2\"]",
            "issuer https://login.example.com, apps #2: there is no such [app.NAME]. Known: website",
            "issuer https://login.example.com，apps #2：没有这个 [app.NAME]。可用：website",
        ),
        (
            "apps = [\"website\"]",
            "apps = [\"web-site\"]",
            "issuer https://login.example.com, apps #1: there is no such [app.NAME], did you mean `website`? Known: website",
            "issuer https://login.example.com，apps #1：没有这个 [app.NAME]，是否想写 `website`？可用：website",
        ),
        (
            "[app.website]",
            "[app.hunter2_hunter2_hunter2_hunter2_]",
            "app.…: the name of an app has fewer than 32 characters; if this is its AppSecret, write it as app_secret",
            "app.…：应用的名称须少于 32 个字符；如果这是 AppSecret，请写作 app_secret",
        ),
        (
            "id = \"synapse\"\nsecret_file = \"synapse.secret\"",
            "id = \"hunter2\"\nsecret = \"synapse\"",
            "[[client]] #1, secret: not a valid client secret: expected 32 to 256 characters from [A-Za-z0-9_-], such as `openssl rand -hex 32` prints",
            "[[client]] #1，secret：client_secret 无效：应为 32 到 256 个字符，只能包含 [A-Za-z0-9_-]，可用 `openssl rand -hex 32` 生成",
        ),
        (
            "secret_file = \"synapse.secret\"",
            "secret = \"hunter2!\"",
            "client synapse, secret: not a valid client secret: expected 32 to 256 characters from [A-Za-z0-9_-], such as `openssl rand -hex 32` prints",
            "client synapse，secret：client_secret 无效：应为 32 到 256 个字符，只能包含 [A-Za-z0-9_-]，可用 `openssl rand -hex 32` 生成",
        ),
        (
            "id = \"synapse\"\nsecret_file",
            "id = \"hunter2_hunter2_hunter2_hunter2_\"\nscopes = []\nsecret_file",
            "[[client]] #1, scopes: expected some of: openid, profile, email, offline_access, wechat",
            "[[client]] #1，scopes：应为其中的一个或多个：openid、profile、email、offline_access、wechat",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nclaims.hunter2_hunter2_hunter2_hunter2_ = '{x}'",
            "client synapse, claims.…: not a valid claim template: expected the placeholders {sub}, {sub:N} with N of at least 16, {openid}, {unionid} and {nickname}",
            "client synapse，claims.…：claim 模板无效：应为含占位符 {sub}、{sub:N}（N 至少为 16）、{openid}、{unionid}、{nickname} 的文本",
        ),
        (
            "apps = [\"website\"]",
            "apps = []",
            "issuer https://login.example.com, apps: missing: at least one app",
            "issuer https://login.example.com，apps：缺少：至少一个应用",
        ),
        (
            "apps = [\"website\"]",
            "apps = \"website\"",
            "line 14, issuer.apps: expected a list, such as [\"a\", \"b\"]",
            "第 14 行，issuer.apps：应为列表，例如 [\"a\", \"b\"]",
        ),
        (
            "https://login.example.com",
            "http://login.example.com",
            "issuer.url: not a valid issuer: expected https, or http on localhost or 127.0.0.1",
            "issuer.url：issuer 无效：应为 https；localhost 和 127.0.0.1 可以用 http",
        ),
        (
            "https://login.example.com",
            "login.example.com",
            "issuer.url: not a valid issuer: expected an absolute URL: write https:// before the host, such as https://login.example.com",
            "issuer.url：issuer 无效：应为完整的 URL，主机前面要写 https://，例如 https://login.example.com",
        ),
        (
            "https://login.example.com",
            "https://login.example.com/.well-known/x",
            "issuer: its path is that of an endpoint, such as /token below another issuer",
            "issuer：路径与端点冲突，例如位于另一个 issuer 的 /token 之下",
        ),
        (
            "app_id",
            "endpoint = 'http://127.0.0.1:9000'\napp_id",
            "issuer https://login.example.com, apps #1: an app with an endpoint, at an issuer that is not on localhost: remove its endpoint, or use an issuer on localhost. With a simulator, anyone can log in",
            "issuer https://login.example.com，apps #1：设置了 endpoint 的应用只能用于 localhost 上的 issuer：请删除该应用的 endpoint，或使用 localhost 上的 issuer。使用模拟器时，任何人都可以登录",
        ),
        (
            "synapse.secret",
            "short.secret",
            "client synapse, secret_file: short.secret: not a valid client secret: expected 32 to 256 characters from [A-Za-z0-9_-], such as `openssl rand -hex 32` prints",
            "client synapse，secret_file：short.secret：client_secret 无效：应为 32 到 256 个字符，只能包含 [A-Za-z0-9_-]，可用 `openssl rand -hex 32` 生成",
        ),
        (
            "secret_file = \"synapse.secret\"",
            "",
            "client synapse, secret: missing: secret, secret_file, or public = true",
            "client synapse，secret：缺少：secret、secret_file 或 public = true",
        ),
        (
            "secret_file = \"synapse.secret\"",
            "secret_file = 1",
            "line 18, client.secret_file: expected a text in quotes, such as \"a\"",
            "第 18 行，client.secret_file：应为带引号的文本，例如 \"a\"",
        ),
        (
            "id = \"synapse\"",
            "id = \"syn apse\"",
            "client.id: not a valid client ID: expected 1 to 128 characters from [A-Za-z0-9._-]",
            "client.id：client_id 无效：应为 1 到 128 个字符，只能包含 [A-Za-z0-9._-]",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nid_token_alg = 'HS256'",
            "line 18, client.id_token_alg: expected one of: RS256, ES256, EdDSA",
            "第 18 行，client.id_token_alg：应为其中之一：RS256、ES256、EdDSA",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nrequire_pkce = 'yes'",
            "line 18, client.require_pkce: expected true or false",
            "第 18 行，client.require_pkce：应为 true 或 false",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nclaims = { email = 1 }",
            "line 18, client.claims.email: expected a text in quotes, or a list of such texts",
            "第 18 行，client.claims.email：应为带引号的文本，或这种文本的列表",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nclaims = { email = 'x{y}' }",
            "client synapse, claims.email: not a valid claim template: expected the placeholders {sub}, {sub:N} with N of at least 16, {openid}, {unionid} and {nickname}",
            "client synapse，claims.email：claim 模板无效：应为含占位符 {sub}、{sub:N}（N 至少为 16）、{openid}、{unionid}、{nickname} 的文本",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nscopes = ['openid', 'hunter2']",
            "client synapse, scopes: expected some of: openid, profile, email, offline_access, wechat",
            "client synapse，scopes：应为其中的一个或多个：openid、profile、email、offline_access、wechat",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nredirect_uri = 'x'",
            "line 18, client.redirect_uri: unknown key, did you mean `redirect_uris`? Known: id, issuer, name, home, public, secret, secret_file, previous_secret, previous_secret_file, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, backchannel_logout_session_required, allow_private, allow_http, scopes, require_pkce, require_par, consent, silent_login, id_token_alg, profile_in_id_token, claims, refresh, rotate_refresh_tokens, introspects",
            "第 18 行，client.redirect_uri：未知的键，是否想写 `redirect_uris`？可用：id、issuer、name、home、public、secret、secret_file、previous_secret、previous_secret_file、redirect_uris、post_logout_redirect_uris、backchannel_logout_uri、backchannel_logout_session_required、allow_private、allow_http、scopes、require_pkce、require_par、consent、silent_login、id_token_alg、profile_in_id_token、claims、refresh、rotate_refresh_tokens、introspects",
        ),
        (
            "https://matrix",
            "http://matrix",
            "client synapse, redirect_uris: not a valid redirect URI: expected https, or http on localhost, 127.0.0.1 or [::1], or on any host with allow_http = true",
            "client synapse，redirect_uris：redirect_uri 无效：应为 https；localhost、127.0.0.1、[::1] 可以用 http；设置 allow_http = true 时，任何主机都可以用 http",
        ),
        (
            "https://matrix",
            "https://*",
            "client synapse, redirect_uris: not a valid redirect URI: expected no `*`: wildcards are not supported, so write each URI in full",
            "client synapse，redirect_uris：redirect_uri 无效：应为不含 `*` 的 URL：不支持通配符，请逐个填写完整的 URI",
        ),
        (
            "gateway.key",
            "AAAAAAAAAAAAAAAAAAAAhunter2AAAAAAAAAAA/AAAA=",
            "server.key_file: the file does not exist; if this is the key itself, write it to a file, such as gateway.key, and put the path here",
            "server.key_file：文件不存在；如果这里填写的是密钥本身，请把它写入文件（例如 gateway.key），在这里填写路径",
        ),
        (
            "website.secret",
            "0123456789hunter2abcdef012345678",
            "app.website.app_secret_file: the file does not exist; if this is the secret itself, use `app_secret`, and otherwise correct the path",
            "app.website.app_secret_file：文件不存在；如果这里填写的是密钥本身，请改用 `app_secret`；否则请填写正确的路径",
        ),
        (
            "synapse.secret",
            "hunter2_hunter2_hunter2_hunter2_",
            "client synapse, secret_file: the file does not exist; if this is the secret itself, use `secret`, and otherwise correct the path",
            "client synapse，secret_file：文件不存在；如果这里填写的是密钥本身，请改用 `secret`；否则请填写正确的路径",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nprevious_secret_file = '/hunter2'",
            "client synapse, previous_secret_file: the file does not exist; if this is the secret itself, use `previous_secret`, and otherwise correct the path",
            "client synapse，previous_secret_file：文件不存在；如果这里填写的是密钥本身，请改用 `previous_secret`；否则请填写正确的路径",
        ),
        (
            "app_secret_file",
            "hunter2",
            "line 10, app.website.…: unknown key. Known: kind, app_id, app_secret, app_secret_file, endpoint, union_ids",
            "第 10 行，app.website.…：未知的键。可用：kind、app_id、app_secret、app_secret_file、endpoint、union_ids",
        ),
        (
            "[app.website]",
            "[app]\nhunter2 = 'app_secret'\n[app.website]",
            "line 9, app.…: expected a table, such as [server]",
            "第 9 行，app.…：应为表，例如 [server]",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "app_secret_file =\nhunter2+hunter2=",
            "line 10, app_secret_file: not valid TOML: the value after the = is missing",
            "第 10 行，app_secret_file：不是有效的 TOML：= 的后面缺少值",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "hunter2+hunter2=",
            "line 10: not valid TOML: a key has letters, digits, - and _ only",
            "第 10 行：不是有效的 TOML：键只能包含字母、数字、- 和 _",
        ),
        (
            "app_secret_file = \"website.secret\"",
            "app_secret = 0123456789hunter2",
            "line 10, app_secret: not valid TOML: a text must be in quotes, such as \"a\"",
            "第 10 行，app_secret：不是有效的 TOML：文本必须带引号，例如 \"a\"",
        ),
        (
            "secret_file = \"synapse.secret\"",
            "client_secret = 'hunter2'",
            "line 18, client.client_secret: unknown key, did you mean `secret`? Known: id, issuer, name, home, public, secret, secret_file, previous_secret, previous_secret_file, redirect_uris, post_logout_redirect_uris, backchannel_logout_uri, backchannel_logout_session_required, allow_private, allow_http, scopes, require_pkce, require_par, consent, silent_login, id_token_alg, profile_in_id_token, claims, refresh, rotate_refresh_tokens, introspects",
            "第 18 行，client.client_secret：未知的键，是否想写 `secret`？可用：id、issuer、name、home、public、secret、secret_file、previous_secret、previous_secret_file、redirect_uris、post_logout_redirect_uris、backchannel_logout_uri、backchannel_logout_session_required、allow_private、allow_http、scopes、require_pkce、require_par、consent、silent_login、id_token_alg、profile_in_id_token、claims、refresh、rotate_refresh_tokens、introspects",
        ),
        (
            "[[client]]",
            "[client]",
            "line 16, client: write [[client]], in double brackets",
            "第 16 行，client：应写作 [[client]]，两层方括号",
        ),
        (
            "[[issuer]]",
            "[issuer]",
            "line 12, issuer: write [[issuer]], in double brackets",
            "第 12 行，issuer：应写作 [[issuer]]，两层方括号",
        ),
        (
            "website.secret",
            "x.secret",
            "app.website.app_secret_file: x.secret cannot be read: it does not exist; write the secret to it, readable only by the user of the gateway, or correct the path",
            "app.website.app_secret_file：无法读取 x.secret：文件不存在。请把密钥写入该文件，只允许网关的用户读取；或填写正确的路径",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\npublic = true",
            "client synapse, secret: a public client has no secret",
            "client synapse，secret：公开客户端没有 client_secret",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nscopes = ['openid', 'phone']",
            "client synapse, scopes: expected some of: openid, profile, email, offline_access, wechat",
            "client synapse，scopes：应为其中的一个或多个：openid、profile、email、offline_access、wechat",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nrefresh = 'always'",
            "line 18, client.refresh: expected one of: offline, session",
            "第 18 行，client.refresh：应为其中之一：offline、session",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nintrospects = ['a b']",
            "client synapse, introspects: not a valid client ID: expected 1 to 128 characters from [A-Za-z0-9._-]",
            "client synapse，introspects：client_id 无效：应为 1 到 128 个字符，只能包含 [A-Za-z0-9._-]",
        ),
        (
            "secret_file = \"synapse.secret\"",
            "public = true\nintrospects = ['api']",
            "client synapse, introspects: for clients with a secret only",
            "client synapse，introspects：只能用于有 client_secret 的客户端",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nissuer = 'https://x.example'",
            "client synapse, issuer: there is no such [[issuer]]. Known: https://login.example.com",
            "client synapse，issuer：没有这个 [[issuer]]。可用：https://login.example.com",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nhome = 'javascript:x'",
            "client synapse, home: expected an https URL",
            "client synapse，home：应为 https URL",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nclaims.sub = 'x'",
            "client synapse, claims.sub: not a valid claim template: expected a claim that can be set: not one that proves who the user is, or how",
            "client synapse，claims.sub：claim 模板无效：应为可以设置的 claim，不能是证明用户身份或登录方式的 claim",
        ),
        (
            "id = \"synapse\"",
            "id = \"synapse\"\nclaims.email_verified = true",
            "line 18, client.claims.email_verified: expected a text in quotes, or a list of such texts",
            "第 18 行，client.claims.email_verified：应为带引号的文本，或这种文本的列表",
        ),
    ];

    #[test]
    fn a_mistake_is_named_by_its_place_and_its_rule_in_both_languages() {
        for &(old, new, english, chinese) in MISTAKES {
            let error = error(old, new);
            assert_eq!(error.to_string(), english);
            assert_eq!(error.text(Language::Chinese), chinese);
            assert!(!english.contains("hunter2") && !english.contains("31337"));
        }
        let twice = parse(&format!("{START}{CLIENT}{CLIENT}"));
        assert_eq!(
            twice.unwrap_err(),
            "client synapse: two clients have this ID"
        );
        let client = CLIENT.replace("synapse\"", "hunter2_hunter2_hunter2_hunter2_\"");
        let twice = parse(&format!("{START}{client}{client}"));
        assert_eq!(
            twice.unwrap_err(),
            "[[client]] #2: two clients have this ID"
        );
    }

    /// The files that it names are relative to its folder, as those that an error names.
    #[test]
    fn an_error_names_the_file() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("gateway.toml");
        let error = || Config::load(&file).unwrap_err();
        let name = file.display();
        assert_eq!(
            error().to_string(),
            format!("{name}: the file cannot be read: it does not exist")
        );
        fs::write(&file, START).unwrap();
        let secret = folder.path().join("website.secret");
        assert_eq!(
            error().text(Language::Chinese),
            format!(
                "{name}：app.website.app_secret_file：无法读取 {}：文件不存在。请把密钥写入该文件，只允许网关的用户读取；或填写正确的路径",
                secret.display()
            )
        );
        fs::write(&file, START.replace("[store]", "[stor]")).unwrap();
        let error = error().to_string();
        assert!(
            error.starts_with(&format!(
                "{name}: line 5, stor: unknown key, did you mean `store`?"
            )),
            "{error}"
        );
    }

    #[test]
    fn issuers_are_told_apart_by_their_paths() {
        let more = "[[issuer]]\nurl = \"https://login.example.com/b\"\napps = [\"website\"]\n";
        let file = format!("{START}{more}{CLIENT}");
        assert_eq!(
            parse(&file).unwrap_err(),
            "client synapse, issuer: expected one of: https://login.example.com, https://login.example.com/b"
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
            ("/end_session", false), // its page would be the other issuer's logout
            ("/consent", false),
            ("/par", false),
            ("/introspect", false),
            ("/revoke", false),
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
