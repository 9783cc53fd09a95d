//! The users who have this WeChat on their simulated phones.

use data_encoding::BASE64URL_NOPAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// Somebody who can log in.
#[derive(Clone, Debug)]
pub struct User {
    pub(crate) id: String,
    pub(crate) nickname: String,
    pub(crate) has_avatar: bool,
    /// How often the avatar was changed: the address before dies.
    pub(crate) avatar_version: u32,
    /// Whether WeChat holds this user for a risk.
    pub(crate) is_blocked: bool,
}

impl User {
    /// A user with a short `id` to ask for them by, and any nickname.
    pub fn new(id: impl Into<String>, nickname: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            nickname: nickname.into(),
            has_avatar: true,
            avatar_version: 0,
            is_blocked: false,
        }
    }

    /// A user who never chose a picture: their avatar's address is empty.
    #[must_use]
    pub fn without_avatar(mut self) -> Self {
        self.has_avatar = false;
        self
    }

    /// A user whom WeChat holds for a risk: mini programs are told 40226.
    #[must_use]
    pub fn blocked(mut self) -> Self {
        self.is_blocked = true;
        self
    }

    /// Who is shown instead of this user in snapshot mode: ids of their own, and no name.
    pub(crate) fn snapshot_user(&self) -> Self {
        Self::new(format!("stand-in for {}", self.id), "微信用户").without_avatar()
    }

    /// What this user is asked for by.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The name in the profile.
    pub fn nickname(&self) -> &str {
        &self.nickname
    }

    /// The name as the simulated phone shows it: control characters can be seen, and so can nothing.
    pub(crate) fn display_name(&self) -> String {
        if self.nickname.is_empty() {
            return "(没有昵称 · no name)".to_owned();
        }
        let visible = |c: char| match u32::from(c) {
            code @ 0..0x20 => char::from_u32(0x2400 + code).unwrap_or('\u{fffd}'),
            0x202a..=0x202e | 0x2066..=0x2069 => '\u{fffd}',
            _ => c,
        };
        self.nickname.chars().map(visible).collect()
    }

    pub(crate) fn matches(&self, name: &str) -> bool {
        self.id == name || self.nickname == name
    }

    /// One open id per application, the same after every restart.
    pub(crate) fn openid(&self, app: &str) -> String {
        self.derived_id(&format!("openid {app}"))
    }

    /// One union id: all apps of the simulator belong to one Open Platform account.
    pub(crate) fn unionid(&self) -> String {
        self.derived_id("unionid")
    }

    /// A phone number of a range that belongs to nobody in particular: this is a simulator.
    pub(crate) fn phone(&self) -> String {
        let digest = Sha256::digest(format!("phone {}", self.id));
        let number = u16::from_be_bytes([digest[0], digest[1]]) % 10_000;
        format!("1380000{number:04}")
    }

    /// Names the avatar's picture without naming the user.
    pub(crate) fn avatar_id(&self) -> String {
        self.derived_id(&format!("avatar {}", self.avatar_version))
    }

    /// Where the avatar is, empty if there is none.
    pub(crate) fn avatar_url(&self, origin: &str) -> String {
        if self.has_avatar {
            format!("{origin}/mmopen/vi_32/{}/132", self.avatar_id())
        } else {
            String::new()
        }
    }

    /// 28 characters that begin with `o`, as WeChat's ids do.
    fn derived_id(&self, purpose: &str) -> String {
        let digest = Sha256::digest(format!("{purpose} {}", self.id));
        let text = BASE64URL_NOPAD.encode(&digest);
        format!("o{}", &text[..27])
    }
}

/// What is to be different about somebody; what is not named stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct UserChange {
    nickname: Option<String>,
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

/// The users who are there from the start; the first is the default.
pub(crate) fn defaults() -> Vec<User> {
    vec![
        User::new("xiaoming", "小明🐼é"),
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
    fn ids_differ_per_person_and_app_and_survive_a_restart() {
        let xiaoming = &defaults()[0];
        assert_eq!(xiaoming.openid("wx1"), defaults()[0].openid("wx1"));
        assert_ne!(xiaoming.openid("wx1"), xiaoming.openid("wx2"));
        assert_ne!(xiaoming.openid("wx1"), defaults()[1].openid("wx1"));
        let openid = xiaoming.openid("wx1");
        assert!(openid.len() == 28 && openid.starts_with('o') && openid != xiaoming.unionid());
    }
}
