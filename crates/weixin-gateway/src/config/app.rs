//! The WeChat apps behind the gateway.

use std::{collections::BTreeMap, path::PathBuf};

use secrecy::ExposeSecret;
use serde::Deserialize;
use weixin::{
    AppId, AppSecret, Bilingual, Endpoints, OfficialAccount, Website,
    clock::Clock,
    error::ParseError,
    transport::{Https, Origin},
};

use super::{
    error::ConfigError,
    problem::both,
    secret::{ReadFile, SecretText, text_or_file},
    shown_name::may_be_secret,
};
use crate::store::identities::UnionIds;

/// A table `[app.NAME]`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AppEntry {
    kind: Option<AppKind>,
    app_id: String,
    app_secret: Option<SecretText>,
    app_secret_file: Option<PathBuf>,
    endpoint: Option<String>,
    #[serde(default)]
    union_ids: UnionIdsEntry,
}

/// What becomes of a user whose login has another UnionID than before.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum UnionIdsEntry {
    #[default]
    Keep,
    Replace,
}

/// The kind of an app.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Hash, Ord, PartialEq, PartialOrd)]
#[serde(rename_all = "snake_case")]
pub(crate) enum AppKind {
    OfficialAccount,
    Website,
}

/// An app that is registered with WeChat.
#[derive(Debug)]
pub(crate) struct App {
    pub(crate) kind: AppKind,
    pub(crate) id: AppId,
    pub(crate) secret: AppSecret,
    /// A simulator in place of WeChat.
    pub(crate) endpoint: Option<Origin>,
    pub(crate) unionids: UnionIds,
}

impl App {
    /// Whether both are one app with one secret.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let parts = |app: &Self| (app.kind, app.id.clone(), app.endpoint.clone());
        parts(self) == parts(other) && self.secret.expose() == other.secret.expose()
    }

    /// The app as the SDK calls it.
    pub(crate) fn build(
        &self,
        https: &Https,
        clock: impl Clock + 'static,
    ) -> Result<weixin::app::App, ParseError> {
        let endpoints = self.endpoint.clone().map(Endpoints::single);
        let endpoints = endpoints.unwrap_or_default();
        let (id, secret) = (self.id.clone(), AppSecret::new(self.secret.expose())?);
        Ok(match self.kind {
            AppKind::Website => {
                let builder = Website::builder(id, secret).endpoints(endpoints);
                builder.clock(clock).build_with(https.clone()).into()
            }
            AppKind::OfficialAccount => {
                let builder = OfficialAccount::builder(id, secret).endpoints(endpoints);
                builder.clock(clock).build_with(https.clone()).into()
            }
        })
    }
}

const NAME: Bilingual = both(
    "应用的名称须少于 32 个字符；如果这是 AppSecret，请写作 app_secret",
    "the name of an app has fewer than 32 characters; if this is its AppSecret, write it as app_secret",
);

/// The apps by the names of their tables.
pub(super) fn check(
    entries: BTreeMap<String, AppEntry>,
    read: ReadFile<'_>,
) -> Result<BTreeMap<String, App>, ConfigError> {
    let app = |(name, entry): (String, AppEntry)| {
        // The log and the events of logins name apps.
        if may_be_secret(&name) {
            return Err(ConfigError::new("app.…", NAME));
        }
        Ok((name.clone(), entry.check(&name, read)?))
    };
    entries.into_iter().map(app).collect()
}

impl AppEntry {
    fn check(self, name: &str, read: ReadFile<'_>) -> Result<App, ConfigError> {
        let place = |field: &str| format!("app.{name}.{field}");
        let by_name = match name {
            "official_account" => Some(AppKind::OfficialAccount),
            "website" => Some(AppKind::Website),
            _ => None,
        };
        let no_kind = || {
            ConfigError::new(
                place("kind"),
                both(
                    "缺少：请填写 kind = \"website\" 或 \"official_account\"，或把表命名为 [app.website] 或 [app.official_account]",
                    "missing: \"website\" or \"official_account\", unless the table is [app.website] or [app.official_account]",
                ),
            )
        };
        let kind = self.kind.or(by_name).ok_or_else(no_kind)?;
        let at_secret = place("app_secret");
        let secret = text_or_file(
            &at_secret,
            self.app_secret,
            self.app_secret_file.as_deref(),
            read,
        )?;
        let no_secret = || {
            let missing = both(
                "缺少：app_secret 或 app_secret_file",
                "missing: app_secret or app_secret_file",
            );
            ConfigError::new(&*at_secret, missing)
        };
        let secret = secret.ok_or_else(no_secret)?;
        let endpoint = self.endpoint.map(|text| text.parse()).transpose();
        Ok(App {
            kind,
            id: self
                .app_id
                .parse()
                .map_err(|error| ConfigError::new(place("app_id"), error))?,
            secret: secret.parse(|text| AppSecret::new(text.expose_secret()))?,
            endpoint: endpoint
                .map_err(|error: ParseError| ConfigError::new(place("endpoint"), error))?,
            unionids: match self.union_ids {
                UnionIdsEntry::Keep => UnionIds::Keep,
                UnionIdsEntry::Replace => UnionIds::Replace,
            },
        })
    }
}
