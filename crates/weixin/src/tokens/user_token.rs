//! The access token of a user, and what of it is stored.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::Renewable;
use crate::{
    AccessToken, Bearer, OpenId, RefreshToken, Scopes, UnionId,
    secret::exposed,
    store::time::{earlier, from_unix_seconds},
};

/// How long before its end an access token is refreshed.
const EARLY: Duration = Duration::from_mins(5);

/// An access token that is good now, and what is known of its login.
///
/// It is not `Serialize`, so that no handler sends it to a browser.
pub struct LiveToken(pub(super) Fields);

/// What the store keeps.
#[derive(Deserialize, Serialize)]
pub(super) struct Fields {
    #[serde(rename = "a", serialize_with = "exposed")]
    pub(super) access_token: AccessToken,
    /// Unix seconds.
    #[serde(rename = "e")]
    pub(super) access_ends: u64,
    #[serde(rename = "r", serialize_with = "exposed")]
    pub(super) refresh_token: RefreshToken,
    /// Unix seconds.
    #[serde(rename = "d")]
    pub(super) login_ends: u64,
    #[serde(rename = "o")]
    pub(super) openid: OpenId,
    #[serde(rename = "u", default, skip_serializing_if = "Option::is_none")]
    pub(super) unionid: Option<UnionId>,
    #[serde(rename = "s", default)]
    pub(super) scope: Scopes,
}

impl LiveToken {
    /// The access token itself.
    pub fn access_token(&self) -> &AccessToken {
        &self.0.access_token
    }

    /// Whose it is, to this application.
    pub fn openid(&self) -> &OpenId {
        &self.0.openid
    }

    /// Whose it is, to all applications of the Open Platform account, as the login said.
    pub fn unionid(&self) -> Option<&UnionId> {
        self.0.unionid.as_ref()
    }

    /// What the user has granted.
    pub fn scope(&self) -> &Scopes {
        &self.0.scope
    }

    /// When the access token ends.
    pub fn ends(&self) -> SystemTime {
        from_unix_seconds(self.0.access_ends)
    }

    /// When the user must log in again, whatever is refreshed until then.
    pub fn login_ends(&self) -> SystemTime {
        from_unix_seconds(self.0.login_ends)
    }
}

impl fmt::Debug for LiveToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveToken")
            .field("openid", self.openid())
            .field("ends", &self.ends())
            .finish_non_exhaustive()
    }
}

impl<'a> From<&'a LiveToken> for Bearer<'a> {
    fn from(token: &'a LiveToken) -> Self {
        (token.access_token(), token.openid()).into()
    }
}

impl LiveToken {
    pub(super) fn is(&self, other: &Self) -> bool {
        let [one, other] = [self, other].map(|token| token.access_token().expose().as_bytes());
        one.ct_eq(other).into()
    }
}

/// What the single flight handles. A type of its own, so that the public one can neither be cloned nor encoded.
#[derive(Clone)]
pub(super) struct Stored(pub(super) Arc<LiveToken>);

impl From<Fields> for Stored {
    fn from(fields: Fields) -> Self {
        Self(Arc::new(LiveToken(fields)))
    }
}

impl PartialEq for Stored {
    fn eq(&self, other: &Self) -> bool {
        self.0.is(&other.0)
    }
}

impl Eq for Stored {}

impl Renewable for Stored {
    fn encode(&self) -> Vec<u8> {
        // Text and numbers: there is nothing that JSON could not hold.
        serde_json::to_vec(&self.0.0).unwrap_or_default()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let fields: Fields = serde_json::from_slice(bytes).ok()?;
        Some(fields.into())
    }

    fn refresh_at(&self) -> SystemTime {
        earlier(self.0.ends(), EARLY)
    }

    fn expires_at(&self) -> SystemTime {
        self.0.ends()
    }

    /// The refresh token is needed until then.
    fn kept_until(&self) -> SystemTime {
        self.0.login_ends()
    }
}

impl Fields {
    pub(super) fn duplicate(&self) -> Self {
        Self {
            access_token: self.access_token.duplicate(),
            access_ends: self.access_ends,
            refresh_token: self.refresh_token.duplicate(),
            login_ends: self.login_ends,
            openid: self.openid.clone(),
            unionid: self.unionid.clone(),
            scope: self.scope.clone(),
        }
    }
}
