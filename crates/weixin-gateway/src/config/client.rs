//! The clients of the configuration file.

use std::{collections::BTreeMap, path::PathBuf};

use serde::Deserialize;
use url::Url;
use weixin::Bilingual;

use super::{
    claim_entry::ClaimEntry,
    client_auth::{AuthEntry, Secrets, WITH_SECRET_ONLY},
    client_logout::LogoutEntry,
    client_name,
    error::ConfigError,
    issuer::IssuerConfig,
    problem::{Known, Problem, both},
    secret::{ReadFile, SecretText},
    shown_name,
};
use crate::oidc::{
    Algorithm, ClaimTemplates, Client, ClientAuth, ClientId, Clients, ConsentPolicy, IssuerId,
    RefreshPolicy, RegisteredUri, Scope, Scopes, UriPolicy,
};

/// A table `[[client]]`.
#[derive(Debug, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of a configuration file"
)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientEntry {
    id: String,
    issuer: Option<String>,
    name: Option<String>,
    home: Option<String>,
    #[serde(default)]
    public: bool,
    secret: Option<SecretText>,
    secret_file: Option<PathBuf>,
    /// The secret before this one, while it is replaced.
    previous_secret: Option<SecretText>,
    previous_secret_file: Option<PathBuf>,
    redirect_uris: Vec<String>,
    #[serde(default)]
    post_logout_redirect_uris: Vec<String>,
    backchannel_logout_uri: Option<String>,
    #[serde(default)]
    backchannel_logout_session_required: bool,
    #[serde(default)]
    allow_private: bool,
    #[serde(default)]
    allow_http: bool,
    scopes: Option<Vec<String>>,
    #[serde(default)]
    require_pkce: bool,
    #[serde(default)]
    require_par: bool,
    consent: Option<ConsentPolicy>,
    #[serde(default)]
    silent_login: bool,
    #[serde(default)]
    id_token_alg: Algorithm,
    #[serde(default = "yes")]
    profile_in_id_token: bool,
    #[serde(default)]
    claims: BTreeMap<String, ClaimEntry>,
    #[serde(default)]
    refresh: RefreshPolicy,
    #[serde(default)]
    rotate_refresh_tokens: bool,
    #[serde(default)]
    introspects: Vec<String>,
}

const VISIBLE_NAME: Bilingual = both(
    "应为可见的文字，不能包含不显示的字符、控制或格式字符、私用区和未分配的字符",
    "expected visible text, without blank, control, format, private-use and unassigned characters",
);

const fn yes() -> bool {
    true
}

/// The clients, each of one issuer.
pub(super) fn check(
    entries: Vec<ClientEntry>,
    issuers: &[IssuerConfig],
    read: ReadFile<'_>,
) -> Result<Clients, ConfigError> {
    let mut clients = Clients::default();
    for (number, entry) in (1..).zip(entries) {
        let client = entry.check(issuers, Secrets::InFile(read), Some(number))?;
        if let Some(twin) = clients.insert(client) {
            let place = shown_name::of_client(&twin.id, number, [&None, &None]);
            return Err(ConfigError::new(
                place,
                both("有两个客户端使用此 ID", "two clients have this ID"),
            ));
        }
    }
    Ok(clients)
}

fn registered(uris: &[String], policy: UriPolicy) -> Result<Vec<RegisteredUri>, Problem> {
    if uris.is_empty() {
        return Err(both("缺少：至少一个", "missing: at least one").into());
    }
    let uris = uris.iter().map(|uri| RegisteredUri::parse(uri, policy));
    Ok(uris.collect::<Result<_, _>>()?)
}

impl ClientEntry {
    pub(super) fn check(
        mut self,
        issuers: &[IssuerConfig],
        secrets: Secrets<'_>,
        number: Option<usize>,
    ) -> Result<Client, ConfigError> {
        let id: ClientId = self
            .id
            .parse()
            .map_err(|error| ConfigError::new("client.id", error))?;
        let name = match number {
            Some(number) => {
                shown_name::of_client(&id, number, [&self.secret, &self.previous_secret])
            }
            // The command that stores it has named it.
            None => format!("client {id}"),
        };
        let place = |field: &str| format!("{name}, {field}");
        // A command must not open the way to the addresses around the gateway.
        if self.allow_private && matches!(secrets, Secrets::Stored(_)) {
            return Err(ConfigError::only_in_file(place("allow_private")));
        }
        let auth = AuthEntry {
            public: self.public,
            secret: self.secret.take(),
            secret_file: self.secret_file.take(),
            previous_secret: self.previous_secret.take(),
            previous_secret_file: self.previous_secret_file.take(),
        };
        let auth = auth.check(&place, secrets)?;
        let policy = match auth {
            ClientAuth::Public => UriPolicy::Public,
            ClientAuth::Confidential(_) if self.allow_http => UriPolicy::ConfidentialWithHttp,
            ClientAuth::Confidential(_) => UriPolicy::Confidential,
        };
        if self.allow_http && policy == UriPolicy::Public {
            return Err(ConfigError::new(place("allow_http"), WITH_SECRET_ONLY));
        }
        let uris = registered(&self.redirect_uris, policy);
        let uris = uris.map_err(|problem| ConfigError::new(place("redirect_uris"), problem))?;
        let logout = LogoutEntry {
            redirect_uris: &self.post_logout_redirect_uris,
            backchannel_uri: self.backchannel_logout_uri.as_deref(),
            session_required: self.backchannel_logout_session_required,
            allow_private: self.allow_private,
        };
        let consent = self.consent;
        let consent = consent.unwrap_or_else(|| auth.default_consent(&uris));
        Ok(Client {
            logout: logout.check(&place, policy)?,
            issuer: self.issuer(&place, issuers)?,
            redirect_uris: uris,
            scopes: self.scopes(&place)?,
            templates: self.templates(&place)?,
            home: self.home(&place)?,
            introspects: self.introspects(&place, &auth)?,
            name: self.name(&place)?,
            require_pkce: self.require_pkce,
            require_par: self.require_par,
            consent,
            silent_login: self.silent_login,
            algorithm: self.id_token_alg,
            profile_in_id_token: self.profile_in_id_token,
            refresh: self.refresh,
            rotate_refresh_tokens: self.rotate_refresh_tokens,
            auth,
            id,
        })
    }

    fn issuer(
        &self,
        place: &dyn Fn(&str) -> String,
        issuers: &[IssuerConfig],
    ) -> Result<IssuerId, ConfigError> {
        let error = |problem| Err(ConfigError::new(place("issuer"), problem));
        let known = || issuers.iter().map(|it| it.issuer.to_string()).collect();
        match (&self.issuer, issuers) {
            (None, [only]) => Ok(only.issuer.id()),
            (None, _) => error(Problem::OneOf(known())),
            (Some(url), _) => {
                let found = issuers.iter().find(|it| it.issuer.as_str() == url);
                found.map_or_else(
                    || error(Problem::NoIssuer(Known::new(url, known()))),
                    |it| Ok(it.issuer.id()),
                )
            }
        }
    }

    /// The scopes of the list; without one, those that tell nothing of WeChat's IDs.
    fn scopes(&self, place: &dyn Fn(&str) -> String) -> Result<Scopes, ConfigError> {
        let Some(names) = &self.scopes else {
            let unlisted = |it: &Scope| *it != Scope::Wechat;
            return Ok(Scope::OFFERED.into_iter().filter(unlisted).collect());
        };
        let scopes = Scopes::parse(&names.join(" "));
        let is_known = |name: &String| Scope::OFFERED.into_iter().any(|it| it.as_str() == name);
        if names.is_empty() || !names.iter().all(is_known) {
            let offered = Scope::OFFERED.map(|scope| scope.as_str().to_owned());
            let problem = Problem::SomeOf(offered.into());
            return Err(ConfigError::new(place("scopes"), problem));
        }
        Ok(scopes)
    }

    /// The clients whose tokens it may introspect. They need not be in this file.
    fn introspects(
        &self,
        place: &dyn Fn(&str) -> String,
        auth: &ClientAuth,
    ) -> Result<Vec<ClientId>, ConfigError> {
        if matches!(auth, ClientAuth::Public) && !self.introspects.is_empty() {
            return Err(ConfigError::new(place("introspects"), WITH_SECRET_ONLY));
        }
        let ids = self.introspects.iter().map(|id| id.parse());
        let ids = ids.collect::<Result<Vec<_>, _>>();
        ids.map_err(|error| ConfigError::new(place("introspects"), error))
    }

    fn templates(&mut self, place: &dyn Fn(&str) -> String) -> Result<ClaimTemplates, ConfigError> {
        let mut templates = ClaimTemplates::default();
        for (claim, entry) in std::mem::take(&mut self.claims) {
            let set = entry.0.and_then(|template| templates.set(&claim, template));
            let claim = shown_name::of_claim(&claim);
            set.map_err(|error| ConfigError::new(place(&format!("claims.{claim}")), error))?;
        }
        Ok(templates)
    }

    /// The name on pages.
    fn name(&mut self, place: &dyn Fn(&str) -> String) -> Result<Option<String>, ConfigError> {
        let Some(name) = self.name.take() else {
            return Ok(None);
        };
        if !client_name::is_visible(&name) {
            return Err(ConfigError::new(place("name"), VISIBLE_NAME));
        }
        Ok(Some(name))
    }

    fn home(&mut self, place: &dyn Fn(&str) -> String) -> Result<Option<String>, ConfigError> {
        let Some(home) = self.home.take() else {
            return Ok(None);
        };
        match Url::parse(&home).as_ref().map(Url::scheme) {
            Ok("https" | "http") => Ok(Some(home)),
            _ => Err(ConfigError::new(
                place("home"),
                both("应为 https URL", "expected an https URL"),
            )),
        }
    }
}
