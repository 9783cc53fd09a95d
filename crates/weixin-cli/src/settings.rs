//! The settings of a command, from its arguments, the environment and files.

use std::{
    env,
    fs::File,
    io::{self, Read},
    path::Path,
};

use weixin::{
    AppId, AppSecret, Language, MiniProgram, MobileApp, OfficialAccount, Website, app::App,
    transport::Https,
};

use crate::{
    args::{AppArgs, AppIdArgs, AppTokenKind, Kind},
    error::CliError,
    message::{Message, message},
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
            (None, None) => Err(CliError::Usage(message(
                "缺少 AppID：请用 --app-id 或 WEIXIN_APP_ID 指定；使用 `weixin sim` 时加 --sim",
                "no app ID: use --app-id or WEIXIN_APP_ID, or --sim for `weixin sim`",
            ))),
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
            CliError::Usage(message(
                "缺少 AppSecret：请用 WEIXIN_APP_SECRET 或 --app-secret-file 指定",
                "no app secret: use WEIXIN_APP_SECRET or --app-secret-file",
            ))
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

/// A variable of the environment; an empty one is as good as none, as in shells. The error does not repeat its value.
pub(crate) fn variable(name: &str) -> Result<Option<String>, CliError> {
    match env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(CliError::not_utf8(name)),
    }
}

/// For calls that do not send it.
pub(crate) fn unused_secret() -> Result<AppSecret, CliError> {
    Ok(AppSecret::new("unused")?)
}

/// The content of a file, or of standard input.
pub(crate) fn read(file: &Path) -> Result<String, CliError> {
    let mut text = String::new();
    let outcome = if file == Path::new("-") {
        io::stdin().take(MAX_FILE).read_to_string(&mut text)
    } else {
        File::open(file).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text))
    };
    match outcome {
        Ok(_) => Ok(text),
        Err(error) => {
            let (name, reason) = (file.display(), Message::from(&error));
            Err(CliError::Usage(Message::of(|language| {
                let reason = reason.pick(language);
                match language {
                    Language::English => format!("cannot read {name}: {reason}"),
                    _ => format!("无法读取 {name}：{reason}"),
                }
            })))
        }
    }
}
