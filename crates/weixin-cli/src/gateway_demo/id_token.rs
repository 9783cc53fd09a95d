//! The ID token: decoded, and verified by the rules of OpenID Connect Core §3.1.3.7.

use std::time::UNIX_EPOCH;

use aws_lc_rs::{
    digest,
    signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Map, Value};
use weixin::{
    Bilingual,
    clock::{Clock, SystemClock},
};

use super::{
    meanings,
    steps::{Check, Part},
};

/// An ID token that is decoded, but not verified yet.
pub(super) struct IdToken<'a> {
    header: Value,
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

/// The claims that every ID token has, in the order of the checks. The others are the user's.
const FIRST: [&str; 10] = [
    "iss",
    "sub",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "at_hash",
    "amr",
    "sid",
];

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

    /// The header, as the page shows it.
    pub(super) fn header_table(&self) -> Part {
        let fields = self.header.as_object().into_iter().flatten();
        let fields = fields.map(|(name, value)| (name.as_str(), meanings::text(name, value)));
        Part::Table {
            caption: Bilingual {
                en: "Its header, decoded",
                zh: "解码后的 header",
            },
            rows: fields.map(meanings::row).collect(),
        }
    }

    /// The claims, as the page shows them.
    pub(super) fn claims_table(&self) -> Part {
        let place = |name: &str| FIRST.iter().position(|first| *first == name);
        let mut claims: Vec<_> = self.claims.iter().collect();
        claims.sort_by_key(|(name, _)| place(name).unwrap_or(FIRST.len()));
        let claims = claims
            .into_iter()
            .map(|(name, value)| (name.as_str(), meanings::text(name, value)));
        Part::Table {
            caption: Bilingual {
                en: "Its claims, decoded",
                zh: "解码后的 claim",
            },
            rows: claims.map(meanings::row).collect(),
        }
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// The example of RFC 7515, appendix A.2.
    const SIGNED: &str = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";

    /// Whether each check passes for a token of `joe`.
    fn verify(token: &str) -> Vec<bool> {
        let jwks = json!({ "keys": [{ "kty": "RSA", "n": MODULUS, "e": "AQAB" }] });
        let expected = Expected {
            issuer: "joe",
            client_id: "demo",
            nonce: "n",
            access_token: "a",
            jwks: &jwks,
        };
        let checks = IdToken::decode(token).unwrap().verify(&expected);
        checks.iter().map(|check| check.is_passed).collect()
    }

    #[test]
    fn a_token_is_verified_claim_by_claim() {
        let token = format!("{SIGNED}.{SIGNATURE}");
        // It has expired, and has no other claim that a client needs.
        let only_issuer = [true, true, false, false, false, false, false];
        assert_eq!(verify(&token), only_issuer);
    }

    #[test]
    fn a_token_that_was_changed_has_no_valid_signature() {
        let none = BASE64URL_NOPAD.encode(br#"{"alg":"none"}"#);
        let other = BASE64URL_NOPAD.encode(br#"{"alg":"RS256","kid":"other"}"#);
        let (header, claims) = SIGNED.split_once('.').unwrap();
        let root = BASE64URL_NOPAD.encode(br#"{"iss":"joe","admin":true}"#);
        for changed in [
            format!("{SIGNED}."),
            format!("{none}.{claims}."),
            format!("{none}.{claims}.{SIGNATURE}"),
            format!("{other}.{claims}.{SIGNATURE}"),
            format!("{header}.{root}.{SIGNATURE}"),
        ] {
            assert!(!verify(&changed)[0], "{changed}");
        }
    }

    #[test]
    fn what_is_no_token_is_not_decoded() {
        for text in ["", "a.b", "a.b.c", "..", "e30.e30"] {
            assert!(IdToken::decode(text).is_none(), "{text}");
        }
    }
}
