//! Each client's ID tokens are signed by its algorithm (Core §3.1.3.6).

use aws_lc_rs::digest::{Algorithm, SHA256, SHA512, digest};
use data_encoding::BASE64URL_NOPAD;

use crate::world::{Browser, Options, World, id_token::header};

/// `World` verifies the signature of every ID token by the JWKS.
async fn assert_signed_by(algorithm: &str, hash: &'static Algorithm) {
    let web = format!("id_token_alg = \"{algorithm}\"");
    let world = World::with(Options {
        web,
        ..Options::default()
    })
    .await;
    let tokens = world.web().log_in(&mut Browser::default(), &[]).await;
    assert_eq!(format!("{:?}", header(&tokens.id_token).alg), algorithm);
    let hash = digest(hash, tokens.access_token.as_bytes());
    let (half, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    assert_eq!(tokens.claims["at_hash"], BASE64URL_NOPAD.encode(half));
    // The other client has its own.
    let tokens = world.other().log_in(&mut Browser::default(), &[]).await;
    assert_eq!(format!("{:?}", header(&tokens.id_token).alg), "RS256");
    let metadata = world.get("/.well-known/openid-configuration").await.json();
    let supported = &metadata["id_token_signing_alg_values_supported"];
    assert!(
        supported
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it == algorithm),
        "{supported}"
    );
}

#[tokio::test]
async fn a_client_receives_tokens_signed_with_rs256() {
    assert_signed_by("RS256", &SHA256).await;
}

#[tokio::test]
async fn a_client_receives_tokens_signed_with_es256() {
    assert_signed_by("ES256", &SHA256).await;
}

/// Its hash is that of Ed25519.
#[tokio::test]
async fn a_client_receives_tokens_signed_with_eddsa() {
    assert_signed_by("EdDSA", &SHA512).await;
}
