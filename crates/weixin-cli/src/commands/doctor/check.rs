//! The checks, and the result of one.

use std::time::Duration;

use clap::builder::styling::Style;
use serde_json::{Value, json};
use weixin::Language;

use crate::{
    exit_code::ExitCode,
    lang::Pick,
    message::Message,
    output::visible,
    style::{CYAN, GREEN, RED, YELLOW, paint},
    terminal::fit,
};

/// The subject of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Check {
    Proxy,
    NameResolution,
    Connection,
    Tls,
    Response,
    ApiUrl,
    Clock,
    RedirectUri,
    LoginPage,
    AppId,
    Scope,
    CallbackDomain,
    AppSecret,
    IpWhitelist,
    Configuration,
    SecretFile,
    Store,
    Redis,
    SigningKeys,
    Simulator,
    Client,
    Pkce,
    Email,
    TrustedProxies,
    Metrics,
    Port,
}

impl Check {
    /// The name in JSON.
    fn id(self) -> &'static str {
        match self {
            Self::Proxy => "proxy",
            Self::NameResolution => "name-resolution",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Response => "response",
            Self::ApiUrl => "api-url",
            Self::Clock => "clock",
            Self::RedirectUri => "redirect-uri",
            Self::LoginPage => "login-page",
            Self::AppId => "app-id",
            Self::Scope => "scope",
            Self::CallbackDomain => "callback-domain",
            Self::AppSecret => "app-secret",
            Self::IpWhitelist => "ip-whitelist",
            Self::Configuration => "configuration",
            Self::SecretFile => "secret-file",
            Self::Store => "store",
            Self::Redis => "redis",
            Self::SigningKeys => "signing-keys",
            Self::Simulator => "simulator",
            Self::Client => "client",
            Self::Pkce => "pkce",
            Self::Email => "email",
            Self::TrustedProxies => "trusted-proxies",
            Self::Metrics => "metrics",
            Self::Port => "port",
        }
    }

    fn name(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::Proxy => ("代理", "proxy"),
            Self::NameResolution => ("域名解析", "name resolution"),
            Self::Connection => ("连接", "connection"),
            Self::Tls => ("TLS", "TLS"),
            Self::Response => ("响应", "response"),
            Self::ApiUrl => ("API 地址", "API URL"),
            Self::Clock => ("时钟", "clock"),
            Self::RedirectUri => ("回调地址", "redirect URI"),
            Self::LoginPage => ("登录页", "login page"),
            Self::AppId => ("AppID", "app ID"),
            Self::Scope => ("scope", "scope"),
            Self::CallbackDomain => ("授权回调域", "callback domain"),
            Self::AppSecret => ("AppSecret", "app secret"),
            Self::IpWhitelist => ("IP 白名单", "IP whitelist"),
            Self::Configuration => ("配置", "configuration"),
            Self::SecretFile => ("密钥文件", "secret file"),
            Self::Store => ("数据库", "database"),
            Self::Redis => ("Redis", "Redis"),
            Self::SigningKeys => ("签名密钥", "signing keys"),
            Self::Simulator => ("模拟器", "simulator"),
            Self::Client => ("客户端", "client"),
            Self::Pkce => ("PKCE", "PKCE"),
            Self::Email => ("邮箱", "e-mail"),
            Self::TrustedProxies => ("反向代理", "trusted proxies"),
            Self::Metrics => ("监控指标", "metrics"),
            Self::Port => ("端口", "port"),
        };
        language.pick(chinese, english)
    }

    /// The exit code if this check fails.
    pub(crate) fn exit_code(self) -> ExitCode {
        match self {
            Self::Proxy
            | Self::NameResolution
            | Self::Connection
            | Self::Tls
            | Self::Response
            | Self::LoginPage => ExitCode::Retry,
            _ => ExitCode::Configuration,
        }
    }
}

/// The status of a check.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Status {
    Ok,
    /// It works, but not as it should.
    Warning,
    Failed,
    /// It cannot be checked from outside WeChat, or an earlier check failed.
    Unproven,
}

impl Status {
    /// The name in JSON.
    fn id(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Failed => "failed",
            Self::Unproven => "unproven",
        }
    }

    fn style(self) -> Style {
        match self {
            Self::Ok => GREEN,
            Self::Warning => YELLOW,
            Self::Failed => RED,
            Self::Unproven => CYAN,
        }
    }

    /// The name, padded to the width of the widest.
    fn name(self, language: Language) -> &'static str {
        let (chinese, english) = match self {
            Self::Ok => ("正常　", "ok      "),
            Self::Warning => ("注意　", "warning "),
            Self::Failed => ("失败　", "failed  "),
            Self::Unproven => ("未验证", "unproven"),
        };
        language.pick(chinese, english)
    }
}

/// The width of a status and the space after it.
const INDENT: usize = 10;

/// The result of one check.
#[derive(Clone, Debug)]
pub(crate) struct CheckResult {
    pub(crate) check: Check,
    /// The host, if several are checked.
    target: Option<String>,
    pub(crate) status: Status,
    detail: Message,
    remedy: Option<Message>,
    took: Option<Duration>,
}

impl CheckResult {
    fn new(check: Check, status: Status, detail: Message, remedy: Option<Message>) -> Self {
        Self {
            check,
            target: None,
            status,
            detail,
            remedy,
            took: None,
        }
    }

    pub(crate) fn ok(check: Check, detail: Message) -> Self {
        Self::new(check, Status::Ok, detail, None)
    }

    pub(crate) fn warning(check: Check, detail: Message, remedy: impl Into<Message>) -> Self {
        Self::new(check, Status::Warning, detail, Some(remedy.into()))
    }

    pub(crate) fn failed(check: Check, detail: Message, remedy: impl Into<Message>) -> Self {
        Self::new(check, Status::Failed, detail, Some(remedy.into()))
    }

    pub(crate) fn unproven(check: Check, detail: Message, remedy: impl Into<Message>) -> Self {
        Self::new(check, Status::Unproven, detail, Some(remedy.into()))
    }

    pub(crate) fn at(mut self, target: &str) -> Self {
        self.target = Some(target.to_owned());
        self
    }

    pub(crate) fn remedied_by(mut self, remedy: Message) -> Self {
        self.remedy = Some(remedy);
        self
    }

    pub(crate) fn after(mut self, took: Duration) -> Self {
        self.took = Some(took);
        self
    }

    /// Downgrades a failure to a warning: logins work without it.
    pub(crate) fn optional(mut self) -> Self {
        if self.status == Status::Failed {
            self.status = Status::Warning;
        }
        self
    }

    pub(crate) fn detail(&self) -> &Message {
        &self.detail
    }

    pub(crate) fn remedy(&self) -> Option<&Message> {
        self.remedy.as_ref()
    }

    /// The result without its remedy.
    pub(crate) fn line(&self, language: Language) -> String {
        let target = self.target.as_ref().map(|target| format!("{target} "));
        let took = self.took.map(|took| format!(" ({} ms)", took.as_millis()));
        let text = format!(
            "{}{}{}{}{}",
            target.unwrap_or_default(),
            self.check.name(language),
            language.pick("：", ": "),
            visible(self.detail.pick(language)),
            took.unwrap_or_default(),
        );
        let status = paint(self.status.style(), self.status.name(language));
        format!("{status}  {}", fit(&text, INDENT))
    }

    /// The remedy, on a line of its own.
    pub(crate) fn remedy_line(&self, language: Language) -> String {
        let remedy = self.remedy.as_ref();
        let line = remedy.map(|remedy| {
            let (indent, text) = (" ".repeat(INDENT), visible(remedy.pick(language)));
            format!("\n{indent}→ {}", fit(&text, INDENT + 2))
        });
        line.unwrap_or_default()
    }

    pub(crate) fn json(&self, language: Language) -> Value {
        json!({
            "check": self.check.id(),
            "target": self.target,
            "status": self.status.id(),
            "detail": visible(self.detail.pick(language)),
            "remedy": self.remedy.as_ref().map(|remedy| visible(remedy.pick(language))),
            "milliseconds": self.took.map(|took| u64::try_from(took.as_millis()).unwrap_or(u64::MAX)),
        })
    }
}
