//! The authorization code: what it carries, and its redemption (RFC 6749 §4.1.2, §4.1.3).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{
    claims_request::ClaimsRequest,
    client_id::ClientId,
    id::{GrantId, IssuerId, SessionId},
    pkce::CodeChallenge,
    redirect_uri::UriHash,
    scope::Scopes,
    timestamp::Timestamp,
};
use crate::signed::Kind;

/// What an authorization code carries. Its text is signed and covers the secret of the session.
#[derive(Deserialize, Serialize)]
pub(crate) struct Code {
    /// The ID that the grant will have: its primary key makes the code single-use.
    #[serde(rename = "g")]
    pub(crate) grant: GrantId,
    #[serde(rename = "i")]
    pub(crate) issuer: IssuerId,
    #[serde(rename = "c")]
    pub(crate) client: ClientId,
    #[serde(rename = "r")]
    pub(crate) redirect_uri: UriHash,
    #[serde(rename = "p", default, skip_serializing_if = "Option::is_none")]
    pub(crate) challenge: Option<CodeChallenge>,
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    pub(crate) nonce: Option<String>,
    #[serde(rename = "s")]
    pub(crate) scopes: Scopes,
    #[serde(rename = "q", default, skip_serializing_if = "ClaimsRequest::is_empty")]
    pub(crate) claims: ClaimsRequest,
    #[serde(rename = "e")]
    pub(crate) sid: SessionId,
    #[serde(rename = "x")]
    pub(crate) expires_at: Timestamp,
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({}, ..)", self.grant)
    }
}

impl Kind for Code {
    const PREFIX: &'static str = "wxc_";
    type Row = SessionId;

    fn row(&self) -> SessionId {
        self.sid
    }

    fn write(&self) -> Vec<u8> {
        // Texts and numbers always serialize.
        serde_json::to_vec(self).unwrap_or_default()
    }

    fn read(payload: &[u8]) -> Option<Self> {
        serde_json::from_slice(payload).ok()
    }
}

/// A grant to be inserted. Only the redemption of a code makes it.
#[derive(Debug)]
pub(crate) struct NewGrant {
    pub(crate) id: GrantId,
    pub(crate) issuer: IssuerId,
    pub(crate) client: ClientId,
    pub(crate) sid: SessionId,
    pub(crate) scopes: Scopes,
    pub(crate) claims: ClaimsRequest,
    /// For the ID token; it is not stored.
    pub(crate) nonce: Option<String>,
    pub(crate) is_offline: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) ends_at: Timestamp,
    /// Keeps other files from making one.
    made_by_redemption: (),
}

#[cfg(test)]
impl NewGrant {
    /// The grant of a code, for tests of the store.
    pub(crate) fn of_code(code: Code, now: Timestamp) -> Self {
        let expires_at = now.after(std::time::Duration::from_secs(3600));
        Self {
            id: code.grant,
            issuer: code.issuer,
            client: code.client,
            sid: code.sid,
            scopes: code.scopes,
            claims: code.claims,
            nonce: code.nonce,
            is_offline: false,
            created_at: now,
            expires_at,
            ends_at: expires_at,
            made_by_redemption: (),
        }
    }
}
