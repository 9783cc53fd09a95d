//! What the dashboard shows, as its address says.

use axum::http::Uri;

use super::snapshot::Snapshot;
use crate::{
    bilingual::Language,
    parameters,
    world::{LoginTrace, Outcome},
};

/// What the diagram shows: a login, or the calls outside of all.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Shown {
    Login(u64),
    Outside,
}

impl Shown {
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "none" => Some(Self::Outside),
            number => number.parse().ok().map(Self::Login),
        }
    }

    pub(super) fn parameter(self) -> String {
        match self {
            Self::Login(number) => number.to_string(),
            Self::Outside => "none".to_owned(),
        }
    }
}

/// Logins that are listed.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(super) enum Filter {
    #[default]
    All,
    Waiting,
    Failed,
    Findings,
}

impl Filter {
    pub(super) const ALL: [Self; 4] = [Self::All, Self::Waiting, Self::Failed, Self::Findings];

    pub(super) fn parse(text: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|filter| filter.parameter() == text)
            .unwrap_or_default()
    }

    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::All => "",
            Self::Waiting => "waiting",
            Self::Failed => "failed",
            Self::Findings => "findings",
        }
    }

    pub(super) fn words(self, language: Language) -> &'static str {
        match self {
            Self::All => language.pick("全部", "All"),
            Self::Waiting => language.pick("等待", "Waiting"),
            Self::Failed => language.pick("失败", "Failed"),
            Self::Findings => language.pick("有问题", "Findings"),
        }
    }

    pub(super) fn accepts(self, trace: &LoginTrace, sim: &Snapshot) -> bool {
        let outcome = || sim.outcome(trace);
        match self {
            Self::All => true,
            Self::Waiting => matches!(outcome(), Outcome::Waiting | Outcome::Scanned),
            Self::Failed => outcome() == Outcome::Failed,
            Self::Findings => trace.findings.rejected + trace.findings.vulnerable > 0,
        }
    }
}

/// What the dashboard shows, as its address says.
#[derive(Clone, Debug, Default)]
pub(super) struct Address {
    pub(super) login: Option<Shown>,
    pub(super) step: String,
    pub(super) filter: Filter,
    pub(super) text: String,
    /// Dialog that is open without a script.
    pub(super) dialog: String,
}

impl Address {
    pub(super) fn of(uri: &Uri) -> Self {
        let query = parameters::form(uri.query().unwrap_or_default());
        Self {
            login: Shown::parse(query.get("login")),
            step: query.get("step").to_owned(),
            filter: Filter::parse(query.get("filter")),
            text: query.get("text").trim().to_owned(),
            dialog: query.get("dialog").to_owned(),
        }
    }

    pub(super) fn is_outside(&self) -> bool {
        self.login == Some(Shown::Outside)
    }

    /// Address of the dashboard in which this is shown instead.
    pub(super) fn with(&self, changes: &[(&str, &str)]) -> String {
        let login = self.login.map(Shown::parameter).unwrap_or_default();
        let now = [
            ("login", login.as_str()),
            ("step", &self.step),
            ("filter", self.filter.parameter()),
            ("text", &self.text),
        ];
        let replaced = |name| changes.iter().find(|(known, _)| *known == name);
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in now {
            let value = replaced(name).map_or(value, |(_, value)| value);
            if !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        for (name, value) in changes {
            if now.iter().all(|(known, _)| *known != *name) && !value.is_empty() {
                query.append_pair(name, value);
            }
        }
        format!("/_sim/?{}", query.finish())
    }
}
