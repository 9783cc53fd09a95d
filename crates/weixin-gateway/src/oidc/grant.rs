//! What a user has granted to a client: the row behind its tokens.

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
    pub(crate) created_at: Timestamp,
    /// The end, if it is not used before.
    pub(crate) expires_at: Timestamp,
}

/// What became of a code.
#[derive(Debug)]
pub(crate) enum RedeemOutcome {
    Granted(Grant),
    /// The code was redeemed before (RFC 6749 §4.1.2).
    AlreadyUsed,
    /// The same, long after the first time: the grant is revoked now.
    Reused(UserId),
    /// The session of the code has ended or expired, or its user is disabled.
    SessionEnded,
}
