//! App access tokens: `/cgi-bin/token`, `/cgi-bin/stable_token` and `/cgi-bin/ticket/getticket` (docs/wechat.md#app-tokens).

use std::time::SystemTime;

use crate::{
    wire::api_error::ApiError,
    world::{
        World,
        app_tokens::{IssuedAppToken, Pool},
    },
};

/// Types of tickets: JS-SDK, cards, and the QR code of mobile apps (docs/wechat.md#js-sdk-signature).
const TICKET_TYPES: [&str; 3] = ["jsapi", "wx_card", "2"];

impl World {
    /// `/cgi-bin/token`: every call issues a new token.
    pub(crate) fn app_token(&mut self, app: &str, now: SystemTime) -> IssuedAppToken {
        let token = self.random.token();
        self.app_tokens.renew(Pool::Token, app, token, now)
    }

    /// `/cgi-bin/stable_token`: returns the current token until it expires soon or a renewal is forced.
    pub(crate) fn stable_token(
        &mut self,
        app: &str,
        force: bool,
        now: SystemTime,
    ) -> IssuedAppToken {
        let current = self.app_tokens.stable(app, now);
        match current {
            Some(current) if !(force && self.app_tokens.may_force(app, now)) => current,
            _ => {
                let token = self.random.token();
                self.app_tokens.renew(Pool::Stable, app, token, now)
            }
        }
    }

    /// App of a valid token.
    pub(crate) fn app_of_token(&self, token: &str, now: SystemTime) -> Result<&str, ApiError> {
        let issued = self
            .app_tokens
            .issued
            .get(token)
            .ok_or(ApiError::INVALID_APP_TOKEN)?;
        // A replaced token is invalid and an old one expired: clients tell by the error whether another server renewed it.
        match (now < issued.expires, issued.replaced) {
            (true, _) if self.app(&issued.app)?.is_frozen => Err(ApiError::API_FORBIDDEN),
            (true, _) => Ok(&issued.app),
            (false, true) => Err(ApiError::INVALID_APP_TOKEN),
            (false, false) => Err(ApiError::ACCESS_TOKEN_EXPIRED),
        }
    }

    /// `/cgi-bin/ticket/getticket`: returns the current ticket until it expires.
    pub(crate) fn ticket(
        &mut self,
        token: &str,
        kind: &str,
        now: SystemTime,
    ) -> Result<IssuedAppToken, ApiError> {
        self.app_of_token(token, now)?;
        // Checked, so that the number of tickets stays bounded. The error is an assumption.
        if !TICKET_TYPES.contains(&kind) {
            return Err(ApiError::INVALID_PARAMETERS);
        }
        let key = format!("{} {kind}", self.app_of_token(token, now)?);
        let known = self.app_tokens.tickets.get(&key);
        let (value, expires) = match known.filter(|(_, expires)| now < *expires) {
            Some(known) => known.clone(),
            None => self.app_tokens.add_ticket(key, self.random.ticket(), now),
        };
        Ok(IssuedAppToken {
            value,
            expires_in: expires.duration_since(now).unwrap_or_default(),
        })
    }
}
