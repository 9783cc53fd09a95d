//! All keys of the gateway.

use std::{fmt, sync::Arc, time::Instant};

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    jwk::JwkSet,
    sealed_key::{Phase, SealedKey},
    sign::{KeyError, SigningKey},
};
use crate::{
    master_key::MasterKeys,
    oidc::{Algorithm, Timestamp, VerifyJwt},
    telemetry,
};

/// The keys of the gateway at a time, without those that are removed. A copy shares them.
#[derive(Clone)]
pub(crate) struct KeySet(Arc<[Entry]>);

struct Entry {
    key: SigningKey,
    phase: Phase,
}

impl KeySet {
    /// The keys of these rows, the oldest of each algorithm first.
    ///
    /// # Errors
    ///
    /// [`KeyError`] if one cannot be read: without it the gateway would reject its own ID tokens.
    pub(crate) fn open(
        rows: &[SealedKey],
        master: &MasterKeys,
        now: Timestamp,
    ) -> Result<Self, KeyError> {
        let entry = |(row, phase): (&SealedKey, Phase)| {
            let key = SigningKey::open(row, master)?;
            Ok(Entry { key, phase })
        };
        phases(rows, now)
            .map(entry)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Whether these rows are the same keys, used for the same.
    pub(crate) fn is_current(&self, rows: &[SealedKey], now: Timestamp) -> bool {
        let own = self.0.iter().map(|entry| (entry.key.kid(), entry.phase));
        own.eq(phases(rows, now).map(|(row, phase)| (&row.kid, phase)))
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
        let start = Instant::now();
        let signed = key.sign(claims);
        telemetry::signed(algorithm.as_str(), start.elapsed());
        signed
    }

    /// Whether there is a key of this algorithm.
    pub(crate) fn can_sign(&self, algorithm: Algorithm) -> bool {
        self.signer(algorithm).is_some()
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

    /// The youngest key that signs. If none does yet, another node whose clock is ahead has just made the first one.
    fn signer(&self, algorithm: Algorithm) -> Option<&SigningKey> {
        let keys = self.0.iter();
        let mut keys = keys.filter(|entry| entry.key.algorithm() == algorithm);
        let signing = keys.clone().rfind(|entry| entry.phase == Phase::Signing);
        let entry = signing.or_else(|| keys.find(|entry| entry.phase == Phase::Published));
        entry.map(|entry| &entry.key)
    }
}

/// The keys that are not removed, and what each is used for.
fn phases(rows: &[SealedKey], now: Timestamp) -> impl Iterator<Item = (&SealedKey, Phase)> {
    let rows = rows.iter().map(move |row| (row, row.phase(now)));
    rows.filter(|(_, phase)| *phase != Phase::Removed)
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

/// The IDs, for the log.
impl fmt::Display for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, entry) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            write!(f, "{comma}{}", entry.key.kid())?;
        }
        Ok(())
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
    use crate::keys::{KeyId, NextKey};

    const NOW: Timestamp = Timestamp::from_seconds(1);

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
                key.seal(&master(MASTER), NextKey::at_once(algorithm, 1, NOW))
                    .unwrap()
            };
            Algorithm::ALL.map(row).into()
        })
    }

    fn key_set() -> KeySet {
        KeySet::open(rows(), &master(MASTER), NOW).unwrap()
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
            KeySet::open(rows(), &master(OTHER), NOW).unwrap_err(),
            KeyError::Sealed
        );
        let both = format!("{OTHER}\n{MASTER}");
        assert!(KeySet::open(rows(), &master(&both), NOW).is_ok());
        let [rsa, ec, _] = rows() else {
            panic!("three keys")
        };
        // The row of another key: its encryption is bound to the `kid`.
        let swapped = SealedKey {
            sealed: ec.sealed.clone(),
            ..rsa.clone()
        };
        assert_eq!(
            KeySet::open(&[swapped], &master(MASTER), NOW).unwrap_err(),
            KeyError::Sealed
        );
        let other_kind = SealedKey {
            algorithm: Algorithm::EdDsa,
            ..rsa.clone()
        };
        assert_eq!(
            KeySet::open(&[other_kind], &master(MASTER), NOW).unwrap_err(),
            KeyError::Invalid
        );
    }

    #[test]
    fn a_retired_key_verifies_and_a_removed_one_is_gone() {
        let [rsa, ec, _] = rows() else {
            panic!("three keys")
        };
        let jwt = key_set().sign(Algorithm::Rs256, &claims()).unwrap();
        let at = Some(NOW);
        let open = |rsa: SealedKey| KeySet::open(&[rsa, ec.clone()], &master(MASTER), NOW).unwrap();
        let retired = open(SealedKey {
            retired_at: at,
            ..rsa.clone()
        });
        assert!(retired.verified_claims(&jwt, "JWT").is_some());
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

    /// The `kid` of what is signed at a time.
    fn signer(rows: &[SealedKey], seconds: i64) -> String {
        let now = Timestamp::from_seconds(seconds);
        let keys = KeySet::open(rows, &master(MASTER), now).unwrap();
        assert!(keys.is_current(rows, now));
        assert_eq!(keys.jwks().keys.len(), rows.len());
        keys.signer(Algorithm::Es256).unwrap().kid().to_string()
    }

    #[test]
    fn a_key_signs_when_its_time_has_come() {
        let key = |number, active_at| {
            let key = SigningKey::generate(Algorithm::Es256).unwrap();
            let next = NextKey {
                active_at: Timestamp::from_seconds(active_at),
                ..NextKey::at_once(Algorithm::Es256, number, NOW)
            };
            key.seal(&master(MASTER), next).unwrap()
        };
        let old = SealedKey {
            retired_at: Some(Timestamp::from_seconds(20)),
            removed_at: Some(Timestamp::from_seconds(30)),
            ..key(1, 10)
        };
        let new = key(2, 20);
        let rows = [old.clone(), new.clone()];
        let ids = [10, 19, 20, 29].map(|seconds| signer(&rows, seconds));
        assert_eq!(
            ids.each_ref().map(|id| &**id),
            [&old.kid, &old.kid, &new.kid, &new.kid].map(KeyId::as_str)
        );
        // The clock of this node is behind that of the node which has made the first key.
        assert_eq!(signer(std::slice::from_ref(&new), 1), new.kid.as_str());
        let keys = KeySet::open(&rows, &master(MASTER), NOW).unwrap();
        for (seconds, is_current) in [(1, true), (10, false), (20, false), (30, false)] {
            let now = Timestamp::from_seconds(seconds);
            assert_eq!(keys.is_current(&rows, now), is_current, "{seconds}");
        }
        assert!(!keys.is_current(&rows[..1], NOW));
    }

    #[test]
    fn nothing_private_is_shown() {
        let [_, ec, _] = rows() else {
            panic!("three keys")
        };
        let set = KeySet::open(std::slice::from_ref(ec), &master(MASTER), NOW).unwrap();
        assert_eq!(
            format!("{set:?}"),
            format!("[SigningKey(ES256 {}, ..)]", ec.kid)
        );
    }
}
