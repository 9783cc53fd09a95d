//! What stands behind an arrow: request, response, explanation and findings.

use super::{
    answer,
    arrow::{Arrow, Meaning},
    curl,
    snapshot::Snapshot,
    story::Story,
};
use crate::{
    Explanation, LoggedRequest, Rule,
    bilingual::Language,
    lint::rule::RuleClass,
    routes::people,
    world::{masking::MASK, request_log::Entry},
};

/// What stands behind an arrow.
#[derive(Debug)]
pub(super) struct Detail {
    pub(super) arrow: Arrow,
    /// Where the knowledge comes from, if there is no request.
    pub(super) why: &'static str,
    pub(super) call: Option<Call>,
}

/// A request and its response.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) request: LoggedRequest,
    pub(super) curl: String,
    pub(super) explanation: Option<Explained>,
    pub(super) findings: Vec<Rule>,
    /// Findings that ask for no action.
    pub(super) quiet: Vec<Rule>,
    /// Names and values, as HTML.
    pub(super) parameters: Vec<(String, String)>,
    /// HTML.
    pub(super) answer: Option<String>,
}

/// An error code and its explanation, if there is one.
#[derive(Debug)]
pub(super) struct Explained {
    pub(super) errcode: i64,
    pub(super) message: String,
    pub(super) text: Option<Explanation>,
}

impl Detail {
    pub(super) fn of(
        sim: &Snapshot,
        story: &Story,
        step: &str,
        language: Language,
    ) -> Option<Self> {
        let arrow = story.arrows.iter().find(|arrow| arrow.key == step)?.clone();
        let why = match arrow.meaning {
            Meaning::Request(_) => "",
            Meaning::Guess => language.pick(
                "这一步发生在浏览器与你的网站之间，模拟器看不到，由前后请求推知。",
                "Between the browser and your site. The simulator does not see it; it follows from what came before and after.",
            ),
            Meaning::Polls => language.pick(
                "页面用长轮询询问手机是否已响应：408 表示尚未，404 已扫描，403 已取消，405 已允许。",
                "The page asks whether the phone has answered: 408 means not yet, 404 scanned, 403 canceled, 405 allowed.",
            ),
            Meaning::Act => language.pick(
                "由模拟手机或测试完成，以及微信告诉页面的结果。",
                "Done on the simulated phone or by a test, and what WeChat tells the page of it.",
            ),
        };
        let call = match arrow.meaning {
            Meaning::Request(number) => Some(Call::of(sim, number, language)?),
            _ => None,
        };
        Some(Self { arrow, why, call })
    }
}

impl Call {
    fn of(sim: &Snapshot, number: u64, language: Language) -> Option<Self> {
        let mut requests = sim.requests.iter().map(Entry::get);
        let request = requests.find(|request| request.number == number)?.clone();
        let rules = request.findings.iter().filter_map(|broken| {
            let rule: Rule = broken.rule.parse().ok()?;
            Some(Rule {
                class: broken.class,
                ..rule
            })
        });
        let (findings, quiet) =
            rules.partition(|rule| matches!(rule.class, RuleClass::Rejected | RuleClass::Unsafe));
        let parameters = request.parameters.iter().map(|(name, value)| {
            let masked = request
                .masked_parameters
                .iter()
                .find(|(known, _)| known == name);
            let value = match masked {
                Some((_, length)) if value == MASK => answer::lock(*length, language),
                _ if value.is_empty() => {
                    format!(
                        "<span class=\"soft\">{}</span>",
                        language.pick("空", "empty")
                    )
                }
                _ => people::escape(value),
            };
            (name.clone(), value)
        });
        Some(Self {
            curl: curl::command(&request, &sim.origin),
            explanation: request
                .errcode
                .filter(|errcode| *errcode != 0)
                .map(|errcode| Explained {
                    errcode,
                    message: message(&request),
                    text: sim.explanations.get(&errcode).copied(),
                }),
            findings,
            quiet,
            parameters: parameters.collect(),
            answer: request
                .answer
                .as_ref()
                .map(|body| answer::html(body, &request.masked_answer, language)),
            request,
        })
    }
}

/// WeChat's text beside the error code, without its suffix.
fn message(request: &LoggedRequest) -> String {
    let answer = request.answer.as_deref().unwrap_or_default();
    let body: serde_json::Value = serde_json::from_str(answer).unwrap_or_default();
    let text = body["errmsg"].as_str().unwrap_or_default();
    text.split(", rid:").next().unwrap_or_default().to_owned()
}
