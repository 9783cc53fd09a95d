//! The configuration file of a command, and the errors of the gateway.

use std::{error::Error, path::Path};

use weixin_gateway::{Config, ConfigError, StartError};

use crate::{
    error::CliError,
    message::{Message, message},
};

/// Loads a configuration file.
pub(super) fn load(file: &Path) -> Result<Config, CliError> {
    let loaded = try_load(file)?;
    loaded.map_err(|error| CliError::Configuration(Message::of(|language| error.text(language))))
}

/// The same, with the error itself.
pub(super) fn try_load(file: &Path) -> Result<Result<Config, ConfigError>, CliError> {
    if file.exists() {
        Ok(Config::load(file))
    } else {
        Err(CliError::Usage(missing(file)))
    }
}

fn missing(file: &Path) -> Message {
    let name = file.display();
    message(
        format!(
            "找不到 {name}：用 `weixin gateway init` 创建，或用 --config 指定。试用请运行 `weixin gateway demo`，它不需要配置文件"
        ),
        format!(
            "{name} does not exist: create it with `weixin gateway init`, or name another file with --config. \
             To try the gateway without a file: `weixin gateway demo`"
        ),
    )
}

/// The error of a gateway that does not start, with its causes.
pub(super) fn not_started(error: &StartError) -> CliError {
    CliError::Gateway(start_error(error), error.remedy().map(Message::from))
}

/// The text of the same, without what to do.
pub(super) fn start_error(error: &StartError) -> Message {
    Message::of(|language| error.text(language))
}

/// An error with its causes, in one line.
pub(super) fn causes(error: &dyn Error) -> Message {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // A transparent error repeats its cause.
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    Message::untranslated(text)
}
