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
    /// Whether it outlives its session.
    pub(crate) is_offline: bool,
    /// The number of the current refresh token.
    pub(crate) number: i64,
    pub(crate) created_at: Timestamp,
    /// The end, if it is not used before.
    pub(crate) expires_at: Timestamp,
    /// The absolute end.
    pub(crate) ends_at: Timestamp,
    pub(crate) revoked_at: Option<Timestamp>,
}

/// What became of a code.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "the usual one is the large one")]
pub(crate) enum RedeemOutcome {
    Granted(Grant),
    /// The code was redeemed before (RFC 6749 §4.1.2).
    AlreadyUsed,
    /// The same, long after the first time: the grant is revoked now.
    Reused(UserId),
    /// The session of the code has ended or expired, or its user is disabled.
    SessionEnded,
}
