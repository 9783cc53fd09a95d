//! What visitors type into the forms, checked before it is used.

use serde::Deserialize;

/// As RFC 5321 has it.
const MAX_EMAIL: usize = 254;

/// Of characters. Nothing else is asked of a password: rules about signs and capitals make worse ones.
const PASSWORD: std::ops::RangeInclusive<usize> = 8..=128;

/// A form; what is missing is empty.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(crate) struct Credentials {
    email: String,
    password: String,
}

impl Credentials {
    /// The address and the password, or which field breaks which rule, in both languages.
    pub(crate) fn check(self) -> Result<(Email, Password), &'static str> {
        Ok((Email::parse(&self.email)?, Password::parse(self.password)?))
    }
}

/// An email address in lower case: two spellings of one address are not two accounts.
pub(crate) struct Email(String);

impl Email {
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        // Before it is measured: some letters are longer in lower case.
        let text = text.trim().to_lowercase();
        let visible = !text.contains(|c: char| c.is_whitespace() || c.is_control());
        let has_both_parts = text
            .rsplit_once('@')
            .is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
        if visible && has_both_parts && text.len() <= MAX_EMAIL {
            Ok(Self(text))
        } else {
            Err(
                "邮箱：请填写完整的邮箱地址，最多 254 个字符 · Email: enter a whole address of at most 254 characters",
            )
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A password of a length that is accepted. It has no `Debug`: it cannot get into a log.
pub(crate) struct Password(String);

impl Password {
    pub(crate) fn parse(text: String) -> Result<Self, &'static str> {
        if PASSWORD.contains(&text.chars().count()) {
            Ok(Self(text))
        } else {
            Err("密码：请填写 8 至 128 个字符 · Password: enter 8 to 128 characters")
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
