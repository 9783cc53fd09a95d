//! A client, as its operator has registered it.

use std::{collections::BTreeMap, fmt};

use serde::Deserialize;
use weixin::error::ParseError;

use super::{
    algorithm::Algorithm,
    claim_template::ClaimTemplates,
    claims_request::Claim,
    client_id::ClientId,
    client_logout::ClientLogout,
    consent::ConsentPolicy,
    id::IssuerId,
    redirect_uri::{RedirectUri, RegisteredUri},
    scope::{Scope, Scopes},
};
use crate::secret::SecretHash;

/// A client of one issuer.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "switches of a configuration file"
)]
pub(crate) struct Client {
    pub(crate) id: ClientId,
    pub(crate) issuer: IssuerId,
    /// For people: on pages.
    pub(crate) name: Option<String>,
    /// Its home page (`client_uri` of RFC 7591 §2): the way out when a request cannot be continued.
    pub(crate) home: Option<String>,
    pub(crate) auth: ClientAuth,
    pub(crate) redirect_uris: Vec<RegisteredUri>,
    pub(crate) logout: ClientLogout,
    /// The scopes that it may ask for.
    pub(crate) scopes: Scopes,
    /// Whether a confidential client must use PKCE, too.
    pub(crate) require_pkce: bool,
    /// Whether it must push its authorization requests (RFC 9126 §6).
    pub(crate) require_par: bool,
    pub(crate) consent: ConsentPolicy,
    /// Whether a user whom it has seen is logged in inside WeChat without being asked (`prompt=none`).
    pub(crate) silent_login: bool,
    pub(crate) algorithm: Algorithm,
    /// Whether the claims of scopes are in ID tokens and not in userinfo alone. Some libraries read nothing else.
    pub(crate) profile_in_id_token: bool,
    pub(crate) templates: ClaimTemplates,
    pub(crate) refresh: RefreshPolicy,
    /// Whether a confidential client gets another refresh token at each use, too.
    pub(crate) rotate_refresh_tokens: bool,
    /// The clients whose access tokens it may introspect, beside its own.
    pub(crate) introspects: Vec<ClientId>,
}

impl Client {
    /// The redirect URI of a request, if it is registered.
    pub(crate) fn redirect_uri(&self, sent: &str) -> Option<RedirectUri> {
        self.redirect_uris
            .iter()
            .find_map(|registered| registered.matches(sent))
    }

    /// Whether its claims may hold an OpenID or a UnionID.
    pub(crate) fn uses_wechat_ids(&self) -> bool {
        self.scopes.contains(Scope::Wechat) || self.templates.use_wechat_ids()
    }

    /// The claims that it never gets in spite of a template, each with the scope that it lacks.
    pub(crate) fn claims_without_scope(
        &self,
    ) -> impl Iterator<Item = (&'static str, &'static str)> {
        let is_set = |claim: &Claim| self.templates.get(claim.as_str()).is_some();
        let set = Claim::ALL.into_iter().filter(is_set);
        set.filter(|claim| !self.scopes.contains(claim.scope()))
            .map(|claim| (claim.as_str(), claim.scope().as_str()))
    }

    /// Whether its tokens can have an e-mail address: only its template makes one.
    pub(crate) fn gets_email(&self) -> bool {
        self.templates.get(Claim::Email.as_str()).is_some()
    }

    /// Whether it must use PKCE (RFC 9700 §2.1.1).
    pub(crate) const fn needs_pkce(&self) -> bool {
        self.require_pkce || matches!(self.auth, ClientAuth::Public)
    }

    /// Whether it may have the refresh token of a grant that outlives its session, or of one that does not.
    pub(crate) fn may_refresh(&self, is_offline: bool) -> bool {
        if is_offline {
            self.scopes.contains(Scope::OfflineAccess)
        } else {
            self.refresh == RefreshPolicy::Session
        }
    }

    /// Whether it gets another refresh token at each use. Those of a confidential client are protected by its secret, so
    /// that it may keep one: then no lost response logs its users out (RFC 9700 §2.2.2).
    pub(crate) const fn rotates_refresh_tokens(&self) -> bool {
        self.rotate_refresh_tokens || matches!(self.auth, ClientAuth::Public)
    }

    /// Whether it may introspect the access tokens of a client.
    pub(crate) fn may_introspect(&self, other: &ClientId) -> bool {
        self.id == *other || self.introspects.contains(other)
    }
}

/// When a client receives refresh tokens.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum RefreshPolicy {
    /// If it asks for `offline_access`. They outlive the session.
    #[default]
    Offline,
    /// Always. Unless it asks for `offline_access`, they end with the session.
    Session,
}

/// How a client authenticates (RFC 6749 §2.1, §2.3).
#[derive(Clone, Debug)]
pub(crate) enum ClientAuth {
    /// It cannot keep a secret: a program on a user's device, or in a browser.
    Public,
    /// By one of its secrets: there are two while one replaces the other.
    Confidential(Vec<SecretHash>),
}

impl ClientAuth {
    /// When users are asked, if the operator has not decided. A native public client asks: another program on the device may
    /// pose as it, and must not get a code from a session unnoticed (RFC 8252 §8.6).
    pub(crate) fn default_consent(&self, redirect_uris: &[RegisteredUri]) -> ConsentPolicy {
        let is_native = redirect_uris.iter().any(RegisteredUri::is_native);
        match self {
            Self::Public if is_native => ConsentPolicy::First,
            _ => ConsentPolicy::Never,
        }
    }

    /// Whether it is a secret of this client. Each one is compared, in constant time.
    pub(crate) fn accepts(&self, secret: &str) -> bool {
        let Self::Confidential(hashes) = self else {
            return false;
        };
        let hash = SecretHash::of(secret.as_bytes());
        hashes.iter().fold(false, |found, it| it.is(&hash) | found)
    }
}

/// The secret of a client: 32 random bytes in base64url, or as good. Its characters mean the same whether a client encodes
/// them for Basic authentication or not.
pub(crate) struct ClientSecret(secrecy::SecretString);

impl ClientSecret {
    /// What is kept of it.
    pub(crate) fn hash(&self) -> SecretHash {
        SecretHash::of(secrecy::ExposeSecret::expose_secret(&self.0).as_bytes())
    }
}

impl TryFrom<String> for ClientSecret {
    type Error = ParseError;

    fn try_from(text: String) -> Result<Self, ParseError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
        let is_valid = (32..=256).contains(&text.len()) && text.bytes().all(allowed);
        let secret = Self(text.into());
        let rule = "32 to 256 characters from [A-Za-z0-9_-], such as `openssl rand -hex 32` prints";
        if is_valid {
            Ok(secret)
        } else {
            Err(ParseError::new("client secret", rule))
        }
    }
}

impl fmt::Debug for ClientSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ClientSecret(..)")
    }
}

/// The clients of all issuers.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    served: BTreeMap<ClientId, Client>,
    /// Those that the operator has disabled. They are rejected as unknown ones are, and only named otherwise.
    disabled: BTreeMap<ClientId, IssuerId>,
}

impl Clients {
    /// The client of this issuer. That of another issuer is unknown here.
    pub(crate) fn find(&self, issuer: IssuerId, id: &str) -> Option<&Client> {
        let id = id.parse::<ClientId>().ok()?;
        self.served
            .get(&id)
            .filter(|client| client.issuer == issuer)
    }

    /// The ID of a client of this issuer that is disabled.
    pub(crate) fn find_disabled(&self, issuer: IssuerId, id: &str) -> Option<&ClientId> {
        let (id, of) = self.disabled.get_key_value(&id.parse().ok()?)?;
        (*of == issuer).then_some(id)
    }

    /// Adds a client, and returns the one that had its ID.
    pub(crate) fn insert(&mut self, client: Client) -> Option<Client> {
        self.served.insert(client.id.clone(), client)
    }

    /// Adds a client that is not served.
    pub(crate) fn insert_disabled(&mut self, client: Client) {
        self.disabled.insert(client.id, client.issuer);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Client> {
        self.served.values()
    }
}
