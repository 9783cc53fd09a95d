//! Codes and tokens that users have granted to apps (docs/wechat.md#lifetimes).

use std::time::{Duration, SystemTime};

use super::expiring_map::{ExpiringMap, Weigh};
use crate::wire::api_error::ApiError;

/// An issued code.
#[derive(Clone, Debug)]
pub(super) struct Code {
    pub(super) app: String,
    pub(super) user: String,
    pub(super) scope: String,
    pub(super) snapshot: bool,
    pub(super) expires: SystemTime,
    pub(super) used: bool,
    /// Number of the login in the timeline.
    pub(super) trace: u64,
    /// Hash of the state; `None` without a state.
    pub(super) state: Option<u64>,
}

/// An access token with its refresh token.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) app: String,
    pub(super) user: String,
    pub(super) scope: String,
    pub(super) snapshot: bool,
    pub(super) access_token: String,
    pub(super) access_expires: SystemTime,
    pub(super) refresh_token: String,
    pub(super) refresh_expires: SystemTime,
    /// Number of the login in the timeline.
    pub(super) trace: u64,
    /// Error for both tokens after they were revoked.
    pub(super) revoked: Option<ApiError>,
}

impl Weigh for Code {
    fn bytes(&self) -> usize {
        self.scope.len()
    }
}

impl Weigh for Grant {
    fn bytes(&self) -> usize {
        self.scope.len()
    }
}

/// A refresh token.
impl Weigh for String {}

/// Time that tokens are kept after they expire, so that 42001 and 42002 differ from an unknown token.
const REMEMBERED: Duration = Duration::from_hours(24);

/// Issued codes and tokens.
#[derive(Clone, Debug, Default)]
pub(crate) struct Grants {
    pub(super) codes: ExpiringMap<Code>,
    pub(super) by_refresh_token: ExpiringMap<Grant>,
    /// Refresh token by access token, replaced access tokens included.
    pub(super) access_tokens: ExpiringMap<String>,
}

impl Grants {
    /// Stores an issued code until it expires.
    pub(super) fn issue(&mut self, code: String, granted: Code, now: SystemTime) {
        let end = granted.expires;
        self.codes.insert(code, granted, end, now);
    }

    /// Stores a pair of tokens, or replaces it after a refresh.
    pub(super) fn add(&mut self, grant: Grant, now: SystemTime) {
        let (access_token, refresh_token) =
            (grant.access_token.clone(), grant.refresh_token.clone());
        // An expired access token returns another error than an unknown one, so it must be kept.
        let end = grant.refresh_expires + REMEMBERED;
        self.access_tokens
            .insert(access_token, refresh_token.clone(), end, now);
        self.by_refresh_token.insert(refresh_token, grant, end, now);
    }

    /// App of an access or refresh token, valid or not.
    pub(super) fn app_of_token(&self, token: &str) -> Option<&str> {
        let refresh_token = self.access_tokens.get(token).map_or(token, String::as_str);
        let grant = self.by_refresh_token.get(refresh_token)?;
        Some(&grant.app)
    }

    /// ID of the user whose code or token this is, valid or not.
    pub(super) fn user_of(&self, code_or_token: &str) -> Option<&str> {
        if let Some(code) = self.codes.get(code_or_token) {
            return Some(&code.user);
        }
        let refresh_token = self.access_tokens.get(code_or_token);
        let refresh_token = refresh_token.map_or(code_or_token, String::as_str);
        Some(&self.by_refresh_token.get(refresh_token)?.user)
    }

    /// Number of the login that a code or a token belongs to.
    pub(super) fn login_of(&self, code_or_token: &str) -> Option<u64> {
        if let Some(code) = self.codes.get(code_or_token) {
            return Some(code.trace);
        }
        let refresh_token = self.access_tokens.get(code_or_token);
        let refresh_token = refresh_token.map_or(code_or_token, String::as_str);
        Some(self.by_refresh_token.get(refresh_token)?.trace)
    }

    /// Revokes the tokens of a user, for one app or for all.
    pub(super) fn revoke(&mut self, user: &str, app: Option<&str>, why: &ApiError) {
        for grant in self.by_refresh_token.values_mut() {
            if grant.user == user && app.is_none_or(|app| grant.app == app) {
                grant.revoked = Some(why.clone());
            }
        }
    }

    /// Pair of tokens with this access token, if it is valid.
    pub(super) fn of_access_token(
        &self,
        access_token: &str,
        now: SystemTime,
    ) -> Result<&Grant, ApiError> {
        let refresh_token = self.access_tokens.get(access_token);
        let grant = refresh_token
            .and_then(|token| self.by_refresh_token.get(token))
            .filter(|grant| grant.access_token == access_token)
            .ok_or(ApiError::INVALID_CREDENTIAL)?;
        if let Some(why) = &grant.revoked {
            return Err(why.clone());
        }
        if now < grant.access_expires {
            Ok(grant)
        } else {
            Err(ApiError::ACCESS_TOKEN_EXPIRED)
        }
    }
}
