//! `/_sim/findings`: the findings as a page, with a verdict, remedies, and every place where they occurred.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, http::Uri, response::Response};

use super::frame::Frame;
use crate::{
    App, Bilingual, Finding, LoggedRequest, Rule, RuleClass, User,
    bilingual::Language,
    parameters,
    routes::{people, response::page},
    state::SimState,
    world::{LoginTrace, request_log::Entry},
};

/// Classes in the order of their weight.
const CLASSES: [RuleClass; 4] = [
    RuleClass::Rejected,
    RuleClass::Unsafe,
    RuleClass::Undocumented,
    RuleClass::Local,
];

/// Number of places that are shown without unfolding.
const FEW: usize = 3;

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
    /// Command that fails as the verdict says.
    command: String,
    accepted: Vec<&'static str>,
    /// Name, words, number, and whether it is shown.
    classes: Vec<(&'static str, &'static str, usize, bool)>,
    groups: Vec<Group>,
    shows_all: bool,
    is_empty: bool,
    back: String,
}

/// Findings of one class.
struct Group {
    class: RuleClass,
    why: Bilingual,
    cards: Vec<Card>,
}

/// One rule, with all of its places.
struct Card {
    rule: Rule,
    times: u32,
    sent: Vec<String>,
    is_accepted: bool,
    few: Vec<Place>,
    more: Vec<Place>,
}

/// A request that broke the rule.
struct Place {
    href: String,
    /// HTML.
    avatar: String,
    login: Option<u64>,
    app: String,
    test: Option<String>,
    request: String,
}

/// What the page shows, taken at one time.
struct Taken {
    findings: Vec<Arc<Finding>>,
    accepted: Vec<&'static str>,
    requests: Vec<Entry>,
    traces: Vec<Arc<LoginTrace>>,
    apps: Vec<App>,
    users: Vec<User>,
}

impl Taken {
    fn of(sim: &SimState) -> Self {
        let world = sim.world();
        Self {
            findings: world.findings.all(),
            accepted: world
                .findings
                .accepted()
                .iter()
                .map(|rule| rule.id)
                .collect(),
            requests: world.requests.entries(),
            traces: world.timeline.newest_first().cloned().collect(),
            apps: world.apps.clone(),
            users: world.users.clone(),
        }
    }

    fn card(&self, rule: Rule) -> Card {
        let same = |finding: &&Arc<Finding>| finding.rule == rule;
        let mut sent: Vec<String> = Vec::new();
        let mut times = 0;
        for finding in self.findings.iter().filter(same) {
            times += finding.times;
            if sent.len() < FEW && !sent.contains(&finding.sent) {
                sent.push(finding.sent.clone());
            }
        }
        let broke = |request: &&LoggedRequest| {
            let mut broken = request.findings.iter();
            broken.any(|broken| broken.rule == rule.id && broken.class == rule.class)
        };
        let requests = self.requests.iter().rev().map(Entry::get);
        let mut few: Vec<Place> = requests
            .filter(broke)
            .map(|request| self.place(request))
            .collect();
        let more = few.split_off(few.len().min(FEW));
        Card {
            rule,
            times,
            sent,
            is_accepted: self.accepted.contains(&rule.id),
            few,
            more,
        }
    }

    fn place(&self, request: &LoggedRequest) -> Place {
        let trace = self
            .traces
            .iter()
            .find(|trace| Some(trace.number) == request.login);
        let user = trace.and_then(|trace| {
            let id = trace.user.as_deref()?;
            self.users.iter().find(|user| user.id == id)
        });
        let app = trace.and_then(|trace| self.apps.iter().find(|app| app.id == trace.app_id));
        let login = request
            .login
            .map_or_else(|| "none".to_owned(), |login| login.to_string());
        Place {
            href: format!("/_sim/?login={login}&step=r{}", request.number),
            avatar: user.map_or_else(
                || people::empty(26, "scan"),
                |user| people::avatar(user, 26),
            ),
            login: request.login,
            app: app.map_or_else(String::new, |app| app.name.clone()),
            test: request.test.clone(),
            request: format!("{} {}", request.method, request.path),
        }
    }

    /// Name, words, number, and whether it is shown, of each class.
    fn classes(
        &self,
        shown: &str,
        language: Language,
    ) -> [(&'static str, &'static str, usize, bool); 4] {
        let count = |class| {
            self.findings
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

    fn rules(&self, class: RuleClass) -> Vec<Rule> {
        let mut rules: Vec<Rule> = Vec::new();
        for finding in self
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
}

pub(super) async fn show(
    State(sim): State<Arc<SimState>>,
    uri: Uri,
    language: Language,
) -> Response {
    let query = parameters::form(uri.query().unwrap_or_default());
    let shown = query.get("class");
    let taken = Taken::of(&sim);
    let failing = |class| {
        let all = taken.findings.iter();
        all.filter(|finding| finding.fails && finding.rule.class == class)
            .count()
    };
    let failing = [failing(RuleClass::Rejected), failing(RuleClass::Unsafe)];
    let accepted = taken
        .accepted
        .iter()
        .map(|rule| format!(" --accept {rule}"));
    let accepted: String = accepted.collect();
    let is_shown = |class: RuleClass| shown.is_empty() || shown == class.name();
    let groups = CLASSES
        .into_iter()
        .filter(|class| is_shown(*class))
        .map(|class| Group {
            class,
            why: why(class),
            cards: taken
                .rules(class)
                .into_iter()
                .map(|rule| taken.card(rule))
                .collect(),
        });
    let groups = groups.filter(|group| !group.cards.is_empty()).collect();
    let back = uri
        .path_and_query()
        .map_or("/_sim/findings", |path| path.as_str());
    page(&FindingsPage {
        language,
        frame: Frame::new(&sim, language, &uri, "findings"),
        others: taken.findings.len() - failing[0] - failing[1],
        failing,
        command: format!("weixin sim exec --fail-on-findings{accepted} -- pytest"),
        classes: taken.classes(shown, language).into(),
        groups,
        shows_all: shown.is_empty(),
        is_empty: taken.findings.is_empty(),
        accepted: taken.accepted,
        back: back.to_owned(),
    })
}

/// What a class means for a build.
fn why(class: RuleClass) -> Bilingual {
    match class {
        RuleClass::Rejected => Bilingual::new(
            "微信会拒绝。--fail-on-findings 时失败。",
            "WeChat would refuse these. They fail --fail-on-findings.",
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
            "What work on this machine needs. They never fail a build; mind them before you go live.",
        ),
    }
}
