//! The findings of each login, the worst first.

use std::cmp::Reverse;

use super::{
    by_rule::CLASSES,
    taken::{Place, Taken},
};
use crate::{Rule, RuleClass, world::request_log::Entry};

/// A login with findings, or all calls outside a login.
pub(super) struct LoginCard {
    pub(super) place: Place,
    pub(super) broken: Vec<BrokenAt>,
}

/// A rule, and the login's first request that broke it.
pub(super) struct BrokenAt {
    pub(super) rule: Rule,
    /// Consequence for this request: a rule may be of another class on this machine.
    pub(super) class: RuleClass,
    pub(super) place: Place,
}

/// Logins with findings: those with the most that WeChat would refuse come first, then the most unsafe, then the newest.
pub(super) fn cards(taken: &Taken) -> Vec<LoginCard> {
    let mut cards: Vec<LoginCard> = Vec::new();
    for request in taken.requests.iter().map(Entry::get) {
        for broken in &request.findings {
            // It came from the list of rules.
            let Ok(rule) = broken.rule.parse::<Rule>() else {
                continue;
            };
            let known = cards
                .iter()
                .position(|card| card.place.login == request.login);
            let index = known.unwrap_or_else(|| {
                cards.push(LoginCard {
                    place: taken.place(request),
                    broken: Vec::new(),
                });
                cards.len() - 1
            });
            let card = &mut cards[index];
            if !card.broken.iter().any(|broken| broken.rule.id == rule.id) {
                let place = taken.place(request);
                let class = broken.class;
                card.broken.push(BrokenAt { rule, class, place });
            }
        }
    }
    for card in &mut cards {
        card.broken.sort_by_key(|broken| weight(broken.class));
    }
    cards.sort_by_key(|card| {
        let count = |class| {
            let broken = card.broken.iter();
            broken.filter(|broken| broken.class == class).count()
        };
        let (rejected, unsafe_) = (count(RuleClass::Rejected), count(RuleClass::Unsafe));
        Reverse((rejected, unsafe_, card.place.login))
    });
    cards
}

/// Position of a class: what fails a build comes first.
fn weight(class: RuleClass) -> Option<usize> {
    CLASSES.iter().position(|known| *known == class)
}
