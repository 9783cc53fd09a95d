//! The page, as a template.

use askama::Template;
use axum::{
    http::{StatusCode, header::CONTENT_TYPE},
    response::{Html, IntoResponse, Response},
};
use weixin::Language;

use super::{
    callback::Finished,
    login::Attempt,
    registration::{CLIENT_ID, Registration},
    site::Site,
    steps::{Part, Stage, Step},
    visits::Shown,
};
use crate::lang::Pick;

#[derive(Template)]
#[template(path = "gateway/page.html")]
struct Page<'a> {
    language: Language,
    shown: &'a Shown,
    registration: &'a Registration,
    /// The origin of the simulator, which has the dashboard.
    simulator: &'a str,
}

impl Page<'_> {
    fn pick<'t>(&self, chinese: &'t str, english: &'t str) -> &'t str {
        self.language.pick(chinese, english)
    }

    /// The step of a stage, if it has happened.
    fn step(&self, stage: Stage) -> Option<&Step> {
        let steps = match self.shown {
            Shown::Welcome => return None,
            Shown::Started(pending) => &pending.steps,
            Shown::Finished(finished) => &finished.steps,
        };
        steps.iter().find(|step| step.stage == stage)
    }

    /// Header, claims and signature of a token.
    #[expect(clippy::unused_self, reason = "a template calls methods")]
    fn jwt<'t>(&self, token: &'t str) -> Vec<&'t str> {
        token.splitn(3, '.').collect()
    }
}

impl Finished {
    /// A claim of the user.
    fn claim(&self, name: &str) -> &str {
        let claims = self.claims.as_ref();
        let claim = claims.and_then(|claims| claims.get(name)?.as_str());
        claim.unwrap_or_default()
    }

    /// In place of an avatar.
    fn initial(&self) -> String {
        self.claim("name").chars().take(1).collect()
    }
}

pub(super) fn home(language: Language, shown: &Shown, site: &Site) -> Response {
    let page = Page {
        language,
        shown,
        registration: &site.0.client.registration,
        simulator: site.0.sim.url(),
    };
    page.render().map_or_else(
        |_| StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        |html| Html(html).into_response(),
    )
}

pub(super) async fn style() -> Response {
    (
        [(CONTENT_TYPE, "text/css; charset=utf-8")],
        concat!(
            include_str!("../../templates/style.css"),
            include_str!("../../templates/gateway/style.css")
        ),
    )
        .into_response()
}
