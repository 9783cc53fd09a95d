//! What the introspection of a token tells (RFC 7662 §2.2).

use serde::Serialize;

use super::{
    access_token::AccessToken,
    client::Client,
    grant::{Grant, GrantLifetimes},
    issuer::Issuer,
    refresh_token::RefreshToken,
    scope::Scopes,
    timestamp::Timestamp,
};

/// A token that gives access now. Of any other token nothing is told, not even why.
#[derive(Debug, Serialize)]
pub(crate) struct Introspection<'a> {
    active: bool,
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    client_id: &'a str,
    scope: String,
    exp: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_type: Option<&'static str>,
}

/// Who asks about a token of `grant`, and when. `client` is the one that received the token.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Inquiry<'a> {
    pub(crate) issuer: &'a Issuer,
    pub(crate) asking: &'a Client,
    pub(crate) client: &'a Client,
    pub(crate) grant: &'a Grant,
    pub(crate) now: Timestamp,
}

impl<'a> Inquiry<'a> {
    /// An access token whose signature was verified. A client learns about its own tokens and about those of the clients
    /// that it may introspect, so that a token made for one client is not accepted by every API (RFC 9700 §2.3).
    pub(crate) fn access_token(self, token: AccessToken) -> Option<Introspection<'a>> {
        let is_active = token.expires_at > self.now && self.asking.may_introspect(&self.client.id);
        is_active.then(|| Introspection {
            token_type: Some("Bearer"),
            ..self.active(token.scopes, token.expires_at, self.client.id.as_str())
        })
    }

    /// A refresh token whose signature was verified. Only its own client learns about it. It is meant for the issuer, and
    /// says so, lest an API accept it as an access token.
    pub(crate) fn refresh_token(
        self,
        token: RefreshToken,
        lifetimes: &GrantLifetimes,
    ) -> Option<Introspection<'a>> {
        let Self { grant, now, .. } = self;
        let is_active = self.asking.id == self.client.id
            && self.client.may_refresh(grant.is_offline)
            && grant.expires_at > now
            && grant.accepts(token.number, lifetimes.refresh_token_grace, now);
        is_active.then(|| self.active(grant.scopes, grant.expires_at, self.issuer.as_str()))
    }

    fn active(self, scopes: Scopes, expires_at: Timestamp, aud: &'a str) -> Introspection<'a> {
        Introspection {
            active: true,
            iss: self.issuer.as_str(),
            sub: self.grant.subject.as_str(),
            aud,
            client_id: self.client.id.as_str(),
            scope: scopes.intersection(self.client.scopes).to_string(),
            exp: expires_at.seconds(),
            token_type: None,
        }
    }
}
