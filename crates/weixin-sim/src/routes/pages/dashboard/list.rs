//! The list of logins: search, filter and rows.

use std::sync::Arc;

use super::{
    address::{Address, Shown},
    snapshot::{Snapshot, status},
};
use crate::{
    LoggedRequest, bilingual::Language, clock::time_of_day, routes::people, world::LoginTrace,
};

/// One login in the list.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) number: u64,
    pub(super) href: String,
    pub(super) is_current: bool,
    /// HTML.
    pub(super) avatar: String,
    /// HTML.
    pub(super) name: String,
    pub(super) time: String,
    pub(super) app: String,
    /// Findings that matter.
    pub(super) findings: u32,
    /// `bad` if one of them is rejected.
    pub(super) worst: &'static str,
    pub(super) status: (&'static str, String),
}

/// Logins that have this text anywhere, the newest first.
pub(super) fn matching(sim: &Snapshot, text: &str) -> Vec<Arc<LoginTrace>> {
    let text = text.to_lowercase();
    let mut matching = sim.traces.clone();
    if !text.is_empty() {
        matching.retain(|trace| has(sim, trace, &text));
    }
    matching
}

fn has(sim: &Snapshot, trace: &LoginTrace, text: &str) -> bool {
    let user = trace.user.as_deref().and_then(|id| sim.user(id));
    let app = sim.app(&trace.app_id);
    let errcode = trace.errcode.map(|errcode| errcode.to_string());
    let number = trace.number.to_string();
    let texts = [number.as_str(), &trace.app_id, &trace.redirect_uri];
    let mut texts = texts
        .into_iter()
        .chain(trace.user.as_deref())
        .chain(user.map(|user| user.nickname.as_str()))
        .chain(app.map(|app| app.name.as_str()))
        .chain(app.map(|app| app.shown_name(Language::English)))
        .chain(errcode.as_deref());
    let contains = |known: &str| known.to_lowercase().contains(text);
    let in_request = |request: &LoggedRequest| {
        let values = request.parameters.iter().map(|(_, value)| value);
        let rules = request.findings.iter().map(|broken| broken.rule);
        let errcode = request.errcode.map(|errcode| errcode.to_string());
        contains(&request.path)
            || values.into_iter().any(|value| contains(value))
            || rules.into_iter().any(contains)
            || errcode.is_some_and(|errcode| contains(&errcode))
    };
    texts.any(contains) || sim.requests_of(Some(trace.number)).any(in_request)
}

pub(super) fn rows(
    sim: &Snapshot,
    matching: &[Arc<LoginTrace>],
    address: &Address,
    language: Language,
) -> Vec<Row> {
    let filtered = matching
        .iter()
        .filter(|trace| address.filter.accepts(trace, sim));
    filtered
        .map(|trace| {
            let user = trace.user.as_deref().and_then(|id| sim.user(id));
            let counts = trace.findings;
            let not_scanned = language.pick("二维码已打开", "QR code open");
            Row {
                number: trace.number,
                href: address.with(&[("login", &trace.number.to_string()), ("step", "")]),
                is_current: address.login == Some(Shown::Login(trace.number)),
                avatar: user.map_or_else(
                    || people::empty(36, "scan"),
                    |user| people::avatar(user, 36),
                ),
                name: user.map_or_else(
                    || people::escape(trace.user.as_deref().unwrap_or(not_scanned)),
                    |user| people::name(user, language),
                ),
                time: trace
                    .steps
                    .first()
                    .map(|step| time_of_day(step.at_ms))
                    .unwrap_or_default(),
                app: sim.app(&trace.app_id).map_or_else(
                    || trace.app_id.clone(),
                    |app| app.shown_name(language).to_owned(),
                ),
                findings: counts.rejected + counts.vulnerable,
                worst: if counts.rejected > 0 { "bad" } else { "warn" },
                status: status(trace, sim.outcome(trace), language),
            }
        })
        .collect()
}
