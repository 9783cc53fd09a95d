//! All keys of the gateway.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    jwk::JwkSet,
    sealed_key::SealedKey,
    sign::{KeyError, SigningKey},
};
use crate::{
    master_key::MasterKeys,
    oidc::{Algorithm, VerifyJwt},
};

/// The keys of the gateway that are not removed.
pub(crate) struct KeySet(Vec<Entry>);

struct Entry {
    key: SigningKey,
    is_retired: bool,
}

impl KeySet {
    /// The keys of these rows.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if one cannot be read: without it the gateway would reject its own ID tokens.
    pub(crate) fn open(rows: &[SealedKey], master: &MasterKeys) -> Result<Self, KeyError> {
        let rows = rows.iter().filter(|row| row.removed_at.is_none());
        let entry = |row: &SealedKey| {
            let key = SigningKey::open(row, master)?;
            Ok(Entry {
                key,
                is_retired: row.retired_at.is_some(),
            })
        };
        rows.map(entry).collect::<Result<_, _>>().map(Self)
    }

    /// The algorithms for which a key must be made, so that RS256 and these can sign.
    pub(crate) fn missing(&self, needed: &[Algorithm]) -> Vec<Algorithm> {
        let is_needed = |it: &Algorithm| *it == Algorithm::Rs256 || needed.contains(it);
        let mut missing = Algorithm::ALL.to_vec();
        missing.retain(|it| is_needed(it) && self.signer(*it).is_none());
        missing
    }

    /// A JWT of these claims.
    ///
    /// # Errors
    ///
    /// [`KeyError::Missing`] if no key of this algorithm has been made; [`KeyError::Sign`].
    pub(crate) fn sign(
        &self,
        algorithm: Algorithm,
        claims: &impl Serialize,
    ) -> Result<String, KeyError> {
        let key = self.signer(algorithm).ok_or(KeyError::Missing(algorithm))?;
        key.sign(claims)
    }

    /// A JWT of another type than an ID token.
    ///
    /// # Errors
    ///
    /// As [`KeySet::sign`].
    pub(crate) fn sign_as(
        &self,
        typ: &str,
        algorithm: Algorithm,
        claims: &impl Serialize,
    ) -> Result<String, KeyError> {
        let key = self.signer(algorithm).ok_or(KeyError::Missing(algorithm))?;
        key.sign_as(typ, claims)
    }

    pub(crate) fn jwks(&self) -> JwkSet {
        let keys = self.0.iter().map(|entry| entry.key.jwk()).collect();
        JwkSet { keys }
    }

    fn signer(&self, algorithm: Algorithm) -> Option<&SigningKey> {
        let mut keys = self
            .0
            .iter()
            .filter(|entry| !entry.is_retired)
            .map(|entry| &entry.key);
        keys.find(|key| key.algorithm() == algorithm)
    }
}

impl VerifyJwt for KeySet {
    fn verified_claims(&self, jwt: &str, typ: &str) -> Option<Map<String, Value>> {
        let (message, signature) = jwt.rsplit_once('.')?;
        let (header, payload) = message.split_once('.')?;
        let header = decode_json(header)?;
        let text = |name: &str| header.get(name).and_then(Value::as_str);
        let kid = text("kid").filter(|_| text("typ") == Some(typ))?;
        let key = self
            .0
            .iter()
            .map(|entry| &entry.key)
            .find(|key| key.kid().as_str() == kid)?;
        // By the algorithm of the key, whatever the header says: else `none` and HMAC with a public key would do.
        let signature = BASE64URL_NOPAD.decode(signature.as_bytes()).ok()?;
        let is_ours = key.verifies(message.as_bytes(), &signature);
        is_ours.then(|| decode_json(payload)).flatten()
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|entry| &entry.key))
            .finish()
    }
}

fn decode_json(text: &str) -> Option<Map<String, Value>> {
    let json = BASE64URL_NOPAD.decode(text.as_bytes()).ok()?;
    serde_json::from_slice(&json).ok()
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;

    use jsonwebtoken::{DecodingKey, Validation, jwk::JwkSet as ForeignJwkSet};
    use secrecy::SecretString;
    use serde_json::json;

    use super::*;
    use crate::oidc::Timestamp;

    const MASTER: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
    const OTHER: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=";

    fn master(file: &str) -> MasterKeys {
        MasterKeys::parse(&SecretString::from(file)).unwrap()
    }

    /// One row for each algorithm. An RSA key takes long, so the tests share them.
    fn rows() -> &'static [SealedKey] {
        static ROWS: OnceLock<Vec<SealedKey>> = OnceLock::new();
        ROWS.get_or_init(|| {
            let row = |algorithm| {
                let key = SigningKey::generate(algorithm).unwrap();
                key.seal(&master(MASTER), Timestamp::from_seconds(1))
                    .unwrap()
            };
            Algorithm::ALL.map(row).into()
        })
    }

    fn key_set() -> KeySet {
        KeySet::open(rows(), &master(MASTER)).unwrap()
    }

    fn claims() -> Value {
        json!({ "iss": "https://op.example", "sub": "s", "aud": "web", "exp": 4_000_000_000_u32 })
    }

    /// Another library verifies each token by the JWKS as a client would get it.
    #[test]
    fn a_token_is_verified_by_another_library_from_the_jwks() {
        let keys = key_set();
        let jwks = serde_json::to_string(&keys.jwks()).unwrap();
        let jwks: ForeignJwkSet = serde_json::from_str(&jwks).unwrap();
        for algorithm in Algorithm::ALL {
            let jwt = keys.sign(algorithm, &claims()).unwrap();
            let header = jsonwebtoken::decode_header(&jwt).unwrap();
            assert_eq!(header.typ.as_deref(), Some("JWT"));
            let jwk = jwks.find(header.kid.as_deref().unwrap()).unwrap();
            let mut validation = Validation::new(algorithm.as_str().parse().unwrap());
            validation.set_audience(&["web"]);
            validation.set_issuer(&["https://op.example"]);
            let key = DecodingKey::from_jwk(jwk).unwrap();
            let token = jsonwebtoken::decode::<Value>(&jwt, &key, &validation).unwrap();
            assert_eq!(token.claims, claims());
            let thumbprint = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256);
            assert_eq!(header.kid, thumbprint.ok());
        }
    }

    #[test]
    fn the_jwks_has_public_members_only() {
        let jwks = serde_json::to_value(key_set().jwks()).unwrap();
        let members = |key: &Value| {
            key.as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
                .join(" ")
        };
        let keys = jwks.get("keys").and_then(Value::as_array).unwrap();
        let members: Vec<_> = keys.iter().map(members).collect();
        assert_eq!(
            members,
            [
                "alg e kid kty n use",
                "alg crv kid kty use x y",
                "alg crv kid kty use x"
            ]
        );
    }

    #[test]
    fn a_hint_is_a_jwt_of_ours_with_its_own_key_and_algorithm() {
        let keys = key_set();
        let verified = |jwt: &str| keys.verified_claims(jwt, "JWT");
        for algorithm in Algorithm::ALL {
            let jwt = keys.sign(algorithm, &claims()).unwrap();
            assert_eq!(verified(&jwt).map(Value::from), Some(claims()));
            assert_eq!(keys.verified_claims(&jwt, "logout+jwt"), None);
            let (start, signature) = jwt.rsplit_once('.').unwrap();
            let (header, payload) = start.split_once('.').unwrap();
            let other = BASE64URL_NOPAD.encode(json!({ "sub": "t" }).to_string().as_bytes());
            let with_header = |key: &str, value: &str| {
                let mut header = decode_json(header).unwrap();
                header.insert(key.to_owned(), value.into());
                let header = BASE64URL_NOPAD.encode(Value::from(header).to_string().as_bytes());
                format!("{header}.{payload}.{signature}")
            };
            let mut other_keys = Algorithm::ALL.into_iter().filter(|it| *it != algorithm);
            let foreign = keys
                .signer(other_keys.next().unwrap())
                .unwrap()
                .kid()
                .to_string();
            for bad in [
                "",
                ".",
                "..",
                start,
                &format!("{start}."),
                &format!("{header}.{other}.{signature}"),
                &format!("{jwt}."),
                &format!("{jwt}A"),
                &with_header("alg", "none"),
                &with_header("alg", "HS256"),
                &with_header("kid", "x"),
                &with_header("kid", &foreign),
                &with_header("typ", "at+jwt"),
            ] {
                assert_eq!(verified(bad), None, "{bad}");
            }
        }
    }

    #[test]
    fn a_key_is_opened_by_its_master_key_and_under_its_own_name() {
        assert_eq!(
            KeySet::open(rows(), &master(OTHER)).unwrap_err(),
            KeyError::Sealed
        );
        let both = format!("{OTHER}\n{MASTER}");
        assert!(KeySet::open(rows(), &master(&both)).is_ok());
        let [rsa, ec, _] = rows() else {
            panic!("three keys")
        };
        // The row of another key: its encryption is bound to the `kid`.
        let swapped = SealedKey {
            sealed: ec.sealed.clone(),
            ..rsa.clone()
        };
        assert_eq!(
            KeySet::open(&[swapped], &master(MASTER)).unwrap_err(),
            KeyError::Sealed
        );
        let other_kind = SealedKey {
            algorithm: Algorithm::EdDsa,
            ..rsa.clone()
        };
        assert_eq!(
            KeySet::open(&[other_kind], &master(MASTER)).unwrap_err(),
            KeyError::Invalid
        );
    }

    #[test]
    fn a_retired_key_verifies_and_a_removed_one_is_gone() {
        let [rsa, ec, _] = rows() else {
            panic!("three keys")
        };
        let jwt = key_set().sign(Algorithm::Rs256, &claims()).unwrap();
        let at = Some(Timestamp::from_seconds(2));
        let open = |rsa: SealedKey| KeySet::open(&[rsa, ec.clone()], &master(MASTER)).unwrap();
        let retired = open(SealedKey {
            retired_at: at,
            ..rsa.clone()
        });
        assert!(retired.verified_claims(&jwt, "JWT").is_some());
        assert_eq!(retired.missing(&[Algorithm::Es256]), [Algorithm::Rs256]);
        let missing = KeyError::Missing(Algorithm::Rs256);
        assert_eq!(
            retired.sign(Algorithm::Rs256, &claims()).unwrap_err(),
            missing
        );
        let removed = open(SealedKey {
            removed_at: at,
            ..rsa.clone()
        });
        assert!(removed.verified_claims(&jwt, "JWT").is_none());
        assert_eq!(removed.jwks().keys.len(), 1);
    }

    #[test]
    fn a_key_is_made_when_a_client_needs_it() {
        let none = KeySet::open(&[], &master(MASTER)).unwrap();
        assert_eq!(none.missing(&[]), [Algorithm::Rs256]);
        assert_eq!(
            none.missing(&[Algorithm::EdDsa]),
            [Algorithm::Rs256, Algorithm::EdDsa]
        );
        assert_eq!(key_set().missing(&Algorithm::ALL), []);
    }

    #[test]
    fn nothing_private_is_shown() {
        let [_, ec, _] = rows() else {
            panic!("three keys")
        };
        let set = KeySet::open(std::slice::from_ref(ec), &master(MASTER)).unwrap();
        assert_eq!(
            format!("{set:?}"),
            format!("[SigningKey(ES256 {}, ..)]", ec.kid)
        );
    }
}
