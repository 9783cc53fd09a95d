//! The settings of a command, from its arguments, the environment and files.

use std::{
    env,
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde::Deserialize;
use weixin::{
    AppId, AppSecret, Client, MiniProgram, MobileApp, OfficialAccount, OpenId, Website,
    app::App,
    tokens::{AccessToken, RefreshToken},
    transport::Https,
};

use crate::{
    args::{AppArgs, AppIdArgs, AppTokenKind, Kind, TokenArgs, UserTokenArgs},
    error::CliError,
};

/// Largest file that is read for a secret or a token.
const MAX_FILE: u64 = 64 * 1024;

/// The apps that every simulator has by default.
pub(crate) const SIM_WEBSITE: &str = "wx0123456789abcdef";
pub(crate) const SIM_OFFICIAL_ACCOUNT: &str = "wx0123456789abcde0";
const SIM_MOBILE_APP: &str = "wx0123456789abcde1";
const SIM_MINI_PROGRAM: &str = "wx0123456789abcde2";
pub(crate) const SIM_APP_SECRET: &str = "ssssssssssssssssssssssssssssssss";

impl AppIdArgs {
    /// The app ID, which defaults to the simulator's.
    fn id(&self, simulators: &str) -> Result<AppId, CliError> {
        match (&self.app_id, self.endpoints.simulator()?) {
            (Some(id), _) => Ok(id.clone()),
            (None, Some(_)) => Ok(simulators.parse()?),
            (None, None) => Err(CliError::Usage(
                "no app ID: use --app-id or WEIXIN_APP_ID, or --sim for `weixin sim`".to_owned(),
            )),
        }
    }

    /// A website app for calls that do not send the app secret.
    pub(crate) fn website(&self) -> Result<Website, CliError> {
        self.website_with(unused_secret()?, Https::new()?)
    }

    /// An official account for calls that do not send the app secret.
    pub(crate) fn official_account(&self) -> Result<OfficialAccount, CliError> {
        self.official_account_with(unused_secret()?, Https::new()?)
    }

    fn website_with(&self, secret: AppSecret, https: Https) -> Result<Website, CliError> {
        let builder = Website::builder(self.id(SIM_WEBSITE)?, secret);
        Ok(builder
            .endpoints(self.endpoints.endpoints()?)
            .build_with(https))
    }

    fn official_account_with(
        &self,
        secret: AppSecret,
        https: Https,
    ) -> Result<OfficialAccount, CliError> {
        let builder = OfficialAccount::builder(self.id(SIM_OFFICIAL_ACCOUNT)?, secret);
        Ok(builder
            .endpoints(self.endpoints.endpoints()?)
            .build_with(https))
    }

    fn mobile_app_with(&self, secret: AppSecret, https: Https) -> Result<MobileApp, CliError> {
        let builder = MobileApp::builder(self.id(SIM_MOBILE_APP)?, secret);
        Ok(builder
            .endpoints(self.endpoints.endpoints()?)
            .build_with(https))
    }

    fn mini_program_with(&self, secret: AppSecret, https: Https) -> Result<MiniProgram, CliError> {
        let builder = MiniProgram::builder(self.id(SIM_MINI_PROGRAM)?, secret);
        Ok(builder
            .endpoints(self.endpoints.endpoints()?)
            .build_with(https))
    }
}

impl AppArgs {
    pub(crate) fn website(&self) -> Result<Website, CliError> {
        self.id.website_with(self.secret()?, Https::new()?)
    }

    pub(crate) fn mini_program(&self) -> Result<MiniProgram, CliError> {
        self.id.mini_program_with(self.secret()?, Https::new()?)
    }

    /// Returns `true` if there is an app ID, given or the simulator's.
    pub(crate) fn has_id(&self) -> Result<bool, CliError> {
        Ok(self.id.app_id.is_some() || self.uses_simulator()?)
    }

    /// Returns `true` if there is an app secret, given or the simulator's.
    pub(crate) fn has_secret(&self) -> Result<bool, CliError> {
        Ok(self.app_secret_file.is_some()
            || self.uses_simulator()?
            || variable("WEIXIN_APP_SECRET")?.is_some())
    }

    fn uses_simulator(&self) -> Result<bool, CliError> {
        Ok(self.id.endpoints.simulator()?.is_some())
    }

    /// The app, with its secret if there is one.
    pub(crate) fn app_to_examine(&self, kind: Kind, https: Https) -> Result<App, CliError> {
        let secret = if self.has_secret()? {
            self.secret()?
        } else {
            unused_secret()?
        };
        Ok(match kind {
            Kind::Website => self.id.website_with(secret, https)?.into(),
            Kind::OfficialAccount => self.id.official_account_with(secret, https)?.into(),
            Kind::Mobile => self.id.mobile_app_with(secret, https)?.into(),
            Kind::MiniProgram => self.id.mini_program_with(secret, https)?.into(),
        })
    }

    /// The access tokens of an app itself.
    pub(crate) fn app_tokens(&self, kind: AppTokenKind) -> Result<weixin::AppTokens, CliError> {
        let (secret, https) = (self.secret()?, Https::new()?);
        let store = weixin::store::MemoryStore::new();
        Ok(match kind {
            AppTokenKind::OfficialAccount => self
                .id
                .official_account_with(secret, https)?
                .app_tokens(store),
            AppTokenKind::Mobile => self.id.mobile_app_with(secret, https)?.app_tokens(store),
            AppTokenKind::MiniProgram => {
                self.id.mini_program_with(secret, https)?.app_tokens(store)
            }
        })
    }

    fn secret(&self) -> Result<AppSecret, CliError> {
        let secret = app_secret(self.app_secret_file.as_deref(), self.uses_simulator()?)?;
        secret.ok_or_else(|| {
            CliError::Usage("no app secret: use WEIXIN_APP_SECRET or --app-secret-file".to_owned())
        })
    }
}

/// The app secret, given or the simulator's.
pub(crate) fn app_secret(file: Option<&Path>, is_sim: bool) -> Result<Option<AppSecret>, CliError> {
    let text = match (file, variable("WEIXIN_APP_SECRET")?) {
        (Some(file), _) => read(file)?.trim_end().to_owned(),
        (None, Some(secret)) => secret,
        (None, None) if is_sim => SIM_APP_SECRET.to_owned(),
        (None, None) => return Ok(None),
    };
    Ok(Some(AppSecret::new(text)?))
}

impl UserTokenArgs {
    /// A client for calls that send neither app ID nor app secret.
    pub(crate) fn client(&self) -> Result<Client, CliError> {
        let app = SIM_WEBSITE.parse()?;
        let builder = Website::builder(app, unused_secret()?);
        let website = builder
            .endpoints(self.endpoints.endpoints()?)
            .build_with(Https::new()?);
        Ok(website.into())
    }

    /// The access token and its user.
    pub(crate) fn user_token(&self) -> Result<(AccessToken, OpenId), CliError> {
        let stored = self.token.read()?;
        let missing = |name, remedy| match &self.token.file {
            Some(file) => CliError::Usage(format!("{}: no {name}", file.display())),
            None => CliError::Usage(format!("no {name}: {remedy}")),
        };
        let access_token = stored
            .access_token
            .ok_or_else(|| missing("access token", "use --token FILE or WEIXIN_ACCESS_TOKEN"))?;
        let openid = self
            .openid
            .clone()
            .or(stored.openid)
            .ok_or_else(|| missing("OpenID", "use --openid, or --token FILE with one in it"))?;
        Ok((access_token, openid))
    }
}

/// The parts of a token that calls need.
#[derive(Debug, Default, Deserialize)]
struct StoredToken {
    access_token: Option<AccessToken>,
    refresh_token: Option<RefreshToken>,
    openid: Option<OpenId>,
}

impl TokenArgs {
    pub(crate) fn refresh_token(&self) -> Result<RefreshToken, CliError> {
        self.read()?.refresh_token.ok_or_else(|| {
            CliError::Usage(match &self.file {
                Some(file) => format!("{}: no refresh token", file.display()),
                None => "no refresh token: use --token FILE or WEIXIN_REFRESH_TOKEN".to_owned(),
            })
        })
    }

    fn read(&self) -> Result<StoredToken, CliError> {
        let Some(file) = &self.file else {
            return from_environment();
        };
        let text = read(file)?;
        serde_json::from_str(&text).map_err(|error| {
            // The error's text may repeat a token; its position does not.
            let position = format!("line {}, column {}", error.line(), error.column());
            let name = file.display();
            CliError::Usage(format!(
                "{name}: not a token as `weixin --json exchange` prints it ({position})"
            ))
        })
    }
}

fn from_environment() -> Result<StoredToken, CliError> {
    Ok(StoredToken {
        access_token: variable("WEIXIN_ACCESS_TOKEN")?
            .map(AccessToken::new)
            .transpose()?,
        refresh_token: variable("WEIXIN_REFRESH_TOKEN")?
            .map(RefreshToken::new)
            .transpose()?,
        openid: None,
    })
}

/// A variable of the environment; an empty one is as good as none, as in shells. The error does not repeat its value.
fn variable(name: &str) -> Result<Option<String>, CliError> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(CliError::Usage(format!("{name} is not UTF-8"))),
    }
}

/// For calls that do not send it.
fn unused_secret() -> Result<AppSecret, CliError> {
    Ok(AppSecret::new("unused")?)
}

fn read(file: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let outcome = if file == Path::new("-") {
        io::stdin().take(MAX_FILE).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
    };
    match outcome {
        Ok(_) => Ok(text),
        Err(error) => Err(CliError::Usage(format!(
            "cannot read {}: {error}",
            file.display()
        ))),
    }
}
