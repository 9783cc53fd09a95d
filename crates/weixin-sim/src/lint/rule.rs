//! Rules, and the consequence of breaking one.

use serde::Serialize;

use crate::bilingual::Bilingual;

/// A rule of WeChat, or of secure logins.
///
/// Parses from its identifier: `"callback-port".parse::<Rule>()`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Rule {
    /// Identifier, such as `callback-port`.
    pub id: &'static str,
    /// Consequence of breaking it.
    pub class: RuleClass,
    /// WeChat's response.
    pub answer: Bilingual,
    /// How to fix it.
    pub remedy: Bilingual,
    /// Source of the rule: a page below developers.weixin.qq.com, an RFC, or an observation.
    pub source: &'static str,
}

/// Consequence of breaking a [`Rule`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum RuleClass {
    /// Local development needs it: a loopback host as callback, and its port.
    Local,
    /// WeChat accepts it today, but its documentation does not allow it.
    Undocumented,
    /// WeChat rejects it, or the login fails at the site.
    Rejected,
    /// WeChat accepts it, but it makes logins or tokens vulnerable.
    Unsafe,
}

impl Rule {
    /// The rule, broken in a way that local development needs.
    pub(crate) const fn local(self) -> Self {
        Self {
            class: RuleClass::Local,
            ..self
        }
    }
}

impl RuleClass {
    /// Breaking it fails a test run.
    pub(super) fn fails(self) -> bool {
        matches!(self, Self::Rejected | Self::Unsafe)
    }

    /// Identifier of the class.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Undocumented => "undocumented",
            Self::Rejected => "rejected",
            Self::Unsafe => "unsafe",
        }
    }

    /// The class in one word, for chips.
    pub(crate) fn short(self) -> Bilingual {
        match self {
            Self::Local => Bilingual::new("本机", "local"),
            Self::Undocumented => Bilingual::new("未写入文档", "undocumented"),
            Self::Rejected => Bilingual::new("会拒绝", "rejected"),
            Self::Unsafe => Bilingual::new("不安全", "unsafe"),
        }
    }

    /// The class in words.
    pub(crate) fn words(self) -> Bilingual {
        match self {
            Self::Local => Bilingual::new("仅限本地开发", "local development only"),
            Self::Undocumented => {
                Bilingual::new("微信接受，但与文档不符", "accepted, but undocumented")
            }
            Self::Rejected => Bilingual::new("微信会拒绝", "rejected by WeChat"),
            Self::Unsafe => Bilingual::new("不安全", "unsafe"),
        }
    }
}
