//! Public keys as JWKs (RFC 7517, RFC 7518 §6, RFC 8037 §2), and their thumbprints (RFC 7638).

use data_encoding::BASE64URL_NOPAD;
use serde::Serialize;

use super::sealed_key::KeyId;
use crate::{oidc::Algorithm, secret::sha256};

/// The public part of a key. Its members are those of the thumbprint, in the order of RFC 7638 §3.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum PublicKey {
    Ec {
        crv: &'static str,
        kty: &'static str,
        x: String,
        y: String,
    },
    Okp {
        crv: &'static str,
        kty: &'static str,
        x: String,
    },
    Rsa {
        e: String,
        kty: &'static str,
        n: String,
    },
}

impl PublicKey {
    /// An RSA key of its exponent and modulus, big-endian and without leading zeros.
    pub(super) fn rsa(exponent: &[u8], modulus: &[u8]) -> Self {
        Self::Rsa {
            e: encode(exponent),
            kty: "RSA",
            n: encode(modulus),
        }
    }

    /// A P-256 key of its uncompressed point.
    pub(super) fn p256(point: &[u8]) -> Option<Self> {
        let (x, y) = point
            .strip_prefix(&[4])
            .filter(|it| it.len() == 64)?
            .split_at(32);
        Some(Self::Ec {
            crv: "P-256",
            kty: "EC",
            x: encode(x),
            y: encode(y),
        })
    }

    pub(super) fn ed25519(key: &[u8]) -> Self {
        Self::Okp {
            crv: "Ed25519",
            kty: "OKP",
            x: encode(key),
        }
    }

    /// The `kid`: the SHA-256 of the members that make the key.
    pub(super) fn thumbprint(&self) -> KeyId {
        // Texts always serialize.
        let json = serde_json::to_vec(self).unwrap_or_default();
        KeyId::from_stored(encode(&sha256(&json)))
    }
}

fn encode(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// A key of the JWKS.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Jwk {
    #[serde(flatten)]
    key: PublicKey,
    alg: &'static str,
    kid: String,
    #[serde(rename = "use")]
    usage: &'static str,
}

impl Jwk {
    pub(super) fn new(key: PublicKey, algorithm: Algorithm) -> Self {
        let kid = key.thumbprint().to_string();
        Self {
            key,
            alg: algorithm.as_str(),
            kid,
            usage: "sig",
        }
    }
}

/// The keys of an issuer (RFC 7517 §5).
#[derive(Clone, Debug, Serialize)]
pub(crate) struct JwkSet {
    pub(super) keys: Vec<Jwk>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(text: &str) -> Vec<u8> {
        BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()
    }

    #[test]
    fn a_thumbprint_is_that_of_the_example_of_rfc_7638() {
        let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjB\
            ZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0\
            zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEg\
            U8awapJzKnqDKgw";
        let key = PublicKey::rsa(&[1, 0, 1], &decode(modulus));
        assert_eq!(
            key.thumbprint().as_str(),
            "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
        );
    }

    #[test]
    fn a_thumbprint_is_that_of_the_example_of_rfc_8037() {
        let key = PublicKey::ed25519(&decode("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
        assert_eq!(
            key.thumbprint().as_str(),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
        let json = serde_json::to_string(&Jwk::new(key, Algorithm::EdDsa)).unwrap();
        insta::assert_snapshot!(json, @r#"{"crv":"Ed25519","kty":"OKP","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","alg":"EdDSA","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k","use":"sig"}"#);
    }

    #[test]
    fn a_point_is_uncompressed() {
        let point = [&[4][..], &[1; 32], &[2; 32]].concat();
        assert!(PublicKey::p256(&point).is_some());
        for bad in [&point[1..], &point[..64], &[&[2][..], &[1; 32]].concat()] {
            assert!(PublicKey::p256(bad).is_none());
        }
    }
}
