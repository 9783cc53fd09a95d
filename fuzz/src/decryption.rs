//! The payloads of a mini program: any program can send them to its server.

use aes::Aes128;
use cbc::{
    Encryptor,
    cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7},
};
use data_encoding::BASE64;
use weixin::{
    AppSecret, MiniProgram,
    mini_program::{EncryptedData, SessionKey},
};

use crate::responses::canned;

const KEY: [u8; 16] = *b"0123456789abcdef";

/// The first byte chooses: raw fields, or a payload that decrypts to the rest.
pub fn decryption(data: &[u8]) {
    let Some((choice, rest)) = data.split_first() else {
        return;
    };
    let (key, payload) = if choice % 2 == 0 {
        raw(rest)
    } else {
        (BASE64.encode(&KEY), encrypted(rest))
    };
    let Ok(key) = SessionKey::new(key) else {
        return;
    };
    let app = MiniProgram::builder(
        "wx0123456789abcde2".parse().unwrap(),
        AppSecret::new("s").unwrap(),
    )
    .build_with(canned(&[]));
    for error in [
        app.decrypt_profile(&key, &payload).err(),
        app.decrypt_phone(&key, &payload).err(),
    ]
    .into_iter()
    .flatten()
    {
        // A key of one letter is in every text.
        assert!(key.expose().len() < 24 || !error.to_string().contains(key.expose()));
    }
    let raw = String::from_utf8_lossy(rest);
    assert!(!key.verify_signature(&raw, &raw));
}

/// Key, initialization vector and data, each on a line of its own.
fn raw(rest: &[u8]) -> (String, EncryptedData) {
    let text = String::from_utf8_lossy(rest).into_owned();
    let mut lines = text.splitn(3, '\n').map(str::to_owned);
    let mut next = || lines.next().unwrap_or_default();
    let key = next();
    let payload = EncryptedData {
        iv: next(),
        encrypted_data: next(),
    };
    (key, payload)
}

fn encrypted(plain: &[u8]) -> EncryptedData {
    let cipher = Encryptor::<Aes128>::new(&KEY.into(), &KEY.into());
    EncryptedData {
        iv: BASE64.encode(&KEY),
        encrypted_data: BASE64.encode(&cipher.encrypt_padded_vec::<Pkcs7>(plain)),
    }
}
