//! Who answers logins without a phone, and how.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Bilingual;

/// How logins are answered without a phone.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum AutoAnswer {
    /// The phone is asked.
    #[default]
    Off,
    /// Allows at once.
    Allow,
    /// Cancels at once.
    Deny,
    /// Scans, and never answers.
    Ignore,
}

impl AutoAnswer {
    pub(crate) const ALL: [Self; 4] = [Self::Off, Self::Allow, Self::Deny, Self::Ignore];

    /// Name in the control API.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::Ignore => "ignore",
        }
    }

    pub(crate) fn words(self) -> Bilingual {
        match self {
            Self::Off => Bilingual::new("关闭", "off"),
            Self::Allow => Bilingual::new("允许", "allow"),
            Self::Deny => Bilingual::new("取消", "cancel"),
            Self::Ignore => Bilingual::new("扫描后不回答", "scan, then nothing"),
        }
    }
}

/// An answer to logins without a phone: of all apps, or of one.
///
/// ```
/// use weixin_sim::AutoAllow;
///
/// let layla = AutoAllow::allow().user("layla");
/// let but_not_here = AutoAllow::deny().app("wx0123456789abcdef");
/// ```
#[derive(Clone, Debug, Eq, PartialEq)]
#[must_use = "give it to `Sim::auto_allow`"]
pub struct AutoAllow {
    pub(crate) answer: AutoAnswer,
    pub(crate) user: Option<String>,
    pub(crate) app: Option<String>,
}

impl AutoAllow {
    fn new(answer: AutoAnswer) -> Self {
        Self {
            answer,
            user: None,
            app: None,
        }
    }

    /// Asks the phone.
    pub fn off() -> Self {
        Self::new(AutoAnswer::Off)
    }

    /// Allows logins at once.
    pub fn allow() -> Self {
        Self::new(AutoAnswer::Allow)
    }

    /// Cancels logins at once: an official account gets `code=authdeny`.
    pub fn deny() -> Self {
        Self::new(AutoAnswer::Deny)
    }

    /// Scans QR codes, and never answers.
    pub fn ignore() -> Self {
        Self::new(AutoAnswer::Ignore)
    }

    /// Sets the user who answers, by ID or nickname (default: the first). The login page's `sim_user` and the cookie of
    /// the phone come first.
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Limits the answer to this app; it comes before the answer of all apps.
    pub fn app(mut self, app: impl Into<String>) -> Self {
        self.app = Some(app.into());
        self
    }
}

/// An answer, and the ID of the user who gives it.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Answering {
    pub(crate) answer: AutoAnswer,
    /// `None` for the first user.
    pub(crate) user: Option<String>,
}

impl Answering {
    pub(crate) fn allow() -> Self {
        Self {
            answer: AutoAnswer::Allow,
            user: None,
        }
    }
}

/// The answers to logins: of all apps, and of single ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct AutoAllows {
    pub(crate) all: Answering,
    pub(crate) apps: BTreeMap<String, Answering>,
}

impl AutoAllows {
    pub(super) fn new(all: Answering) -> Self {
        Self {
            all,
            apps: BTreeMap::new(),
        }
    }

    /// The first user answers in place of one who was removed.
    pub(crate) fn forget_user(&mut self, user: &str) {
        for answering in self.apps.values_mut().chain([&mut self.all]) {
            if answering.user.as_deref() == Some(user) {
                answering.user = None;
            }
        }
    }

    /// The answer to logins of this app.
    pub(crate) fn of(&self, app: &str) -> &Answering {
        self.apps.get(app).unwrap_or(&self.all)
    }
}
