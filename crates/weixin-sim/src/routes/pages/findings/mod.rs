//! `/_sim/findings`: the findings as a page, with a verdict, remedies, and every place where they occurred.

mod by_login;
mod by_rule;
mod taken;

use std::sync::Arc;

use askama::Template;
use axum::{Extension, extract::State, http::Uri, response::Response};

use self::{
    by_login::LoginCard,
    by_rule::{CLASSES, Group},
    taken::Taken,
};
use super::frame::Frame;
use crate::{
    RuleClass, bilingual::Language, parameters, routes::response::page, state::SimState,
    worlds::Worlds,
};

/// All findings, with remedies.
#[derive(Template)]
#[template(path = "findings.html")]
struct FindingsPage {
    language: Language,
    frame: Frame,
    /// Number of findings that fail a test run, by class.
    failing: [usize; 2],
    /// Number of the other findings.
    others: usize,
    /// Number of findings that fail a test run, but are not shown: before the last reset, or of other worlds.
    elsewhere: usize,
    /// Command that fails as the verdict says.
    command: String,
    accepted: Vec<&'static str>,
    /// Name, words, number, and whether it is shown.
    classes: Vec<(&'static str, &'static str, usize, bool)>,
    groups: Vec<Group>,
    /// The same by login, if that was asked for.
    logins: Option<Vec<LoginCard>>,
    shows_all: bool,
    is_empty: bool,
    back: String,
}

pub(super) async fn show(
    State(sim): State<Arc<SimState>>,
    Extension(worlds): Extension<Arc<Worlds>>,
    uri: Uri,
    language: Language,
) -> Response {
    let query = parameters::form(uri.query().unwrap_or_default());
    let shown = query.get("class");
    let taken = Taken::of(&sim, language);
    let failing = |class| {
        let all = taken.findings.iter();
        all.filter(|finding| finding.fails && finding.rule.class == class)
            .count()
    };
    let failing = [failing(RuleClass::Rejected), failing(RuleClass::Unsafe)];
    let elsewhere = failing_since_start(&sim, &worlds).saturating_sub(failing[0] + failing[1]);
    let accepted = taken
        .accepted
        .iter()
        .map(|rule| format!(" --accept {rule}"));
    let accepted: String = accepted.collect();
    let is_shown = |class: RuleClass| shown.is_empty() || shown == class.name();
    let back = uri
        .path_and_query()
        .map_or("/_sim/findings", |path| path.as_str());
    page(&FindingsPage {
        language,
        frame: Frame::new(&sim, language, &uri, "findings"),
        others: taken.findings.len() - failing[0] - failing[1],
        failing,
        elsewhere,
        command: format!("weixin sim exec --fail-on-findings{accepted} -- pytest"),
        classes: classes(&taken, shown, language).into(),
        groups: by_rule::groups(&taken, is_shown),
        logins: (query.get("by") == "login").then(|| by_login::cards(&taken)),
        shows_all: shown.is_empty(),
        is_empty: taken.findings.is_empty() && elsewhere == 0,
        accepted: taken.accepted,
        back: back.to_owned(),
    })
}

/// Number of findings by which `--fail-on-findings` decides: a reset does not remove them.
fn failing_since_start(sim: &SimState, worlds: &Worlds) -> usize {
    let findings = match sim.id {
        Some(_) => sim.world().findings.since_start(),
        None => worlds.findings(),
    };
    findings.iter().filter(|finding| finding.fails).count()
}

/// Name, words, number, and whether it is shown, of each class.
fn classes(
    taken: &Taken,
    shown: &str,
    language: Language,
) -> [(&'static str, &'static str, usize, bool); 4] {
    let count = |class| {
        taken
            .findings
            .iter()
            .filter(|finding| finding.rule.class == class)
            .count()
    };
    CLASSES.map(|class| {
        (
            class.name(),
            language.of(class.words()),
            count(class),
            shown == class.name(),
        )
    })
}
