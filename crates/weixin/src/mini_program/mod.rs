//! Mini programs (小程序): the code of `wx.login`, and what is encrypted with the key that it is worth.

mod calls;
mod payload;

use serde::{Deserialize, Serialize};

pub use self::payload::{Decrypted, EncryptedData, PayloadError};
use crate::{OpenId, UnionId, api::json, secret::SessionKey};

/// What a code of `wx.login` is worth (`/sns/jscode2session`).
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// Decrypts what the mini program hands over. It never leaves the server, and ends with the user's next `wx.login`.
    pub session_key: SessionKey,
    /// Who the user is, to this mini program.
    pub openid: OpenId,
    /// Who the user is, to all applications of the Open Platform account, if the mini program belongs to one.
    #[serde(default, deserialize_with = "json::non_empty")]
    pub unionid: Option<UnionId>,
}

/// The profile that a mini program hands over, decrypted. Since November 2022 the name is `微信用户` and the avatar grey,
/// whoever it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct MiniProgramUser {
    /// Who the user is, to this mini program; newer payloads have none.
    #[serde(rename = "openId", default, deserialize_with = "json::non_empty")]
    pub openid: Option<OpenId>,
    /// Any text. Escape it where it is shown.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub nick_name: String,
    /// 1 male, 2 female, 0 unknown.
    #[serde(default, deserialize_with = "json::number_or_zero")]
    pub gender: u8,
    /// The avatar's address.
    #[serde(default, deserialize_with = "json::some_text")]
    pub avatar_url: Option<String>,
    /// Who the user is, to all applications of the Open Platform account.
    #[serde(rename = "unionId", default, deserialize_with = "json::non_empty")]
    pub unionid: Option<UnionId>,
}

/// A phone number that the user has chosen to show.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PhoneNumber {
    /// With the country code in front, if it is not a Chinese one.
    #[serde(deserialize_with = "json::required_text")]
    pub phone_number: String,
    /// Without the country code.
    #[serde(deserialize_with = "json::required_text")]
    pub pure_phone_number: String,
    /// Such as `86`; empty if WeChat has not said it.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub country_code: String,
}
