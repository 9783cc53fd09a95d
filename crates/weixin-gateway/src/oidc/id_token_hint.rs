//! The `id_token_hint` of a request (Core §3.1.2.1).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{client_id::ClientId, issuer::Issuer, subject::Subject};

/// Verifies our own JWTs.
pub(crate) trait VerifyJwt {
    /// The claims of a JWT that one of our keys has signed and whose header has this `typ`; expired or not. It knows
    /// nothing of issuers and clients.
    fn verified_claims(&self, jwt: &str, typ: &str) -> Option<Map<String, Value>>;
}

/// The user whom a client expects.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Hint {
    /// The user with this `sub`.
    User(Subject),
    /// A user whose ID token cannot be verified, since its key was removed: without a login it cannot be told whether the
    /// session is this user's.
    Unknown,
}

impl Hint {
    /// The user of an ID token of ours for this client. Its expiry does not matter.
    pub(crate) fn read(
        jwt: &str,
        issuer: &Issuer,
        client: &ClientId,
        keys: &dyn VerifyJwt,
    ) -> Self {
        let subject = || {
            let claims = claims_of_ours(jwt, issuer, keys)?;
            let text = |name: &str| claims.get(name).and_then(Value::as_str);
            let is_the_clients = text("aud") == Some(client.as_str());
            let subject = text("sub").filter(|_| is_the_clients)?;
            Subject::try_from(subject.to_owned()).ok()
        };
        subject().map_or(Self::Unknown, Self::User)
    }
}

/// The ID of the client for which an ID token of this issuer is, expired or not.
pub(crate) fn client_of_hint(jwt: &str, issuer: &Issuer, keys: &dyn VerifyJwt) -> Option<String> {
    let claims = claims_of_ours(jwt, issuer, keys)?;
    claims.get("aud").and_then(Value::as_str).map(str::to_owned)
}

/// The claims of an ID token of this issuer, for any client.
pub(super) fn claims_of_ours(
    jwt: &str,
    issuer: &Issuer,
    keys: &dyn VerifyJwt,
) -> Option<Map<String, Value>> {
    let claims = keys.verified_claims(jwt, "JWT")?;
    let is_ours = claims.get("iss").and_then(Value::as_str) == Some(issuer.as_str());
    is_ours.then_some(claims)
}
