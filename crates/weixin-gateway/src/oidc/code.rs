//! The authorization code: what it carries, and its redemption (RFC 6749 §4.1.2, §4.1.3).

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::{
    authorization_request::AuthorizationRequest,
    claims_request::ClaimsRequest,
    client::Client,
    client_auth::AuthenticatedClient,
    client_id::ClientId,
    error::OAuthError,
    grant::GrantLifetimes,
    id::{GrantId, IssuerId, SessionId},
    pkce::{CodeChallenge, CodeVerifier},
    redirect_uri::UriHash,
    scope::{Scope, Scopes},
    session::Session,
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

/// How long a code can be redeemed.
pub(crate) const LIFETIME: Duration = Duration::from_mins(1);

/// A code that is valid for longer was issued by a clock that was ahead: nodes differ by two minutes at most. A revocation by
/// the right time does not concern it.
const LONGEST: Duration = Duration::from_mins(3);

/// What a client sends beside a code, to prove that the code was meant for it.
#[derive(Debug)]
pub(crate) struct Proof {
    pub(crate) redirect_uri: String,
    pub(crate) verifier: Option<CodeVerifier>,
}

impl Code {
    /// The code of a request for the user of a session. The ID of its grant is random.
    pub(crate) fn new(
        request: &AuthorizationRequest,
        session: &Session,
        grant: GrantId,
        now: Timestamp,
    ) -> Self {
        Self {
            grant,
            issuer: request.issuer,
            client: request.client.clone(),
            redirect_uri: request.redirect_uri.hash(),
            challenge: request.challenge,
            nonce: request.nonce.clone(),
            scopes: request.scopes,
            claims: request.claims.clone(),
            sid: session.sid,
            expires_at: now.after(LIFETIME),
        }
    }

    /// Redeems a code whose signature was verified: the grant to insert.
    ///
    /// # Errors
    ///
    /// `invalid_grant` if the code was issued to another client or by another issuer, for another redirect URI or
    /// verifier, or has expired. The code is not used up by a failed attempt.
    pub(crate) fn redeem(
        self,
        client: AuthenticatedClient<'_>,
        proof: &Proof,
        lifetimes: &GrantLifetimes,
        now: Timestamp,
    ) -> Result<NewGrant, OAuthError> {
        let error = |description| Err(OAuthError::invalid_grant(description));
        if self.client != client.client().id || self.issuer != client.client().issuer {
            return error("the code was issued to another client");
        }
        if self.expires_at <= now {
            return error("the code has expired");
        }
        if self.expires_at > now.after(LONGEST) {
            return error("the code was issued by a clock that was ahead");
        }
        if self.redirect_uri != UriHash::of(&proof.redirect_uri) {
            return error("redirect_uri is another one than in the authorization request");
        }
        match (self.challenge, &proof.verifier) {
            (Some(challenge), Some(verifier)) if challenge.is_of(verifier) => {}
            (Some(_), Some(_)) => {
                return error("code_verifier does not belong to the code_challenge");
            }
            (Some(_), None) => return error("code_verifier is missing"),
            // Accepted, it would hide that an attacker has removed the challenge (RFC 9700 §4.8).
            (None, Some(_)) => {
                return error("code_verifier without a code_challenge in the request");
            }
            (None, None) if client.client().needs_pkce() => {
                return error("the code has no code_challenge");
            }
            (None, None) => {}
        }
        Ok(NewGrant::of(self, client.client(), lifetimes, now))
    }
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
pub(crate) struct NewGrant {
    pub(crate) id: GrantId,
    pub(crate) issuer: IssuerId,
    pub(crate) client: ClientId,
    pub(crate) sid: SessionId,
    pub(crate) scopes: Scopes,
    pub(crate) claims: ClaimsRequest,
    /// For the ID token; it is not stored.
    pub(crate) nonce: Option<String>,
    /// Whether it outlives its session.
    pub(crate) is_offline: bool,
    /// Whether the client receives a refresh token.
    pub(crate) is_refreshable: bool,
    /// When the code was issued.
    pub(crate) code_issued_at: Timestamp,
    pub(crate) created_at: Timestamp,
    /// The end, if no refresh token is used before.
    pub(crate) expires_at: Timestamp,
    /// The absolute end.
    pub(crate) ends_at: Timestamp,
    /// Keeps other files from making one.
    _made_by_redemption: (),
}

impl fmt::Debug for NewGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewGrant({}, ..)", self.id)
    }
}

impl NewGrant {
    fn of(code: Code, client: &Client, lifetimes: &GrantLifetimes, now: Timestamp) -> Self {
        let is_offline = code.scopes.contains(Scope::OfflineAccess);
        let is_refreshable = client.may_refresh(is_offline);
        let (idle, in_all) = if is_refreshable {
            (lifetimes.refresh_token_idle, lifetimes.refresh_token)
        } else {
            (lifetimes.access_token, lifetimes.access_token)
        };
        Self {
            id: code.grant,
            issuer: code.issuer,
            client: code.client,
            sid: code.sid,
            scopes: code.scopes,
            claims: code.claims,
            nonce: code.nonce,
            is_offline,
            is_refreshable,
            code_issued_at: code.expires_at.before(LIFETIME),
            created_at: now,
            expires_at: now.after(idle),
            ends_at: now.after(in_all),
            _made_by_redemption: (),
        }
    }
}

#[cfg(test)]
use super::fixtures;

#[cfg(test)]
impl NewGrant {
    /// The grant of a code of `web`, for tests of the store.
    pub(crate) fn of_code(code: Code, now: Timestamp) -> Self {
        Self::of(code, &fixtures::web(), &fixtures::LIFETIMES, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oidc::{
        client::{Client, Clients, RefreshPolicy},
        client_auth::Credentials,
        fixtures::{
            CALLBACK, CHALLENGE, LIFETIMES, SECRET, VERIFIER, app, clients, issuer, request,
            session, web,
        },
    };
    use crate::{
        master_key::MasterKeys,
        params::Params,
        signed::{self, Unverified},
    };

    const PKCE: &str =
        "&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    fn at(second: i64) -> Timestamp {
        Timestamp::from_seconds(second)
    }

    fn code(more: &str) -> Code {
        Code::new(
            &request(more),
            &session(),
            GrantId::from_bytes([5; 16]),
            at(1000),
        )
    }

    fn proof(redirect_uri: &str, verifier: &str) -> Proof {
        let verifier =
            (!verifier.is_empty()).then(|| CodeVerifier::try_from(verifier.to_owned()).unwrap());
        Proof {
            redirect_uri: redirect_uri.into(),
            verifier,
        }
    }

    /// Redeems a code as the client of these credentials.
    fn redeem_as(
        form: &str,
        clients: &Clients,
        code: Code,
        proof: &Proof,
        now: Timestamp,
    ) -> Result<NewGrant, String> {
        let form = Params::parse(form.as_bytes()).unwrap();
        let credentials = Credentials::read(None, &form).unwrap();
        let client = credentials.authenticate(code.issuer, clients).unwrap();
        let result = code.redeem(client, proof, &LIFETIMES, now);
        result.map_err(|error| error.to_string())
    }

    fn redeem(code: Code, proof: &Proof, now: Timestamp) -> Result<NewGrant, String> {
        let form = format!("client_id=web&client_secret={SECRET}");
        redeem_as(&form, &clients(), code, proof, now)
    }

    fn error(code: Code, proof: &Proof, now: Timestamp) -> String {
        redeem(code, proof, now).unwrap_err()
    }

    #[test]
    fn a_code_becomes_the_grant_whose_id_it_carries() {
        let grant = redeem(code("+profile&nonce=n"), &proof(CALLBACK, ""), at(1059)).unwrap();
        assert_eq!(
            (grant.id, grant.sid),
            (GrantId::from_bytes([5; 16]), session().sid)
        );
        assert_eq!((grant.issuer, grant.client.as_str()), (issuer(), "web"));
        assert_eq!(
            (grant.scopes, grant.nonce),
            (Scopes::parse("openid profile"), Some("n".into()))
        );
        assert_eq!(
            (grant.created_at, grant.expires_at, grant.ends_at),
            (at(1059), at(4659), at(4659))
        );
        assert!(!grant.is_offline && !grant.is_refreshable);
    }

    /// Idle after 30 days and over after 180, whether it outlives its session or not.
    #[test]
    fn a_grant_that_can_be_refreshed_lasts_as_long_as_its_refresh_tokens() {
        let mut clients = clients();
        clients.insert(Client {
            refresh: RefreshPolicy::Session,
            scopes: Scopes::parse("openid"),
            ..web()
        });
        for (clients, more, expected) in [
            (&fixtures::clients(), "+offline_access", (true, 30, 180)),
            (&clients, "", (false, 30, 180)),
        ] {
            let form = format!("client_id=web&client_secret={SECRET}");
            let grant = redeem_as(&form, clients, code(more), &proof(CALLBACK, ""), at(1000));
            let grant = grant.unwrap();
            assert!(grant.is_refreshable);
            let days = |time: Timestamp| time.since(at(1000)).as_secs() / 86_400;
            let seen = (
                grant.is_offline,
                days(grant.expires_at),
                days(grant.ends_at),
            );
            assert_eq!(seen, expected);
        }
    }

    /// RFC 9700 §4.5.
    #[test]
    fn a_code_is_good_for_its_client_and_redirect_uri_for_a_minute() {
        let good = proof(CALLBACK, "");
        assert_eq!(
            error(code(""), &good, at(1060)),
            "invalid_grant: the code has expired"
        );
        // Issued at 1000, by a clock that was two minutes ahead, and by one that was more.
        assert!(redeem(code(""), &good, at(880)).is_ok());
        assert_eq!(
            error(code(""), &good, at(879)),
            "invalid_grant: the code was issued by a clock that was ahead"
        );
        for uri in [
            "",
            "https://rp.example/callback/",
            "https://rp.example/callback?x",
            "https://evil.example",
        ] {
            let expected =
                "invalid_grant: redirect_uri is another one than in the authorization request";
            assert_eq!(error(code(""), &proof(uri, ""), at(1000)), expected);
        }
        let mut clients = clients();
        clients.insert(Client {
            id: "web2".parse().unwrap(),
            ..web()
        });
        let form = format!("client_id=web2&client_secret={SECRET}");
        let error = redeem_as(&form, &clients, code(""), &good, at(1000)).unwrap_err();
        assert_eq!(
            error,
            "invalid_grant: the code was issued to another client"
        );
    }

    /// RFC 9700 §4.8: with a challenge that was removed, a verifier that was left out, or another pair.
    #[test]
    fn challenge_and_verifier_come_as_a_pair() {
        for (more, verifier, expected) in [
            (PKCE, VERIFIER, None),
            (
                PKCE,
                CHALLENGE,
                Some("invalid_grant: code_verifier does not belong to the code_challenge"),
            ),
            (PKCE, "", Some("invalid_grant: code_verifier is missing")),
            (
                "",
                VERIFIER,
                Some("invalid_grant: code_verifier without a code_challenge in the request"),
            ),
        ] {
            let result = redeem(code(more), &proof(CALLBACK, verifier), at(1000));
            assert_eq!(result.err().as_deref(), expected);
        }
        let uri = app().redirect_uri("http://127.0.0.1/callback").unwrap();
        let client = app().id;
        let code = Code {
            client,
            redirect_uri: uri.hash(),
            ..code("")
        };
        let result = redeem_as(
            "client_id=app",
            &clients(),
            code,
            &proof(uri.as_str(), ""),
            at(1000),
        );
        assert_eq!(
            result.unwrap_err(),
            "invalid_grant: the code has no code_challenge"
        );
    }

    #[test]
    fn a_code_with_the_longest_nonce_is_not_too_long() {
        let claims = "%7B%22userinfo%22%3A%7B%22name%22%3Anull%2C%22email_verified%22%3Anull%7D%7D";
        let code = code(&format!(
            "&nonce={}&claims={claims}{PKCE}",
            "%00".repeat(512)
        ));
        let keys = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        let keys = MasterKeys::parse(&secrecy::SecretString::from(keys)).unwrap();
        let text = signed::write(&keys, &code, &session().secret);
        let read = Unverified::<Code>::parse(&text).unwrap();
        assert_eq!(read.row(), session().sid);
        assert_eq!(
            read.verify(&keys, &session().secret).unwrap().write(),
            code.write()
        );
    }

    #[test]
    fn a_payload_is_read_as_it_was_written_and_the_text_is_short() {
        let code = code(&format!("+profile&nonce={}{PKCE}", "n".repeat(32)));
        let payload = code.write();
        assert_eq!(Code::read(&payload).unwrap().write(), payload);
        assert!(payload.len() < 360, "{}", payload.len());
        let text = String::from_utf8(payload).unwrap();
        insta::assert_snapshot!(text, @r#"{"g":"aucqkbifaucqkbifaucqkbifau","i":"2gg4ll4yi6653rz2urnels7rie","c":"web","r":"80fn1_4SG6_9QBSdQ_uU8Q","p":"E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM","n":"nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn","s":"openid profile","e":"aibaeaqcaibaeaqcaibaeaqcai","x":1060000}"#);
        assert!(Code::read(b"{}").is_none());
        assert_eq!(format!("{code:?}"), "Code(aucqkbifaucqkbifaucqkbifau, ..)");
    }
}
