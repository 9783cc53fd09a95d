//! What a mini program hands over: encrypted with the session key, or signed with it.

use aes::Aes128;
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, KeyIvInit, block_padding::Pkcs7},
};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, de::DeserializeOwned};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use thiserror::Error;

use crate::{AppId, json, secret::SessionKey};

const BLOCK: usize = 16;

/// Something that a mini program hands to its server, as `wx` gives it: both in base64.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct EncryptedData {
    /// `encryptedData`
    pub encrypted_data: String,
    /// `iv`
    pub iv: String,
}

/// A payload that could not be read. Answer the mini program the same whichever it is, so that nobody can learn from
/// the difference.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[non_exhaustive]
pub enum PayloadError {
    /// Decrypted, but not what was expected.
    #[error("the payload has an unexpected `{field}`")]
    Content {
        /// The field, or `body` if it is not JSON at all.
        field: String,
    },
    /// Not base64.
    #[error("`encryptedData` is not base64")]
    EncryptedData,
    /// Not 16 bytes in base64.
    #[error("`iv` is not 16 bytes in base64")]
    Iv,
    /// Empty, or not whole blocks: cut on its way.
    #[error("`encryptedData` is not a whole number of 16-byte blocks")]
    Length,
    /// Encrypted with another session key: that of an earlier or later `wx.login`.
    #[error(
        "the payload was encrypted with another session key: call wx.login again, and nothing in between"
    )]
    Padding,
    /// Not 16 bytes in base64.
    #[error("the session key is not 16 bytes in base64")]
    SessionKey,
    /// Another mini program's payload.
    #[error("the payload belongs to another app id")]
    Watermark,
}

/// A signature that does not fit.
#[derive(Clone, Copy, Debug, Eq, Error, PartialEq)]
#[error("the signature is not that of this data by this session key")]
pub struct WrongSignature;

#[derive(Deserialize)]
struct Marked {
    watermark: Watermark,
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
}

impl EncryptedData {
    /// Decrypts (AES-128-CBC, PKCS#7), and checks that it is for `app`.
    pub(super) fn decrypt<T: DeserializeOwned>(
        &self,
        key: &SessionKey,
        app: &AppId,
    ) -> Result<T, PayloadError> {
        let key = sixteen(key.expose()).ok_or(PayloadError::SessionKey)?;
        let iv = sixteen(&self.iv).ok_or(PayloadError::Iv)?;
        let mut data = BASE64
            .decode(self.encrypted_data.as_bytes())
            .map_err(|_| PayloadError::EncryptedData)?;
        if data.is_empty() || !data.len().is_multiple_of(BLOCK) {
            return Err(PayloadError::Length);
        }
        let plain = Decryptor::<Aes128>::new(&key.into(), &iv.into())
            .decrypt_padded::<Pkcs7>(&mut data)
            .map_err(|_| PayloadError::Padding)?;
        let content = |field| PayloadError::Content { field };
        let plain = json::text(plain);
        let Marked { watermark } = json::parse_text(&plain).map_err(content)?;
        if watermark.appid != app.as_str() {
            return Err(PayloadError::Watermark);
        }
        json::parse_text(&plain).map_err(content)
    }
}

impl SessionKey {
    /// Whether `raw_data` comes from the mini program as it is: `signature` is that of `wx.getUserInfo`.
    ///
    /// # Errors
    ///
    /// [`WrongSignature`]
    pub fn verify(&self, raw_data: &str, signature: &str) -> Result<(), WrongSignature> {
        let digest = Sha1::new()
            .chain_update(raw_data)
            .chain_update(self.expose())
            .finalize();
        let expected = HEXLOWER.encode(&digest);
        let fits = expected.as_bytes().ct_eq(signature.as_bytes());
        bool::from(fits).then_some(()).ok_or(WrongSignature)
    }

    /// What `/wxa/checksession` compares: the signature of an empty text, in hexadecimal.
    pub(super) fn signature(&self) -> String {
        // Any length is a good key for this.
        Hmac::<Sha256>::new_from_slice(self.expose().as_bytes())
            .map(|mac| HEXLOWER.encode(&mac.finalize().into_bytes()))
            .unwrap_or_default()
    }
}

fn sixteen(text: &str) -> Option<[u8; BLOCK]> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use cbc::{Encryptor, cipher::BlockModeEncrypt};
    use proptest::prelude::*;

    use super::*;
    use crate::mini_program::{MiniProgramUser, PhoneNumber};

    const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
    const OTHER_KEY: &str = "ZmVkY2JhOTg3NjU0MzIxMA==";
    const IV: &str = "YWJjZGVmZ2hpamtsbW5vcA==";

    fn key(text: &str) -> SessionKey {
        SessionKey::new(text).unwrap()
    }

    fn encrypted(plain: &str) -> EncryptedData {
        let [key, iv] = [KEY, IV].map(|text| sixteen(text).unwrap());
        let data = Encryptor::<Aes128>::new(&key.into(), &iv.into())
            .encrypt_padded_vec::<Pkcs7>(plain.as_bytes());
        EncryptedData {
            encrypted_data: BASE64.encode(&data),
            iv: IV.to_owned(),
        }
    }

    fn app() -> AppId {
        "wx1".parse().unwrap()
    }

    #[test]
    fn user_and_phone_are_decrypted_for_their_app_only() {
        let user = r#"{"openId":"oA","nickName":"小明","gender":"1","avatarUrl":"https:\/\/a.example\/132","unionId":"u1","watermark":{"timestamp":1,"appid":"wx1"}}"#;
        let read: MiniProgramUser = encrypted(user).decrypt(&key(KEY), &app()).unwrap();
        insta::assert_json_snapshot!(read, @r#"
        {
          "openId": "oA",
          "nickName": "小明",
          "gender": 1,
          "avatarUrl": "https://a.example/132",
          "unionId": "u1"
        }
        "#);
        for code in ["\"86\"", "86"] {
            let phone = format!(
                r#"{{"phoneNumber":"13800001234","purePhoneNumber":"13800001234","countryCode":{code},"watermark":{{"timestamp":1,"appid":"wx1"}}}}"#
            );
            let read: PhoneNumber = encrypted(&phone).decrypt(&key(KEY), &app()).unwrap();
            assert_eq!(read.country_code, "86");
        }
        let foreign = encrypted(&user.replace("wx1", "wx2"));
        let error = foreign.decrypt::<MiniProgramUser>(&key(KEY), &app());
        assert_eq!(error, Err(PayloadError::Watermark));
    }

    #[test]
    fn each_way_to_be_wrong_has_its_error() {
        let good = encrypted(r#"{"watermark":{"appid":"wx1"},"openId":7}"#);
        let content = |field: &str| PayloadError::Content {
            field: field.to_owned(),
        };
        let data = |text: &str| EncryptedData {
            encrypted_data: text.to_owned(),
            iv: IV.to_owned(),
        };
        let table = [
            (good.clone(), KEY, content("openId")),
            (encrypted("{}"), KEY, content("body")),
            (encrypted("<html>"), KEY, content("body")),
            (good.clone(), "MTIz", PayloadError::SessionKey),
            (good.clone(), "not-base64!", PayloadError::SessionKey),
            (good.clone(), OTHER_KEY, PayloadError::Padding),
            (data("***"), KEY, PayloadError::EncryptedData),
            (data(""), KEY, PayloadError::Length),
            (data("MTIz"), KEY, PayloadError::Length),
            (
                EncryptedData {
                    iv: "MTIz".to_owned(),
                    ..good
                },
                KEY,
                PayloadError::Iv,
            ),
        ];
        for (data, key_text, expected) in table {
            let error = data.decrypt::<MiniProgramUser>(&key(key_text), &app());
            assert_eq!(error, Err(expected), "{data:?} {key_text}");
        }
    }

    #[test]
    fn raw_data_is_what_it_was_signed_as() {
        // sha1('{"nickName":"小明"}' + key), worked out with Python.
        let raw = r#"{"nickName":"小明"}"#;
        let signature = "86c606a120a3f349ea9641d953c43daa50d2b250";
        assert_eq!(key(KEY).verify(raw, signature), Ok(()));
        for (raw, signature) in [
            (raw, ""),
            (raw, &signature[1..]),
            ("{}", signature),
            (raw, "0000000000000000000000000000000000000000"),
        ] {
            assert_eq!(key(KEY).verify(raw, signature), Err(WrongSignature));
        }
        assert_eq!(key(OTHER_KEY).verify(raw, signature), Err(WrongSignature));
    }

    proptest! {
        #[test]
        fn no_rubbish_makes_it_panic(data in ".{0,80}", iv in ".{0,30}", key_text in "[!-~]{1,30}") {
            let data = EncryptedData { encrypted_data: data, iv };
            let _ = data.decrypt::<MiniProgramUser>(&key(&key_text), &app());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..96)) {
            let data = EncryptedData { encrypted_data: BASE64.encode(&bytes), iv: IV.to_owned() };
            let _ = data.decrypt::<PhoneNumber>(&key(KEY), &app());
        }
    }
}
