//! Secrets: a text in the file, or the name of a file of their own.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, de::Error as _};
use weixin::error::ParseError;

use super::{
    error::ConfigError,
    problem::{Problem, both},
    serde_error::TEXT,
    unreadable_file::Holds,
};
use crate::oidc::ClientSecret;

/// Reads a file that the configuration names.
pub(super) type ReadFile<'a> = &'a dyn Fn(&Path) -> io::Result<String>;

/// A secret in the configuration file. Its errors do not repeat it.
#[derive(Clone)]
pub(super) struct SecretText(SecretString);

impl<'de> Deserialize<'de> for SecretText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer);
        // That a key is missing names no value.
        let is_missing = |error: &D::Error| error.to_string().starts_with("missing field `");
        let text = text.map_err(|error| {
            if is_missing(&error) {
                error
            } else {
                D::Error::custom(TEXT)
            }
        })?;
        Ok(Self(text.into()))
    }
}

impl SecretText {
    /// Whether it can be the secret of a client.
    pub(super) fn is_of_client(&self) -> bool {
        ClientSecret::try_from(self.0.expose_secret().to_owned()).is_ok()
    }

    pub(super) fn is_longer_than(&self, text: &str) -> bool {
        self.0.expose_secret().len() > text.len()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(..)")
    }
}

impl From<SecretText> for SecretString {
    fn from(text: SecretText) -> Self {
        text.0
    }
}

/// A secret, and where it is: what the operator has to change if it is invalid.
pub(super) struct PlacedSecret {
    text: SecretString,
    /// The key, of the text or of the file.
    place: String,
    file: Option<PathBuf>,
}

impl PlacedSecret {
    /// The content of a secret file, without the line break at its end.
    pub(super) fn read(
        place: String,
        file: &Path,
        holds: Holds,
        read: ReadFile<'_>,
    ) -> Result<Self, ConfigError> {
        let file = file.to_owned();
        match read(&file) {
            Ok(text) => Ok(Self {
                text: text.trim_end_matches(['\r', '\n']).into(),
                place,
                file: Some(file),
            }),
            Err(error) => {
                let error = error.kind();
                let problem = Problem::SecretFile { holds, file, error };
                Err(ConfigError::new(place, problem))
            }
        }
    }

    /// What the secret is used as.
    pub(super) fn parse<T>(
        self,
        parse: impl FnOnce(&SecretString) -> Result<T, ParseError>,
    ) -> Result<T, ConfigError> {
        let Self { text, place, file } = self;
        parse(&text).map_err(|error| match file {
            Some(file) => ConfigError::new(place, Problem::InSecretFile { file, error }),
            None => ConfigError::new(place, error),
        })
    }
}

/// A secret that is a text or a file, and not both.
pub(super) fn text_or_file(
    place: &str,
    text: Option<SecretText>,
    file: Option<&Path>,
    read: ReadFile<'_>,
) -> Result<Option<PlacedSecret>, ConfigError> {
    match (text, file) {
        (Some(_), Some(_)) => Err(ConfigError::new(
            place,
            both("文本和文件只能选一个", "a text and a file: choose one"),
        )),
        (Some(text), None) => Ok(Some(PlacedSecret {
            text: text.into(),
            place: place.to_owned(),
            file: None,
        })),
        (None, Some(file)) => {
            let place = format!("{place}_file");
            PlacedSecret::read(place, file, Holds::Secret, read).map(Some)
        }
        (None, None) => Ok(None),
    }
}
