//! The sequence diagram: the steps of a login as arrows between browser, site, WeChat and phone.

use super::{
    address::Shown,
    arrow::Arrow,
    builder::Builder,
    snapshot::{Snapshot, status},
};
use crate::{
    App, AppKind,
    bilingual::Language,
    routes::people,
    world::{LoginTrace, Outcome},
};

/// A login, or the calls outside of all, as a diagram.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) title: String,
    /// HTML.
    pub(super) mark: String,
    pub(super) kind: &'static str,
    pub(super) app_id: String,
    /// Host of the callback.
    pub(super) site: String,
    pub(super) status: (&'static str, String),
    pub(super) arrows: Vec<Arrow>,
    /// Chip and sentence below the last arrow, and when the QR code expires.
    pub(super) live: Option<(&'static str, String)>,
}

impl Story {
    pub(super) fn of(sim: &Snapshot, shown: Shown, language: Language) -> Option<Self> {
        match shown {
            Shown::Login(number) => Some(Self::of_login(sim, sim.trace(number)?, language)),
            Shown::Outside => Some(Self::outside(sim, language)),
        }
    }

    fn of_login(sim: &Snapshot, trace: &LoginTrace, language: Language) -> Self {
        let app = sim.app(&trace.app_id);
        let start = trace.steps.first().map_or(0, |step| step.at_ms);
        let requests: Vec<_> = sim.requests_of(Some(trace.number)).collect();
        let start = requests
            .first()
            .map_or(start, |first| start.min(first.at_ms));
        let mut builder = Builder {
            sim,
            language,
            kind: trace.kind,
            start,
            arrows: Vec::new(),
        };
        builder.beginning(trace, &requests);
        builder.rest(trace, &requests);
        let outcome = sim.outcome(trace);
        let name = app.map_or(trace.app_id.as_str(), |app| app.shown_name(language));
        let title = format!(
            "{} {} · {name}",
            language.pick("登录", "Login"),
            trace.number
        );
        let url = url::Url::parse(&trace.redirect_uri).ok();
        let site =
            url.map(|url| url[url::Position::BeforeHost..url::Position::AfterPort].to_owned());
        Self {
            title,
            mark: mark(app),
            kind: language.of(trace.kind.words()),
            app_id: trace.app_id.clone(),
            site: site.unwrap_or_default(),
            status: status(trace, outcome, language),
            arrows: builder.arrows,
            live: live(sim, trace, outcome, language),
        }
    }

    fn outside(sim: &Snapshot, language: Language) -> Self {
        let requests: Vec<_> = sim.requests_of(None).collect();
        let start = requests.first().map_or(0, |first| first.at_ms);
        let mut builder = Builder {
            sim,
            language,
            kind: AppKind::Website,
            start,
            arrows: Vec::new(),
        };
        for request in &requests {
            builder.request(request);
        }
        let count = requests.len();
        let title = language.pick("登录之外的请求", "Calls outside a login");
        Self {
            title: title.to_owned(),
            mark: people::empty(30, "flow"),
            kind: language.pick("没有可用的登录", "They belong to no login that is known"),
            app_id: String::new(),
            site: String::new(),
            status: (
                "",
                match language {
                    Language::Chinese => format!("{count} 个请求"),
                    Language::English => format!("{count} calls"),
                },
            ),
            arrows: builder.arrows,
            live: None,
        }
    }
}

fn mark(app: Option<&App>) -> String {
    app.map_or_else(
        || people::empty(30, "list"),
        |app| people::app_mark(app, 30),
    )
}

fn live(
    sim: &Snapshot,
    trace: &LoginTrace,
    outcome: Outcome,
    language: Language,
) -> Option<(&'static str, String)> {
    let left = || {
        let until = trace.expires_ms.unwrap_or_default();
        format!(
            "<span class=\"num\" data-until=\"{until}\">{}</span>",
            sim.left(until)
        )
    };
    Some(match outcome {
        Outcome::Waiting => (
            "live",
            match language {
                Language::Chinese => format!("二维码正在等待扫描，剩余 {}。", left()),
                Language::English => format!("The QR code waits for a phone, {} left.", left()),
            },
        ),
        Outcome::Scanned => (
            "live",
            language
                .pick("手机尚未响应。", "The phone has not answered yet.")
                .to_owned(),
        ),
        Outcome::Allowed => (
            "",
            language
                .pick(
                    "等待网站兑换 code……",
                    "Waiting for your site to exchange the code…",
                )
                .to_owned(),
        ),
        Outcome::Expired => (
            "",
            language
                .pick(
                    "二维码没有用完就过期了。",
                    "The QR code expired before it was used.",
                )
                .to_owned(),
        ),
        Outcome::Canceled => (
            "",
            language
                .pick(
                    "同一个二维码可以再次扫描。",
                    "The same QR code can be scanned again.",
                )
                .to_owned(),
        ),
        Outcome::LoggedIn | Outcome::Failed => return None,
    })
}
