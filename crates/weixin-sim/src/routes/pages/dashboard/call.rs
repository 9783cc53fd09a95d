//! The arrow of a request: its status, and what asks for action.

use super::{
    arrow::{Arrow, Meaning},
    snapshot::Snapshot,
};
use crate::{LoggedRequest, bilingual::Language, lint::rule::RuleClass, routes::people};

pub(super) fn arrow(sim: &Snapshot, request: &LoggedRequest, language: Language) -> Arrow {
    let lanes = match request.path.as_str() {
        "/connect/oauth2/authorize" => (3, 4),
        path if path.starts_with("/connect/") || path.starts_with("/mmopen/") => (1, 3),
        _ => (2, 3),
    };
    let class = if lanes == (3, 4) { "back end" } else { "" };
    let has_failed = request.errcode.is_some_and(|errcode| errcode != 0)
        || request.refusal.is_some()
        || request.status >= 400;
    let tone = match (has_failed, lanes) {
        (true, _) => "bad",
        (false, (2, 3)) => "good",
        _ => "",
    };
    let text = format!(
        "<span class=\"mono\"><b>{}</b> {}</span>",
        people::escape(&request.method),
        people::escape(&request.path)
    );
    let mut arrow = Arrow::new(
        format!("r{}", request.number),
        lanes,
        &format!("{class} {tone}"),
        text,
    );
    arrow.meaning = Meaning::Request(request.number);
    arrow.chips = chips(request, has_failed, language);
    arrow.remarks = remarks(sim, request, language);
    arrow
}

fn chips(request: &LoggedRequest, has_failed: bool, language: Language) -> Vec<(String, String)> {
    let mut chips = Vec::new();
    let errcode = request.errcode.filter(|errcode| *errcode != 0);
    chips.push(match (errcode, &request.refusal) {
        (Some(errcode), _) => ("bad mono".to_owned(), errcode.to_string()),
        (_, Some(text)) => ("bad".to_owned(), text.clone()),
        _ if has_failed => ("bad mono".to_owned(), request.status.to_string()),
        _ => ("ok mono".to_owned(), request.status.to_string()),
    });
    if let Some(fault) = &request.fault {
        chips.push(("fault".to_owned(), fault.clone()));
    }
    for (class, name, words) in [
        (RuleClass::Local, "local", language.pick("本机", "local")),
        (
            RuleClass::Undocumented,
            "",
            language.pick("未写入文档", "undocumented"),
        ),
    ] {
        let count = request
            .findings
            .iter()
            .filter(|broken| broken.class == class)
            .count();
        if count > 0 {
            chips.push((name.to_owned(), format!("{count} {words}")));
        }
    }
    chips
}

/// Findings that ask for action, or else what the error code means.
fn remarks(
    sim: &Snapshot,
    request: &LoggedRequest,
    language: Language,
) -> Vec<(&'static str, String, String)> {
    let mut remarks = Vec::new();
    for broken in &request.findings {
        let class = match broken.class {
            RuleClass::Rejected => "rejected",
            RuleClass::Unsafe => "unsafe",
            _ => continue,
        };
        if let Ok(rule) = broken.rule.parse::<crate::Rule>() {
            let remedy = language.of(rule.remedy).to_owned();
            remarks.push((class, broken.rule.to_owned(), remedy));
        }
    }
    let explanation = request
        .errcode
        .and_then(|errcode| sim.explanations.get(&errcode));
    if let Some(explanation) = explanation.filter(|_| remarks.is_empty()) {
        let cause = language.of(explanation.cause).to_owned();
        remarks.push(("bad", explanation.errcode.to_string(), cause));
    }
    remarks
}
