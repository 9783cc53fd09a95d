//! The findings by class and rule, with every place where a rule was broken.

use std::sync::Arc;

use super::taken::{Place, Taken};
use crate::{Bilingual, Finding, LoggedRequest, Rule, RuleClass, world::request_log::Entry};

/// Classes in the order of their weight.
pub(super) const CLASSES: [RuleClass; 4] = [
    RuleClass::Rejected,
    RuleClass::Unsafe,
    RuleClass::Undocumented,
    RuleClass::Local,
];

/// Number of places that are shown without unfolding.
const FEW: usize = 3;

/// Findings of one class.
pub(super) struct Group {
    pub(super) class: RuleClass,
    pub(super) why: Bilingual,
    pub(super) cards: Vec<Card>,
}

/// One rule, with all of its places.
pub(super) struct Card {
    pub(super) rule: Rule,
    pub(super) times: u32,
    pub(super) sent: Vec<String>,
    pub(super) is_accepted: bool,
    pub(super) few: Vec<Place>,
    pub(super) more: Vec<Place>,
}

/// Findings of the classes that are shown; those without findings are left out.
pub(super) fn groups(taken: &Taken, is_shown: impl Fn(RuleClass) -> bool) -> Vec<Group> {
    let shown = CLASSES.into_iter().filter(|class| is_shown(*class));
    let groups = shown.map(|class| Group {
        class,
        why: why(class),
        cards: rules(taken, class)
            .into_iter()
            .map(|rule| card(taken, rule))
            .collect(),
    });
    groups.filter(|group| !group.cards.is_empty()).collect()
}

fn rules(taken: &Taken, class: RuleClass) -> Vec<Rule> {
    let mut rules: Vec<Rule> = Vec::new();
    for finding in taken
        .findings
        .iter()
        .filter(|finding| finding.rule.class == class)
    {
        if !rules.contains(&finding.rule) {
            rules.push(finding.rule);
        }
    }
    rules
}

fn card(taken: &Taken, rule: Rule) -> Card {
    let same = |finding: &&Arc<Finding>| finding.rule == rule;
    let mut sent: Vec<String> = Vec::new();
    let mut times = 0;
    for finding in taken.findings.iter().filter(same) {
        times += finding.times;
        if sent.len() < FEW && !sent.contains(&finding.sent) {
            sent.push(finding.sent.clone());
        }
    }
    let broke = |request: &&LoggedRequest| {
        let mut broken = request.findings.iter();
        broken.any(|broken| broken.rule == rule.id && broken.class == rule.class)
    };
    let requests = taken.requests.iter().rev().map(Entry::get);
    let mut few: Vec<Place> = requests
        .filter(broke)
        .map(|request| taken.place(request))
        .collect();
    let more = few.split_off(few.len().min(FEW));
    Card {
        rule,
        times,
        sent,
        is_accepted: taken.accepted.contains(&rule.id),
        few,
        more,
    }
}

/// What a class means for a build.
fn why(class: RuleClass) -> Bilingual {
    match class {
        RuleClass::Rejected => Bilingual::new(
            "微信会拒绝。--fail-on-findings 时失败。",
            "WeChat would reject these. They fail --fail-on-findings.",
        ),
        RuleClass::Unsafe => Bilingual::new(
            "微信会放行，但可能被利用。--fail-on-findings 时失败。",
            "WeChat lets these pass, but they can be misused. They fail --fail-on-findings.",
        ),
        RuleClass::Undocumented => Bilingual::new(
            "微信目前接受，但文档没有这样写；不会让构建失败。",
            "WeChat accepts these today, but its documentation does not allow them. They never fail a build.",
        ),
        RuleClass::Local => Bilingual::new(
            "本机开发所需，不会让构建失败；上线前请留意。",
            "Needed for local development. They never fail a build; fix them before you go live.",
        ),
    }
}
