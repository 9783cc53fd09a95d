//! What people have granted to apps: codes, then tokens (facts 4.4).

use std::{collections::HashMap, time::SystemTime};

use super::Login;
use crate::refusal::Refusal;

/// A code, until it is no longer remembered.
#[derive(Debug)]
pub(super) struct Code {
    pub(super) app: String,
    pub(super) person: String,
    pub(super) scope: String,
    pub(super) snapshot: bool,
    pub(super) expires: SystemTime,
    pub(super) spent: bool,
}

/// A pair of tokens.
#[derive(Clone, Debug)]
pub(super) struct Grant {
    pub(super) app: String,
    pub(super) person: String,
    pub(super) scope: String,
    pub(super) snapshot: bool,
    pub(super) access_token: String,
    pub(super) access_expires: SystemTime,
    pub(super) refresh_token: String,
    pub(super) refresh_expires: SystemTime,
    /// Why both tokens are void before their time.
    pub(super) void: Option<Refusal>,
}

/// Codes and tokens by their text.
#[derive(Debug, Default)]
pub(crate) struct Grants {
    pub(super) codes: HashMap<String, Code>,
    pub(super) by_refresh_token: HashMap<String, Grant>,
    /// Access token to refresh token, replaced access tokens included.
    pub(super) access_tokens: HashMap<String, String>,
}

impl Grants {
    pub(super) fn issue(&mut self, code: &str, login: &Login, person: String, expires: SystemTime) {
        let (app, scope) = (login.app.clone(), login.scope.clone());
        let snapshot = login.snapshot;
        let granted = Code {
            app,
            person,
            scope,
            snapshot,
            expires,
            spent: false,
        };
        self.codes.insert(code.to_owned(), granted);
    }

    /// Nobody can tell an expired code from one that never was, so it goes.
    pub(super) fn forget_expired(&mut self, now: SystemTime) {
        self.codes.retain(|_, code| now < code.expires);
    }

    pub(super) fn add(&mut self, grant: Grant) {
        self.access_tokens
            .insert(grant.access_token.clone(), grant.refresh_token.clone());
        self.by_refresh_token
            .insert(grant.refresh_token.clone(), grant);
    }

    /// Makes the tokens of a person void, in one app or in all.
    pub(super) fn void(&mut self, person: &str, app: Option<&str>, why: &Refusal) {
        for grant in self.by_refresh_token.values_mut() {
            if grant.person == person && app.is_none_or(|app| grant.app == app) {
                grant.void = Some(why.clone());
            }
        }
    }

    /// The grant of an access token that is good.
    pub(super) fn of_access_token(
        &self,
        access_token: &str,
        now: SystemTime,
    ) -> Result<&Grant, Refusal> {
        let refresh_token = self.access_tokens.get(access_token);
        let grant = refresh_token
            .and_then(|token| self.by_refresh_token.get(token))
            .filter(|grant| grant.access_token == access_token)
            .ok_or(Refusal::INVALID_CREDENTIAL)?;
        if let Some(why) = &grant.void {
            return Err(why.clone());
        }
        if now < grant.access_expires {
            Ok(grant)
        } else {
            Err(Refusal::ACCESS_TOKEN_EXPIRED)
        }
    }
}
