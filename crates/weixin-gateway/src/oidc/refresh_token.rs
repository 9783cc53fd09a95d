//! The refresh token: what it carries, and what it gives (RFC 6749 §6; RFC 9700 §4.14; Core §12).

use super::{
    client::Client,
    client_auth::AuthenticatedClient,
    client_id::ClientId,
    error::{ErrorCode, OAuthError},
    grant::Grant,
    id::{GrantId, SIZE},
    scope::Scopes,
    timestamp::Timestamp,
};
use crate::signed::Kind;

/// What a refresh token carries. Its text is signed and covers the secret of the grant: the same grant and number have the
/// same text, so that a refresh which is sent twice gets the same successor.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct RefreshToken {
    pub(crate) grant: GrantId,
    /// How many tokens of the grant came before it.
    pub(crate) number: u32,
}

impl RefreshToken {
    /// The current refresh token of a grant, if its client may have one.
    pub(crate) fn of(grant: &Grant, client: &Client) -> Option<Self> {
        client.may_refresh(grant.is_offline).then_some(Self {
            grant: grant.id,
            number: grant.number,
        })
    }

    /// What a token whose signature was verified gives: whether it is the current one, the store decides. `requested` are
    /// the scopes of the new access token; without them it has those of the grant.
    ///
    /// # Errors
    ///
    /// `invalid_grant` if the token is another client's or has expired, or its client may not refresh any more;
    /// `invalid_scope` for a scope that was not granted, and if none is left. The token is not used up by a failed attempt.
    pub(crate) fn refresh(
        self,
        client: AuthenticatedClient<'_>,
        grant: &Grant,
        requested: Option<Scopes>,
        now: Timestamp,
    ) -> Result<Refresh, OAuthError> {
        let client = client.client();
        if grant.client != client.id {
            let description = "the refresh token was issued to another client";
            return Err(OAuthError::invalid_grant(description));
        }
        if grant.expires_at <= now {
            return Err(OAuthError::invalid_grant("the refresh token has expired"));
        }
        if !client.may_refresh(grant.is_offline) {
            let description = "the client may not use refresh tokens any more";
            return Err(OAuthError::invalid_grant(description));
        }
        Ok(Refresh {
            grant: self.grant,
            client: client.id.clone(),
            number: self.number,
            rotates: client.rotates_refresh_tokens(),
            scopes: scopes(client, grant, requested)?,
            _made_by_a_token: (),
        })
    }
}

/// As in an authorization request, scopes that are not this client's add nothing: clients repeat what they asked for then.
fn scopes(client: &Client, grant: &Grant, requested: Option<Scopes>) -> Result<Scopes, OAuthError> {
    let error = |description| Err(OAuthError::new(ErrorCode::InvalidScope, description));
    let granted = grant.scopes.intersection(client.scopes);
    let scopes = requested.map_or(granted, |it| it.intersection(client.scopes));
    if scopes.intersection(granted) != scopes {
        return error("scope has a scope that was not granted");
    }
    if scopes == Scopes::default() {
        return error("scope has none of the scopes of this grant");
    }
    Ok(scopes)
}

impl Kind for RefreshToken {
    const PREFIX: &'static str = "wxr_";
    type Row = GrantId;

    fn row(&self) -> GrantId {
        self.grant
    }

    fn write(&self) -> Vec<u8> {
        let mut payload = self.grant.as_bytes().to_vec();
        payload.extend(self.number.to_be_bytes());
        payload
    }

    fn read(payload: &[u8]) -> Option<Self> {
        let (grant, number) = payload.split_first_chunk::<SIZE>()?;
        Some(Self {
            grant: GrantId::from_bytes(*grant),
            number: u32::from_be_bytes(number.try_into().ok()?),
        })
    }
}

/// A use of a refresh token that the rules allow. Only a token whose signature was verified makes it.
#[derive(Clone, Debug)]
pub(crate) struct Refresh {
    pub(crate) grant: GrantId,
    pub(crate) client: ClientId,
    /// The number of the token that was sent.
    pub(crate) number: u32,
    /// Whether another token takes its place.
    pub(crate) rotates: bool,
    /// Those of the new access token. The grant keeps its own.
    pub(crate) scopes: Scopes,
    /// Keeps other files from making one.
    _made_by_a_token: (),
}

#[cfg(test)]
impl Refresh {
    /// The use of a token, for tests of the store.
    pub(crate) fn of_token(token: RefreshToken, client: ClientId, rotates: bool) -> Self {
        Self {
            grant: token.grant,
            client,
            number: token.number,
            rotates,
            scopes: Scopes::default(),
            _made_by_a_token: (),
        }
    }
}

/// What became of a refresh token.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum RefreshOutcome {
    Refreshed {
        /// The number of the token that the client uses from now on.
        number: u32,
        /// The new idle end of the grant.
        expires_at: Timestamp,
    },
    /// The token was replaced before: it may have been stolen. The grant is revoked now (RFC 9700 §4.14.2).
    Reused,
    /// The grant was revoked or has ended in the meantime.
    Ended,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        oidc::{
            claims_request::ClaimsRequest,
            client::{ClientAuth, Clients, RefreshPolicy},
            client_auth::Credentials,
            fixtures::{self, SECRET, app, issuer, web},
        },
        params::Params,
    };

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second)
    }

    fn grant(scopes: &str) -> Grant {
        Grant {
            is_offline: scopes.contains("offline_access"),
            number: 7,
            ..fixtures::grant(scopes, ClaimsRequest::default())
        }
    }

    /// What this client gets for the current token of a grant.
    fn refresh(
        client: Client,
        grant: &Grant,
        requested: Option<&str>,
        now: Timestamp,
    ) -> Result<Refresh, String> {
        let form = match client.auth {
            ClientAuth::Public => format!("client_id={}", client.id),
            ClientAuth::Confidential(_) => {
                format!("client_id={}&client_secret={SECRET}", client.id)
            }
        };
        let mut clients = Clients::default();
        clients.insert(client);
        let credentials = Credentials::read(None, &Params::parse(form.as_bytes()).unwrap());
        let client = credentials.unwrap();
        let client = client.authenticate(issuer(), &clients).unwrap();
        let (id, number) = (grant.id, grant.number);
        let token = RefreshToken { grant: id, number };
        let result = token.refresh(client, grant, requested.map(Scopes::parse), now);
        result.map_err(|error| error.to_string())
    }

    #[test]
    fn scopes_may_become_fewer_and_never_more() {
        let grant = grant("openid profile offline_access");
        for (requested, expected) in [
            (None, Ok("openid profile offline_access")),
            (Some("profile openid"), Ok("openid profile")),
            (Some("openid"), Ok("openid")),
            // What an authorization request ignores is ignored here too.
            (Some("openid phone wechat"), Ok("openid")),
            (
                Some("openid email"),
                Err("invalid_scope: scope has a scope that was not granted"),
            ),
            (
                Some("phone"),
                Err("invalid_scope: scope has none of the scopes of this grant"),
            ),
        ] {
            let seen = refresh(web(), &grant, requested, at(2000));
            let seen = seen.map(|it| it.scopes.to_string());
            let expected = expected.map(str::to_owned).map_err(str::to_owned);
            assert_eq!(seen, expected, "{requested:?}");
        }
    }

    #[test]
    fn scopes_that_the_client_has_lost_are_lost_in_its_grants() {
        let client = Client {
            scopes: Scopes::parse("openid offline_access"),
            ..web()
        };
        let grant = grant("openid profile offline_access");
        let seen = refresh(client, &grant, None, at(2000)).unwrap();
        assert_eq!(seen.scopes.to_string(), "openid offline_access");
    }

    #[test]
    fn a_token_belongs_to_its_client_until_it_expires() {
        let offline = grant("openid offline_access");
        let error =
            |client, grant: &Grant, second| refresh(client, grant, None, at(second)).unwrap_err();
        assert_eq!(
            error(app(), &offline, 2000),
            "invalid_grant: the refresh token was issued to another client"
        );
        assert_eq!(
            error(web(), &offline, 4630),
            "invalid_grant: the refresh token has expired"
        );
        assert!(refresh(web(), &offline, None, at(4629)).is_ok());
        let lost = "invalid_grant: the client may not use refresh tokens any more";
        let without = Client {
            scopes: Scopes::parse("openid"),
            ..web()
        };
        assert_eq!(error(without, &offline, 2000), lost);
        let of_session = grant("openid");
        assert_eq!(error(web(), &of_session, 2000), lost);
        let with_session = Client {
            refresh: RefreshPolicy::Session,
            ..web()
        };
        assert!(refresh(with_session, &of_session, None, at(2000)).is_ok());
    }

    /// RFC 9700 §2.2.2: those of public clients are rotated.
    #[test]
    fn a_public_client_gets_another_token_at_each_use() {
        let rotating = Client {
            rotate_refresh_tokens: true,
            ..web()
        };
        for (client, expected) in [(web(), false), (app(), true), (rotating, true)] {
            let grant = Grant {
                client: client.id.clone(),
                ..grant("openid offline_access")
            };
            let seen = refresh(client, &grant, None, at(2000)).unwrap();
            assert_eq!((seen.number, seen.rotates), (7, expected));
        }
    }

    #[test]
    fn a_grant_accepts_its_current_token_and_for_a_while_the_one_before() {
        let mut grant = grant("openid");
        grant.rotated_at = Some(at(100));
        let minute = std::time::Duration::from_mins(1);
        let accepted = |grant: &Grant, now| {
            let numbers = [5, 6, 7, 8, u32::MAX];
            numbers.map(|number| grant.accepts(number, minute, at(now)))
        };
        assert_eq!(accepted(&grant, 159), [false, true, true, true, true]);
        assert_eq!(accepted(&grant, 160), [false, false, true, true, true]);
        grant.rotated_at = None;
        assert_eq!(accepted(&grant, 100), [false, false, true, true, true]);
    }

    proptest! {
        #[test]
        fn a_payload_is_read_as_it_was_written(grant: [u8; SIZE], number: u32, more: u8) {
            let grant = GrantId::from_bytes(grant);
            let token = RefreshToken { grant, number };
            let payload = token.write();
            prop_assert_eq!(RefreshToken::read(&payload), Some(token));
            for end in 0..payload.len() {
                prop_assert_eq!(RefreshToken::read(&payload[..end]), None);
            }
            prop_assert_eq!(RefreshToken::read(&[&payload[..], &[more]].concat()), None);
        }
    }
}
