//! The configuration file in TOML: apps, users, lifetimes and switches.

use std::{collections::HashSet, net::IpAddr, time::Duration};

use serde::Deserialize;
use toml::Spanned;

use crate::{
    App, AppKind, DesktopAnswer, Lifetimes, Rule, SimBuilder, UnknownRule, User, Variants,
    config_error::{InvalidConfig, Problem},
    world::app::AppChange,
};

/// Example configuration with every setting and comments, as written by `weixin sim init`.
///
/// The manual's reference is written from it: English and Chinese comments have lines of their own.
pub const EXAMPLE: &str = include_str!("../templates/sim.toml");

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    auto_allow: bool,
    strict_order: bool,
    quotas: bool,
    accept: Vec<Spanned<String>>,
    desktop: Option<Spanned<String>>,
    lifetimes: Seconds,
    variants: Option<Variants>,
    app: Vec<Spanned<AppEntry>>,
    user: Vec<Spanned<UserEntry>>,
}

/// Lifetimes in seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Seconds {
    qr_code: Option<u32>,
    poll: Option<u32>,
    code: Option<u32>,
    short_code: Option<u32>,
    access_token: Option<u32>,
    refresh_token: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AppEntry {
    id: String,
    secret: String,
    #[serde(default)]
    kind: AppKind,
    name: Option<String>,
    #[serde(default)]
    callback_domains: Vec<String>,
    ip_whitelist: Option<Vec<IpAddr>>,
    #[serde(default = "yes")]
    bound: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct UserEntry {
    id: String,
    nickname: String,
    #[serde(default = "yes")]
    avatar: bool,
}

fn yes() -> bool {
    true
}

impl SimBuilder {
    /// Applies a configuration file on top of the current options.
    ///
    /// # Errors
    ///
    /// [`InvalidConfig`] with line, field and rule.
    pub fn config(mut self, toml: &str) -> Result<Self, InvalidConfig> {
        // Without the parser's excerpt: the line may contain an app secret.
        let file: File = toml::from_str(toml).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            InvalidConfig::at(toml, start, Problem::of_parser(error.message()))
        })?;
        if let Some(seed) = file.seed {
            self = self.seed(seed);
        }
        if file.auto_allow {
            self = self.auto_allow();
        }
        if file.strict_order {
            self = self.strict_order();
        }
        if file.quotas {
            self = self.quotas();
        }
        for id in file.accept {
            let (start, id) = (id.span().start, id.into_inner());
            let rule: Result<Rule, UnknownRule> = id.parse();
            let rule =
                rule.map_err(|error| InvalidConfig::at(toml, start, unknown_rule(&error)))?;
            self = self.accept(rule);
        }
        self = self.lifetimes(file.lifetimes.into());
        if let Some(variants) = file.variants {
            self = self.variants(variants);
        }
        let mut app_ids = HashSet::new();
        for entry in file.app {
            let (start, app) = (entry.span().start, entry.into_inner());
            let is_new = app_ids.insert(app.id.clone());
            let app = if is_new {
                app.try_into()
            } else {
                Err(taken(("应用", "app"), &app.id))
            };
            self = self.app(app.map_err(|problem| InvalidConfig::at(toml, start, problem))?);
        }
        let mut user_ids = HashSet::new();
        for entry in file.user {
            let (start, user) = (entry.span().start, entry.into_inner());
            let is_new = user_ids.insert(user.id.clone());
            let user = if is_new {
                user.try_into()
            } else {
                Err(taken(("用户", "user"), &user.id))
            };
            self = self.user(user.map_err(|problem| InvalidConfig::at(toml, start, problem))?);
        }
        if let Some(user) = file.desktop {
            let (start, user) = (user.span().start, user.into_inner());
            let id = self.user_id(&user);
            let id = id.ok_or_else(|| InvalidConfig::at(toml, start, unknown_user()))?;
            self = self.desktop(id, DesktopAnswer::Allow);
        }
        Ok(self)
    }
}

fn unknown_rule(error: &UnknownRule) -> Problem {
    let rules: Vec<_> = Rule::all().map(|rule| rule.id).collect();
    Problem::new(
        format!("`accept`：没有这条规则，可用的规则有 {}", rules.join("、")),
        format!("`accept`: {error}"),
    )
}

fn unknown_user() -> Problem {
    Problem::new(
        "`desktop` 应为用户的 ID 或昵称",
        "`desktop` must be the ID or nickname of a user",
    )
}

/// The problem of an app or user whose ID is used already.
fn taken((chinese, english): (&str, &str), id: &str) -> Problem {
    Problem::new(
        format!("{chinese} {id:?}：`id` 与其他{chinese}重复"),
        format!("{english} {id:?}: `id` is used by another {english}"),
    )
}

impl From<Seconds> for Lifetimes {
    fn from(file: Seconds) -> Self {
        let mut lifetimes = Self::default();
        for (lifetime, seconds) in [
            (&mut lifetimes.qr_code, file.qr_code),
            (&mut lifetimes.poll, file.poll),
            (&mut lifetimes.code, file.code),
            (&mut lifetimes.short_code, file.short_code),
            (&mut lifetimes.access_token, file.access_token),
            (&mut lifetimes.refresh_token, file.refresh_token),
        ] {
            if let Some(seconds) = seconds {
                *lifetime = Duration::from_secs(seconds.into());
            }
        }
        lifetimes
    }
}

/// One character repeated, such as the default 32 × `s`.
fn is_made_up(secret: &str) -> bool {
    let mut characters = secret.chars();
    let first = characters.next();
    characters.all(|character| Some(character) == first)
}

impl TryFrom<AppEntry> for App {
    type Error = Problem;

    fn try_from(entry: AppEntry) -> Result<Self, Problem> {
        let mut app = Self::new(&entry.id, "");
        let change = AppChange {
            secret: Some(entry.secret),
            kind: Some(entry.kind),
            name: entry.name,
            callback_domains: Some(entry.callback_domains),
            ip_whitelist: entry.ip_whitelist,
            bound: Some(entry.bound),
            frozen: None,
        };
        change.apply(&mut app).map_err(|(field, rule)| {
            let id = &entry.id;
            Problem::new(
                format!("应用 {id:?}：`{field}` {}", rule.zh),
                format!("app {id:?}: `{field}` {}", rule.en),
            )
        })?;
        app.has_private_secret = !is_made_up(&app.secret);
        Ok(app)
    }
}

impl TryFrom<UserEntry> for User {
    type Error = Problem;

    fn try_from(entry: UserEntry) -> Result<Self, Problem> {
        if entry.id.is_empty() {
            return Err(Problem::new(
                "用户：`id` 不能为空",
                "user: `id` must not be empty",
            ));
        }
        let user = Self::new(entry.id, entry.nickname);
        Ok(if entry.avatar {
            user
        } else {
            user.without_avatar()
        })
    }
}
