//! What one check found, in both languages, and what to do about it.

use std::time::Duration;

use serde_json::{Value, json};
use weixin::{Bilingual, ErrCode};

use crate::{language::Language, output::visible};

/// A text in both languages.
#[derive(Clone, Debug)]
pub(super) struct Said {
    chinese: String,
    english: String,
}

pub(super) fn say(chinese: impl Into<String>, english: impl Into<String>) -> Said {
    Said {
        chinese: chinese.into(),
        english: english.into(),
    }
}

impl Said {
    /// What needs no translation: an address, an error of the operating system's.
    pub(super) fn same(text: String) -> Self {
        Self {
            chinese: text.clone(),
            english: text,
        }
    }

    pub(super) fn prefixed(&self, name: &str) -> Self {
        say(
            format!("{name}：{}", self.chinese),
            format!("{name}: {}", self.english),
        )
    }

    /// The same with the code that says so.
    pub(super) fn with_code(mut self, code: ErrCode) -> Self {
        self.chinese = format!("{}（{code}）", self.chinese.trim_end_matches('。'));
        self.english = format!("{} ({code})", self.english.trim_end_matches('.'));
        self
    }

    fn in_language(&self, language: Language) -> String {
        visible(language.say(&self.chinese, &self.english))
    }
}

impl From<Bilingual> for Said {
    fn from(text: Bilingual) -> Self {
        say(text.zh, text.en)
    }
}

/// What is looked at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Check {
    Proxy,
    NameResolution,
    Connection,
    Tls,
    Answer,
    Address,
    Clock,
    CallbackRules,
    LoginPage,
    AppId,
    Scope,
    Callback,
    Secret,
    IpWhitelist,
}

impl Check {
    /// The name for programs.
    fn id(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::NameResolution => "name-resolution",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Answer => "answer",
            Self::Address => "address",
            Self::Clock => "clock",
            Self::CallbackRules => "callback-rules",
            Self::LoginPage => "login-page",
            Self::AppId => "app-id",
            Self::Scope => "scope",
            Self::Callback => "callback",
            Self::Secret => "app-secret",
            Self::IpWhitelist => "ip-whitelist",
        }
    }

    fn name(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::Proxy => ("代理", "proxy"),
            Self::NameResolution => ("域名解析", "name resolution"),
            Self::Connection => ("连接", "connection"),
            Self::Tls => ("TLS", "TLS"),
            Self::Answer => ("应答", "answer"),
            Self::Address => ("API 地址", "API address"),
            Self::Clock => ("时钟", "clock"),
            Self::CallbackRules => ("回调地址规则", "callback rules"),
            Self::LoginPage => ("登录页", "login page"),
            Self::AppId => ("AppID", "app id"),
            Self::Scope => ("scope", "scope"),
            Self::Callback => ("授权回调域", "callback domain"),
            Self::Secret => ("AppSecret", "app secret"),
            Self::IpWhitelist => ("IP 白名单", "IP whitelist"),
        };
        language.say(chinese, english)
    }

    /// Whether it is about the way to WeChat, and not about how the application is set up.
    pub(super) fn is_about_the_network(self) -> bool {
        matches!(
            self,
            Self::Proxy
                | Self::NameResolution
                | Self::Connection
                | Self::Tls
                | Self::Answer
                | Self::LoginPage
        )
    }
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Verdict {
    Good,
    /// It works, but not as well as it should.
    Warning,
    Failed,
    /// Nobody can tell from here.
    Unproven,
}

impl Verdict {
    fn id(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Unproven => "unproven",
        }
    }

    fn name(self, language: Language) -> &'static str {
        // As wide as the widest, so that the lines begin below each other.
        let (chinese, english) = match self {
            Self::Good => ("正常　", "ok      "),
            Self::Warning => ("注意　", "warning "),
            Self::Failed => ("失败　", "failed  "),
            Self::Unproven => ("待证实", "unproven"),
        };
        language.say(chinese, english)
    }
}

/// Below the line, behind its verdict.
const INDENT: &str = "\n          ";

/// One line.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    pub(super) check: Check,
    /// A host, where there is more than one.
    target: Option<String>,
    pub(super) verdict: Verdict,
    detail: Said,
    remedy: Option<Said>,
    took: Option<Duration>,
}

impl Finding {
    fn new(check: Check, verdict: Verdict, detail: Said, remedy: Option<Said>) -> Self {
        Self {
            check,
            target: None,
            verdict,
            detail,
            remedy,
            took: None,
        }
    }

    pub(super) fn good(check: Check, detail: Said) -> Self {
        Self::new(check, Verdict::Good, detail, None)
    }

    pub(super) fn warning(check: Check, detail: Said, remedy: impl Into<Said>) -> Self {
        Self::new(check, Verdict::Warning, detail, Some(remedy.into()))
    }

    pub(super) fn failed(check: Check, detail: Said, remedy: impl Into<Said>) -> Self {
        Self::new(check, Verdict::Failed, detail, Some(remedy.into()))
    }

    pub(super) fn unproven(check: Check, detail: Said, remedy: impl Into<Said>) -> Self {
        Self::new(check, Verdict::Unproven, detail, Some(remedy.into()))
    }

    pub(super) fn at(mut self, target: &str) -> Self {
        self.target = Some(target.to_owned());
        self
    }

    pub(super) fn after(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    /// Something that does without: a failure is worth a warning.
    pub(super) fn dispensable(mut self) -> Self {
        if self.verdict == Verdict::Failed {
            self.verdict = Verdict::Warning;
        }
        self
    }

    pub(super) fn detail(&self) -> &Said {
        &self.detail
    }

    #[cfg(test)]
    pub(super) fn is_good(&self) -> bool {
        self.verdict == Verdict::Good
    }

    pub(super) fn line(&self, language: Language) -> String {
        let target = self.target.as_ref().map(|target| format!("{target} "));
        let took = self.took.map(|took| format!(" ({} ms)", took.as_millis()));
        let remedy = self.remedy.as_ref();
        let remedy = remedy.map(|remedy| format!("{INDENT}→ {}", remedy.in_language(language)));
        format!(
            "{}  {}{}{}{}{}{}",
            self.verdict.name(language),
            target.unwrap_or_default(),
            self.check.name(language),
            language.say("：", ": "),
            self.detail.in_language(language),
            took.unwrap_or_default(),
            remedy.unwrap_or_default(),
        )
    }

    pub(super) fn json(&self, language: Language) -> Value {
        json!({
            "check": self.check.id(),
            "target": self.target,
            "verdict": self.verdict.id(),
            "detail": self.detail.in_language(language),
            "remedy": self.remedy.as_ref().map(|remedy| remedy.in_language(language)),
            "milliseconds": self.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        })
    }
}
