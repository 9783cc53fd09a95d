//! The token of a user, from a file or the environment.

use serde::Deserialize;
use weixin::{
    Client, OpenId, Website,
    tokens::{AccessToken, RefreshToken},
    transport::Https,
};

use crate::{
    args::{TokenArgs, UserTokenArgs},
    error::CliError,
    message::message,
    output::Name,
    settings::{SIM_WEBSITE, read, unused_secret, variable},
};

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
        let access_token = stored.access_token.ok_or_else(|| {
            self.token.missing(
                ["access_token", "access token"],
                [
                    "--token FILE 或 WEIXIN_ACCESS_TOKEN",
                    "--token FILE or WEIXIN_ACCESS_TOKEN",
                ],
            )
        })?;
        let openid = self.openid.clone().or(stored.openid).ok_or_else(|| {
            self.token.missing(
                ["OpenID"; 2],
                [
                    "--openid，或含有 OpenID 的 --token FILE",
                    "--openid, or --token FILE with one in it",
                ],
            )
        })?;
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
            self.missing(
                ["refresh_token", "refresh token"],
                [
                    "--token FILE 或 WEIXIN_REFRESH_TOKEN",
                    "--token FILE or WEIXIN_REFRESH_TOKEN",
                ],
            )
        })
    }

    /// The error for a part that is missing, with its name and the options that give it.
    fn missing(&self, name: Name, options: Name) -> CliError {
        let text = message(format!("缺少 {}", name[0]), format!("no {}", name[1]));
        CliError::Usage(match &self.file {
            Some(file) => text.prefixed(&file.display().to_string()),
            None => message(
                format!("缺少 {}：请用 {} 指定", name[0], options[0]),
                format!("no {}: use {}", name[1], options[1]),
            ),
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
            CliError::Usage(message(
                format!(
                    "{name}：内容不是 `weixin --json exchange` 的输出（第 {} 行第 {} 列）",
                    error.line(),
                    error.column()
                ),
                format!("{name}: not a token as `weixin --json exchange` prints it ({position})"),
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
