//! Apache with `mod_auth_openidc`, configured by the recipe of the manual: a site for each way to log in, on a port of its
//! own.

use std::{
    fs::{self, Permissions},
    io::{BufRead, BufReader},
    os::unix::{
        fs::{MetadataExt, PermissionsExt},
        process::CommandExt,
    },
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::{
    browser::{Browser, Visit},
    provider::{Issuer, Provider, SECRET, WRONG_SECRET, free_ports},
    report::{login, logins, print_row},
    script::folder,
};

const METHODS: [&str; 3] = ["client_secret_basic", "client_secret_post", "none"];

/// The pages of errors. The log has the reason.
const RESPONSE: &str =
    "200 OK Error: <pre>OpenID Connect Provider error: Error in handling response type.</pre>";
const REQUEST: &str =
    "400 Bad Request Your browser sent a request that this server could not understand.<br /> ";

/// The user without rights of every Unix.
const UNPRIVILEGED: u32 = 65534;

/// A virtual host.
struct Site<'a> {
    port: u16,
    issuer: &'a str,
    client_id: &'a str,
    method: &'static str,
    secret: &'static str,
}

impl<'a> Site<'a> {
    fn new(port: u16, issuer: &'a Issuer, method: &'static str) -> Self {
        let client_id = if method == "none" {
            &issuer.public_id
        } else {
            &issuer.client_id
        };
        Self {
            port,
            issuer: &issuer.url,
            client_id,
            method,
            secret: SECRET,
        }
    }

    fn url(&self) -> String {
        format!("http://localhost:{}", self.port)
    }

    fn callback(&self) -> String {
        format!("{}/callback", self.url())
    }

    /// The recipe, with these values for its variables, which Apache would also take from the environment.
    fn config(&self) -> String {
        let Self {
            port,
            issuer,
            client_id,
            method,
            secret,
        } = self;
        format!(
            r"
Define ISSUER {issuer}
Define CLIENT_ID {client_id}
Define CLIENT_SECRET {secret}
Define SITE http://localhost:{port}
Listen 127.0.0.1:{port}
<VirtualHost *:{port}>
  Include recipe.conf
  OIDCProviderTokenEndpointAuth {method}
  OIDCInfoHook id_token userinfo
</VirtualHost>
"
        )
    }

    /// The claims that the module has read, of a browser that is logged in.
    async fn claims(&self, browser: &mut Browser) -> Value {
        let page = browser
            .open(&format!("{}?info=json", self.callback()))
            .await;
        let info: Value = serde_json::from_str(&page.body).unwrap_or_else(|_| panic!("{page:?}"));
        let claims = |of: &str| json!({ "sub": info[of]["sub"], "name": info[of]["name"] });
        json!({ "id_token": claims("id_token"), "userinfo": claims("userinfo") })
    }

    /// Logs in, up to the callback, which is changed and then opened.
    async fn log_in_with(&self, old: &str, new: &str) -> String {
        let mut browser = Browser::new();
        let callback = self.callback();
        let is_callback = |url: &url::Url| url.as_str().starts_with(&callback);
        let visit = browser.open_until(&self.url(), is_callback).await;
        let url = visit.url.as_str();
        assert!(url.contains(old), "{url}");
        error(&browser.open(&url.replace(old, new)).await)
    }
}

/// The status of an error page, and what it says.
fn error(page: &Visit) -> String {
    let status = page.status.unwrap();
    let text = page.body.split("<p>").nth(1).unwrap_or(&page.body);
    let text = text.split("</p>").next().unwrap();
    format!("{status} {}", text.replace('\n', " "))
}

/// A running server, which ends with this value.
pub(crate) struct Apache {
    child: Child,
    _folder: TempDir,
}

impl Drop for Apache {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Apache {
    /// One process in the foreground, without rights. Sites include `recipe.conf`.
    pub(crate) fn start(modules: &[&str], recipe: &str, sites: &str) -> Self {
        let folder = TempDir::new().unwrap();
        fs::set_permissions(&folder, Permissions::from_mode(0o755)).unwrap();
        fs::write(folder.path().join("recipe.conf"), recipe).unwrap();
        fs::create_dir(folder.path().join("site")).unwrap();
        fs::write(folder.path().join("site/index.html"), "members only").unwrap();
        let config = folder.path().join("apache.conf");
        fs::write(&config, self::config(&folder, modules, sites)).unwrap();
        let mut apache = Command::new("/usr/sbin/apache2");
        apache
            .arg("-X")
            .arg("-f")
            .arg(config)
            .stdout(Stdio::piped());
        if fs::metadata("/proc/self").unwrap().uid() == 0 {
            std::os::unix::fs::chown(&folder, Some(UNPRIVILEGED), Some(UNPRIVILEGED)).unwrap();
            apache.uid(UNPRIVILEGED).gid(UNPRIVILEGED);
        }
        let mut child = apache.spawn().unwrap_or_else(|error| {
            panic!("{error}: ./scripts/test installs Apache and its modules")
        });
        let mut log = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut lines = Vec::new();
        loop {
            let line = log.next().unwrap_or_else(|| panic!("{lines:#?}")).unwrap();
            if line.contains("start_threads") {
                break;
            }
            lines.push(line);
        }
        // What it writes later is read, so that it is never full.
        std::thread::spawn(move || log.for_each(drop));
        Self {
            child,
            _folder: folder,
        }
    }
}

fn config(folder: &TempDir, modules: &[&str], sites: &str) -> String {
    let common = ["mpm_event", "authn_core", "authz_core", "authz_user", "dir"];
    let load = |it: &&str| format!("LoadModule {it}_module /usr/lib/apache2/modules/mod_{it}.so\n");
    let modules: String = common.iter().chain(modules).map(load).collect();
    let folder = folder.path().display();
    format!(
        r#"
{modules}
ServerRoot {folder}
PidFile {folder}/pid
ErrorLog "|/bin/cat"
LogLevel mpm_event:debug
ServerName localhost
DocumentRoot {folder}/site
DirectoryIndex index.html
Define COOKIE_SECRET a-secret-of-this-test
{sites}
"#
    )
}

/// The version of the module, as Debian names it.
fn version() -> String {
    let mut dpkg = Command::new("dpkg-query");
    dpkg.args(["-W", "-f", "${Version}", "libapache2-mod-auth-openidc"]);
    String::from_utf8(dpkg.output().unwrap().stdout).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn mod_auth_openidc_logs_in_with_its_recipe() {
    let ports = free_ports::<8>();
    let callbacks = ports.map(|port| format!("http://localhost:{port}/callback"));
    let provider = Provider::start(&callbacks, &callbacks).await;
    let recipe = fs::read_to_string(folder().join("recipes/mod_auth_openidc.conf")).unwrap();
    let (of_first, of_second) = ports.split_at(4);
    for (issuer, ports) in provider.issuers.iter().zip([of_first, of_second]) {
        let site = |at: usize, method| Site::new(ports[at], issuer, method);
        let [basic, post, public] = METHODS;
        let sites = [
            site(0, basic),
            site(1, post),
            site(2, public),
            Site {
                secret: WRONG_SECRET,
                ..site(3, basic)
            },
        ];
        let config: String = sites.iter().map(Site::config).collect();
        let _apache = Apache::start(&["auth_openidc"], &recipe, &config);
        let mut seen = Vec::new();
        for site in &sites[..3] {
            let mut browser = Browser::new();
            let page = browser.open(&site.url()).await;
            assert_eq!(page.body, "members only", "{page:?}");
            let claims = site.claims(&mut browser).await;
            seen.push(login(site.method, &claims["id_token"], &claims["userinfo"]));
        }
        let seen = json!({
            "logins": seen,
            "failures": {
                "wrong secret": sites[3].log_in_with("", "").await,
                "wrong state": sites[0].log_in_with("state=", "state=x").await,
                "iss of another": sites[0].log_in_with("iss=", "iss=x").await,
            },
        });
        let expected = json!({
            "logins": logins(&METHODS, &seen),
            "failures": {
                "wrong secret": RESPONSE,
                "wrong state": REQUEST,
                "iss of another": RESPONSE,
            },
        });
        assert_eq!(seen, expected);
        print_row("mod_auth_openidc", &version(), issuer, &seen);
    }
}
