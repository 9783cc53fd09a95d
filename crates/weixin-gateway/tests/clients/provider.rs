//! A gateway that listens, with two issuers, the same clients at each, and the simulator.

use std::{
    future::pending,
    hash::{BuildHasher, RandomState},
    net::TcpListener,
};

use tempfile::TempDir;
use url::Url;
use weixin_gateway::{Config, Gateway};
use weixin_sim::{App, Sim};

use crate::browser::Browser;

/// The secret of the confidential clients, and one that is wrong.
pub(crate) const SECRET: &str = "0123456789abcdefghijABCDEFGHIJ_-";
pub(crate) const WRONG_SECRET: &str = "0123456789abcdefghijABCDEFGHIJ_x";

/// Where the browser stops: this host does not exist.
pub(crate) const REDIRECT_URI: &str = "https://rp.example/callback";

const APP_ID: &str = "wx0123456789abcdef";
const APP_SECRET: &str = "ssssssssssssssssssssssssssssssss";
const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

pub(crate) struct Provider {
    /// One without a path, and one with a path.
    pub(crate) issuers: [Issuer; 2],
    /// Opens each login in a browser of its own.
    pub(crate) browser: String,
    _sim: Sim,
    _folder: TempDir,
}

pub(crate) struct Issuer {
    pub(crate) url: String,
    /// A URL of the same server that is not the issuer.
    pub(crate) wrong_url: String,
    /// Its confidential client.
    pub(crate) client_id: String,
    /// Its public client.
    pub(crate) public_id: String,
}

impl Issuer {
    pub(crate) fn path(&self) -> String {
        Url::parse(&self.url).unwrap().path().to_owned()
    }

    fn new(port: u16, path: &str) -> Self {
        let name = path.replace('/', "-");
        Self {
            url: format!("http://localhost:{port}{path}"),
            wrong_url: format!("http://127.0.0.1:{port}{path}"),
            client_id: format!("web{name}"),
            public_id: format!("app{name}"),
        }
    }

    fn table(&self) -> String {
        let url = &self.url;
        format!("[[issuer]]\nurl = \"{url}\"\napps = [\"website\"]\n")
    }

    fn config(&self, confidential: &[String], public: &[String]) -> String {
        let Self {
            url,
            client_id,
            public_id,
            ..
        } = self;
        let issuer = self.table();
        format!(
            r#"
{issuer}
[[client]]
id = "{client_id}"
issuer = "{url}"
secret = "{SECRET}"
redirect_uris = {confidential:?}
[[client]]
id = "{public_id}"
issuer = "{url}"
public = true
redirect_uris = {public:?}
consent = "never"
"#
        )
    }
}

impl Provider {
    /// Starts the gateway. Its clients have these redirect URIs, and [`REDIRECT_URI`].
    pub(crate) async fn start(confidential: &[String], public: &[String]) -> Self {
        let (confidential, public) = (with_rp(confidential), with_rp(public));
        Self::open(|issuers| {
            let tables = issuers.each_ref();
            tables.map(|it| it.config(&confidential, &public)).concat()
        })
        .await
    }

    /// Starts the gateway with these clients of the first issuer, whose tables name the files of their secrets.
    pub(crate) async fn with_clients(tables: &str) -> Self {
        Self::open(|issuers| {
            let [first, second] = issuers.each_ref().map(Issuer::table);
            let client = format!("[[client]]\nissuer = \"{}\"", issuers[0].url);
            first + &second + &tables.replace("[[client]]", &client)
        })
        .await
    }

    async fn open(tables: impl FnOnce(&[Issuer; 2]) -> String) -> Self {
        let website = App::new(APP_ID, APP_SECRET).callback_domain("localhost");
        let sim = Sim::builder().app(website).auto_allow();
        let sim = sim.start().await.unwrap();
        let folder = TempDir::new().unwrap();
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("gateway.key"), MASTER_KEY).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let issuers = ["", "/tenant"].map(|path| Issuer::new(port, path));
        let text = config(&sim, &folder) + &tables(&issuers);
        std::fs::write(file("gateway.toml"), &text).unwrap();
        for rest in text.split("secret_file = \"").skip(1) {
            std::fs::write(file(rest.split('"').next().unwrap()), SECRET).unwrap();
        }
        let config = Config::load(&file("gateway.toml"));
        let config = config.unwrap_or_else(|error| panic!("{error}\n{text}"));
        let gateway = Gateway::open(config).await.unwrap();
        tokio::spawn(gateway.serve(listener, pending()));
        Self {
            issuers,
            browser: Browser::serve().await,
            _sim: sim,
            _folder: folder,
        }
    }
}

fn with_rp(redirect_uris: &[String]) -> Vec<String> {
    let rp = [REDIRECT_URI.to_owned()];
    redirect_uris.iter().cloned().chain(rp).collect()
}

fn config(sim: &Sim, folder: &TempDir) -> String {
    let (folder, sim) = (folder.path().display(), sim.url());
    format!(
        r#"
[server]
key_file = "{folder}/gateway.key"
[store]
url = "sqlite:{folder}/gateway.db"
[app.website]
app_id = "{APP_ID}"
app_secret = "{APP_SECRET}"
endpoint = "{sim}"
"#
    )
}

/// Ports at which nothing listens at present, for servers that must be told theirs. They are below those that the system
/// gives to programs that ask for any.
pub(crate) fn free_ports<const N: usize>() -> [u16; N] {
    let held: [TcpListener; N] = std::array::from_fn(|_| {
        let random = std::iter::repeat_with(|| RandomState::new().hash_one(()));
        let ports = random.map(|random| 20_000 + u16::try_from(random % 12_000).unwrap());
        let mut free = ports.filter_map(|port| TcpListener::bind(("127.0.0.1", port)).ok());
        free.next().unwrap()
    });
    held.map(|listener| listener.local_addr().unwrap().port())
}
