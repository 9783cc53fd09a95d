//! Mini program payloads: encrypted with the session key, or signed with it (docs/wechat.md#encrypted-payloads).

use aes::Aes128;
use cbc::cipher::{BlockModeEncrypt, KeyIvInit, block_padding::Pkcs7};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde::Serialize;
use serde_json::{Value, json};
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

/// Watermark of a payload: app ID and time.
pub(crate) fn watermark(app: &str, now: std::time::SystemTime) -> Value {
    json!({ "timestamp": unix_seconds(now), "appid": app })
}

/// Phone number with its watermark.
pub(crate) fn phone(number: &str, watermark: &Value) -> Value {
    json!({
        "phoneNumber": number,
        "purePhoneNumber": number,
        "countryCode": "86",
        "watermark": watermark,
    })
}

/// Profile of a mini program user.
pub(crate) struct UserInfo {
    pub(crate) nickname: String,
    pub(crate) avatar: String,
    pub(crate) openid: String,
    pub(crate) unionid: Option<String>,
}

impl UserInfo {
    /// Part that is sent in plain text, without IDs.
    pub(crate) fn raw(&self) -> Value {
        json!({
            "nickName": self.nickname,
            "gender": 0,
            "language": "zh_CN",
            "city": "",
            "province": "",
            "country": "",
            "avatarUrl": self.avatar,
        })
    }

    /// Part that is encrypted, with IDs and watermark.
    pub(crate) fn whole(&self, watermark: &Value) -> Value {
        let mut whole = self.raw();
        whole["openId"] = json!(self.openid);
        if let Some(unionid) = &self.unionid {
            whole["unionId"] = json!(unionid);
        }
        whole["watermark"] = watermark.clone();
        whole
    }
}

/// Encrypts with AES-128-CBC and PKCS#7; data and IV are in base64.
pub(crate) fn encrypt(plain: &Value, raw: Option<&Value>, key: [u8; 16], iv: [u8; 16]) -> Payload {
    let cipher = cbc::Encryptor::<Aes128>::new(&key.into(), &iv.into());
    let encrypted = cipher.encrypt_padded_vec::<Pkcs7>(plain.to_string().as_bytes());
    let raw_data = raw.map(Value::to_string);
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
        let plain = json!({ "phoneNumber": "13800001234", "nickName": "小明🐼é" });
        let payload = encrypt(&plain, Some(&json!({ "gender": 0 })), key, iv);
        let read = |key: [u8; 16]| {
            let encrypted = BASE64.decode(payload.encrypted_data.as_bytes()).unwrap();
            let cipher = cbc::Decryptor::<Aes128>::new(&key.into(), &iv.into());
            let text = cipher.decrypt_padded_vec::<Pkcs7>(&encrypted).ok()?;
            serde_json::from_slice::<Value>(&text).ok()
        };
        assert_eq!(read(key), Some(plain));
        assert_eq!(read(*b"0123456789abcdeg"), None);
        // sha1_hex('{"gender":0}' + base64(key)), computed in Python.
        assert_eq!(
            payload.signature.as_deref(),
            Some("f7479eb87282f881b4a6b07168379215f6a308aa")
        );
    }
}
