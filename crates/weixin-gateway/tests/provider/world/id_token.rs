//! ID tokens, verified by another library with the keys that the gateway serves.

use jsonwebtoken::{DecodingKey, Header, Validation, jwk::JwkSet};
use serde_json::{Map, Value};

use super::RelyingParty;

impl RelyingParty<'_> {
    /// The keys that discovery leads to.
    pub(crate) async fn jwks(&self) -> JwkSet {
        let url = format!("{}/.well-known/openid-configuration", self.issuer());
        let metadata = self.world.get(&url).await.json();
        let jwks = self.world.get(metadata["jwks_uri"].as_str().unwrap()).await;
        serde_json::from_str(&jwks.body).unwrap()
    }

    /// The claims of an ID token for this client (Core §3.1.3.7).
    pub(crate) async fn verified_claims(&self, jwt: &str) -> Map<String, Value> {
        let header = header(jwt);
        let jwks = self.jwks().await;
        let key = jwks.find(header.kid.as_deref().unwrap()).unwrap();
        let algorithm = key.common.key_algorithm.unwrap();
        assert_eq!(algorithm.to_string(), format!("{:?}", header.alg));
        let mut validation = Validation::new(header.alg);
        validation.set_issuer(&[self.issuer()]);
        validation.set_audience(&[self.id]);
        validation.set_required_spec_claims(&["iss", "sub", "aud", "exp"]);
        // By the clock of the test, below.
        validation.validate_exp = false;
        let key = DecodingKey::from_jwk(key).unwrap();
        let verified = jsonwebtoken::decode::<Map<String, Value>>(jwt, &key, &validation);
        let claims = verified.unwrap().claims;
        let now = self.world.clock.seconds();
        assert!(claims["iat"].as_u64().unwrap() <= now, "{claims:?}");
        assert!(claims["exp"].as_u64().unwrap() > now, "{claims:?}");
        claims
    }
}

pub(crate) fn header(jwt: &str) -> Header {
    jsonwebtoken::decode_header(jwt).unwrap()
}
