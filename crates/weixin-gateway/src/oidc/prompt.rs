//! `prompt` and `max_age` (Core §3.1.2.1).

use serde::{Deserialize, Serialize};
use weixin::error::ParseError;

/// What the client wants the user to see.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Prompt {
    /// Whatever is needed.
    #[default]
    Any,
    /// Nothing at all.
    None,
    /// WeChat's dialog, and perhaps the page that asks for consent.
    Ask {
        /// `login`, or `select_account`, since the account is chosen in WeChat.
        login: bool,
        /// `consent`.
        consent: bool,
    },
}

impl Prompt {
    /// What discovery lists.
    pub(crate) const SUPPORTED: [&str; 4] = ["none", "login", "consent", "select_account"];

    /// Whether the user must see nothing: no login, no question, no error.
    pub(crate) const fn shows_nothing(self) -> bool {
        matches!(self, Self::None)
    }

    /// Whether a login is wanted, even if the user is logged in.
    pub(crate) const fn wants_login(self) -> bool {
        matches!(self, Self::Ask { login: true, .. })
    }

    pub(crate) const fn wants_consent(self) -> bool {
        matches!(self, Self::Ask { consent: true, .. })
    }
}

impl TryFrom<&str> for Prompt {
    type Error = ParseError;

    fn try_from(text: &str) -> Result<Self, ParseError> {
        let rule = "`none` alone, or `login`, `consent` and `select_account`";
        let error = ParseError::new("prompt", rule);
        let (mut login, mut consent) = (false, false);
        for word in text.split(' ').filter(|word| !word.is_empty()) {
            match word {
                "none" if text.trim_matches(' ') == "none" => return Ok(Self::None),
                "login" | "select_account" => login = true,
                "consent" => consent = true,
                _ => return Err(error),
            }
        }
        if login || consent {
            Ok(Self::Ask { login, consent })
        } else {
            Ok(Self::Any)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn none_stands_alone() {
        let ask = |login, consent| Ok(Prompt::Ask { login, consent });
        for (text, prompt) in [
            ("none", Ok(Prompt::None)),
            (" none", Ok(Prompt::None)),
            ("login", ask(true, false)),
            ("select_account", ask(true, false)),
            ("consent", ask(false, true)),
            ("consent  login", ask(true, true)),
            ("", Ok(Prompt::Any)),
        ] {
            assert_eq!(Prompt::try_from(text), prompt, "{text}");
        }
        for bad in [
            "none login",
            "login none",
            "none none",
            "create",
            "NONE",
            "login\tnone",
        ] {
            assert!(Prompt::try_from(bad).is_err(), "{bad}");
        }
    }
}
