//! The URLs of WeChat or of a simulator, from arguments and the environment.

use std::{env, fmt::Display, str::FromStr};

use weixin::{Endpoints, transport::Origin};

use crate::{
    args::{EndpointArgs, SIMULATOR},
    error::CliError,
    message::Message,
};

/// WeChat's own URLs.
pub(crate) const OPEN: &str = "https://open.weixin.qq.com";
const API: &str = "https://api.weixin.qq.com";

const OPEN_VARIABLE: &str = "WEIXIN_OPEN_URL";
const API_VARIABLE: &str = "WEIXIN_API_URL";
const SIM_VARIABLE: &str = "WEIXIN_SIM_URL";

impl EndpointArgs {
    /// The simulator to use, if any. `--sim` wins over the environment, and there the two URLs of WeChat's hosts win over
    /// the simulator's.
    pub(crate) fn simulator(&self) -> Result<Option<Origin>, CliError> {
        match &self.sim {
            Some(Some(url)) => Ok(Some(url.clone())),
            Some(None) => simulator_url().map(Some),
            // Also if they are WeChat's own: an argument wins over the environment.
            None if self.open_url.is_some() || self.api_url.is_some() => Ok(None),
            None if self.names_hosts()? => Ok(None),
            None => url_of(SIM_VARIABLE),
        }
    }

    pub(crate) fn endpoints(&self) -> Result<Endpoints, CliError> {
        if let Some(simulator) = self.simulator()? {
            return Ok(Endpoints::single(simulator));
        }
        // WeChat's own, with its backups.
        if !self.names_hosts()? {
            return Ok(Endpoints::default());
        }
        let open = host(self.open_url.as_ref(), OPEN_VARIABLE, OPEN)?;
        let api = host(self.api_url.as_ref(), API_VARIABLE, API)?;
        Ok(Endpoints::new(open, api))
    }

    /// The endpoints of the arguments alone: the environment may name a simulator for other commands.
    pub(crate) fn of_arguments(&self) -> Result<Endpoints, CliError> {
        match (&self.sim, &self.open_url, &self.api_url) {
            (Some(Some(url)), ..) => Ok(Endpoints::single(url.clone())),
            (Some(None), ..) => Ok(Endpoints::single(simulator_url::<Origin>()?)),
            (None, None, None) => Ok(Endpoints::default()),
            (None, open, api) => {
                let url = |argument: &Option<Origin>, default: &str| match argument {
                    Some(url) => Ok(url.clone()),
                    None => default.parse(),
                };
                Ok(Endpoints::new(url(open, OPEN)?, url(api, API)?))
            }
        }
    }

    /// Returns `true` if one of WeChat's hosts is replaced.
    fn names_hosts(&self) -> Result<bool, CliError> {
        let open = host(self.open_url.as_ref(), OPEN_VARIABLE, OPEN)?;
        let api = host(self.api_url.as_ref(), API_VARIABLE, API)?;
        Ok((open.as_str(), api.as_str()) != (OPEN, API))
    }
}

fn host(argument: Option<&Origin>, variable: &str, default: &str) -> Result<Origin, CliError> {
    if let Some(url) = argument {
        return Ok(url.clone());
    }
    match url_of(variable)? {
        Some(url) => Ok(url),
        None => Ok(default.parse()?),
    }
}

/// The URL of the simulator for `--sim` without a value.
pub(crate) fn simulator_url<T: FromStr<Err: Display>>() -> Result<T, CliError> {
    if let Some(url) = simulator_of_environment()? {
        return Ok(url);
    }
    let default = SIMULATOR.parse();
    default.map_err(|error: T::Err| invalid("--sim", &error))
}

/// The URL of the simulator in the environment.
pub(crate) fn simulator_of_environment<T: FromStr<Err: Display>>() -> Result<Option<T>, CliError> {
    url_of(SIM_VARIABLE)
}

fn invalid(name: &str, error: &impl Display) -> CliError {
    CliError::Usage(Message::from(error.to_string()).prefixed(name))
}

fn url_of<T: FromStr<Err: Display>>(variable: &str) -> Result<Option<T>, CliError> {
    match env::var(variable) {
        // An empty variable is as good as none, as in shells.
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => text
            .parse()
            .map(Some)
            .map_err(|error: T::Err| invalid(variable, &error)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => Err(CliError::not_utf8(variable)),
    }
}
