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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway_demo::{
        login::Pending, relying_party::RelyingParty, response::ResponseParams,
    };

    fn page(language: Language, shown: &Shown) -> String {
        let registration = Registration {
            issuer: "http://localhost:8090".to_owned(),
            secret: String::new(),
            redirect_uri: String::new(),
        };
        let page = Page {
            language,
            shown,
            registration: &registration,
            simulator: "",
        };
        page.render().unwrap()
    }

    fn started(attempt: Attempt) -> Shown {
        Shown::Started(Box::new(Pending {
            attempt,
            state: String::new(),
            nonce: String::new(),
            verifier: String::new(),
            url: String::new(),
            requests_before: 0,
            steps: Vec::new(),
        }))
    }

    #[test]
    fn a_space_is_between_english_sentences_only() {
        for (attempt, english, chinese) in [
            (
                Attempt::Usual,
                "opens it. If a QR code",
                "打开它。如果出现二维码",
            ),
            (
                Attempt::Forced,
                "opens it. Scan the QR code",
                "打开它。请用二维码",
            ),
            (
                Attempt::Silent,
                "opens it. No page will",
                "打开它。不会显示",
            ),
            (
                Attempt::Refused,
                "opens it. The demo will",
                "打开它。演示会代替",
            ),
        ] {
            let shown = started(attempt);
            for (language, text) in [(Language::English, english), (Language::Chinese, chinese)] {
                let page = page(language, &shown);
                assert!(page.contains(text), "{text}: {page}");
            }
        }
    }

    /// A browser breaks a line after a hyphen.
    #[test]
    fn an_option_does_not_wrap() {
        for language in [Language::English, Language::Chinese] {
            let page = page(language, &Shown::Welcome);
            let option = "<code class=\"option\">--redirect-uri</code>";
            assert!(page.contains(option), "{page}");
        }
        let style = include_str!("../../templates/gateway/style.css");
        assert!(style.contains(".option { white-space: nowrap; }"));
    }

    #[test]
    fn a_failed_check_says_what_is_wrong() {
        let params = ResponseParams::parse("state=x&code=y");
        let shown = Shown::Finished(Box::new(RelyingParty::unexpected(&params)));
        for (language, text) in [
            (
                Language::English,
                "<b>✗</b> <span>state does not belong to a login",
            ),
            (Language::Chinese, "<b>✗</b> <span>state 不属于"),
        ] {
            let page = page(language, &shown);
            assert!(page.contains(text), "{text}: {page}");
        }
    }
}
