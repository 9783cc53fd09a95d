//! Clients, sessions and requests for tests.

use std::time::Duration;

use super::{
    algorithm::Algorithm,
    authorization_request::AuthorizationRequest,
    authorize::AuthorizeError,
    claim_template::ClaimTemplates,
    claims_request::ClaimsRequest,
    client::{Client, ClientAuth, ClientSecret, Clients, RefreshPolicy},
    client_logout::ClientLogout,
    consent::ConsentPolicy,
    grant::{Grant, GrantLifetimes},
    id::{GrantId, IssuerId, SessionId, UserId},
    id_token_hint::VerifyJwt,
    issuer::Issuer,
    redirect_uri::{RegisteredUri, UriPolicy},
    scope::Scopes,
    session::{LoginMethod, Session},
    subject::Subject,
    timestamp::Timestamp,
};
use crate::{
    params::Params,
    secret::{RowSecret, SecretHash},
};

pub(crate) const SECRET: &str = "0123456789abcdefghijABCDEFGHIJ_-";
pub(crate) const CALLBACK: &str = "https://rp.example/callback";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) fn issuer_url() -> Issuer {
    Issuer::try_from("https://op.example".to_owned()).unwrap()
}

pub(crate) fn issuer() -> IssuerId {
    issuer_url().id()
}

pub(crate) fn other_issuer() -> IssuerId {
    Issuer::try_from("https://op.example/other".to_owned())
        .unwrap()
        .id()
}

/// A confidential client.
pub(crate) fn web() -> Client {
    let secret = ClientSecret::try_from(SECRET.to_owned()).unwrap();
    client(
        "web",
        ClientAuth::Confidential(vec![secret.hash()]),
        CALLBACK,
    )
}

/// A public client.
pub(crate) fn app() -> Client {
    client("app", ClientAuth::Public, "http://127.0.0.1/callback")
}

fn client(id: &str, auth: ClientAuth, uri: &str) -> Client {
    let policy = match auth {
        ClientAuth::Public => UriPolicy::Public,
        ClientAuth::Confidential(_) => UriPolicy::Confidential,
    };
    Client {
        id: id.parse().unwrap(),
        issuer: issuer(),
        name: None,
        home: None,
        auth,
        redirect_uris: vec![RegisteredUri::parse(uri, policy).unwrap()],
        logout: ClientLogout::default(),
        scopes: Scopes::parse("openid profile email offline_access"),
        require_pkce: false,
        require_par: false,
        consent: ConsentPolicy::default(),
        silent_login: false,
        algorithm: Algorithm::Rs256,
        profile_in_id_token: true,
        templates: ClaimTemplates::default(),
        refresh: RefreshPolicy::Offline,
        rotate_refresh_tokens: false,
        introspects: Vec::new(),
    }
}

/// `web` and `app` at this issuer, and `other` at the other one.
pub(crate) fn clients() -> Clients {
    let mut clients = Clients::default();
    clients.insert(web());
    clients.insert(app());
    clients.insert(Client {
        id: "other".parse().unwrap(),
        issuer: other_issuer(),
        ..web()
    });
    clients
}

/// Those of a configuration without a table of lifetimes.
pub(crate) const LIFETIMES: GrantLifetimes = GrantLifetimes {
    access_token: Duration::from_hours(1),
    refresh_token_idle: Duration::from_hours(30 * 24),
    refresh_token: Duration::from_hours(180 * 24),
    refresh_token_grace: Duration::from_mins(1),
};

/// Knows no JWT.
#[derive(Debug)]
pub(crate) struct NoKeys;

impl VerifyJwt for NoKeys {
    fn verified_claims(
        &self,
        _: &str,
        _: &str,
    ) -> Option<serde_json::Map<String, serde_json::Value>> {
        None
    }
}

/// The request of these parameters.
pub(crate) fn check(query: &str) -> Result<AuthorizationRequest, AuthorizeError> {
    let params = Params::parse(query.as_bytes()).unwrap();
    AuthorizationRequest::check(&params, &issuer_url(), &clients(), &NoKeys)
}

/// The request of `web` with more parameters.
pub(crate) fn request(more: &str) -> AuthorizationRequest {
    check(&format!(
        "client_id=web&redirect_uri={CALLBACK}&response_type=code&scope=openid{more}"
    ))
    .unwrap()
}

/// A session that began at second 1000.
pub(crate) fn session() -> Session {
    let began = Timestamp::from_seconds(1000);
    Session {
        sid: SessionId::from_bytes([2; 16]),
        secret: RowSecret::from_bytes([3; 16]),
        cookie: SecretHash::of(b"cookie"),
        issuer: issuer(),
        user: UserId::from_bytes([4; 16]),
        request: None,
        auth_time: began,
        method: LoginMethod::Qr,
        app: "wx1".parse().unwrap(),
        last_seen_at: began,
        expires_at: Timestamp::from_seconds(10_000),
        ended_at: None,
    }
}

/// A grant of `web` in that session, from second 1030 to 4630.
pub(crate) fn grant(scopes: &str, claims: ClaimsRequest) -> Grant {
    let session = session();
    Grant {
        id: GrantId::from_bytes([5; 16]),
        secret: RowSecret::from_bytes([6; 16]),
        client: web().id,
        user: session.user,
        subject: Subject::first(session.user),
        sid: session.sid,
        scopes: Scopes::parse(scopes),
        claims,
        auth_time: session.auth_time,
        is_offline: false,
        number: 0,
        rotated_at: None,
        expires_at: Timestamp::from_seconds(4630),
        ends_at: Timestamp::from_seconds(4630),
    }
}
