//! The access token: what it carries, and what it allows (RFC 6750).

use std::time::Duration;

use super::{
    error::{ErrorCode, OAuthError},
    grant::Grant,
    id::{GrantId, SIZE},
    scope::{Scope, Scopes},
    timestamp::Timestamp,
};
use crate::signed::Kind;

/// What an access token carries. Its text is signed and covers the secret of the grant.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct AccessToken {
    pub(crate) grant: GrantId,
    pub(crate) expires_at: Timestamp,
    /// Those of this token: it may have fewer than its grant (RFC 6749 §6).
    pub(crate) scopes: Scopes,
}

impl AccessToken {
    /// A token of a grant. It never outlives the row that it needs.
    pub(crate) fn of(grant: &Grant, scopes: Scopes, lifetime: Duration, now: Timestamp) -> Self {
        Self {
            grant: grant.id,
            expires_at: now.after(lifetime).min(grant.expires_at),
            scopes,
        }
    }

    /// Whether userinfo may respond to a token whose signature was verified (Core §5.3.1; RFC 6750 §3.1).
    ///
    /// # Errors
    ///
    /// `invalid_token` if it has expired; `insufficient_scope` without `openid`.
    pub(crate) fn allows_userinfo(&self, now: Timestamp) -> Result<(), OAuthError> {
        if self.expires_at <= now {
            let description = "the access token has expired";
            return Err(OAuthError::new(ErrorCode::InvalidToken, description));
        }
        if !self.scopes.contains(Scope::OpenId) {
            let description = "the access token does not have the scope openid";
            return Err(OAuthError::new(ErrorCode::InsufficientScope, description));
        }
        Ok(())
    }
}

impl Kind for AccessToken {
    const PREFIX: &'static str = "wxa_";
    type Row = GrantId;

    fn row(&self) -> GrantId {
        self.grant
    }

    fn write(&self) -> Vec<u8> {
        let mut payload = self.grant.as_bytes().to_vec();
        payload.extend(self.expires_at.millis().to_be_bytes());
        payload.push(self.scopes.bits());
        payload
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (grant, rest) = payload.split_first_chunk::<SIZE>()?;
        let (expires_at, rest) = rest.split_first_chunk::<8>()?;
        let [scopes] = rest else {
            return None;
        };
        Some(Self {
            grant: GrantId::from_bytes(*grant),
            expires_at: Timestamp::from_millis(i64::from_be_bytes(*expires_at)),
            scopes: Scopes::from_bits(*scopes)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_allows_userinfo_until_it_expires_and_with_openid_only() {
        let token = |scopes| AccessToken {
            grant: GrantId::from_bytes([7; SIZE]),
            expires_at: Timestamp::from_seconds(10),
            scopes: Scopes::parse(scopes),
        };
        let allows = |scopes, now| {
            let result = token(scopes).allows_userinfo(Timestamp::from_millis(now));
            result.map_err(|error| error.code.as_str())
        };
        assert_eq!(allows("openid", 9_999), Ok(()));
        assert_eq!(allows("openid", 10_000), Err("invalid_token"));
        assert_eq!(allows("profile", 9_999), Err("insufficient_scope"));
        assert_eq!(allows("profile", 10_000), Err("invalid_token"));
    }

    #[test]
    fn a_payload_is_read_as_it_was_written() {
        let token = AccessToken {
            grant: GrantId::from_bytes([7; SIZE]),
            expires_at: Timestamp::from_millis(-5),
            scopes: Scopes::parse("openid wechat"),
        };
        let payload = token.write();
        assert_eq!(AccessToken::read(&payload), Some(token));
        for end in 0..payload.len() {
            assert_eq!(AccessToken::read(&payload[..end]), None);
        }
        let longer = [&payload[..], &[0]].concat();
        assert_eq!(AccessToken::read(&longer), None);
    }
}
