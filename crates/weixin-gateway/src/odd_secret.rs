//! Texts that WeChat does not issue as app secrets.

/// The number of characters that WeChat's app secrets have.
const LENGTH: usize = 32;

/// Why a text is probably not an app secret of WeChat's. A simulator may accept it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum OddSecret {
    /// It begins as an app ID does.
    AppId,
    /// It has so many characters, and those of WeChat have 32.
    Length(usize),
}

impl OddSecret {
    pub(crate) fn of(secret: &str) -> Option<Self> {
        let length = secret.chars().count();
        match length {
            _ if secret.starts_with("wx") => Some(Self::AppId),
            LENGTH => None,
            _ => Some(Self::Length(length)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_app_secret_has_32_characters_and_does_not_begin_as_an_app_id() {
        let usual = "0123456789abcdef".repeat(2);
        for (secret, expected) in [
            (&*usual, None),
            (&usual[1..], Some(OddSecret::Length(31))),
            ("", Some(OddSecret::Length(0))),
            ("wx0123456789abcdef", Some(OddSecret::AppId)),
        ] {
            assert_eq!(OddSecret::of(secret), expected, "{secret}");
        }
    }
}
