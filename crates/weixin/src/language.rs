//! The two languages of texts that people read.

/// A language of texts, pages and WeChat's QR page.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Language {
    /// Chinese as written in mainland China.
    Chinese,
    /// English.
    English,
}

impl Language {
    /// The first language of an `Accept-Language` header that is one of these two, or Chinese.
    pub fn from_accept_language(header: &str) -> Self {
        let mut tags = header.split(',').map(str::trim_start);
        let known = tags.find(|tag| tag.starts_with("zh") || tag.starts_with("en"));
        if known.is_some_and(|tag| tag.starts_with("en")) {
            Self::English
        } else {
            Self::Chinese
        }
    }

    /// The tag for `<html lang>`: `zh-CN` or `en`.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }
}

/// A text in both languages.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[expect(clippy::exhaustive_structs, reason = "two languages, made by literals")]
pub struct Bilingual {
    /// English.
    pub en: &'static str,
    /// Chinese as written in mainland China.
    pub zh: &'static str,
}

impl Bilingual {
    /// The text in one language.
    pub fn pick(self, language: Language) -> &'static str {
        match language {
            Language::Chinese => self.zh,
            Language::English => self.en,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_language_counts_and_chinese_is_the_default() {
        for (header, expected) in [
            ("", Language::Chinese),
            ("en-GB,en;q=0.9,zh;q=0.8", Language::English),
            ("zh-TW,zh;q=0.9,en;q=0.8", Language::Chinese),
            ("fr, en;q=0.5", Language::English),
            ("fr", Language::Chinese),
        ] {
            let found = Language::from_accept_language(header);
            assert_eq!(found, expected, "{header}");
        }
    }
}
