//! Step 4: token to profile.

use serde::{Deserialize, Serialize};

use super::{
    json,
    request::{Call, Repeat},
    token::Bearer,
};
use crate::{OpenId, UnionId};

/// The profile of a user (`/sns/userinfo`), serialized under WeChat's names.
///
/// Since October 2021 WeChat sends no sex and no region: 0 and empty texts. Only the ids are required to be what they
/// should: any other member of an unexpected type reads as 0 or empty, so that it does not end a login.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct User {
    /// Who the user is, to this application.
    pub openid: OpenId,
    /// Any text: emoji, right-to-left, control characters, nothing. Escape it where it is shown.
    #[serde(default, deserialize_with = "json::text_or_empty")]
    pub nickname: String,
    /// 1 male, 2 female, 0 unknown (always, since 2021).
    #[serde(default, deserialize_with = "json::number_or_zero")]
    pub sex: u8,
    /// Such as `zh_CN`; may be empty.
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
    /// The avatar's address. It dies when the user changes the avatar: copy the picture.
    #[serde(default, deserialize_with = "json::some_text")]
    pub headimgurl: Option<String>,
    /// Such as `chinaunicom`.
    #[serde(default, deserialize_with = "json::texts")]
    pub privilege: Vec<String>,
    /// Who the user is, to all applications of the Open Platform account.
    #[serde(default, deserialize_with = "json::non_empty")]
    pub unionid: Option<UnionId>,
}

/// What everybody is called whose name WeChat withholds (snapshot mode, mini programs).
const PLACEHOLDER_NAME: &str = "微信用户";

/// Part of the address of the grey avatar of everybody whose avatar WeChat withholds.
const PLACEHOLDER_AVATAR: &str =
    "POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg";

/// An avatar, as far as it says something of the user.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Avatar<'a> {
    /// The user has none.
    None,
    /// The address of the user's picture. It dies when the user changes it: copy the picture.
    Picture(&'a str),
    /// The grey one of everybody whose avatar WeChat withholds.
    Withheld,
}

impl User {
    /// The name, unless it is empty or the one of everybody whose name WeChat withholds (`微信用户`).
    pub fn real_nickname(&self) -> Option<&str> {
        let name = self.nickname.trim();
        (!name.is_empty() && name != PLACEHOLDER_NAME).then_some(&self.nickname)
    }

    /// The avatar, told apart from the grey one of everybody whose avatar WeChat withholds.
    pub fn avatar(&self) -> Avatar<'_> {
        match self.headimgurl.as_deref() {
            None => Avatar::None,
            Some(address) if address.contains(PLACEHOLDER_AVATAR) => Avatar::Withheld,
            Some(address) => Avatar::Picture(address),
        }
    }

    /// Whether WeChat has said the sex and the region, which it has not since October 2021.
    pub fn has_sex_or_region(&self) -> bool {
        let region = [&self.country, &self.province, &self.city];
        self.sex != 0 || region.into_iter().any(|part| !part.is_empty())
    }
}

/// The language of the profile's region names (`lang`); without effect since they are empty.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
#[non_exhaustive]
pub enum Lang {
    /// English (`en`).
    En,
    /// Simplified Chinese (`zh_CN`).
    #[default]
    ZhCn,
    /// Traditional Chinese (`zh_TW`).
    ZhTw,
}

impl Lang {
    fn as_str(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh_CN",
            Self::ZhTw => "zh_TW",
        }
    }
}

/// `/sns/userinfo`
pub(crate) struct FetchUser<'a> {
    pub(crate) bearer: Bearer<'a>,
    pub(crate) lang: Lang,
}

impl Call for FetchUser<'_> {
    const PATH: &'static str = "/sns/userinfo";
    type Output = User;

    fn repeat(&self) -> Repeat {
        Repeat::Harmless
    }

    fn query(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("access_token", self.bearer.access_token.expose()),
            ("openid", self.bearer.openid.as_str()),
            ("lang", self.lang.as_str()),
        ]
    }
}

#[cfg(test)]
mod tests {
    use http::Response;

    use super::*;
    use crate::AccessToken;

    fn parse(body: &[u8]) -> User {
        let access_token = AccessToken::new("66_a").unwrap();
        let openid = "oA".parse().unwrap();
        let call = FetchUser {
            bearer: (&access_token, &openid).into(),
            lang: Lang::default(),
        };
        call.parse(&Response::new(body.to_vec())).unwrap()
    }

    #[test]
    fn a_profile_may_hold_nothing_but_the_open_id() {
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
    fn withheld_names_and_avatars_are_told_apart_from_real_ones() {
        let grey = format!("https://thirdwx.qlogo.cn/mmopen/vi_32/{PLACEHOLDER_AVATAR}/132");
        let user = |name: &str, avatar: &str, sex: u8| {
            let json = serde_json::json!({
                "openid": "oA", "nickname": name, "headimgurl": avatar, "sex": sex, "city": "",
            });
            parse(json.to_string().as_bytes())
        };
        let withheld = user("微信用户", &grey, 0);
        assert_eq!(
            (
                withheld.real_nickname(),
                withheld.avatar(),
                withheld.has_sex_or_region()
            ),
            (None, Avatar::Withheld, false)
        );
        let real = user("小明", "https://a.example/132", 1);
        assert_eq!(
            (
                real.real_nickname(),
                real.avatar(),
                real.has_sex_or_region()
            ),
            (Some("小明"), Avatar::Picture("https://a.example/132"), true)
        );
        let empty = user(" ", "", 0);
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
