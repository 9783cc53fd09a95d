//! The profile of a user.

use serde::{Deserialize, Serialize};

use super::{
    json,
    request::{Call, Idempotency},
    token::Bearer,
};
use crate::identity::{OpenId, UnionId};

/// The profile of a user (`/sns/userinfo`), serialized under WeChat's names.
///
/// Since October 2021 WeChat sends no sex and no region: 0 and empty texts. Only the IDs are read strictly: another member
/// of an unexpected type reads as 0 or empty, so that it does not end a login. See docs/wechat.md#the-profile.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct User {
    /// The OpenID.
    pub openid: OpenId,
    /// The name: any text, with emoji, right-to-left marks and control characters, or none. Escape it where you show it.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub nickname: String,
    /// 1 male, 2 female, 0 unknown (always, since 2021).
    #[serde(default, deserialize_with = "json::number_or_zero")]
    pub sex: u8,
    /// A language such as `zh_CN`, or empty.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub language: String,
    /// Empty since 2021.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub city: String,
    /// Empty since 2021.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub province: String,
    /// Empty since 2021.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub country: String,
    /// The URL of the avatar. It expires when the user changes the avatar: copy the picture.
    #[serde(default, deserialize_with = "json::some_text")]
    pub headimgurl: Option<String>,
    /// Privileges such as `chinaunicom`.
    #[serde(default, deserialize_with = "json::texts")]
    pub privilege: Vec<String>,
    /// The UnionID, if the app belongs to an Open Platform account.
    #[serde(default, deserialize_with = "json::non_empty")]
    pub unionid: Option<UnionId>,
}

/// The name of all users whose name WeChat withholds (docs/wechat.md#names-and-avatars).
const PLACEHOLDER_NAME: &str = "微信用户";

/// Part of the URL of the gray avatar of all users whose avatar WeChat withholds.
const PLACEHOLDER_AVATAR: &str =
    "POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg";

/// The avatar of a user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Avatar<'a> {
    /// The user has none.
    None,
    /// The URL of the user's picture. It expires when the user changes it: copy the picture.
    Picture(&'a str),
    /// The gray picture of all users whose avatar WeChat withholds.
    Placeholder,
}

impl User {
    /// A user without a profile, for tests. Set the public fields.
    pub fn new(openid: OpenId) -> Self {
        Self {
            openid,
            nickname: String::new(),
            sex: 0,
            language: String::new(),
            city: String::new(),
            province: String::new(),
            country: String::new(),
            headimgurl: None,
            privilege: Vec::new(),
            unionid: None,
        }
    }

    /// The name, or `None` if it is empty or WeChat withholds it (`微信用户`).
    pub fn real_nickname(&self) -> Option<&str> {
        let name = self.nickname.trim();
        (!name.is_empty() && name != PLACEHOLDER_NAME).then_some(&self.nickname)
    }

    /// The avatar.
    pub fn avatar(&self) -> Avatar<'_> {
        match self.headimgurl.as_deref() {
            None => Avatar::None,
            Some(url) if url.contains(PLACEHOLDER_AVATAR) => Avatar::Placeholder,
            Some(url) => Avatar::Picture(url),
        }
    }
}

/// `/sns/userinfo`
pub(crate) struct FetchUser<'a>(pub(crate) Bearer<'a>);

impl Call for FetchUser<'_> {
    const PATH: &'static str = "/sns/userinfo";
    type Output = User;

    fn idempotency(&self) -> Idempotency {
        Idempotency::Idempotent
    }

    fn query(&self) -> Vec<(&'static str, &str)> {
        let mut query = self.0.query();
        query.push(("lang", "zh_CN"));
        query
    }
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::secret::AccessToken;

    fn parse(body: &[u8]) -> User {
        let access_token = AccessToken::new("66_a").unwrap();
        let openid = "oA".parse().unwrap();
        let call = FetchUser(Bearer {
            access_token: &access_token,
            openid: &openid,
        });
        call.parse(&Response::new(body.to_vec())).unwrap()
    }

    #[test]
    fn a_profile_may_hold_the_openid_only() {
        insta::assert_json_snapshot!(parse(br#"{"openid":"oA","headimgurl":"","nickname":null,"sex":"1"}"#), @r#"
        {
          "openid": "oA",
          "nickname": "",
          "sex": 1,
          "language": "",
          "city": "",
          "province": "",
          "country": "",
          "headimgurl": null,
          "privilege": [],
          "unionid": null
        }
        "#);
    }

    #[test]
    fn placeholders_are_distinguished_from_real_names_and_avatars() {
        let gray = format!("https://thirdwx.qlogo.cn/mmopen/vi_32/{PLACEHOLDER_AVATAR}/132");
        let user = |name: &str, avatar: &str| {
            let json = serde_json::json!({
                "openid": "oA", "nickname": name, "headimgurl": avatar, "city": "",
            });
            parse(json.to_string().as_bytes())
        };
        let withheld = user("微信用户", &gray);
        assert_eq!(
            (withheld.real_nickname(), withheld.avatar()),
            (None, Avatar::Placeholder)
        );
        let real = user("小明", "https://a.example/132");
        assert_eq!(
            (real.real_nickname(), real.avatar()),
            (Some("小明"), Avatar::Picture("https://a.example/132"))
        );
        let empty = user(" ", "");
        assert_eq!(
            (empty.real_nickname(), empty.avatar()),
            (None, Avatar::None)
        );
    }

    #[test]
    fn a_raw_control_character_stays_in_the_name() {
        let user = parse("{\"openid\":\"oA\",\"nickname\":\"小明\u{7}🐼\",\"headimgurl\":\"https:\\/\\/a.example\\/132\"}".as_bytes());
        assert_eq!(user.nickname, "小明\u{7}🐼");
        assert_eq!(user.headimgurl.as_deref(), Some("https://a.example/132"));
    }
}
