//! Mini programs (小程序): the code of `wx.login`, phone numbers, and payloads that are encrypted with the session key.

pub(crate) mod calls;
mod payload;
mod payload_error;

use serde::{Deserialize, Serialize};

pub(crate) use self::calls::MiniProgram;
pub use self::{
    payload::{Decrypted, EncryptedData},
    payload_error::PayloadError,
};
pub use crate::secret::{JsCode, PhoneCode, SessionKey};
use crate::{
    api::json,
    identity::{OpenId, UnionId},
};

/// The session of a user (`/sns/jscode2session`).
///
/// See docs/wechat.md#the-session.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// Decrypts the user's payloads until the next `wx.login`. Keep it on the server.
    pub session_key: SessionKey,
    /// The OpenID in this mini program.
    pub openid: OpenId,
    /// The UnionID, if the mini program belongs to an Open Platform account.
    #[serde(default, deserialize_with = "json::non_empty")]
    pub unionid: Option<UnionId>,
}

/// The profile in a payload. In versions published after November 8, 2022 (mini games excepted) it is `微信用户` with a gray
/// avatar for every user: let users choose both with `chooseAvatar` and an input of `type="nickname"`.
///
/// See docs/wechat.md#names-and-avatars.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Profile {
    /// The name: any text. Escape it where you show it.
    #[serde(default, rename = "nickName", deserialize_with = "json::text_or_empty")]
    pub nickname: String,
    /// The URL of the avatar.
    #[serde(default, rename = "avatarUrl", deserialize_with = "json::some_text")]
    pub avatar_url: Option<String>,
}

/// A phone number that the user has chosen to share.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct PhoneNumber {
    /// The number, with the country code unless it is a Chinese one.
    #[serde(deserialize_with = "json::required_text")]
    pub phone_number: String,
    /// The number without the country code.
    #[serde(deserialize_with = "json::required_text")]
    pub pure_phone_number: String,
    /// The country code, such as `86`, or empty.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub country_code: String,
}
