//! The payloads of a mini program: encrypted with the session key, or signed with it.

use std::time::{Duration, SystemTime};

use aes::Aes128;
use cbc::{
    Decryptor,
    cipher::{BlockModeDecrypt, KeyIvInit, block_padding::NoPadding},
};
use data_encoding::{BASE64, HEXLOWER};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, de::DeserializeOwned};
use sha1::{Digest, Sha1};
use sha2::Sha256;
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq, ConstantTimeGreater};

use super::PayloadError;
use crate::{api::json, identity::AppId, secret::SessionKey};

const BLOCK: u8 = 16;

/// An encrypted payload of a mini program, as `wx` returns it: both members in base64.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "camelCase")]
pub struct EncryptedData {
    /// `encryptedData`
    pub encrypted_data: String,
    /// `iv`
    pub iv: String,
}

/// A decrypted payload, with the time at which WeChat encrypted it.
///
/// The encryption keeps the content from others, but does not authenticate it: the user of the session can change blocks
/// of it. See [`MiniProgram::decrypt_phone`](super::MiniProgram::decrypt_phone).
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Decrypted<T> {
    /// The content.
    pub data: T,
    /// The time of the watermark, to reject old payloads; 1970 if it is missing or implausible.
    pub encrypted_at: SystemTime,
}

#[derive(Deserialize)]
struct Marked {
    watermark: Watermark,
}

#[derive(Deserialize)]
struct Watermark {
    appid: String,
    /// Unix seconds.
    #[serde(default, deserialize_with = "json::number_or_zero")]
    timestamp: u32,
}

impl Watermark {
    fn time(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(self.timestamp.into())
    }
}

impl EncryptedData {
    /// Decrypts (AES-128-CBC, PKCS#7), and checks that it is for `app` (docs/wechat.md#encrypted-payloads).
    pub(super) fn decrypt<T: DeserializeOwned>(
        &self,
        key: &SessionKey,
        app: &AppId,
    ) -> Result<Decrypted<T>, PayloadError> {
        let key = sixteen(key.expose()).ok_or(PayloadError)?;
        let iv = sixteen(&self.iv).ok_or(PayloadError)?;
        let mut blocks = BASE64
            .decode(self.encrypted_data.as_bytes())
            .map_err(|_| PayloadError)?;
        // So far it depends on nothing but what the caller has sent. From here on, all payloads take the same way to
        // its end, and are judged there: how long it takes must tell as little as the error does.
        let plain = Decryptor::<Aes128>::new(&key.into(), &iv.into())
            .decrypt_padded::<NoPadding>(&mut blocks)
            .map_err(|_| PayloadError)?;
        let (text, is_padded) = unpadded(plain);
        let text = json::text(text);
        let marked: Option<Marked> = json::parse_text(&text).ok();
        let data: Option<T> = json::parse_text(&text).ok();
        match (marked, data, bool::from(is_padded)) {
            (Some(Marked { watermark }), Some(data), true) if watermark.appid == app.as_str() => {
                Ok(Decrypted {
                    data,
                    encrypted_at: watermark.time(),
                })
            }
            _ => Err(PayloadError),
        }
    }
}

/// The text before the padding, and whether that is PKCS#7: reads every byte of the last block, whatever they are.
///
/// As much is cut off as the last byte says, also of a wrong padding, so that what follows takes no longer for it.
fn unpadded(plain: &[u8]) -> (&[u8], Choice) {
    let Some((_, last)) = plain.split_last_chunk::<{ BLOCK as usize }>() else {
        return (plain, Choice::from(0));
    };
    let count = last[last.len() - 1];
    let is_count = count.ct_gt(&0) & !count.ct_gt(&BLOCK);
    let mut is_padded = is_count;
    for (position, byte) in (1..=BLOCK).rev().zip(last) {
        let is_before = position.ct_gt(&count);
        is_padded &= is_before | byte.ct_eq(&count);
    }
    let cut = u8::conditional_select(&0, &count, is_count);
    (&plain[..plain.len() - usize::from(cut)], is_padded)
}

impl SessionKey {
    /// Verifies that `raw_data` comes from the mini program unchanged: `signature` is that of `wx.getUserInfo`. Takes the same
    /// time wherever they differ.
    pub fn verify_signature(&self, raw_data: &str, signature: &str) -> bool {
        let digest = Sha1::new()
            .chain_update(raw_data)
            .chain_update(self.expose())
            .finalize();
        let expected = HEXLOWER.encode(&digest);
        expected.as_bytes().ct_eq(signature.as_bytes()).into()
    }

    /// The signature of an empty text, in hexadecimal, which `/wxa/checksession` compares.
    pub(super) fn signature(&self) -> String {
        // Any length is a good key for this.
        Hmac::<Sha256>::new_from_slice(self.expose().as_bytes())
            .map(|mac| HEXLOWER.encode(&mac.finalize().into_bytes()))
            .unwrap_or_default()
    }
}

fn sixteen(text: &str) -> Option<[u8; BLOCK as usize]> {
    let bytes = BASE64.decode(text.as_bytes()).ok()?;
    bytes.try_into().ok()
}

#[cfg(test)]
mod tests {
    use cbc::{
        Encryptor,
        cipher::{BlockModeEncrypt, block_padding::Pkcs7},
    };
    use proptest::prelude::*;

    use super::*;
    use crate::mini_program::{PhoneNumber, Profile};

    const KEY: &str = "MDEyMzQ1Njc4OWFiY2RlZg==";
    const OTHER_KEY: &str = "ZmVkY2JhOTg3NjU0MzIxMA==";
    const IV: &str = "YWJjZGVmZ2hpamtsbW5vcA==";

    fn key(text: &str) -> SessionKey {
        SessionKey::new(text).unwrap()
    }

    fn data(bytes: &[u8]) -> EncryptedData {
        EncryptedData {
            encrypted_data: BASE64.encode(bytes),
            iv: IV.to_owned(),
        }
    }

    fn cipher() -> Encryptor<Aes128> {
        let [key, iv] = [KEY, IV].map(|text| sixteen(text).unwrap());
        Encryptor::<Aes128>::new(&key.into(), &iv.into())
    }

    fn encrypted(plain: &str) -> EncryptedData {
        data(&cipher().encrypt_padded_vec::<Pkcs7>(plain.as_bytes()))
    }

    /// Whole blocks, padding included.
    fn encrypted_blocks(plain: &[u8]) -> EncryptedData {
        data(&cipher().encrypt_padded_vec::<NoPadding>(plain))
    }

    fn app() -> AppId {
        "wx1".parse().unwrap()
    }

    fn phone(members: &str) -> Result<Decrypted<PhoneNumber>, PayloadError> {
        let watermark = r#""watermark":{"timestamp":1,"appid":"wx1"}"#;
        encrypted(&format!("{{{members},{watermark}}}")).decrypt(&key(KEY), &app())
    }

    #[test]
    fn profile_and_phone_are_decrypted_for_their_app_only() {
        let user = r#"{"openId":"oA","nickName":"小明","gender":"1","avatarUrl":"https:\/\/a.example\/132","unionId":"u1","watermark":{"timestamp":1,"appid":"wx1"}}"#;
        let read: Decrypted<Profile> = encrypted(user).decrypt(&key(KEY), &app()).unwrap();
        let expected = Profile {
            nickname: "小明".to_owned(),
            avatar_url: Some("https://a.example/132".to_owned()),
        };
        assert_eq!(read.data, expected);
        for code in ["\"86\"", "86"] {
            let read = phone(&format!(
                r#""phoneNumber":"13800001234","purePhoneNumber":13800001234,"countryCode":{code}"#
            ));
            let expected = PhoneNumber {
                phone_number: "13800001234".to_owned(),
                pure_phone_number: "13800001234".to_owned(),
                country_code: "86".to_owned(),
            };
            assert_eq!(read.unwrap().data, expected);
        }
        let foreign = encrypted(&user.replace("wx1", "wx2"));
        let error = foreign.decrypt::<Profile>(&key(KEY), &app());
        assert_eq!(error, Err(PayloadError));
    }

    #[test]
    fn a_number_that_is_missing_is_no_empty_number() {
        for members in [
            r#""phoneNumber":"","purePhoneNumber":"13800001234""#,
            r#""phoneNumber":"13800001234","purePhoneNumber":null"#,
            r#""phoneNumber":"13800001234""#,
            r#""phoneNumber":[],"purePhoneNumber":"13800001234""#,
        ] {
            assert_eq!(phone(members), Err(PayloadError), "{members}");
        }
    }

    #[test]
    fn the_time_of_the_watermark_is_returned() {
        for (timestamp, seconds) in [
            ("1700000000", 1_700_000_000),
            (r#""1700000000""#, 1_700_000_000),
            ("1700000000.0", 1_700_000_000),
            ("4294967295", 4_294_967_295),
            ("4294967296", 0),
            ("9223372036854775807", 0),
            ("1e308", 0),
            ("1e999", 0),
            ("-1", 0),
            ("null", 0),
            ("{}", 0),
        ] {
            let plain = format!(r#"{{"watermark":{{"appid":"wx1","timestamp":{timestamp}}}}}"#);
            let read: Decrypted<Profile> = encrypted(&plain).decrypt(&key(KEY), &app()).unwrap();
            let since = read.encrypted_at.duration_since(SystemTime::UNIX_EPOCH);
            assert_eq!(since.unwrap().as_secs(), seconds, "{timestamp}");
        }
    }

    #[test]
    fn every_fault_has_the_same_error() {
        let good = r#"{"watermark":{"appid":"wx1"},"openId":"o1"}"#;
        let mut wrong_padding = good.as_bytes().to_vec();
        wrong_padding.extend([b' '; 32]);
        wrong_padding.truncate(48);
        let padded_good = encrypted(good);
        let table = [
            (encrypted(&good.replace("wx1", "wx2")), KEY),
            (encrypted(&good.replace("watermark", "mark")), KEY),
            (encrypted("{}"), KEY),
            (encrypted("<html>"), KEY),
            (encrypted(""), KEY),
            (encrypted_blocks(&wrong_padding), KEY),
            (encrypted_blocks(&[0; 16]), KEY),
            (encrypted_blocks(&[17; 32]), KEY),
            (padded_good.clone(), "MTIz"),
            (padded_good.clone(), "not-base64!"),
            (padded_good.clone(), OTHER_KEY),
            (data(b""), KEY),
            (data(b"123"), KEY),
            (
                EncryptedData {
                    encrypted_data: "***".to_owned(),
                    ..padded_good.clone()
                },
                KEY,
            ),
            (
                EncryptedData {
                    iv: "MTIz".to_owned(),
                    ..padded_good.clone()
                },
                KEY,
            ),
        ];
        for (data, key_text) in table {
            let error = data.decrypt::<Profile>(&key(key_text), &app());
            assert_eq!(error, Err(PayloadError), "{data:?} {key_text}");
        }
        let read = padded_good.decrypt::<Profile>(&key(KEY), &app());
        assert!(read.is_ok());
        assert_eq!(format!("{PayloadError:?}"), "PayloadError");
    }

    #[test]
    fn a_padding_is_as_many_bytes_as_it_says_each() {
        for count in 0..=u8::MAX {
            for wrong in 0..BLOCK {
                let mut plain = [b'x'; 32];
                let is_count = (1..=BLOCK).contains(&count);
                for byte in plain.iter_mut().rev().take(count.into()) {
                    *byte = count;
                }
                plain[31] = count;
                let cut = if is_count { count } else { 0 };
                let (text, is_padded) = unpadded(&plain);
                assert_eq!(text.len(), 32 - usize::from(cut), "{count}");
                assert_eq!(bool::from(is_padded), is_count, "{count}");
                // The last byte, wrong, would be another count.
                if wrong == 0 {
                    continue;
                }
                plain[31 - usize::from(wrong)] ^= 0x80;
                let (text, is_padded) = unpadded(&plain);
                assert_eq!(text.len(), 32 - usize::from(cut), "{count} {wrong}");
                let expected = is_count && wrong >= count;
                assert_eq!(bool::from(is_padded), expected, "{count} {wrong}");
            }
        }
    }

    #[test]
    fn a_text_may_end_with_what_its_padding_is_made_of() {
        for count in 1..=BLOCK {
            let plain = [count; 32];
            let (text, is_padded) = unpadded(&plain);
            assert_eq!(text.len(), 32 - usize::from(count));
            assert!(bool::from(is_padded), "{count}");
        }
    }

    #[test]
    fn raw_data_is_what_it_was_signed_as() {
        // sha1('{"nickName":"小明"}' + key), worked out with Python.
        let raw = r#"{"nickName":"小明"}"#;
        let signature = "86c606a120a3f349ea9641d953c43daa50d2b250";
        assert!(key(KEY).verify_signature(raw, signature));
        for (raw, signature) in [
            (raw, ""),
            (raw, &signature[1..]),
            ("{}", signature),
            (raw, "0000000000000000000000000000000000000000"),
        ] {
            assert!(
                !key(KEY).verify_signature(raw, signature),
                "{raw} {signature}"
            );
        }
        assert!(!key(OTHER_KEY).verify_signature(raw, signature));
    }

    #[test]
    fn a_sessions_signature_is_that_of_an_empty_text() {
        // HMAC-SHA256 of an empty text by the session key as it is written, worked out with Python.
        assert_eq!(
            key(KEY).signature(),
            "65c26191fb220dd48254bddaae22d91dbbfeabf55089d8b176eb6e7cd3109414"
        );
    }

    proptest! {
        #[test]
        fn no_rubbish_makes_it_panic(data in ".{0,80}", iv in ".{0,30}", key_text in "[!-~]{1,30}") {
            let data = EncryptedData { encrypted_data: data, iv };
            let _ = data.decrypt::<Profile>(&key(&key_text), &app());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..96)) {
            let _ = data(&bytes).decrypt::<PhoneNumber>(&key(KEY), &app());
        }
    }
}
