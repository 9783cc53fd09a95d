//! The clients of the configuration file.

use std::{collections::BTreeMap, path::PathBuf};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::{
    claim_entry::ClaimEntry,
    client_logout::LogoutEntry,
    error::ConfigError,
    issuer::IssuerConfig,
    secret::{ReadFile, SecretText, text_or_file},
};
use crate::oidc::{
    Algorithm, ClaimTemplates, Client, ClientAuth, ClientId, ClientSecret, Clients, ConsentPolicy,
    IssuerId, RefreshPolicy, RegisteredUri, Scope, Scopes, UriPolicy,
};
use crate::secret::SecretHash;

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
    for entry in entries {
        let client = entry.check(issuers, Secrets::InFile(read))?;
        if let Some(twin) = clients.insert(client) {
            let place = format!("client {}", twin.id);
            return Err(ConfigError::new(place, "two clients have this ID"));
        }
    }
    Ok(clients)
}

/// Where the secrets of a client are.
pub(super) enum Secrets<'a> {
    /// In the table, or in files that it names.
    InFile(ReadFile<'a>),
    /// In the store, which has their hashes.
    Stored(Vec<SecretHash>),
}

impl ClientEntry {
    pub(super) fn check(
        mut self,
        issuers: &[IssuerConfig],
        secrets: Secrets<'_>,
    ) -> Result<Client, ConfigError> {
        let id: ClientId = self
            .id
            .parse()
            .map_err(|error| ConfigError::new("client.id", error))?;
        let place = |field: &str| format!("client {id}, {field}");
        let auth = match secrets {
            Secrets::InFile(read) => self.auth(&place, read)?,
            Secrets::Stored(hashes) => self.stored_auth(&place, hashes)?,
        };
        let policy = match auth {
            ClientAuth::Public => UriPolicy::Public,
            ClientAuth::Confidential(_) if self.allow_http => UriPolicy::ConfidentialWithHttp,
            ClientAuth::Confidential(_) => UriPolicy::Confidential,
        };
        if self.allow_http && policy == UriPolicy::Public {
            return Err(ConfigError::new(
                place("allow_http"),
                "for clients with a secret only",
            ));
        }
        let uris = self.redirect_uris.iter();
        let uris = uris.map(|uri| RegisteredUri::parse(uri, policy));
        let uris = uris.collect::<Result<Vec<_>, _>>();
        let uris = uris.map_err(|error| ConfigError::new(place("redirect_uris"), error))?;
        if uris.is_empty() {
            return Err(ConfigError::new(
                place("redirect_uris"),
                "missing: at least one",
            ));
        }
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
            name: self.name,
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

    fn auth(
        &mut self,
        place: &dyn Fn(&str) -> String,
        read: ReadFile<'_>,
    ) -> Result<ClientAuth, ConfigError> {
        let at = [place("secret"), place("previous_secret")];
        let [at_current, at_previous] = &at;
        let current = text_or_file(
            at_current,
            self.secret.take(),
            self.secret_file.as_deref(),
            read,
        )?;
        let file = self.previous_secret_file.as_deref();
        let previous = text_or_file(at_previous, self.previous_secret.take(), file, read)?;
        let hash = |place: &str, secret: SecretString| {
            let secret = ClientSecret::try_from(secret.expose_secret().to_owned());
            let hash = secret.map(|secret| secret.hash());
            hash.map_err(|error| ConfigError::new(place, error))
        };
        let current = current.map(|secret| hash(at_current, secret)).transpose()?;
        let previous = previous
            .map(|secret| hash(at_previous, secret))
            .transpose()?;
        match (self.public, current, previous) {
            (true, None, None) => Ok(ClientAuth::Public),
            (true, ..) => Err(ConfigError::new(
                at_current,
                "a public client has no secret",
            )),
            (false, Some(current), previous) => Ok(ClientAuth::Confidential(
                [current].into_iter().chain(previous).collect(),
            )),
            (false, None, _) => Err(ConfigError::new(
                at_current,
                "missing: secret, secret_file, or public = true",
            )),
        }
    }

    fn stored_auth(
        &self,
        place: &dyn Fn(&str) -> String,
        hashes: Vec<SecretHash>,
    ) -> Result<ClientAuth, ConfigError> {
        let texts = [&self.secret, &self.previous_secret];
        let files = [&self.secret_file, &self.previous_secret_file];
        let has_secret = texts.iter().any(|it| it.is_some()) || files.iter().any(|it| it.is_some());
        let error = |problem| Err(ConfigError::new(place("secret"), problem));
        // A command must not open the way to the addresses around the gateway.
        if self.allow_private {
            return Err(ConfigError::only_in_file(place("allow_private")));
        }
        match (self.public, hashes.is_empty()) {
            _ if has_secret => error("not for stored clients, whose secrets are made for them"),
            (true, true) => Ok(ClientAuth::Public),
            (true, false) => error("a public client has no secret"),
            (false, false) => Ok(ClientAuth::Confidential(hashes)),
            (false, true) => error("missing: a secret, or public = true"),
        }
    }

    fn issuer(
        &self,
        place: &dyn Fn(&str) -> String,
        issuers: &[IssuerConfig],
    ) -> Result<IssuerId, ConfigError> {
        let error = |problem| Err(ConfigError::new(place("issuer"), problem));
        match (&self.issuer, issuers) {
            (None, [only]) => Ok(only.issuer.id()),
            (None, _) => error("missing: there are several issuers"),
            (Some(url), _) => {
                let found = issuers.iter().find(|it| it.issuer.as_str() == url);
                found.map_or_else(
                    || error("there is no such [[issuer]]"),
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
            let offered = Scope::OFFERED.map(Scope::as_str).join(", ");
            return Err(ConfigError::new(
                place("scopes"),
                format!("expected some of {offered}"),
            ));
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
            let problem = "for clients with a secret only";
            return Err(ConfigError::new(place("introspects"), problem));
        }
        let ids = self.introspects.iter().map(|id| id.parse());
        let ids = ids.collect::<Result<Vec<_>, _>>();
        ids.map_err(|error| ConfigError::new(place("introspects"), error))
    }

    fn templates(&mut self, place: &dyn Fn(&str) -> String) -> Result<ClaimTemplates, ConfigError> {
        let mut templates = ClaimTemplates::default();
        for (claim, entry) in std::mem::take(&mut self.claims) {
            let set = entry.0.and_then(|template| templates.set(&claim, template));
            set.map_err(|error| ConfigError::new(place(&format!("claims.{claim}")), error))?;
        }
        Ok(templates)
    }

    fn home(&mut self, place: &dyn Fn(&str) -> String) -> Result<Option<String>, ConfigError> {
        let Some(home) = self.home.take() else {
            return Ok(None);
        };
        match Url::parse(&home).as_ref().map(Url::scheme) {
            Ok("https" | "http") => Ok(Some(home)),
            _ => Err(ConfigError::new(place("home"), "expected an https URL")),
        }
    }
}
