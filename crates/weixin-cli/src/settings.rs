//! What arguments, environment and files say together.

use std::{
    env::{self, VarError},
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use serde::Deserialize;
use weixin::{
    AccessToken, AppId, AppKind, AppSecret, Client, Endpoints, Https, OpenId, Origin, RefreshToken,
};

use crate::{args::OnBehalf, failure::Failure};

/// Largest file that is read for a secret or a token.
const MAX_FILE: u64 = 64 * 1024;

/// WeChat's own addresses.
const OPEN: &str = "https://open.weixin.qq.com";
const API: &str = "https://api.weixin.qq.com";

/// The apps that every simulator has from the start.
const SIM_APP_ID: &str = "wx0123456789abcdef";
const SIM_OFFICIAL_ACCOUNT: &str = "wx0123456789abcde0";
const SIM_MOBILE_APP: &str = "wx0123456789abcde1";
const SIM_MINI_PROGRAM: &str = "wx0123456789abcde2";
const SIM_APP_SECRET: &str = "ssssssssssssssssssssssssssssssss";

/// The application. Its secret comes from `WEIXIN_APP_SECRET` or a file, never from an argument.
#[derive(Debug, clap::Args)]
#[expect(
    clippy::struct_field_names,
    reason = "clap names the arguments after the fields"
)]
pub(crate) struct App {
    /// The app id [required without --sim]
    #[arg(long, env = "WEIXIN_APP_ID")]
    pub(crate) app_id: Option<AppId>,

    /// A file with the app secret; without it, the secret is that of `WEIXIN_APP_SECRET`
    #[arg(long, value_name = "FILE")]
    pub(crate) app_secret_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) addresses: Addresses,
}

/// Where `weixin sim` listens unless it is told otherwise.
pub(crate) const SIMULATOR: &str = "http://127.0.0.1:9300";

/// Where WeChat is.
#[derive(Debug, clap::Args)]
pub(crate) struct Addresses {
    /// Talk to a simulator, with its app id and secret
    #[arg(
        long,
        value_name = "URL",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = SIMULATOR,
        conflicts_with_all = ["open_url", "api_url"]
    )]
    pub(crate) sim: Option<Origin>,

    /// Where the login page is
    #[arg(
        long,
        value_name = "URL",
        env = "WEIXIN_OPEN_URL",
        default_value = OPEN
    )]
    pub(crate) open_url: Origin,

    /// Where the API is
    #[arg(
        long,
        value_name = "URL",
        env = "WEIXIN_API_URL",
        default_value = API
    )]
    pub(crate) api_url: Origin,
}

/// Tokens come from a file or the environment, never from an argument.
#[derive(Debug, clap::Args)]
pub(crate) struct TokenFile {
    /// A file with a token as `exchange --json` prints it; `-` is standard input
    #[arg(long = "token", value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

impl Addresses {
    pub(crate) fn endpoints(&self) -> Endpoints {
        match &self.sim {
            Some(sim) => Endpoints::single(sim.clone()),
            // WeChat's own, with its backups.
            None if (self.open_url.as_str(), self.api_url.as_str()) == (OPEN, API) => {
                Endpoints::default()
            }
            None => Endpoints::new(self.open_url.clone(), self.api_url.clone()),
        }
    }
}

impl App {
    pub(crate) fn id(&self) -> Result<AppId, Failure> {
        self.id_of(AppKind::Website)
    }

    pub(crate) fn id_of(&self, kind: AppKind) -> Result<AppId, Failure> {
        match (&self.app_id, &self.addresses.sim) {
            (Some(id), _) => Ok(id.clone()),
            (None, Some(_)) => match kind {
                AppKind::OfficialAccount => SIM_OFFICIAL_ACCOUNT,
                AppKind::MobileApp => SIM_MOBILE_APP,
                AppKind::MiniProgram => SIM_MINI_PROGRAM,
                _ => SIM_APP_ID,
            }
            .parse()
            .map_err(usage),
            (None, None) => Err(Failure::Usage(
                "no app id: give --app-id or set WEIXIN_APP_ID; or --sim, to try against `weixin sim`".to_owned(),
            )),
        }
    }

    fn secret(&self) -> Result<AppSecret, Failure> {
        let text = match &self.app_secret_file {
            Some(file) => Some(read(file)?.trim_end().to_owned()),
            None => variable("WEIXIN_APP_SECRET")?,
        };
        let text = match text {
            Some(secret) => secret,
            None if self.addresses.sim.is_some() => SIM_APP_SECRET.to_owned(),
            None => {
                return Err(Failure::Usage(
                    "no app secret: set WEIXIN_APP_SECRET or give --app-secret-file".to_owned(),
                ));
            }
        };
        AppSecret::new(text).map_err(usage)
    }

    /// A client of a website app that may exchange codes.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        self.client_of(AppKind::Website)
    }

    /// A client of another kind of app.
    pub(crate) fn client_of(&self, kind: AppKind) -> Result<Client, Failure> {
        let builder = Client::builder(self.id_of(kind)?, self.secret()?).kind(kind);
        Ok(builder.endpoints(self.addresses.endpoints()).build()?)
    }

    /// Whether there is an app id, given or the simulator's.
    pub(crate) fn is_named(&self) -> bool {
        self.app_id.is_some() || self.addresses.sim.is_some()
    }

    /// Whether there is an app secret, given or the simulator's.
    pub(crate) fn has_secret(&self) -> bool {
        self.app_secret_file.is_some()
            || self.addresses.sim.is_some()
            || env::var_os("WEIXIN_APP_SECRET").is_some()
    }

    /// A client with the app secret if there is one.
    pub(crate) fn client_to_examine(&self, kind: AppKind, https: Https) -> Result<Client, Failure> {
        let secret = if self.has_secret() {
            self.secret()?
        } else {
            unused_secret()?
        };
        let builder = Client::builder(self.id_of(kind)?, secret).kind(kind);
        let builder = builder.endpoints(self.addresses.endpoints());
        Ok(builder.build_with(https))
    }

    /// A client for calls that do not send the app secret.
    pub(crate) fn client_without_secret(&self) -> Result<Client, Failure> {
        secretless(self.id()?, &self.addresses)
    }
}

impl OnBehalf {
    /// A client for calls that send neither app id nor app secret.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        secretless(SIM_APP_ID.parse().map_err(usage)?, &self.addresses)
    }

    pub(crate) fn bearer(&self) -> Result<(AccessToken, OpenId), Failure> {
        let stored = self.token.read()?;
        let access_token = stored.access_token.ok_or_else(|| {
            Failure::Usage(
                "no access token: give --token FILE or set WEIXIN_ACCESS_TOKEN".to_owned(),
            )
        })?;
        let openid = self.openid.clone().or(stored.openid).ok_or_else(|| {
            Failure::Usage("no open id: give --openid, or --token FILE with one in it".to_owned())
        })?;
        Ok((access_token, openid))
    }
}

/// The part of a token that calls need, from a file or the environment.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Stored {
    pub(crate) access_token: Option<AccessToken>,
    pub(crate) refresh_token: Option<RefreshToken>,
    pub(crate) openid: Option<OpenId>,
}

impl TokenFile {
    pub(crate) fn read(&self) -> Result<Stored, Failure> {
        let Some(file) = &self.file else {
            return from_environment();
        };
        let text = read(file)?;
        serde_json::from_str(&text).map_err(|error| {
            // The error's text may repeat a token; its place does not.
            let place = format!("line {}, column {}", error.line(), error.column());
            let name = file.display();
            Failure::Usage(format!(
                "{name}: not a token as `weixin --json exchange` prints it ({place})"
            ))
        })
    }
}

fn from_environment() -> Result<Stored, Failure> {
    Ok(Stored {
        access_token: variable("WEIXIN_ACCESS_TOKEN")?
            .map(AccessToken::new)
            .transpose()
            .map_err(usage)?,
        refresh_token: variable("WEIXIN_REFRESH_TOKEN")?
            .map(RefreshToken::new)
            .transpose()
            .map_err(usage)?,
        openid: None,
    })
}

/// A secret of the environment, if it is set. The error does not show its value, as that of `VarError` does.
fn variable(name: &str) -> Result<Option<String>, Failure> {
    match env::var(name) {
        Ok(text) => Ok(Some(text)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::Usage(format!("{name} is not UTF-8"))),
    }
}

/// For calls that send none.
fn unused_secret() -> Result<AppSecret, Failure> {
    AppSecret::new("unused").map_err(usage)
}

fn secretless(app: AppId, addresses: &Addresses) -> Result<Client, Failure> {
    let builder = Client::builder(app, unused_secret()?).endpoints(addresses.endpoints());
    Ok(builder.build_with(Https::new()?))
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let outcome = if file == Path::new("-") {
        io::stdin().take(MAX_FILE).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
    };
    match outcome {
        Ok(_) => Ok(text),
        Err(error) => Err(Failure::Usage(format!(
            "cannot read {}: {error}",
            file.display()
        ))),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err(usage)`")]
fn usage(error: impl ToString) -> Failure {
    Failure::Usage(error.to_string())
}
