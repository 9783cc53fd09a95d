//! Test users.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::Bilingual;

/// Name in a withheld profile (docs/wechat.md#names-and-avatars).
pub(crate) const WITHHELD_NAME: &str = "微信用户";

/// ID of the gray avatar in a withheld profile (docs/wechat.md#names-and-avatars).
pub(crate) const GRAY_AVATAR: &str =
    "POgEwh4mIHO4nibH0KlMECNjjGxQUq24ZEaGT4poC6icRiccVGKSyXwibcPq4BWmiaIGuG1icwxaQX6grC9VemZoJ8rg";

/// Number of characters of a nickname above which it is difficult to lay out.
const LONG_NAME: usize = 24;

/// A test user on the simulated phone.
#[derive(Clone, Debug)]
pub struct User {
    pub(crate) id: String,
    pub(crate) nickname: String,
    pub(crate) has_avatar: bool,
    /// Number of avatar changes; an old avatar URL stops working.
    pub(crate) avatar_version: u32,
    /// WeChat flags this user as high-risk.
    pub(crate) is_blocked: bool,
}

impl User {
    /// Creates a user with a short ID and any nickname.
    pub fn new(id: impl Into<String>, nickname: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            nickname: nickname.into(),
            has_avatar: true,
            avatar_version: 0,
            is_blocked: false,
        }
    }

    /// Removes the avatar: its URL is empty in the profile.
    #[must_use]
    pub fn without_avatar(mut self) -> Self {
        self.has_avatar = false;
        self
    }

    /// Flags the user as high-risk: mini program logins return 40226.
    #[must_use]
    pub fn blocked(mut self) -> Self {
        self.is_blocked = true;
        self
    }

    /// The user in snapshot mode: other IDs, as documented. That the name and the avatar are hidden is an assumption
    /// (docs/wechat.md#simulated-and-real).
    pub(crate) fn snapshot_user(&self) -> Self {
        Self::new(format!("stand-in for {}", self.id), WITHHELD_NAME).without_avatar()
    }

    /// Returns the ID, which names the user in the simulator only.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the nickname in the profile.
    pub fn nickname(&self) -> &str {
        &self.nickname
    }

    /// What is difficult about the nickname for a site; `None` for an ordinary one.
    pub(crate) fn difficulty(&self) -> Option<Bilingual> {
        let is = |test: fn(u32) -> bool| self.nickname.chars().any(|c| test(u32::from(c)));
        if self.nickname.is_empty() {
            Some(Bilingual::new("没有昵称", "no name"))
        } else if is(|c| matches!(c, 0..0x20 | 0x7f..0xa0 | 0x202a..=0x202e | 0x2066..=0x2069)) {
            Some(Bilingual::new("控制字符", "control characters"))
        } else if self.nickname.chars().count() > LONG_NAME {
            Some(Bilingual::new("很长", "very long"))
        } else if is(|c| matches!(c, 0x590..0x900 | 0xfb1d..0xfe00 | 0xfe70..0xff00)) {
            Some(Bilingual::new("从右到左", "right to left"))
        } else if is(|c| matches!(c, 0x300..0x370 | 0x1f000..0x1fb00 | 0x2600..0x2800)) {
            Some(Bilingual::new("表情与组合字符", "emoji, combining accent"))
        } else {
            None
        }
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        self.id == name || self.nickname == name
    }

    /// OpenID for an app, the same after every restart.
    pub(crate) fn openid(&self, app: &str) -> String {
        self.derived_id(&format!("openid {app}"))
    }

    /// UnionID: all apps of the simulator belong to one Open Platform account.
    pub(crate) fn unionid(&self) -> String {
        self.derived_id("unionid")
    }

    /// Made-up phone number of the range 1380000xxxx.
    pub(crate) fn phone(&self) -> String {
        let digest = Sha256::digest(format!("phone {}", self.id));
        let number = u16::from_be_bytes([digest[0], digest[1]]) % 10_000;
        format!("1380000{number:04}")
    }

    /// ID in the avatar URL, which does not reveal the user.
    pub(crate) fn avatar_id(&self) -> String {
        self.derived_id(&format!("avatar {}", self.avatar_version))
    }

    /// Avatar URL, or empty.
    pub(crate) fn avatar_url(&self, origin: &str) -> String {
        if self.has_avatar {
            avatar_url(origin, &self.avatar_id())
        } else {
            String::new()
        }
    }

    /// 28 characters that begin with `o`, like WeChat's IDs.
    fn derived_id(&self, purpose: &str) -> String {
        // Derived instead of random, so that IDs survive a restart without being stored.
        let digest = Sha256::digest(format!("{purpose} {}", self.id));
        let text = BASE64URL_NOPAD.encode(&digest);
        format!("o{}", &text[..27])
    }
}

/// URL of an avatar, at the host that serves it.
pub(crate) fn avatar_url(origin: &str, id: &str) -> String {
    format!("{origin}/mmopen/vi_32/{id}/132")
}

/// Change of a user; missing members stay as they are.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    pub(crate) nickname: Option<String>,
    avatar: Option<bool>,
    blocked: Option<bool>,
}

impl UserChange {
    pub(crate) fn apply(self, user: &mut User) {
        if let Some(nickname) = self.nickname {
            user.nickname = nickname;
        }
        user.has_avatar = self.avatar.unwrap_or(user.has_avatar);
        user.is_blocked = self.blocked.unwrap_or(user.is_blocked);
    }
}

/// Default users; the first is the default.
pub(crate) fn defaults() -> Vec<User> {
    vec![
        User::new("xiaoming", "小明🐼é"),
        User::new("linxiaoyu", "林小雨"),
        User::new("anna", "Anna Weber"),
        User::new("chensiyuan", "陈思远"),
        User::new("wanglei", "王磊"),
        User::new(
            "long",
            "Aleksandra-Wilhelmina 亚历山德拉·威廉明娜 von und zu Donau-Schwarzwald 👩‍👩‍👧‍👦 the \
             Third & only <of her name>",
        ),
        User::new("layla", "ليلى بنت أحمد (layla)"),
        User::new("noname", "").without_avatar(),
        User::new("control", "bell\u{7} line\nbreak\ttab \u{1b}[31m\u{202e}"),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_per_user_and_app_and_survive_a_restart() {
        let xiaoming = &defaults()[0];
        assert_eq!(xiaoming.openid("wx1"), defaults()[0].openid("wx1"));
        assert_ne!(xiaoming.openid("wx1"), xiaoming.openid("wx2"));
        assert_ne!(xiaoming.openid("wx1"), defaults()[1].openid("wx1"));
        let openid = xiaoming.openid("wx1");
        assert!(openid.len() == 28 && openid.starts_with('o') && openid != xiaoming.unionid());
    }
}
