//! A key that signs, and the JWTs that it makes (RFC 7515 §3, RFC 7518 §3, RFC 8037 §3.1).

use std::fmt;

use aws_lc_rs::{
    encoding::AsDer,
    rand::SystemRandom,
    rsa::{self, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair,
        Ed25519KeyPair, KeyPair, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey,
        VerificationAlgorithm,
    },
};
use data_encoding::BASE64URL_NOPAD;
use secrecy::{ExposeSecret, SecretBox};
use serde::Serialize;

use super::{
    jwk::{Jwk, PublicKey},
    rotate::NextKey,
    sealed_key::{KeyId, SealedKey},
};
use crate::{master_key::MasterKeys, oidc::Algorithm};

/// A key could not be made, read or used.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("no signing key could be made")]
    Generate,
    #[error("a signing key cannot be decrypted: its master key is not in the key file")]
    Sealed,
    #[error("a signing key is invalid")]
    Invalid,
    #[error("a signature failed")]
    Sign,
    #[error("there is no signing key for {}", .0.as_str())]
    Missing(Algorithm),
}

/// A key pair, kept as the library has parsed it: parsing costs more than a signature.
enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(rsa::KeyPair),
}

/// A key that signs ID tokens.
pub(crate) struct SigningKey {
    kid: KeyId,
    algorithm: Algorithm,
    pair: Pair,
    public: PublicKey,
    /// The JOSE header of ID tokens, encoded.
    header: String,
}

/// The JOSE header of our JWTs.
#[derive(Serialize)]
struct Header<'a> {
    alg: &'a str,
    kid: &'a str,
    typ: &'a str,
}

impl SigningKey {
    /// A new key. RSA takes a good part of a second.
    ///
    /// # Errors
    ///
    /// [`KeyError::Generate`].
    pub(crate) fn generate(algorithm: Algorithm) -> Result<Self, KeyError> {
        let pair = match algorithm {
            Algorithm::Rs256 => rsa::KeyPair::generate(KeySize::Rsa2048).map(Pair::Rsa),
            Algorithm::Es256 => {
                EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map(Pair::Ec)
            }
            Algorithm::EdDsa => Ed25519KeyPair::generate().map(Pair::Ed),
        };
        Self::new(pair.map_err(|_| KeyError::Generate)?)
    }

    /// The key of a stored row.
    ///
    /// # Errors
    ///
    /// [`KeyError::Sealed`] if its master key is gone; [`KeyError::Invalid`] if it is a key of another kind.
    pub(crate) fn open(stored: &SealedKey, master: &MasterKeys) -> Result<Self, KeyError> {
        let pkcs8 = master.open(stored.kid.as_str().as_bytes(), &stored.sealed);
        let pkcs8 = pkcs8.map_err(|_| KeyError::Sealed)?;
        let pkcs8 = pkcs8.expose_secret();
        let pair = match stored.algorithm {
            Algorithm::Rs256 => rsa::KeyPair::from_pkcs8(pkcs8).map(Pair::Rsa),
            Algorithm::Es256 => {
                EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map(Pair::Ec)
            }
            Algorithm::EdDsa => Ed25519KeyPair::from_pkcs8(pkcs8).map(Pair::Ed),
        };
        Self::new(pair.map_err(|_| KeyError::Invalid)?)
    }

    /// The row of a new key.
    ///
    /// # Errors
    ///
    /// [`KeyError::Generate`] if it cannot be encrypted.
    pub(crate) fn seal(&self, master: &MasterKeys, next: NextKey) -> Result<SealedKey, KeyError> {
        let pkcs8 = self.pkcs8()?;
        let sealed = master.seal(self.kid.as_str().as_bytes(), pkcs8.expose_secret());
        Ok(SealedKey {
            kid: self.kid.clone(),
            algorithm: self.algorithm,
            number: next.number,
            sealed: sealed.map_err(|_| KeyError::Generate)?,
            published_at: next.published_at,
            active_at: next.active_at,
            retired_at: None,
            removed_at: None,
        })
    }

    fn new(pair: Pair) -> Result<Self, KeyError> {
        let (algorithm, public) = match &pair {
            Pair::Rsa(pair) => {
                let key = pair.public_key();
                let (exponent, modulus) = (key.exponent(), key.modulus());
                let bytes = [exponent, modulus].map(|it| it.big_endian_without_leading_zero());
                let [exponent, modulus] = bytes;
                (Algorithm::Rs256, PublicKey::rsa(exponent, modulus))
            }
            Pair::Ec(pair) => {
                let key = PublicKey::p256(pair.public_key().as_ref());
                (Algorithm::Es256, key.ok_or(KeyError::Invalid)?)
            }
            Pair::Ed(pair) => (
                Algorithm::EdDsa,
                PublicKey::ed25519(pair.public_key().as_ref()),
            ),
        };
        let kid = public.thumbprint();
        Ok(Self {
            header: header(algorithm, &kid, "JWT")?,
            kid,
            algorithm,
            pair,
            public,
        })
    }

    fn pkcs8(&self) -> Result<SecretBox<[u8]>, KeyError> {
        let document = match &self.pair {
            Pair::Ec(pair) => pair.to_pkcs8v1().map(|it| it.as_ref().to_vec()),
            Pair::Ed(pair) => pair.to_pkcs8().map(|it| it.as_ref().to_vec()),
            Pair::Rsa(pair) => pair.as_der().map(|it| it.as_ref().to_vec()),
        };
        document
            .map(SecretBox::from)
            .map_err(|_| KeyError::Generate)
    }

    /// A JWT with the header `typ: JWT`, in the compact form.
    ///
    /// # Errors
    ///
    /// [`KeyError::Sign`].
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, KeyError> {
        self.sign_with(&self.header, claims)
    }

    /// A JWT of another type.
    ///
    /// # Errors
    ///
    /// [`KeyError::Sign`].
    pub(crate) fn sign_as(&self, typ: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        self.sign_with(&header(self.algorithm, &self.kid, typ)?, claims)
    }

    fn sign_with(&self, header: &str, claims: &impl Serialize) -> Result<String, KeyError> {
        let mut jwt = format!("{header}.{}", encode_json(claims)?);
        let signature = self.signature(jwt.as_bytes())?;
        jwt.push('.');
        BASE64URL_NOPAD.encode_append(&signature, &mut jwt);
        Ok(jwt)
    }

    fn signature(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        let signature = match &self.pair {
            Pair::Ed(pair) => Ok(pair.sign(message).as_ref().to_vec()),
            Pair::Ec(pair) => pair.sign(&random, message).map(|it| it.as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let signed = pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature);
                signed.map(|()| signature)
            }
        };
        signature.map_err(|_| KeyError::Sign)
    }

    /// Whether this key has made the signature.
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let (algorithm, key): (&'static dyn VerificationAlgorithm, &[u8]) = match &self.pair {
            Pair::Ec(pair) => (&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref()),
            Pair::Ed(pair) => (&ED25519, pair.public_key().as_ref()),
            Pair::Rsa(pair) => (&RSA_PKCS1_2048_8192_SHA256, pair.public_key().as_ref()),
        };
        UnparsedPublicKey::new(algorithm, key)
            .verify(message, signature)
            .is_ok()
    }

    pub(crate) const fn kid(&self) -> &KeyId {
        &self.kid
    }

    pub(crate) const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(crate) fn jwk(&self) -> Jwk {
        Jwk::new(self.public.clone(), self.algorithm)
    }
}

impl SealedKey {
    /// Its private part, encrypted with the first master key. `None` if it is so already.
    ///
    /// # Errors
    ///
    /// [`KeyError::Sealed`] if its master key is gone.
    pub(crate) fn resealed(&self, master: &MasterKeys) -> Result<Option<Vec<u8>>, KeyError> {
        let context = self.kid.as_str().as_bytes();
        match master.line_of(context, &self.sealed) {
            None => Err(KeyError::Sealed),
            Some(0) => Ok(None),
            Some(_) => {
                let pkcs8 = master.open(context, &self.sealed);
                let pkcs8 = pkcs8.map_err(|_| KeyError::Sealed)?;
                let sealed = master.seal(context, pkcs8.expose_secret());
                sealed.map(Some).map_err(|_| KeyError::Generate)
            }
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "SigningKey({} {}, ..)",
            self.algorithm.as_str(),
            self.kid
        )
    }
}

fn header(algorithm: Algorithm, kid: &KeyId, typ: &str) -> Result<String, KeyError> {
    encode_json(&Header {
        alg: algorithm.as_str(),
        kid: kid.as_str(),
        typ,
    })
}

fn encode_json(value: &impl Serialize) -> Result<String, KeyError> {
    let json = serde_json::to_vec(value).map_err(|_| KeyError::Sign)?;
    Ok(BASE64URL_NOPAD.encode(&json))
}
