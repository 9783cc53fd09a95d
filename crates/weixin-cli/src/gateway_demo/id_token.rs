//! The ID token: decoded, and verified by the rules of OpenID Connect Core §3.1.3.7.

use std::time::UNIX_EPOCH;

use aws_lc_rs::{
    digest,
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use weixin::clock::{Clock, SystemClock};

use super::steps::Check;

/// An ID token that is decoded, but not verified yet.
pub(super) struct IdToken<'a> {
    pub(super) header: Value,
    pub(super) claims: Map<String, Value>,
    /// Header and claims, as they were signed.
    signed: &'a str,
    signature: Vec<u8>,
}

/// What the client compares an ID token with.
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) client_id: &'a str,
    pub(super) nonce: &'a str,
    pub(super) access_token: &'a str,
    /// The public keys of the issuer.
    pub(super) jwks: &'a Value,
}

/// How far the clocks of the two servers may differ, in seconds.
const CLOCK_DIFFERENCE: i64 = 60;

impl<'a> IdToken<'a> {
    pub(super) fn decode(text: &'a str) -> Option<Self> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decode = |part: &str| BASE64URL_NOPAD.decode(part.as_bytes()).ok();
        Some(Self {
            header: serde_json::from_slice(&decode(header)?).ok()?,
            claims: serde_json::from_slice(&decode(claims)?).ok()?,
            signed,
            signature: decode(signature)?,
        })
    }

    /// All checks, in the order of the specification.
    pub(super) fn verify(&self, expected: &Expected<'_>) -> Vec<Check> {
        let is = |claim: &str, text: &str| self.claims.get(claim).is_some_and(|it| it == text);
        let time = |claim: &str| self.claims.get(claim).and_then(Value::as_i64);
        let now = now();
        vec![
            Check::new(
                self.has_valid_signature(expected.jwks),
                "签名有效：算法是 RS256，公钥来自 jwks_uri，kid 相同",
                "The signature is valid: RS256, by the key of jwks_uri that has this kid",
            ),
            Check::new(
                is("iss", expected.issuer),
                "iss 是配置的 issuer",
                "iss is the configured issuer",
            ),
            Check::new(
                is("aud", expected.client_id),
                "aud 是自己的 client_id",
                "aud is the client’s own ID",
            ),
            Check::new(
                time("exp").is_some_and(|exp| now < exp + CLOCK_DIFFERENCE),
                "exp：尚未过期",
                "exp: it has not expired",
            ),
            Check::new(
                time("iat").is_some_and(|iat| iat <= now + CLOCK_DIFFERENCE),
                "iat 不在将来",
                "iat is not in the future",
            ),
            Check::new(
                is("nonce", expected.nonce),
                "nonce 与授权请求中的相同",
                "nonce is the one of the authorization request",
            ),
            Check::new(
                is("at_hash", &at_hash(expected.access_token)),
                "at_hash 是这个 access_token 的哈希",
                "at_hash is the hash of this access token",
            ),
        ]
    }

    /// RS256, and no other algorithm that a token may name.
    fn has_valid_signature(&self, jwks: &Value) -> bool {
        let key = self.key(jwks);
        let number = |name: &str| {
            let text = key?.get(name)?.as_str()?;
            BASE64URL_NOPAD.decode(text.as_bytes()).ok()
        };
        let (Some(n), Some(e)) = (number("n"), number("e")) else {
            return false;
        };
        let key = RsaPublicKeyComponents { n: &n, e: &e };
        let message = self.signed.as_bytes();
        let verified = key.verify(&RSA_PKCS1_2048_8192_SHA256, message, &self.signature);
        self.header["alg"] == "RS256" && verified.is_ok()
    }

    fn key<'k>(&self, jwks: &'k Value) -> Option<&'k Value> {
        let mut keys = jwks["keys"].as_array()?.iter();
        keys.find(|key| key["kid"] == self.header["kid"] && key["kty"] == "RSA")
    }
}

/// The first half of the hash of an access token (Core §3.1.3.6).
fn at_hash(access_token: &str) -> String {
    let hash = digest::digest(&digest::SHA256, access_token.as_bytes());
    let half = hash.as_ref().get(..16).unwrap_or_default();
    BASE64URL_NOPAD.encode(half)
}

fn now() -> i64 {
    let since = SystemClock.now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}
