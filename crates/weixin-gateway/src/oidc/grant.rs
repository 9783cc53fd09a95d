//! What a user has granted to a client: the row behind its tokens.

use std::time::Duration;

use super::{
    claims_request::ClaimsRequest,
    client_id::ClientId,
    id::{GrantId, SessionId, UserId},
    scope::Scopes,
    subject::Subject,
    timestamp::Timestamp,
};
use crate::secret::RowSecret;

/// A grant as the store has it.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) id: GrantId,
    pub(crate) secret: RowSecret,
    pub(crate) client: ClientId,
    pub(crate) user: UserId,
    /// The `sub` that the client received with this grant.
    pub(crate) subject: Subject,
    pub(crate) sid: SessionId,
    pub(crate) scopes: Scopes,
    pub(crate) claims: ClaimsRequest,
    pub(crate) auth_time: Timestamp,
    /// Whether it outlives its session.
    pub(crate) is_offline: bool,
    /// The number of the current refresh token.
    pub(crate) number: u32,
    /// When that one took the place of the one before it.
    pub(crate) rotated_at: Option<Timestamp>,
    /// The end, if no refresh token is used before.
    pub(crate) expires_at: Timestamp,
    /// The absolute end.
    pub(crate) ends_at: Timestamp,
}

impl Grant {
    /// Whether a refresh token with this number may be used: the current one, the one before it within the grace period,
    /// and one that is newer than the row, which a restored backup makes possible.
    pub(crate) fn accepts(&self, number: u32, grace: Duration, now: Timestamp) -> bool {
        let is_in_grace = |rotated_at: Timestamp| now < rotated_at.after(grace);
        let is_previous = number.checked_add(1) == Some(self.number);
        number >= self.number || (is_previous && self.rotated_at.is_some_and(is_in_grace))
    }
}

/// How long grants and their tokens are valid.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct GrantLifetimes {
    /// Of access tokens and ID tokens, and of a grant without a refresh token.
    pub(crate) access_token: Duration,
    /// Of a refresh token that is not used.
    pub(crate) refresh_token_idle: Duration,
    /// Of all refresh tokens of a grant.
    pub(crate) refresh_token: Duration,
    /// Of a refresh token after its successor was issued.
    pub(crate) refresh_token_grace: Duration,
}

/// What became of a code.
#[derive(Debug)]
pub(crate) enum RedeemOutcome {
    Granted(Grant),
    /// The code was redeemed before (RFC 6749 §4.1.2).
    AlreadyUsed,
    /// The same, long after the first time: the grant is revoked now.
    Reused(UserId),
    /// The session of the code has ended or expired, its user is disabled, or the operator has revoked its client.
    Ended,
}
