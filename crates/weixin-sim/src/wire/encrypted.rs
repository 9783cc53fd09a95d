//! Mini program payloads: encrypted with the session key, or signed with it (docs/wechat.md#encrypted-payloads).

use std::time::SystemTime;

use aes::Aes128;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::clock::unix_seconds;

/// Result of `wx.getUserInfo` and of the old phone number button. The encrypted part of `wx.getUserProfile` has no IDs
/// (docs/wechat.md#names-and-avatars).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Payload {
    encrypted_data: String,
    iv: String,
    /// For a profile only.
    #[serde(skip_serializing_if = "Option::is_none")]
    raw_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    signature: Option<String>,
}

/// Watermark of a payload: time and app ID.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Watermark {
    timestamp: u64,
    appid: String,
}

impl Watermark {
    pub(crate) fn new(app: &str, now: SystemTime) -> Self {
        Self {
            timestamp: unix_seconds(now),
            appid: app.to_owned(),
        }
    }
}

/// Phone number, with the members in WeChat's order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PhoneInfo {
    phone_number: String,
    pure_phone_number: String,
    country_code: &'static str,
    watermark: Watermark,
}

impl PhoneInfo {
    pub(crate) fn new(number: String, watermark: Watermark) -> Self {
        Self {
            pure_phone_number: number.clone(),
            phone_number: number,
            country_code: "86",
            watermark,
        }
    }

    pub(crate) fn encrypt(&self, key: [u8; 16], iv: [u8; 16]) -> Payload {
        encrypt(&json(self), None, key, iv)
    }
}

/// Profile of a mini program user, with the members in WeChat's order.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct UserInfo {
    #[serde(skip_serializing_if = "Option::is_none")]
    open_id: Option<String>,
    nick_name: String,
    gender: u8,
    language: &'static str,
    city: &'static str,
    province: &'static str,
    country: &'static str,
    avatar_url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    union_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    watermark: Option<Watermark>,
    /// `true` for a withheld profile, otherwise absent. Its place is an assumption.
    #[serde(rename = "is_demote", skip_serializing_if = "Option::is_none")]
    is_withheld: Option<bool>,
}

impl UserInfo {
    /// The part that is sent in plain text, without IDs.
    fn new(nickname: String, avatar: String, language: &'static str) -> Self {
        Self {
            open_id: None,
            nick_name: nickname,
            gender: 0,
            language,
            city: "",
            province: "",
            country: "",
            avatar_url: avatar,
            union_id: None,
            watermark: None,
            is_withheld: None,
        }
    }

    /// Name and avatar as base libraries before 2.27.1 return them.
    pub(crate) fn open(nickname: String, avatar: String) -> Self {
        Self::new(nickname, avatar, "zh_CN")
    }

    /// Withheld name and avatar (docs/wechat.md#names-and-avatars).
    pub(crate) fn withheld(nickname: &str, avatar: String) -> Self {
        Self {
            is_withheld: Some(true),
            ..Self::new(nickname.to_owned(), avatar, "")
        }
    }

    /// Encrypts the profile with its IDs and watermark, beside the plain text without them.
    pub(crate) fn encrypt(
        self,
        ids: UserIds,
        watermark: Watermark,
        (key, iv): ([u8; 16], [u8; 16]),
    ) -> Payload {
        let raw = json(&self);
        let whole = Self {
            open_id: Some(ids.openid),
            union_id: ids.unionid,
            watermark: Some(watermark),
            ..self
        };
        encrypt(&json(&whole), Some(raw), key, iv)
    }
}

/// IDs of a mini program user.
#[derive(Debug)]
pub(crate) struct UserIds {
    pub(crate) openid: String,
    pub(crate) unionid: Option<String>,
}

fn json(value: &impl Serialize) -> String {
    // Serializing structs of text cannot fail.
    serde_json::to_string(value).unwrap_or_default()
}

/// Encrypts with AES-128-CBC and PKCS#7; data and IV are in base64.
fn encrypt(plain: &str, raw_data: Option<String>, key: [u8; 16], iv: [u8; 16]) -> Payload {
    let cipher = cbc::Encryptor::<Aes128>::new(&key.into(), &iv.into());
    let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(plain.as_bytes());
    let signature = raw_data
        .as_ref()
        .map(|raw| HEXLOWER.encode(&Sha1::digest(format!("{raw}{}", BASE64.encode(&key)))));
    Payload {
        encrypted_data: BASE64.encode(&encrypted),
        iv: BASE64.encode(&iv),
        raw_data,
        signature,
    }
}

/// Signature of a session key for `/wxa/checksession`: HMAC-SHA256 of an empty text, keyed with the base64 text
/// of the session key.
pub(crate) fn signature_of(key: [u8; 16]) -> String {
    let text = BASE64.encode(&key);
    // HMAC accepts keys of any length.
    let mac =
        Hmac::<Sha256>::new_from_slice(text.as_bytes()).map(|mac| mac.finalize().into_bytes());
    mac.map(|bytes| HEXLOWER.encode(&bytes)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use cbc::cipher::BlockModeDecrypt;

    use super::*;

    /// Expected value computed in Python: `hmac.new(base64.b64encode(key), b"", "sha256").hexdigest()`.
    #[test]
    fn the_signature_of_a_session_key_matches_a_reference() {
        assert_eq!(
            signature_of(*b"0123456789abcdef"),
            "65c26191fb220dd48254bddaae22d91dbbfeabf55089d8b176eb6e7cd3109414"
        );
    }

    #[test]
    fn a_payload_decrypts_only_with_its_session_key() {
        let (key, iv) = (*b"0123456789abcdef", *b"fedcba9876543210");
        let plain = r#"{"phoneNumber":"13800001234","nickName":"小明🐼é"}"#;
        let payload = encrypt(plain, Some(r#"{"gender":0}"#.to_owned()), key, iv);
        let read = |key: [u8; 16]| {
            let encrypted = BASE64.decode(payload.encrypted_data.as_bytes()).unwrap();
            let cipher = cbc::Decryptor::<Aes128>::new(&key.into(), &iv.into());
            let text = cipher.decrypt_padded_vec::<Pkcs7>(&encrypted).ok()?;
            String::from_utf8(text).ok()
        };
        assert_eq!(read(key).as_deref(), Some(plain));
        assert_eq!(read(*b"0123456789abcdeg"), None);
        // sha1_hex('{"gender":0}' + base64(key)), computed in Python.
        assert_eq!(
            payload.signature.as_deref(),
            Some("f7479eb87282f881b4a6b07168379215f6a308aa")
        );
    }
}
