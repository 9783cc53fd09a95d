//! How a client of the configuration proves who it is.

use std::path::PathBuf;

use secrecy::ExposeSecret;
use weixin::Bilingual;

use super::{
    error::ConfigError,
    problem::both,
    secret::{PlacedSecret, ReadFile, SecretText, text_or_file},
};
use crate::{
    oidc::{ClientAuth, ClientSecret},
    secret::SecretHash,
};

/// Of a setting.
pub(super) const WITH_SECRET_ONLY: Bilingual = both(
    "只能用于有 client_secret 的客户端",
    "for clients with a secret only",
);
const NO_SECRET: Bilingual = both(
    "公开客户端没有 client_secret",
    "a public client has no secret",
);

/// Where the secrets of a client are.
pub(super) enum Secrets<'a> {
    /// In the table, or in files that it names.
    InFile(ReadFile<'a>),
    /// In the store, which has their hashes.
    Stored(Vec<SecretHash>),
}

/// The keys of a client about its secrets.
pub(super) struct AuthEntry {
    pub(super) public: bool,
    pub(super) secret: Option<SecretText>,
    pub(super) secret_file: Option<PathBuf>,
    pub(super) previous_secret: Option<SecretText>,
    pub(super) previous_secret_file: Option<PathBuf>,
}

impl AuthEntry {
    pub(super) fn check(
        self,
        place: &dyn Fn(&str) -> String,
        secrets: Secrets<'_>,
    ) -> Result<ClientAuth, ConfigError> {
        match secrets {
            Secrets::InFile(read) => self.in_file(place, read),
            Secrets::Stored(hashes) => self.stored(place, hashes),
        }
    }

    fn in_file(
        self,
        place: &dyn Fn(&str) -> String,
        read: ReadFile<'_>,
    ) -> Result<ClientAuth, ConfigError> {
        let at = [place("secret"), place("previous_secret")];
        let [at_current, at_previous] = &at;
        let file = self.secret_file.as_deref();
        let current = text_or_file(at_current, self.secret, file, read)?;
        let file = self.previous_secret_file.as_deref();
        let previous = text_or_file(at_previous, self.previous_secret, file, read)?;
        let hash = |secret: PlacedSecret| {
            let secret =
                secret.parse(|text| ClientSecret::try_from(text.expose_secret().to_owned()));
            secret.map(|secret| secret.hash())
        };
        let current = current.map(hash).transpose()?;
        let previous = previous.map(hash).transpose()?;
        match (self.public, current, previous) {
            (true, None, None) => Ok(ClientAuth::Public),
            (true, ..) => Err(ConfigError::new(at_current, NO_SECRET)),
            (false, Some(current), previous) => Ok(ClientAuth::Confidential(
                [current].into_iter().chain(previous).collect(),
            )),
            (false, None, _) => Err(ConfigError::new(
                at_current,
                both(
                    "缺少：secret、secret_file 或 public = true",
                    "missing: secret, secret_file, or public = true",
                ),
            )),
        }
    }

    fn stored(
        &self,
        place: &dyn Fn(&str) -> String,
        hashes: Vec<SecretHash>,
    ) -> Result<ClientAuth, ConfigError> {
        let texts = [&self.secret, &self.previous_secret];
        let files = [&self.secret_file, &self.previous_secret_file];
        let has_secret = texts.iter().any(|it| it.is_some()) || files.iter().any(|it| it.is_some());
        let error = |problem| Err(ConfigError::new(place("secret"), problem));
        match (self.public, hashes.is_empty()) {
            _ if has_secret => error(both(
                "数据库中的客户端由网关生成 client_secret，不能设置",
                "not for stored clients, whose secrets are made for them",
            )),
            (true, true) => Ok(ClientAuth::Public),
            (true, false) => error(NO_SECRET),
            (false, false) => Ok(ClientAuth::Confidential(hashes)),
            (false, true) => error(both(
                "缺少：client_secret 或 public = true",
                "missing: a secret, or public = true",
            )),
        }
    }
}
