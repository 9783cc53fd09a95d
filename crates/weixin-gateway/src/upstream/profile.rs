//! The profile that WeChat gives, cleaned: what comes from it is shown by programs that may not expect what is in a name.

use unicode_normalization::UnicodeNormalization;
use url::Url;
use weixin::{Avatar, User};

use crate::oidc::{Profile, Timestamp, is_invisible};

/// Longest name, in characters. WeChat allows fewer.
const MAX_NAME: usize = 64;

/// Longest URL of a picture.
const MAX_URL: usize = 2_048;

/// The profile of a user, as WeChat has just sent it.
pub(crate) fn from_wechat(user: &User, now: Timestamp) -> Profile {
    Profile {
        nickname: user.real_nickname().and_then(name),
        picture: match user.avatar() {
            Avatar::Picture(url) => picture(url),
            _ => None,
        },
        read_at: Some(now),
    }
}

/// A name in NFC, without characters that are not seen or that change the direction of the text around it; `None` if
/// nothing is left.
fn name(text: &str) -> Option<String> {
    let visible = text.nfc().filter(|letter| !is_invisible(*letter));
    let name: String = visible.take(MAX_NAME).collect();
    let name = name.trim();
    (!name.is_empty()).then(|| name.to_owned())
}

/// An https URL. WeChat sends http for the same picture.
fn picture(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok()?;
    if url.scheme() == "http" && url.port().is_none() {
        url.set_scheme("https").ok()?;
    }
    let is_plain = url.username().is_empty() && url.password().is_none();
    let is_right = url.scheme() == "https" && url.has_host() && is_plain;
    (is_right && url.as_str().len() <= MAX_URL).then(|| url.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(nickname: &str, picture: Option<&str>) -> (Option<String>, Option<String>) {
        let mut user = User::new("oAlice".parse().unwrap());
        user.nickname = nickname.to_owned();
        user.headimgurl = picture.map(str::to_owned);
        let profile = from_wechat(&user, Timestamp::from_seconds(7));
        assert_eq!(profile.read_at, Some(Timestamp::from_seconds(7)));
        (profile.nickname, profile.picture)
    }

    #[test]
    fn a_name_has_no_characters_that_are_not_seen() {
        let long = "长".repeat(100);
        for (nickname, expected) in [
            ("小明", Some("小明")),
            (" Ann\u{202e}gpj\u{0}.exe\n", Some("Anngpj.exe")),
            ("e\u{301}", Some("\u{e9}")),
            ("👨\u{200d}👩\u{200d}👧", Some("👨\u{200d}👩\u{200d}👧")),
            (&long, Some(&long[..MAX_NAME * 3])),
            ("<b>admin</b>", Some("<b>admin</b>")), // escaped where it is shown
            ("\u{200f}\u{2066} ", None),
            ("微信用户", None),
            ("", None),
        ] {
            let (nickname, _) = profile(nickname, None);
            assert_eq!(nickname.as_deref(), expected);
        }
    }

    #[test]
    fn a_picture_is_https() {
        for (url, expected) in [
            (
                "http://thirdwx.qlogo.cn/mmopen/a/132",
                Some("https://thirdwx.qlogo.cn/mmopen/a/132"),
            ),
            ("https://x.example/1", Some("https://x.example/1")),
            ("http://x.example:8080/1", None),
            ("https://user@x.example/1", None),
            ("javascript:alert(1)", None),
            ("data:image/png;base64,AA", None),
            ("//x.example/1", None),
            ("", None),
        ] {
            let (_, picture) = profile("", Some(url));
            assert_eq!(picture.as_deref(), expected, "{url}");
        }
    }
}
